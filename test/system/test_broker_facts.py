"""What we rely on in Mosquitto and OpenSSL, each fact by its effect: a newer broker that behaves otherwise
fails here first.

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

import pytest

from mqtt5 import Closed, packet
from brokerlib import BUILD

TCP_INFO_BYTES_AT = 120  # tcpi_bytes_acked, tcpi_bytes_received


def tls_bytes(sock):
    time.sleep(0.15)
    info = sock.getsockopt(socket.IPPROTO_TCP, 11, 256)
    acked, received = struct.unpack_from("QQ", info, TCP_INFO_BYTES_AT)
    return acked - 1, received


def s_client(broker, device, *more):
    cmd = ["openssl", "s_client", "-connect", f"127.0.0.1:{broker.port}", "-servername", "localhost",
           "-CAfile", str(broker.pki.server_ca.cert_path), "-partial_chain", "-cert",
           str(device.cert.cert_path), "-key", str(device.cert.key_path), *more]
    run = subprocess.run(cmd, input="", capture_output=True, text=True, timeout=20, check=False)
    return run.stdout + run.stderr


def test_one_stateful_ticket(broker):
    """openssl.cnf works: the ticket is too small to carry a certificate, and there is one of it."""
    device = broker.device()
    context = device.context()
    client = device.open(context)
    before = tls_bytes(client.sock)[1]
    assert client.connect(device.dev) == 0
    session = client.sock.session
    assert session is not None and session.has_ticket
    assert session.ticket_lifetime_hint == 7200
    assert tls_bytes(client.sock)[1] - before < 150  # CONNACK, and at most one small ticket
    client.disconnect()


def test_group_p256_and_the_one_cipher(broker):
    device = broker.device()
    said = s_client(broker, device, "-tls1_3", "-groups", "P-256")
    assert "TLS_AES_128_GCM_SHA256" in said and "Verification: OK" in said
    said = s_client(broker, device, "-tls1_3", "-groups", "X25519")
    assert "handshake failure" in said or "alert" in said
    said = s_client(broker, device, "-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384")
    assert "handshake failure" in said or "alert" in said


def test_the_broker_sends_its_leaf_alone_and_no_ca_names(broker):
    said = s_client(broker, broker.device(), "-tls1_3", "-groups", "P-256", "-showcerts")
    assert said.count("BEGIN CERTIFICATE") == 1  # -showcerts prints what was sent
    assert len(re.findall(r"^ \d+ s:", said, re.M)) == 1


def test_bytes_of_full_and_resumed(broker):
    """The table of doc/broker.md's design: a resumed session costs at most 450 bytes each way."""
    script = os.path.join(os.path.dirname(__file__), "..", "..", "bench", "channel.py")
    cnf = broker.folder / "client.cnf"
    text = open(script, encoding="utf-8").read()
    cnf.write_text(re.search(r'CLIENT_CNF = """(.*?)"""', text, re.S).group(1))
    run = subprocess.run([sys.executable, script, "--bytes"], capture_output=True, text=True, timeout=60,
                         env=dict(os.environ, OPENSSL_CONF=str(cnf), HF_BUILD=str(BUILD)), check=True)
    rows = [line.split("\t") for line in run.stdout.splitlines() if line.startswith(("first", "reconnect"))]
    sizes = {what: tuple(int(n) for n in figure.split(" / ")) for what, figure, *_ in rows}
    up, down = sizes["reconnect: TLS resumed, ticket, CONNECT, CONNACK"]
    assert up <= 450 and down <= 450
    up, down = sizes["first connect: TLS full, ticket, CONNECT, CONNACK"]
    assert up <= 1000 and down <= 1100


def test_sessions_survive_everything_but_a_bare_fin(broker):
    """RST, kick and takeover leave the TLS session usable; a FIN without close_notify drops it."""
    device = broker.device()
    context = device.context()

    def resumes(session):
        client = device.open(context, session)
        reused = client.sock.session_reused
        client.close()
        return reused

    client = device.open(context)
    assert client.connect(device.dev) == 0
    session = client.sock.session
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert resumes(session)
    client = device.open(context)
    assert client.connect(device.dev) == 0
    session = client.sock.session
    broker.bus.kick(device.dev)
    assert client.end() == 152
    client.close()
    assert resumes(session)


def test_kicked_but_allowed_returns_with_nothing_queued(broker):
    device = broker.device()
    client = device.connect()
    assert client.subscribe(device.filter()) in (0, 1)
    broker.bus.kick(device.dev)
    assert client.end() == 152
    again = device.open()
    assert again.connect(device.dev) == 0
    assert again.quiet()
    again.disconnect()


def test_sighup_keeps_everybody_who_is_good(own_broker):
    devices = [own_broker.device() for _ in range(20)]
    clients = [d.connect() for d in devices]
    bus = own_broker.bus_client()
    for _ in range(3):
        own_broker.reload()
    for device, client in zip(devices, clients):
        assert client.publish(device.topic("tele/x")) == 0
        assert bus.message()[0] == device.topic("tele/x")
    for client in clients:
        client.close()
    bus.close()


def test_sighup_takes_a_new_server_certificate(own_broker):
    device = own_broker.device()
    before = device.open().sock.getpeercert(binary_form=True)
    renewed = own_broker.pki.server("localhost").save(own_broker.folder / "pki", "broker")
    own_broker.reload()
    after = device.open().sock.getpeercert(binary_form=True)
    assert before != after and after == renewed.der


def test_nothing_about_devices_in_the_log(own_broker):
    device = own_broker.device()
    client = device.connect()
    client.publish(device.topic("tele/x"))
    client.disconnect()
    own_broker.device(row=False).open().connect(device.dev)
    own_broker.process.send_signal(signal.SIGTERM)
    own_broker.process.wait(5)
    log = own_broker.log.read_text()
    assert device.dev not in log and "127.0.0.1" not in log, log


def test_a_second_connect_on_one_connection_ends_it(broker):
    from mqtt5 import connect_packet
    one, two = broker.device(), broker.device()
    client = one.connect()
    client.send(connect_packet(two.dev))
    with pytest.raises((Closed, TimeoutError)):
        while True:
            client.receive(2)
    assert broker.device().connect().publish("x") == 135  # the broker lives


def test_topic_alias_is_no_way_around(broker):
    """A topic set once and used by number is checked each time."""
    device, other = broker.device(), broker.device()
    client = device.connect()
    alias = b"\x23\x00\x01"
    assert client.publish(other.topic("tele/x"), properties=alias) == 135
    try:
        code = client.publish("", properties=alias)
        assert code == 135
    except Closed:
        pass


def test_malformed_packets_end_one_session_only(broker):
    bystander = broker.device()
    witness = bystander.connect()
    for junk in (b"\x00\x00", packet(3, 2, b"\xff\xff"), packet(8, 2, b"\x00"), b"\xf0\xff\xff\xff\xff\x7f",
                 packet(3, 6, b"\x00\x01x")):
        client = broker.device().connect()
        client.send(junk)
        with pytest.raises((Closed, TimeoutError, OSError)):
            while True:
                client.receive(1)
        client.close()
    assert witness.publish(bystander.topic("tele/x")) == 16
    witness.disconnect()


def test_plain_tcp_on_the_tls_port(broker):
    with socket.create_connection(("127.0.0.1", broker.port)) as sock:
        sock.sendall(b"\x10\x0c\x00\x04MQTT\x05\x02\x00\x3c\x00\x00")
        sock.settimeout(3)
        try:
            assert sock.recv(100)[:1] in (b"\x15", b"")  # a TLS alert, or just closed
        except ConnectionError:
            pass
    assert ssl.HAS_TLSv1_3
