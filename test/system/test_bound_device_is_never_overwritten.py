"""test_bound_device_is_never_overwritten -- whoever knows everything about a bound device but its key gets no
certificate in its name, by no route, and its owner hears of each try.

identity.md section 14 row 1. SPDX-License-Identifier: Apache-2.0
"""
import hashlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

import fleetlib
from estlib import Channel, Secret, dev_of, enrol, events, joined, new_key, renew
from factorylib import LIST, Station, make_unit, operator_signers, order, seal_kc, ship, signer_of, spki_hash


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    lines = (("lamp", ()), ("tool", ("--enrol", "idevid+claim")))
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before, lines=lines)


class Alarms:
    """How often this alarm was raised since."""

    def __init__(self, fleet):
        self.fleet, self.seen = fleet, {}

    def rose(self, kind):
        now = len(events(self.fleet, kind))
        more, self.seen[kind] = now > self.seen.get(kind, 0), now
        return more


@pytest.fixture
def alarms(fleet):
    found = Alarms(fleet)
    for kind in ("enrol.bound-elsewhere", "enrol.foreign-key", "enrol.foreign-claim"):
        found.rose(kind)
    return found


def current(fleet, cert):
    return fleet.api().get(f"/v1/devices/{dev_of(cert)}")["certificate"]["serial"]


@pytest.fixture(scope="module")
def bound(fleet):
    return joined(fleet)


def test_by_its_claim_with_another_key(fleet, bound, alarms):
    secret, _, cert = bound
    serial = current(fleet, cert)
    assert enrol(fleet, secret, new_key()).status == 403
    assert alarms.rose("enrol.bound-elsewhere")
    assert current(fleet, cert) == serial


def test_by_its_claim_after_the_owner_typed_the_code_again(fleet, bound, alarms):
    secret, _, cert = bound
    secret.claim(fleet.api())
    serial = current(fleet, cert)
    assert enrol(fleet, secret, new_key()).status == 403
    assert alarms.rose("enrol.bound-elsewhere")
    assert current(fleet, cert) == serial


def test_its_key_under_another_claim(fleet, bound, alarms):
    """Both rows would name one key: whose device it is could not be told."""
    _, key, cert = bound
    other = Secret()
    assert other.claim(fleet.api())[0] == 201
    assert enrol(fleet, other, key).status == 403
    assert alarms.rose("enrol.foreign-key")
    assert fleet.api().get(f"/v1/claims/{other.cid.hex()}")["dev"] is None
    assert current(fleet, cert)


def test_by_the_renewal_of_another_device(fleet, bound, alarms):
    _, key, cert = bound
    _, thief_key, thief = joined(fleet)
    serial = current(fleet, cert)
    answer = renew(fleet, thief, thief_key, key)
    assert answer.status == 403 and alarms.rose("enrol.foreign-key")
    named = renew(fleet, thief, thief_key, new_key(), cn=f"hf-{dev_of(cert)}")
    assert named.status == 403
    assert current(fleet, cert) == serial


def made(fleet, station, number):
    """A shipped unit: factory certificate, key, secret."""
    answer, key, secret = make_unit(fleet, station, number)
    idevid = answer.cert()
    handle = idevid.subject.rfc4514_string().removeprefix("CN=")
    proof = signer_of(key).sign(b"hf-commit" + station.commit(number, handle) +
                                hashlib.sha256(idevid.public_bytes(Encoding.DER)).digest())
    assert station.commit(number, handle, proof) == 200
    ship(fleet, number, handle)
    return idevid, key, secret


def ask(fleet, unit, secret, fresh):
    with Channel(fleet, cert=unit[0], key=unit[1]) as c:
        csr = c.csr(fresh)
        return c.post("simpleenroll", csr, [c.authorization(secret, csr)], line="tool")


def test_by_the_factory(fleet, alarms):
    """The label of one unit in another unit; its key at a station again; its key in a list."""
    station = Station(fleet, "line-1")
    signers = operator_signers(fleet)
    number, _ = order(fleet, station, signers, quantity=4)
    one, two = made(fleet, station, number), made(fleet, station, number)
    assert one[2].claim(fleet.api(), "tool")[0] == 201
    fresh = new_key()
    cert = ask(fleet, one, one[2], fresh).cert()
    serial = current(fleet, cert)
    assert ask(fleet, two, one[2], new_key()).status == 403
    assert alarms.rose("enrol.foreign-claim")
    assert ask(fleet, one, one[2], new_key()).status == 202  # its own factory certificate waits for the owner
    assert make_unit(fleet, station, number, fresh)[0].status == 403
    assert make_unit(fleet, station, number, new_key(), one[2])[0].status == 403
    listed, _ = order(fleet, station, signers, quantity=2, mode=1)
    for key, secret in ((fresh, Secret()), (one[1], Secret()), (new_key(), one[2])):
        row = ("a" * 25 + "q", spki_hash(key.public_key()), secret.cid, seal_kc(fleet, secret))
        body = station.sign_list(listed, [row])
        assert fleet.api().call("POST", f"/v1/orders/{listed.hex()}/units", body, LIST)[0] in (403, 409)
    assert current(fleet, cert) == serial
