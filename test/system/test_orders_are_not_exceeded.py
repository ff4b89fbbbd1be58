"""test_orders_are_not_exceeded -- a factory makes what was ordered and not one more: quorum, station, date,
count,
proof at the end of the line, reconciliation; and what it made enrols, waits for its owner, and recovers
nothing else.

identity.md sections 10 and 14 row 19. SPDX-License-Identifier: Apache-2.0
"""
import concurrent.futures
import hashlib
import os

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

import fleetlib
from estlib import Channel, Secret, dev_of, events, new_key
from factorylib import Station, make_unit, operator_signers, order, report, ship, signer_of
from pycose import ES256, Signer


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    lines = (("tool", ("--enrol", "idevid+claim")),)
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before, lines=lines)


@pytest.fixture(scope="module")
def operators(fleet):
    return operator_signers(fleet)


@pytest.fixture(scope="module")
def station(fleet):
    return Station(fleet, "line-1")


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
    raw = station.commit(name, handle)
    assert station.commit(name, handle) == raw  # the first answer may have been lost
    der = idevid.public_bytes(Encoding.DER)
    right = signer_of(key).sign(b"hf-commit" + raw + hashlib.sha256(der).digest())
    for signature, status in ((b"\1" * 64, 403), (right, 200), (right, 200)):
        assert station.commit(name, handle, signature) == status
    found = report(fleet, name)
    assert (found["issued"], found["committed"], found["journal"], found["exact"]) == (1, 1, 1, True)

    def ask(fresh):
        with Channel(fleet, cert=idevid, key=key) as c:
            csr = c.csr(fresh)
            return c.post("simpleenroll", csr, [c.authorization(secret, csr)], line="tool")

    fresh = new_key()
    assert ask(fresh).status == 202  # it never left the factory, says the list
    assert events(fleet, "unit.not-shipped")
    ship(fleet, name, handle)
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
