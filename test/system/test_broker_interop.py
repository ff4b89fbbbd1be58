"""Foreign MQTT clients with a device certificate: mosquitto_pub, mosquitto_sub and paho.

SPDX-License-Identifier: Apache-2.0
"""
import ssl
import subprocess
import threading

import paho.mqtt.client as paho
import pytest


def pub(device, client_id, topic, *more):
    command = ["mosquitto_pub", "-V", "mqttv5", "-h", "localhost", "-p", str(device.broker.port),
               "--cafile", device.broker.pki.root.cert_path, "--cert", device.cert.cert_path,
               "--key", device.cert.key_path,
               "--tls-version", "tlsv1.3", "-i", client_id, "-q", "1", "-t", topic, "-m", "1", *more]
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=20, check=False)


@pytest.fixture
def with_chain(own_broker):
    """mosquitto_pub has no partial-chain option: it gets the Server CA with its root."""
    bundle = own_broker.folder / "bundle.pem"
    pki = own_broker.pki
    bundle.write_bytes(pki.root.cert_path.read_bytes() + pki.server_ca.cert_path.read_bytes())
    own_broker.pki.root.cert_path = bundle
    return own_broker


def test_mosquitto_pub_on_its_own_topic(with_chain):
    device = with_chain.device()
    bus = with_chain.bus_client()
    run = pub(device, device.dev, device.topic("tele/x"))
    assert run.returncode == 0, run.stderr
    assert bus.message()[:2] == (device.topic("tele/x"), b"1")
    bus.close()


def test_mosquitto_pub_with_another_id_is_135(with_chain):
    one, two = with_chain.device(), with_chain.device()
    run = pub(one, two.dev, one.topic("tele/x"))
    assert run.returncode != 0 and "Not authorized" in run.stderr + run.stdout


def test_mosquitto_pub_of_another_version_is_refused(with_chain):
    device = with_chain.device()
    run = subprocess.run([str(c) for c in (
        "mosquitto_pub", "-V", "mqttv311", "-h", "localhost", "-p", with_chain.port, "--cafile",
        with_chain.pki.root.cert_path, "--cert", device.cert.cert_path, "--key", device.cert.key_path,
        "--tls-version", "tlsv1.3", "-i", device.dev, "-q", "1", "-t", device.topic("tele/x"), "-m", "1")],
        capture_output=True, text=True, timeout=20, check=False)
    assert run.returncode != 0


def test_mosquitto_sub_hears_its_commands_only(with_chain):
    device, other = with_chain.device(), with_chain.device()
    sub = subprocess.Popen([str(c) for c in (
        "mosquitto_sub", "-V", "mqttv5", "-h", "localhost", "-p", with_chain.port, "--cafile",
        with_chain.pki.root.cert_path, "--cert", device.cert.cert_path, "--key", device.cert.key_path,
        "--tls-version", "tlsv1.3", "-i", device.dev, "-q", "1", "-t", device.filter(), "-C", "1",
        "-W", "10", "-v")],
        stdout=subprocess.PIPE, text=True)
    bus = with_chain.bus_client(subscribe=False)
    while bus.publish(device.topic("cmd/AAAA", "dn"), b"order") == 16:
        bus.publish(other.topic("cmd/BBBB", "dn"), b"not yours")
    assert sub.communicate(timeout=15)[0].strip() == device.topic("cmd/AAAA", "dn") + " order"
    bus.close()


class Paho:
    """Codes as paho sees them."""

    def __init__(self, device, client_id=None):
        self.connack, self.subacks, self.gone = None, [], None
        self.event = threading.Condition()
        self.client = paho.Client(client_id or device.dev, protocol=paho.MQTTv5)
        self.client.tls_set_context(self.context(device))
        self.client.on_connect = self.on_connect
        self.client.on_subscribe = self.on_subscribe
        self.client.on_disconnect = self.on_disconnect
        self.client.reconnect_delay_set(60, 60)
        self.client.connect("localhost", device.broker.port, clean_start=True)
        self.client.loop_start()

    @staticmethod
    def context(device):
        context = device.context()
        assert context.verify_mode == ssl.CERT_REQUIRED
        return context

    def on_connect(self, _client, _data, _flags, code, _properties=None):
        self.note("connack", code.value)

    def on_subscribe(self, _client, _data, _mid, codes, _properties=None):
        with self.event:
            self.subacks += [c.value for c in codes]
            self.event.notify_all()

    def on_disconnect(self, _client, _data, code, properties=None):
        self.note("gone", getattr(code, "value", code))

    def note(self, name, value):
        with self.event:
            if getattr(self, name) is None:  # the first word counts: after DISCONNECT 152 paho reports a loss
                setattr(self, name, value)
            self.event.notify_all()

    def wait(self, ready):
        with self.event:
            assert self.event.wait_for(ready, 5)

    def stop(self):
        self.client.loop_stop()
        self.client.disconnect()


def test_paho_subscribe_codes(broker):
    device, other = broker.device(), broker.device()
    c = Paho(device)
    c.wait(lambda: c.connack is not None)
    assert c.connack == 0
    for topic in (device.filter(), other.filter(), "#", "$SYS/#"):
        c.client.subscribe(topic, 1)
    c.wait(lambda: len(c.subacks) == 4)
    assert c.subacks == [1, 135, 135, 135]
    c.stop()


def test_paho_with_another_id(broker):
    one, two = broker.device(), broker.device()
    c = Paho(one, two.dev)
    c.wait(lambda: c.connack is not None)
    assert c.connack == 135
    c.stop()


def test_paho_kicked_and_taken_over(broker):
    device = broker.device()
    c = Paho(device)
    c.wait(lambda: c.connack is not None)
    broker.bus.kick(device.dev)
    c.wait(lambda: c.gone is not None)
    assert c.gone in (152, 7)  # paho 1.6.1 reads the code of long DISCONNECTs only; 7 = lost
    c.stop()
    first = Paho(device)
    first.wait(lambda: first.connack is not None)
    second = device.connect()
    first.wait(lambda: first.gone is not None)
    assert second.publish(device.topic("tele/x")) == 16
    first.stop()
    second.disconnect()
