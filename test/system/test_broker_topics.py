"""What a session may do: no way to another device's topics, by any filter, will, retained or shared trick.

SPDX-License-Identifier: Apache-2.0
"""
import pytest

from mqtt5 import Closed, DISCONNECT, user_property, varint
from testca import new_dev

DENIED = 135


@pytest.fixture(params=["before SIGHUP", "after SIGHUP"])
def session(request, own_broker):
    """A live device, also one that lived through a reload of the configuration."""
    device = own_broker.device()
    client = device.connect()
    if request.param == "after SIGHUP":
        own_broker.reload()
    yield own_broker, device, client
    client.close()


def test_own_filter_only(session):
    broker, device, client = session
    other = broker.device()
    for topic in ("#", "+/#", "hf/#", "hf/1/#", "hf/1/+/+/dn/#", "hf/1/+/+/up/#", "$SYS/#",
                  "$SYS/broker/uptime",
                  "$share/g/#", f"$share/g/hf/1/{device.dev}/+/dn/#", f"hf/1/{other.dev}/+/dn/#",
                  f"$share/g/hf/1/{other.dev}/+/dn/#", f"hf/1/{device.dev}/#", f"hf/1/{device.dev}/-/dn/#",
                  f"hf/1/{device.dev}/+/up/#", f"hf/1/{device.dev}/+/dn/+/+", f"hf/1/{device.dev}/+/dn"):
        assert client.subscribe(topic) == DENIED, topic
    assert client.subscribe(device.filter()) in (0, 1)


def test_other_topics_are_denied(session):
    broker, device, client = session
    other = broker.device()
    me = device.dev
    for topic in (other.topic("tele/x"), other.topic("cmd/x", "dn"), device.topic("cmd/x", "dn"),
                  f"hf/1/{me}/-/up/tele", f"hf/1/{me}/-/up/tele/x/y", f"hf/1/{me}/-/up/tele/..",
                  f"hf/1/{me}/../{other.dev}/up/tele/x", f"hf/1/{me}/c/up/tele/x", f"hf/2/{me}/-/up/tele/x",
                  f"hf/1/{me}/-/up/none/x", f"hf/1/{me}/-/up/cmd/x", "$SYS/broker/x", "x",
                  f"/hf/1/{me}/-/up/tele/x", f"hf/1/{me}/-/up/tele/{'a' * 65}"):
        assert client.publish(topic) == DENIED, topic


def test_nothing_denied_arrives(session):
    broker, device, client = session
    other = broker.device()
    victim = other.connect()
    assert victim.subscribe(other.filter()) in (0, 1)
    bus = broker.bus_client()
    assert client.publish(other.topic("cmd/x", "dn")) == DENIED
    assert client.publish(other.topic("tele/x")) == DENIED
    assert client.publish(device.topic("tele/good"), b"1") == 0
    assert bus.message()[0] == device.topic("tele/good")
    assert bus.quiet() and victim.quiet()
    bus.close()


def test_sizes_per_class(session):
    _, device, client = session
    for cls, limit in (("hb", 512), ("tele", 4096), ("state", 1024), ("rcpt", 16384), ("seal", 65536)):
        assert client.publish(device.topic(f"{cls}/a"), b"x" * limit) in (0, 16), cls
        assert client.publish(device.topic(f"{cls}/a"), b"x" * (limit + 1)) == DENIED, cls


def test_retain_disconnects_154(session):
    _, device, client = session
    try:
        client.publish(device.topic("tele/x"), retain=True)
    except Closed:
        pass
    assert [p[2][0] for p in client.waiting if p[0] == DISCONNECT] == [154]


def test_qos_2_never_arrives(session):
    """Before SIGHUP the broker answers DISCONNECT 155; after it max_qos is 2 again and the plugin denies."""
    broker, device, client = session
    bus = broker.bus_client()
    client.publish(device.topic("tele/x"), qos=2)
    try:
        kind, _, body = client.receive()
        assert (kind == DISCONNECT and body[0] == 155) or (kind == 5 and body[2] == DENIED)
    except Closed:
        pass
    assert bus.quiet()
    bus.close()


def test_70001_bytes_disconnect_149(session):
    """The head alone decides, and the broker counts what follows it."""
    _, _, client = session
    client.send(b"\x32" + varint(70001))
    assert client.end() == 149


def test_qos_0_beyond_its_classes_is_dropped(session):
    broker, device, client = session
    bus = broker.bus_client()
    client.publish(device.topic("rcpt/x"), qos=0)
    client.publish(device.topic("hb/x"), qos=0)
    assert bus.message()[0] == device.topic("hb/x")
    assert bus.quiet()
    bus.close()


def will_to(broker, topic, end):
    """A session with that will, which ends by `end`; True when the broker took the CONNECT."""
    device = broker.device()
    client = device.open()
    try:
        taken = client.connect(device.dev, will=(topic(device), b"boo", 1, False)) == 0
    except Closed:
        return False
    if end == "takeover":
        device.connect().close()
    client.close()
    return taken


@pytest.mark.parametrize("end", ["cut", "takeover"])
def test_no_will_is_ever_published(own_broker, end):
    """In a takeover the broker publishes the will before it tells the plugin of the session's end."""
    victim = own_broker.device()
    watcher = victim.connect()
    assert watcher.subscribe(victim.filter()) in (0, 1)
    bus = own_broker.bus_client()
    assert will_to(own_broker, lambda d: d.topic("tele/will"), end)
    will_to(own_broker, lambda d: victim.topic("cmd/will", "dn"), end)
    will_to(own_broker, lambda d: victim.topic("tele/will"), end)
    will_to(own_broker, lambda d: "$SYS/will", end)
    will_to(own_broker, lambda d: "will", end)
    assert bus.quiet(0.5) and watcher.quiet(0.2)
    bus.close()
    watcher.close()


def test_a_retained_will_is_refused(broker):
    device = broker.device()
    try:
        assert device.open().connect(device.dev, will=(device.topic("tele/x"), b"boo", 1, True)) != 0
    except Closed:
        pass


def test_certificate_hash_is_added_and_cannot_be_forged(session):
    broker, device, client = session
    bus = broker.bus_client()
    forged = (user_property("hf-cert", "00" * 32) + b"\x08" + b"\x00\x04hf/1" + b"\x09" + b"\x00\x01c"
              + user_property("other", "x") + b"\x01\x01" + b"\x03\x00\x01a")
    for properties in (b"", forged):
        assert client.publish(device.topic("id/hello"), b"h", properties=properties) == 0
        topic, payload, got = bus.message()
        assert (topic, payload) == (device.topic("id/hello"), b"h")
        assert got == user_property("hf-cert", device.cert.sha256.hex())
    bus.close()


def test_the_bus_is_held_to_its_own_rules(broker):
    device = broker.device()
    bus = broker.bus_client(subscribe=False)
    for topic in ("#", "$SYS/#", "hf/1/+/+/dn/#", "$share/g/hf/1/+/+/up/#", "hf/1/+/+/up/tele/#"):
        assert bus.subscribe(topic) == DENIED, topic
    assert bus.publish(device.topic("tele/x")) == DENIED
    assert bus.publish(device.topic("cmd/x", "dn")) == 16
    assert bus.publish(device.topic("ack/x", "dn"), b"x" * 65) == DENIED
    bus.close()


def test_a_command_reaches_its_device_only(broker):
    one, two = broker.device(), broker.device()
    first, second = one.connect(), two.connect()
    for device, client in ((one, first), (two, second)):
        assert client.subscribe(device.filter()) in (0, 1)
    bus = broker.bus_client()
    assert bus.publish(one.topic("cmd/AAAA", "dn"), b"order") == 0
    assert first.message()[:2] == (one.topic("cmd/AAAA", "dn"), b"order")
    assert second.quiet()
    first.disconnect()
    assert bus.publish(one.topic("cmd/BBBB", "dn"), b"order") == 16
    second.disconnect()
    bus.close()


def test_no_server_is_puback_16(broker):
    """Without the bus nobody listens: the device learns to keep what it sent."""
    device = broker.device()
    client = device.connect()
    assert client.publish(device.topic("tele/x")) == 16
    client.disconnect()


def test_session_of_a_stranger_to_the_broker_is_not_kept(broker):
    """A long session expiry makes no persistent session reachable: clean start drops it, nothing queues."""
    device = broker.device()
    expiry = b"\x11" + (3600).to_bytes(4, "big")
    client = device.connect(properties=expiry)
    assert client.subscribe(device.filter()) in (0, 1)
    client.close()
    bus = broker.bus_client()
    bus.publish(device.topic("cmd/x", "dn"), b"order")
    client = device.connect()
    assert client.subscribe(device.filter()) in (0, 1)
    assert client.quiet()
    bus.close()


def test_unknown_device_gets_nothing(broker):
    bus = broker.bus_client()
    assert bus.publish(f"hf/1/{new_dev()}/-/dn/cmd/x", b"order") == 16
    bus.close()
