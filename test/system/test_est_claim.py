"""test_est_claim -- a claim is proved on one channel, by one key, once; every refusal looks the same.

identity.md sections 4, 5 and 14 rows 1, 2, 4, 5, 6, 14.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import concurrent.futures
import hashlib
import hmac
import os
import sqlite3
import statistics
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography import x509

import fleetlib
from estlib import Channel, Secret, b64url, dev_of, enrol, events, joined, new_key, renew


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before)


def test_certificate_has_the_profile_and_the_server_proves_itself(fleet):
    secret, key = Secret(), new_key()
    assert secret.claim(fleet.api())[0] == 201
    with Channel(fleet) as c:
        csr = c.csr(key)
        answer = c.post("simpleenroll", csr, [c.authorization(secret, csr)])
        leaf = answer.cert()
        raw = leaf.public_bytes(serialization.Encoding.DER)
        mac = hmac.digest(secret.kc, b"hf-srv" + c.x + hashlib.sha256(raw).digest(), "sha256")
    assert answer.headers["authentication-info"] == f"mac={b64url(mac)}"
    assert answer.headers["content-type"] == "application/pkcs7-mime; smime-type=certs-only"
    dev = dev_of(leaf)
    uris = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [u.value for u in uris] == [f"spiffe://localhost/d/{dev}"]
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH]
    assert 0x40 <= leaf.serial_number >> 120 <= 0x7f
    life = leaf.not_valid_after - leaf.not_valid_before
    assert abs(life.total_seconds() - 90 * 86400 - 300) < 5
    assert fleet.api().get(f"/v1/claims/{secret.cid.hex()}")["dev"] == dev


def test_a_lost_answer_gives_the_same_certificate_again(fleet):
    secret, key, cert = joined(fleet)
    assert enrol(fleet, secret, key).cert() == cert


def test_every_refusal_has_one_body(fleet):
    used, _, _ = joined(fleet)
    unknown, wrong = Secret(), Secret()
    assert wrong.claim(fleet.api())[0] == 201
    bodies = set()
    for secret, kc in ((unknown, None), (used, None), (wrong, b"\1" * 32), (used, b"\2" * 32)):
        with Channel(fleet) as c:
            csr = c.csr(new_key())
            answer = c.post("simpleenroll", csr, [c.authorization(secret, csr, kc=kc)])
        assert answer.status == 403
        bodies.add((answer.status_line, answer.body, answer.headers["content-type"],
                    answer.headers["content-length"]))
    assert len(bodies) == 1
    # The one that was bound already left an alarm; nothing was overwritten.
    assert len(events(fleet, "enrol.bound-elsewhere")) >= 1


def test_a_captured_proof_is_useless_on_another_channel(fleet):
    secret, key = Secret(), new_key()
    assert secret.claim(fleet.api())[0] == 201
    with Channel(fleet) as first, Channel(fleet) as second:
        csr = first.csr(key)
        header = first.authorization(secret, csr)
        assert second.post("simpleenroll", csr, [header]).status == 403
        # The MAC made for the right channel, the request bound to the other.
        own = second.authorization(secret, csr)
        assert second.post("simpleenroll", csr, [own]).status == 403
        assert first.post("simpleenroll", csr, [header]).status == 200


def test_the_request_must_be_bound_to_the_channel(fleet):
    secret, key = Secret(), new_key()
    assert secret.claim(fleet.api())[0] == 201
    with Channel(fleet) as c:
        for challenge in (None, b"", base64.b64encode(b"\0" * 32)):
            csr = c.csr(key, challenge=challenge)
            assert c.post("simpleenroll", csr, [c.authorization(secret, csr)]).status in (400, 403)


def test_one_secret_cannot_enrol_two_devices(fleet):
    secret, key, cert = joined(fleet)
    assert enrol(fleet, secret, new_key()).status == 403
    fresh = new_key()
    assert renew(fleet, cert, key, fresh).status == 200


def test_five_wrong_proofs_lock_the_claim(fleet):
    secret, key = Secret(), new_key()
    assert secret.claim(fleet.api())[0] == 201
    for _ in range(5):
        with Channel(fleet) as c:
            csr = c.csr(key)
            assert c.post("simpleenroll", csr, [c.authorization(secret, csr, kc=b"x" * 32)]).status == 403
    assert enrol(fleet, secret, key).status == 403
    assert fleet.api().get(f"/v1/claims/{secret.cid.hex()}")["state"] == "locked"


def test_without_any_proof_nothing_is_parsed(fleet):
    with Channel(fleet) as c:
        assert c.post("simpleenroll", c.csr(new_key())).status == 403
    with Channel(fleet) as c:
        assert c.post("simplereenroll", c.csr(new_key())).status == 403


@pytest.mark.parametrize("value", ["Bearer x", "Basic YTpi", "HF-Claim", "HF-Claim id=, mac=",
        "HF-Claim id=AA, mac=AA",
                                   "Negotiate", "HF-Claim id=AAAAAAAAAAAAAAAAAAAAAA",
                                           "hf-claim mac=" + "A" * 43])
def test_another_scheme_is_denied(fleet, value):
    with Channel(fleet) as c:
        assert c.post("simpleenroll", c.csr(new_key()), [("Authorization", value)]).status == 403


def test_unknown_and_known_ids_take_the_same_time(fleet):
    """Medians of 60 each, taken in turn; the sign of a leak would be milliseconds of a missing commit."""
    known, took = Secret(), {True: [], False: []}
    assert known.claim(fleet.api())[0] == 201
    db = sqlite3.connect(fleet.dir / "store/holdfast.db", timeout=10)
    for i in range(120):
        time.sleep(0.11)  # below the refill of the source's tokens
        if i % 4 == 0:
            db.execute("UPDATE claim SET wrong = 0, locked_until = 0 WHERE cid = ?", (known.cid,))
            db.commit()
        is_known = i % 2 == 0
        with Channel(fleet) as c:
            csr = c.csr(new_key())
            header = c.authorization(known if is_known else Secret(), csr, kc=b"y" * 32)
            begin = time.perf_counter()
            answer = c.post("simpleenroll", csr, [header])
            took[is_known].append(time.perf_counter() - begin)
        assert answer.status == 403
    medians = [statistics.median(took[k]) for k in (True, False)]
    print("medians of known and unknown, ms:", [round(m * 1000, 2) for m in medians])
    assert abs(medians[0] - medians[1]) < 0.5 * max(medians)


GUESSES, SOURCES, TARGETS = 10000, 125, 20


def guess(fleet, source, targets):
    """What one source hears, on one connection; slowed down (it may share its tokens), it tries again."""
    heard = []
    with Channel(fleet, source=f"127.77.0.{source + 1}") as c:
        csr = c.csr(new_key())
        for i in range(GUESSES // SOURCES):
            secret = targets[(source + i) % len(targets)] if i % 2 else Secret()
            header = c.authorization(secret, csr, kc=os.urandom(32))
            while (answer := c.post("simpleenroll", csr, [header])).status == 429:
                time.sleep(0.2)
            heard.append((answer.status, answer.body, tuple(sorted(answer.headers))))
    return heard


@pytest.mark.timeout(240)
def test_ten_thousand_guesses_from_many_places_find_nothing(fleet):
    """Half of them at claims that are open; every answer is the same, and nobody gets in or is thrown out."""
    targets, honest, key = [Secret() for _ in range(TARGETS)], Secret(), new_key()
    for secret in (*targets, honest):
        assert secret.claim(fleet.api())[0] == 201
    known = len(fleet.api().get("/v1/devices?limit=200")["items"])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        heard = [h for part in pool.map(lambda s: guess(fleet, s, targets), range(SOURCES)) for h in part]
    assert len(heard) == GUESSES and len(set(heard)) == 1 and heard[0][0] == 403, set(heard)
    assert len(fleet.api().get("/v1/devices?limit=200")["items"]) == known
    for secret in targets:
        assert fleet.api().get(f"/v1/claims/{secret.cid.hex()}")["state"] == "locked"
    assert enrol(fleet, honest, key).status == 200


def test_guessing_is_slowed_down_with_one_body(fleet):
    """The last test of the file: it uses up the tokens of this source."""
    seen, limited = set(), None
    for _ in range(400):
        with Channel(fleet) as c:
            csr = c.csr(new_key())
            answer = c.post("simpleenroll", csr, [c.authorization(Secret(), csr)])
        if answer.status == 429:
            limited = answer
            break
        seen.add((answer.status, answer.body))
    assert len(seen) == 1 and limited is not None
    assert int(limited.headers["retry-after"]) > 0
