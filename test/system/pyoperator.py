"""pyoperator -- an operator written from the design alone, on python3-cbor2 and python3-cryptography: checks
a device's endorsement, signs and seals commands, opens receipts and sealed data. It shares nothing with
core, so that what it achieves with the real agent and server means something.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import hmac
import io
import os
import time

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import pycose
from agentlib import until

READ, ACT, DANGER = 1, 2, 3
DONE, ACCEPTED, REFUSED, FAILED, UNKNOWN = range(5)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hkdf(secret, info, length):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=b"", info=info).derive(secret)


def claim_secret(code):
    assert code.startswith("HF1:")
    return base64.b32decode(code[4:30] + "======")


class Key(pycose.Signer):
    """A P-256 pair that was not made here."""

    def __init__(self, private):  # pylint: disable=super-init-not-called
        self.alg, self.private = pycose.ES256, private
        self.secret = private.private_numbers().private_value.to_bytes(32, "big")
        self.public = pycose.raw_point(private.public_key())
        self.kid = hashlib.sha256(self.public).digest()[:8]


def operator_key(fleet, name):
    pem = (fleet.dir / "operators" / name / "operator.key").read_bytes()
    return Key(load_pem_private_key(pem, fleet.passphrase.encode()))


class Owned:
    """A device as its owner knows it: name, signing key, encryption key, proven by the claim code alone."""

    def __init__(self, api, key, device):
        self.api, self.key, self.dev = api, key, device.dev
        self.ko = hkdf(claim_secret(device.code), b"hf/claim/1/owner", 32)
        self.signing = self.encryption = None
        self.seq = 0
        self.last_claims = None

    def endorsed(self):
        """Take the newest endorsement, proven by a chain that begins with Ko."""
        items = until("an answer", lambda: items_of(self.api, f"/v1/devices/{self.dev}/endorsements"))
        for number, item in enumerate(items):
            data = unb64(item["bytes"])
            if number == 0:
                statement, mac = pycose.dec(data)
                assert hmac.compare_digest(mac, hmac.new(self.ko, statement, "sha256").digest())
            else:
                statement = open_by_point(data, self.signing, b"hf/endorse/1")
            word, dev, gen, signing, encryption = pycose.dec(statement)
            assert (word, dev, gen) == ("hf-end1", self.dev, number)
            self.signing, self.encryption = signing, encryption
        return self

    def state(self):
        """Replay epoch and counter of our key, from the device's signed state."""
        path = f"/v1/devices/{self.dev}/state"
        found = self.api.get(path)
        aad = b"hf/state/1/" + self.dev.encode()
        claims = pycose.dec(open_by_point(unb64(found["bytes"]), self.signing, aad))
        assert claims[1] == self.dev
        rep, rows = claims[-65537][3], dict((bytes(k), v) for k, v in claims[-65537][4])
        self.seq = max(self.seq, rows.get(self.key.kid, 0))
        return rep

    def command(self, op, cls, args=None, signers=None, life=600):
        """Sign and seal; gives (cti, inner, reply key, sealed)."""
        signers = signers or [self.key]
        deadline = None if cls == READ else self.deadline(life)
        rep, cti, reply = self.state(), os.urandom(16), ec.generate_private_key(pycose.CURVE)
        self.seq += 1
        point = pycose.raw_point(reply.public_key())
        now = int(time.time())
        iss = base64.b32encode(signers[0].kid).decode().rstrip("=").lower()
        claims = pycose.enc({1: iss, 3: self.dev, 4: now + life, 6: now, 7: cti, -65537: [
            cls, rep, self.seq, deadline, op, args or {}, bytes([2 + (point[-1] & 1)]) + point[1:33]]})
        aad = b"hf/cmd/1/" + self.dev.encode()
        inner = (pycose.sign1(signers[0], aad, claims) if len(signers) == 1
                 else pycose.sign(signers, aad, claims))
        kid = hashlib.sha256(self.encryption).digest()[:8]
        sealed = pycose.encrypt(self.encryption, kid, aad, pad(inner))
        return cti, inner, reply, sealed

    def deadline(self, life):
        """The device's own time, for devices without trusted clock: boot counter and uptime of a new ping."""
        cti, inner, reply, sealed = self.command("ping", READ)
        self.send(cti, sealed)
        until("a ping", lambda: self.receipts(cti, inner, reply))
        boot, uptime = self.last_claims[-65537][8:10]
        return [boot, uptime + life]

    def send(self, cti, sealed):
        kind = 'application/cose; cose-type="cose-encrypt"'
        status, _, value = self.api.call("PUT", f"/v1/devices/{self.dev}/commands/{b64(cti)}", sealed,
                                         {"Content-Type": kind})
        assert status in (200, 201), value

    def receipts(self, cti, inner, reply):
        """All receipts of this command, verified: (status, reason, result)."""
        found = []
        for item in items_of(self.api, f"/v1/devices/{self.dev}/receipts?limit=200"):
            payload = open_by_point(unb64(item["bytes"]), self.signing, b"hf/rcpt/1/" + self.dev.encode())
            claims = pycose.dec(payload)
            if claims[7] != cti:
                continue
            _, _, cmd_hash, _, status, reason, _, _, _, _, result = claims[-65537]
            self.last_claims = claims
            assert claims[1] == self.dev and cmd_hash == hashlib.sha256(inner).digest()
            if result is not None:
                aad = b"hf/result/1/" + self.dev.encode() + cti
                result = pycose.dec(pycose.open_encrypt(pycose.enc(result), Key(reply), aad))
            found.append((status, reason, result))
        return found

    def run(self, op, cls, args=None, signers=None):
        cti, inner, reply, sealed = self.command(op, cls, args, signers)
        self.send(cti, sealed)
        return until("an answer", lambda: self.receipts(cti, inner, reply))[-1]

    def data(self, owner):
        """Everything the device sealed: {stream name: {(kid, counter): plain text}}."""
        opened = {}
        for item in items_of(self.api, f"/v1/devices/{self.dev}/streams?limit=200"):
            for sealed in sequence(unb64(item["bytes"])):
                if sealed.value[3][0][1][4] == owner.kid:
                    self.open_stream(owner, pycose.enc(sealed), opened)
        return opened

    def open_stream(self, owner, sealed, opened):
        aad = b"hf/skey/1/" + self.dev.encode()
        claims = pycose.dec(open_by_point(pycose.open_encrypt(sealed, owner, aad), self.signing, aad))
        assert claims[1] == self.dev
        name, key = claims[-65537]
        for frame in items_of(self.api, f"/v1/data/{self.dev}-{key[2].hex()}?limit=200"):
            plain, partial = pycose.open_encrypt0(unb64(frame["bytes"]), key[-1], key[2],
                                                  b"hf/frame/1/" + self.dev.encode(), key[5])
            assert int.from_bytes(partial, "big") == frame["counter"]
            opened.setdefault(name, {})[(key[2], frame["counter"])] = plain


def items_of(api, path):
    """All pages of a list."""
    items, cursor = [], None
    while True:
        page = api.get(path + (("&" if "?" in path else "?") + f"cursor={cursor}" if cursor else ""))
        items += page["items"]
        cursor = page.get("next")
        if not cursor:
            return items


def open_by_point(data, point, aad):
    """A COSE_Sign1 by a key of which only the public point is known."""
    protected, unprotected, payload, signature = pycose.dec(data).value
    assert unprotected == {} and pycose.dec(protected)[1] == pycose.ES256
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(pycose.CURVE, point)
    public.verify(der, pycose.enc(["Signature1", protected, aad, payload]), ec.ECDSA(hashes.SHA256()))
    return payload


def pad(inner):
    """[bstr inner, bstr zeros] of 512 bytes or a multiple of 1,024, one more where a head jumps."""
    bare = len(pycose.enc([inner, b""]))
    target = 512 if bare <= 512 else -(-bare // 1024) * 1024
    zeros = target - bare
    while zeros > 0 and len(pycose.enc([inner, bytes(zeros)])) > target:
        zeros -= 1
    return pycose.enc([inner, bytes(zeros)])


def sequence(data):
    """Items of a CBOR sequence."""
    stream = io.BytesIO(data)
    while stream.tell() < len(data):
        yield cbor2.CBORDecoder(stream).decode()
