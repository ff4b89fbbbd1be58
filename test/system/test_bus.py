"""The bus between real broker and real store: identity, acknowledgements, commands, revocation, clones.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import os
import time

import cbor2
import pytest

from fakebus import CONFIRMED, ISSUED, QUARANTINED, REVOKED, SEEN, SUPERSEDED
from mqtt5 import Closed
from testca import make

QUEUED, SENT, RECEIPTED = 1, 2, 3


def topic_of(life, cti):
    return life.device.topic("cmd/" + base64.urlsafe_b64encode(cti).decode().rstrip("="), "dn")


def test_issued_seen_confirmed(bus_rig):
    life = bus_rig.life().connect()
    bus_rig.bus.wait(SEEN, "cert", life.serial.hex())
    bus_rig.bus.wait(1, "here", life.dev)
    life.hello(promoted=False)
    assert life.state() == SEEN
    life.hello(promoted=True)
    assert life.state() == CONFIRMED
    life.client.disconnect()
    bus_rig.bus.wait(0, "here", life.dev)


def test_a_renewal_supersedes_its_parent_and_the_old_is_trapped(bus_rig):
    old = bus_rig.life().connect().hello()
    old.client.disconnect()
    new = bus_rig.life(parent=old).connect().hello()
    assert (old.state(), new.state()) == (SUPERSEDED, CONFIRMED)
    # A copy of the old one comes back: refused, and both sides lose.
    time.sleep(2)  # what a change of state may take to the broker
    assert old.device.open().connect(old.dev) == 135
    bus_rig.bus.wait(QUARANTINED, "cert", new.serial.hex())
    assert new.client.end() == 152
    assert bus_rig.bus.tell("event", "device.quarantined") == "1"


def test_a_hello_by_another_key_is_not_answered(bus_rig):
    life = bus_rig.life().connect()
    assert life.say("id/hello", life.hello_object(key=make("x").key)) == 0
    assert life.say("id/hello", life.hello_object(serial=os.urandom(16))) == 0
    assert life.say("id/hello", b"\xd2") == 0
    assert life.client.quiet(0.5)
    assert life.state() == SEEN


def test_a_falling_boot_counter_quarantines(bus_rig):
    life = bus_rig.life().connect().hello(boot=7)
    assert life.say("id/hello", life.hello_object(boot=6)) == 0
    bus_rig.bus.wait(QUARANTINED, "cert", life.serial.hex())
    assert life.client.end() == 152


def test_a_floor_that_falls_is_an_alarm(bus_rig):
    """Of a device's own report (doc/protocol/upd.md, key 12): an older state of it was restored."""
    life = bus_rig.life().connect().hello()
    for floor in (0, 7, 7, 9):
        life.say("upd/report", cbor2.dumps({1: b"", 12: floor}))
    for bad in (b"\xa1\x01", cbor2.dumps({1: b"", 12: -1}), cbor2.dumps({12: 3, 1: b""}),
                cbor2.dumps([12, 0])):
        life.say("upd/report", bad)
    life.acknowledged("alarm/a2", b"what came before it is stored")
    assert bus_rig.bus.tell("event", "device.floor-fell") == "0"
    life.say("upd/report", cbor2.dumps({1: b"", 12: 8}))
    bus_rig.bus.wait(1, "event", "device.floor-fell")


def test_what_matters_is_acknowledged_once_stored(bus_rig):
    life = bus_rig.life().connect().hello()
    cti = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
    for rest in (f"rcpt/{cti}", "alarm/a1", "tamper/t1", "seal/k-00ff", "seal/f-00ff-1", "seal/f-00ff-2"):
        life.acknowledged(rest, b"object " + rest.encode())
        life.acknowledged(rest, b"object " + rest.encode())  # a repeat is answered alike
    life.say("tele/t", b"21.5")
    bus_rig.bus.wait(1, "count", "tele", life.dev)
    for what, n in (("rcpt", 1), ("alarm", 1), ("tamper", 1), ("seal", 2)):
        assert bus_rig.bus.tell("count", what, life.dev) == str(n), what


def test_the_largest_sealed_frame(bus_rig):
    life = bus_rig.life().connect().hello()
    life.acknowledged("seal/f-00ff-1", os.urandom(65536))


def test_commands_wait_for_the_hello_and_keep_their_order(bus_rig):
    life = bus_rig.life()
    names = [os.urandom(16) for _ in range(5)]
    for i, cti in enumerate(names):
        bus_rig.bus.do("command", life.dev, cti.hex(), (b"order %d" % i).hex())
    life.connect()
    assert life.client.quiet(0.3)
    life.hello()
    for i, cti in enumerate(names):
        topic, payload, _ = life.client.message()
        assert (topic, payload) == (topic_of(life, cti), b"order %d" % i)
    bus_rig.bus.wait(SENT, "outbox", life.dev, names[4].hex())


@pytest.mark.parametrize("nudged", [True, False])
def test_a_command_for_a_device_that_is_here_goes_at_once(bus_rig, nudged):
    life = bus_rig.life().connect().hello()
    if not nudged:
        bus_rig.bus.do("quiet", "1")
    cti = os.urandom(16)
    start = time.monotonic()
    bus_rig.bus.do("command", life.dev, cti.hex(), b"now".hex())
    assert life.client.message()[:2] == (topic_of(life, cti), b"now")
    assert time.monotonic() - start < (0.3 if nudged else 1.0)


def test_an_unreceipted_command_comes_again_until_its_receipt(bus_rig):
    life = bus_rig.life().connect().hello()
    cti = os.urandom(16)
    name = base64.urlsafe_b64encode(cti).decode().rstrip("=")
    bus_rig.bus.do("command", life.dev, cti.hex(), b"once".hex())
    assert life.client.message()[1] == b"once"
    life.client.close()
    life.connect().hello()
    assert life.client.message()[:2] == (topic_of(life, cti), b"once")
    life.acknowledged(f"rcpt/{name}", b"signed receipt")
    assert bus_rig.bus.tell("outbox", life.dev, cti.hex()) == str(RECEIPTED)
    life.client.close()
    life.connect().hello()
    assert life.client.quiet(0.5)


@pytest.mark.parametrize("nudged", [True, False])
def test_revoked_in_the_store_is_out_of_its_live_session(bus_rig, nudged):
    life = bus_rig.life().connect().hello()
    if not nudged:
        bus_rig.bus.do("quiet", "1")
    start = time.monotonic()
    bus_rig.bus.do("state", life.serial.hex(), REVOKED)
    assert life.client.end(3) == 152
    took = time.monotonic() - start
    print(f"commit to DISCONNECT: {took * 1000:.0f} ms")
    assert took <= 2.0
    assert life.device.open().connect(life.dev) == 135


def test_the_bus_killed_and_back(bus_rig):
    """Live sessions stay; a revocation made meanwhile is found; messages are kept by the device (16)."""
    good, bad = bus_rig.life().connect().hello(), bus_rig.life().connect().hello()
    bus_rig.bus.kill()
    end = time.monotonic() + 30
    while good.client.publish(good.device.topic("tele/x")) != 16:  # the broker hears of it in its own time
        assert time.monotonic() < end
        time.sleep(0.1)
    bus_rig.bus.start()
    bus_rig.bus.do("state", bad.serial.hex(), REVOKED)
    assert bad.client.end(30) == 152
    good.acknowledged("alarm/a1", b"still here")
    bus_rig.bus.wait(1, "here", good.dev)


def test_the_broker_killed_and_back(bus_rig):
    life = bus_rig.life().connect().hello()
    bus_rig.broker.process.kill()
    bus_rig.broker.process.wait()
    bus_rig.bus.wait(0, "here", life.dev)
    bus_rig.broker.start()
    life.connect().hello()
    life.acknowledged("alarm/a1", b"after the crash")


def test_alarms_of_the_broker_become_events(bus_rig):
    stranger = bus_rig.broker.device()
    bus_rig.life().connect().hello()  # the table is there
    try:
        assert stranger.open().connect(stranger.dev) == 135
    except Closed:
        pytest.fail("the plugin has its rows")
    bus_rig.bus.wait(1, "event", "broker.unknown-certificate")
