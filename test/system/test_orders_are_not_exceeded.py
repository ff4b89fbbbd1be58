"""test_orders_are_not_exceeded -- a factory makes what was ordered and not one more: quorum, station, date,
count,
proof at the end of the line, reconciliation; and what it made enrols, waits for its owner, and recovers
nothing else.

identity.md sections 10 and 14 row 19. SPDX-License-Identifier: Apache-2.0
"""
import base64
import concurrent.futures
import hashlib
import json
import os
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import fleetlib
import pycose
from estlib import Channel, Secret, b64url, dev_of, make_csr, new_key
from pycose import ES256, Signer

KIND = {"Content-Type": 'application/cose; cose-type="cose-sign"'}


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    lines = (("tool", ("--enrol", "idevid+claim")),)
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before, lines=lines)


def load_key(fleet, name):
    return serialization.load_pem_private_key((fleet.dir / name).read_bytes(), fleet.passphrase.encode())


def signer_of(key):
    return Signer(ES256, key.private_numbers().private_value.to_bytes(32, "big"))


def spki_hash(public):
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


@pytest.fixture(scope="module")
def operators(fleet):
    return [signer_of(load_key(fleet, f"operators/{name}/operator.key")) for name in ("alice", "bob")]


class Station:
    def __init__(self, fleet, name):
        self.key = new_key()
        answer = fleet.api().post("/v1/stations", {"name": name, "csr": b64url(make_csr(self.key))})
        self.cert = x509.load_pem_x509_certificate(answer["certificate"].encode())
        self.signer, self.spki = signer_of(self.key), spki_hash(self.key.public_key())


@pytest.fixture(scope="module")
def station(fleet):
    return Station(fleet, "line-1")


def order(fleet, station, signers, quantity=2, allowance=0, begin=-60, end=3600):
    """Identifier and answer of the API."""
    policy = pycose.dec((fleet.dir / "trust/policy-1.cose").read_bytes()).value[2]
    ca = x509.load_pem_x509_certificate((fleet.dir / "ca/deviceid-tool.crt").read_bytes())
    name, now = os.urandom(16), int(time.time())
    payload = pycose.enc({0: "holdfast/order/v1", 1: name, 2: "tool", 3: quantity, 4: allowance,
            5: now + begin,
                          6: now + end, 7: [station.spki], 8: 0, 9: 86400,
                          10: hashlib.sha256(policy).digest()[:8], 11: spki_hash(ca.public_key()),
                          12: signer_of(load_key(fleet, "ca/intake.key")).public})
    body = pycose.sign(signers, b"holdfast/order/v1", payload)
    return name, fleet.api().call("POST", "/v1/orders", body, KIND)


def make_unit(fleet, station, name, key=None, secret=None):
    """One unit at a station: answer, key, claim secret."""
    key, secret = key or new_key(), secret or Secret()
    intake = signer_of(load_key(fleet, "ca/intake.key"))
    sealed = pycose.encrypt(intake.public, intake.kid, b"hf/kc/1" + secret.cid, secret.kc)
    csr = make_csr(key)
    word = pycose.sign1(station.signer, b"hf/unit/1",
                        pycose.enc({1: name, 2: hashlib.sha256(csr).digest(), 3: secret.cid, 4: sealed}))
    with Channel(fleet, cert=station.cert, key=station.key) as c:
        return c.post("simpleenroll", csr, [("HF-Order", b64url(word))], line="tool"), key, secret


def report(fleet, name):
    return fleet.api().get(f"/v1/orders/{name.hex()}/report")


def test_one_signature_is_not_a_quorum(fleet, station, operators):
    assert order(fleet, station, operators[:1])[1][0] == 403
    assert order(fleet, station, [operators[0], Signer(ES256)])[1][0] == 403


def test_a_unit_is_made_committed_claimed_and_enrolled(fleet, station, operators):
    name, (status, _, _) = order(fleet, station, operators)
    assert status == 201
    answer, key, secret = make_unit(fleet, station, name)
    assert answer.status == 200
    idevid = answer.cert()
    handle = idevid.subject.rfc4514_string().removeprefix("CN=")
    assert len(handle) == 26 and idevid.not_valid_after.year == 9999
    with Channel(fleet, cert=station.cert, key=station.key) as c:
        nonce = json.loads(c.request("POST", f"/v1/order/{name.hex()}/commit",
                json.dumps({"handle": handle}).encode(),
                                     [("Content-Type", "application/json")]).body)["nonce"]
        raw = base64.urlsafe_b64decode(nonce + "==")
        der = idevid.public_bytes(Encoding.DER)
        right = signer_of(key).sign(b"hf-commit" + raw + hashlib.sha256(der).digest())
        for signature, status in ((b"\1" * 64, 403), (right, 200), (right, 200)):
            body = json.dumps({"handle": handle, "signature": b64url(signature)}).encode()
            assert c.request("POST", f"/v1/order/{name.hex()}/commit", body,
                             [("Content-Type", "application/json")]).status == status
    found = report(fleet, name)
    assert (found["issued"], found["committed"], found["journal"], found["exact"]) == (1, 1, 1, True)

    def ask(fresh):
        with Channel(fleet, cert=idevid, key=key) as c:
            csr = c.csr(fresh)
            return c.post("simpleenroll", csr, [c.authorization(secret, csr)], line="tool")

    fresh = new_key()
    assert ask(fresh).status == 202  # nobody claimed it yet
    assert Secret(os.urandom(16)).claim(fleet.api(), "tool")[0] == 201  # another label changes nothing
    assert ask(fresh).status == 202
    assert secret.claim(fleet.api(), "tool")[0] == 201
    ldevid = ask(fresh).cert()
    assert len(dev_of(ldevid)) == 16
    assert ask(new_key()).status == 202  # a stolen IDevID does not take over a healthy device
    assert ask(fresh).cert() == ldevid


def test_other_stations_dates_and_numbers_are_refused(fleet, station, operators):
    name, _ = order(fleet, station, operators, quantity=1)
    stranger = Station(fleet, "line-2")
    assert make_unit(fleet, stranger, name)[0].status == 403
    assert make_unit(fleet, station, os.urandom(16))[0].status == 403
    assert make_unit(fleet, station, name)[0].status == 200
    assert make_unit(fleet, station, name)[0].status == 403
    for dates in ({"begin": 600}, {"begin": -7200, "end": -3600}):
        late, (status, _, _) = order(fleet, station, operators, **dates)
        assert status == 201 and make_unit(fleet, station, late)[0].status == 403


def test_a_lost_answer_counts_once_and_a_known_key_or_label_is_refused(fleet, station, operators):
    name, _ = order(fleet, station, operators, quantity=5)
    first, key, secret = make_unit(fleet, station, name)
    assert make_unit(fleet, station, name, key, secret)[0].cert() == first.cert()
    assert report(fleet, name)["issued"] == 1
    assert make_unit(fleet, station, name, new_key(), secret)[0].status == 403


def test_of_64_requests_for_the_last_unit_one_succeeds(fleet, station, operators):
    name, _ = order(fleet, station, operators, quantity=1)
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: make_unit(fleet, station, name)[0].status, range(64)))
    assert answers.count(200) == 1, answers
    found = report(fleet, name)
    assert found["issued"] == 1 and found["exact"]
    journal = fleet.api().get(f"/v1/orders/{name.hex()}/journal")
    assert journal["size"] == 1


def test_an_order_is_not_brought_twice_and_ends_when_closed(fleet, station, operators):
    name, _ = order(fleet, station, operators, quantity=2)
    fleet.api().post(f"/v1/orders/{name.hex()}/close", {"reason": "done"})
    assert make_unit(fleet, station, name)[0].status == 403
