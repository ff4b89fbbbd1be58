"""factorylib -- a factory's side: orders, stations, units; by code of our own.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import json
import os
import time

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import pycose
from estlib import Channel, Secret, b64url, make_csr, new_key
from pycose import ES256, Signer

KIND = {"Content-Type": 'application/cose; cose-type="cose-sign"'}
LIST = {"Content-Type": 'application/cose; cose-type="cose-sign1"'}
JSON = [("Content-Type", "application/json")]


def load_key(fleet, name):
    return serialization.load_pem_private_key((fleet.dir / name).read_bytes(), fleet.passphrase.encode())


def signer_of(key):
    return Signer(ES256, key.private_numbers().private_value.to_bytes(32, "big"))


def spki_hash(public):
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def operator_signers(fleet):
    return [signer_of(load_key(fleet, f"operators/{name}/operator.key")) for name in ("alice", "bob")]


class Station:
    """A factory station: its key, certified for twelve hours."""

    def __init__(self, fleet, name):
        self.fleet, self.key = fleet, new_key()
        answer = fleet.api().post("/v1/stations", {"name": name, "csr": b64url(make_csr(self.key))})
        self.take(answer["certificate"].encode())

    def take(self, pem):
        self.cert = x509.load_pem_x509_certificate(pem)
        self.signer, self.spki = signer_of(self.key), spki_hash(self.key.public_key())

    def enrol(self, order, csr, cid, sealed):
        """One unit online: the answer of simpleenroll."""
        word = pycose.sign1(self.signer, b"hf/unit/1",
                            pycose.enc({1: order, 2: hashlib.sha256(csr).digest(), 3: cid, 4: sealed}))
        with Channel(self.fleet, cert=self.cert, key=self.key) as c:
            return c.post("simpleenroll", csr, [("HF-Order", b64url(word))], line="tool")

    def commit(self, order, handle, signature=None):
        """A nonce without, an end-of-line proof with a signature."""
        body = {"handle": handle} if signature is None else {"handle": handle, "signature": b64url(signature)}
        with Channel(self.fleet, cert=self.cert, key=self.key) as c:
            answer = c.request("POST", f"/v1/order/{order.hex()}/commit", json.dumps(body).encode(), JSON)
        if signature is not None:
            return answer.status
        return base64.urlsafe_b64decode(json.loads(answer.body)["nonce"] + "==")

    def sign_list(self, order, rows, made_at=None, signer=None):
        """hf/units/1 for rows of (handle, key hash, cid, sealed Kc)."""
        units = sorted(rows, key=lambda row: row[1])
        payload = pycose.enc({1: order, 2: int(made_at or time.time()), 3: [list(row) for row in units]})
        return pycose.sign1(signer or self.signer, b"hf/units/1", payload)


def order(fleet, station, signers, quantity=2, allowance=0, begin=-60, end=3600, mode=0):
    """Identifier and answer of the API."""
    policy = pycose.dec((fleet.dir / "trust/policy-1.cose").read_bytes()).value[2]
    ca = x509.load_pem_x509_certificate((fleet.dir / "ca/deviceid-tool.crt").read_bytes())
    name, now = os.urandom(16), int(time.time())
    payload = pycose.enc({0: "holdfast/order/v1", 1: name, 2: "tool", 3: quantity, 4: allowance,
                          5: now + begin, 6: now + end, 7: [station.spki], 8: mode, 9: 86400,
                          10: hashlib.sha256(policy).digest()[:8], 11: spki_hash(ca.public_key()),
                          12: intake(fleet).public})
    body = pycose.sign(signers, b"holdfast/order/v1", payload)
    return name, fleet.api().call("POST", "/v1/orders", body, KIND)


def intake(fleet):
    return signer_of(load_key(fleet, "ca/intake.key"))


def seal_kc(fleet, secret):
    server = intake(fleet)
    return pycose.encrypt(server.public, server.kid, b"hf/kc/1" + secret.cid, secret.kc)


def make_unit(fleet, station, name, key=None, secret=None):
    """One unit at a station: answer, key, claim secret."""
    key, secret = key or new_key(), secret or Secret()
    return station.enrol(name, make_csr(key), secret.cid, seal_kc(fleet, secret)), key, secret


def report(fleet, name):
    return fleet.api().get(f"/v1/orders/{name.hex()}/report")


def ship(fleet, name, *handles):
    return fleet.api().post(f"/v1/orders/{name.hex()}/ship", {"handles": list(handles)})
