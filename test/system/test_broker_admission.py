"""Who may connect: only the certificate with a row, under its own name, by MQTT 5 with a clean start.

SPDX-License-Identifier: Apache-2.0
"""
import ssl

import pytest

from fakebus import CONFIRMED, EXPIRED, ISSUED, QUARANTINED, REVOKED, SEEN, SUPERSEDED, VOID
from mqtt5 import CONNACK, Client, Closed, connect_packet, text
from testca import make, new_dev

NOT_AUTHORIZED = 135


@pytest.fixture(params=["before SIGHUP", "after SIGHUP"])
def anytime(request, own_broker):
    """Every refusal counts again after the broker reloaded its configuration."""
    if request.param == "after SIGHUP":
        own_broker.reload()
    return own_broker


def refused(device, client_id=None, **options):
    client = device.open()
    code = client.connect(device.dev if client_id is None else client_id, **options)
    client.close()
    return code


def test_no_certificate_is_alert_116(broker):
    device = broker.device()
    client = device.open(device.context(cert=False))
    with pytest.raises(Closed) as e:
        client.receive()  # sending first would race with the broker's close
    assert "CERTIFICATE_REQUIRED" in str(e.value.__cause__).upper()


def test_tls_1_2_is_alert_70(broker):
    device = broker.device()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(device.cert.cert_path, device.cert.key_path)
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION|alert protocol version"):
        device.open(context)


def test_foreign_ca_is_refused(broker):
    other = make("Another CA", ca=True)
    device = broker.device(issuer=other)
    client = device.open()
    with pytest.raises(Closed):
        client.connect(device.dev)


def test_certificate_without_row(anytime):
    device = anytime.device(row=False)
    assert refused(device) == NOT_AUTHORIZED
    anytime.bus.alarm("unknown-certificate")


def test_certificate_minted_with_a_stolen_ca_key(broker):
    """Same name as a real device, signed by the real CA, but never issued: no row."""
    real = broker.device()
    forged = broker.device(dev=real.dev, row=False)
    assert refused(forged) == NOT_AUTHORIZED
    assert refused(real) == 0


def test_other_client_id(anytime):
    one, two = anytime.device(), anytime.device()
    assert refused(one, two.dev) == NOT_AUTHORIZED
    assert refused(one, one.dev.upper()) == NOT_AUTHORIZED
    assert refused(one, one.dev + "x") == NOT_AUTHORIZED
    assert refused(one, "hf-" + one.dev) == NOT_AUTHORIZED
    assert refused(one, "hf-bus") == NOT_AUTHORIZED
    anytime.bus.alarm("identity", one.dev)


def test_other_client_id_does_not_end_its_session(broker):
    """mosquitto issue 3551: a spoofed CONNECT must not kill the real session."""
    one, two = broker.device(), broker.device()
    live = two.connect()
    assert refused(one, two.dev) == NOT_AUTHORIZED
    assert live.publish(two.topic("tele/x")) in (0, 16)
    live.disconnect()


def test_empty_client_id(anytime):
    device = anytime.device()
    client = device.open()
    try:
        assert client.connect("") >= 128
    except Closed:
        pass


def test_common_name_of_another_device(broker):
    device = broker.device(cn=f"hf-{new_dev()}")
    assert refused(device) == NOT_AUTHORIZED


@pytest.mark.parametrize("state,code", [(ISSUED, 0), (SEEN, 0), (CONFIRMED, 0), (SUPERSEDED, 135),
                                        (VOID, 135), (QUARANTINED, 0), (REVOKED, 135), (EXPIRED, 135)])
def test_state_of_the_row_decides(broker, state, code):
    assert refused(broker.device(state=state)) == code


def test_superseded_is_an_alarm(anytime):
    device = anytime.device(state=SUPERSEDED)
    assert refused(device) == NOT_AUTHORIZED
    anytime.bus.alarm("superseded", device.dev)


def test_expired_by_the_row(broker):
    device = broker.device()
    broker.bus.put(device.cert.sha256, device.dev, CONFIRMED, not_after=1)
    assert refused(device) == NOT_AUTHORIZED


@pytest.mark.parametrize("version,protocol", [(4, "MQTT"), (3, "MQIsdp"), (0x84, "MQTT"), (0x83, "MQIsdp")])
def test_older_mqtt_and_the_bridge_flag(anytime, version, protocol):
    device = anytime.device()
    client = device.open()
    client.send(connect_packet(device.dev, version=version, protocol=protocol))
    try:
        assert client.wait(CONNACK)[2][1] != 0
    except Closed:
        pass


def test_bridge_flag_on_version_5(anytime):
    device = anytime.device()
    client = device.open()
    client.send(connect_packet(device.dev, version=0x85))
    try:
        assert client.wait(CONNACK)[2][1] != 0
    except Closed:
        pass


def test_authentication_method_is_140(anytime):
    device = anytime.device()
    assert refused(device, properties=b"\x15" + text("SCRAM-SHA-1")) == 140


def test_clean_start_off(anytime):
    assert refused(anytime.device(), clean=False) == NOT_AUTHORIZED


def test_user_name_and_password_change_nothing(broker):
    device = broker.device()
    client = device.open()
    assert client.connect(device.dev, user="hf-bus") == 0
    assert client.subscribe("hf/1/+/+/up/#") == 135
    client.disconnect()


def test_the_local_door_is_for_the_bus_only(broker):
    for options in ({}, {"user": "someone"}, {"user": "hf-bus", "version": 4}):
        client = Client(broker.mqtt_socket)
        client.send(connect_packet("hf-bus", **options))
        try:
            assert client.wait(CONNACK)[2][1] != 0
        except Closed:
            pass
        client.close()
    broker.bus_client().disconnect()
