"""A revoked certificate is out within two seconds: live, fresh, resumed, after SIGHUP, and when the push
gets lost. The same for quarantine, the end of validity, and a bus that is away.

SPDX-License-Identifier: Apache-2.0
"""
import time

import pytest

from fakebus import CONFIRMED, DOWN, HELLO, QUARANTINED, REVOKED, SEEN, SUPERSEDED, UP, VOID
from mqtt5 import Closed

KICKED, REFUSED, LIMIT_S = 152, 135, 2.0


def out_within_limit(client, start):
    assert client.end(LIMIT_S + 1) == KICKED
    took = time.monotonic() - start
    assert took <= LIMIT_S, took
    return took


def test_live_session(broker):
    device = broker.device()
    client = device.connect()
    start = time.monotonic()
    broker.bus.state(device.cert.sha256, REVOKED)
    print(f"revoked to DISCONNECT: {out_within_limit(client, start) * 1000:.0f} ms")
    broker.bus.wait(DOWN, lambda e: e[1] == device.dev)


@pytest.mark.parametrize("state", [SUPERSEDED, VOID])
def test_live_session_of_other_bad_states(broker, state):
    device = broker.device()
    client = device.connect()
    start = time.monotonic()
    broker.bus.state(device.cert.sha256, state)
    out_within_limit(client, start)


def test_fresh_session(broker):
    device = broker.device()
    device.connect().disconnect()
    broker.bus.state(device.cert.sha256, REVOKED)
    assert device.open().connect(device.dev) == REFUSED


def test_resumed_session(broker):
    device = broker.device()
    context = device.context()
    first = device.open(context)
    assert first.connect(device.dev) == 0
    session = first.sock.session
    first.disconnect()
    again = device.open(context, session)
    assert again.sock.session_reused
    assert again.connect(device.dev) == 0
    session = again.sock.session
    again.disconnect()
    broker.bus.state(device.cert.sha256, REVOKED)
    last = device.open(context, session)
    assert last.sock.session_reused, "the case would prove nothing"
    assert last.connect(device.dev) == REFUSED


def test_live_session_after_sighup(own_broker):
    device = own_broker.device()
    client = device.connect()
    own_broker.reload()
    assert client.publish(device.topic("tele/x")) in (0, 16)
    start = time.monotonic()
    own_broker.bus.state(device.cert.sha256, REVOKED)
    out_within_limit(client, start)
    assert device.open().connect(device.dev) == REFUSED


def test_sighup_itself_throws_out_what_is_bad(own_broker):
    """The push is lost and no beat comes: SIGHUP changes nothing for the good, who stay."""
    good = own_broker.device()
    client = good.connect()
    for _ in range(8):  # more than the connect bucket of a device holds
        own_broker.reload()
    assert client.publish(good.topic("tele/x")) in (0, 16)
    client.disconnect()


def test_lost_push(broker):
    device = broker.device()
    client = device.connect()
    hellos = len(broker.bus.seen(HELLO))
    broker.bus.lose = True
    start = time.monotonic()
    broker.bus.state(device.cert.sha256, REVOKED)
    broker.bus.lose = False
    out_within_limit(client, start)
    assert len(broker.bus.seen(HELLO)) == hellos + 1  # the beat showed the gap, a snapshot mended it


def test_push_while_the_bus_is_cut(own_broker):
    device = own_broker.device()
    client = device.connect()
    own_broker.bus.close()
    own_broker.bus.state(device.cert.sha256, REVOKED)
    assert client.publish(device.topic("tele/x")) in (0, 16)  # nobody can know yet
    start = time.monotonic()
    own_broker.bus.open()
    out_within_limit(client, start)


def test_quarantine_kicks_then_admits_restricted(broker):
    device = broker.device()
    client = device.connect()
    start = time.monotonic()
    broker.bus.state(device.cert.sha256, QUARANTINED)
    out_within_limit(client, start)
    client = device.connect()
    assert client.subscribe(device.filter()) in (0, 1)
    assert client.publish(device.topic("tele/x")) == 135
    assert client.publish(device.topic("rcpt/x")) == 135
    assert client.publish(device.topic("id/hello")) in (0, 16)
    assert client.publish(device.topic("tamper/x")) in (0, 16)
    bus = broker.bus_client()
    bus.publish(device.topic("cmd/x", "dn"), b"no")
    bus.publish(device.topic("release/x", "dn"), b"yes")
    assert client.message()[:2] == (device.topic("release/x", "dn"), b"yes")
    assert client.quiet()
    bus.close()


def test_end_of_validity(broker):
    """Swept within seconds; the access check refuses at once."""
    device = broker.device()
    end = int(time.time()) + 2
    broker.bus.put(device.cert.sha256, device.dev, CONFIRMED, not_after=end)
    client = device.connect()
    assert client.end(6) == KICKED
    assert time.time() >= end


def test_renewal_is_not_dragged_down_by_its_parent(broker):
    """The new certificate takes the session over, then the parent is superseded: the new one stays."""
    old = broker.device()
    first = old.connect()
    new = broker.device(dev=old.dev, state=SEEN)
    second = new.connect()
    broker.bus.alarm("two-certificates", old.dev)
    broker.bus.state(old.cert.sha256, SUPERSEDED)
    broker.bus.state(new.cert.sha256, CONFIRMED)
    time.sleep(1)
    assert second.publish(new.topic("tele/x")) in (0, 16)
    with pytest.raises((Closed, TimeoutError)):
        first.message(1)
    second.disconnect()


def test_kick_on_demand_lets_it_come_back(broker):
    device = broker.device()
    client = device.connect()
    broker.bus.kick(device.dev)
    assert client.end() == KICKED
    device.connect().disconnect()


def test_presence_is_told_with_certificate_and_address(broker):
    device = broker.device()
    client = device.connect()
    up = broker.bus.wait(UP, lambda e: e[1] == device.dev)
    assert up == [UP, device.dev, device.cert.sha256, "127.0.0.1"]
    client.disconnect()
    assert broker.bus.wait(DOWN, lambda e: e[1] == device.dev) == [DOWN, device.dev, device.cert.sha256]
