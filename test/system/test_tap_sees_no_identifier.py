"""A tap on the wire and a reader of the logs learn no identifier, no secret and no content.

The same search is first turned on TLS 1.2, where it must find the name in the client certificate: a search
that
cannot find proves nothing.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import os
import socket
import ssl
import threading

import pytest

from agentlib import derive, until
from fleetlib import Tap, free_port, occurrences
from testca import Pki, new_dev

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a capture on loopback needs root")


def exchange(pki, version, tap_path):
    """One mutual TLS connection at this version, captured."""
    port = free_port()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pki.broker.cert_path, pki.broker.key_path)
    server.load_verify_locations(pki.op.cert_path)
    server.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    server.verify_mode = ssl.CERT_REQUIRED
    server.minimum_version = server.maximum_version = version
    dev = new_dev()
    device = pki.device(dev)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.load_cert_chain(device.cert_path, device.key_path)
    client.minimum_version = client.maximum_version = version
    listener = socket.create_server(("127.0.0.1", port))

    def serve():
        raw, _ = listener.accept()
        with server.wrap_socket(raw, server_side=True) as s:
            s.recv(16)

    tap = Tap([port], tap_path)
    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(socket.create_connection(("127.0.0.1", port))) as s:
        s.sendall(b"x")
        thread.join(5)
    listener.close()
    return occurrences(tap.stop(), {"dev": dev.encode()})


def test_the_search_finds_a_name_over_tls_1_2_and_not_over_1_3(tmp_path):
    pki = Pki(tmp_path)
    assert exchange(pki, ssl.TLSVersion.TLSv1_2, tmp_path / "12.pcap") == ["dev"]
    assert exchange(pki, ssl.TLSVersion.TLSv1_3, tmp_path / "13.pcap") == []


def test_a_whole_life_leaves_no_identifier_on_the_wire_or_in_the_logs(own_fleet, tmp_path):
    fleet, api = own_fleet, own_fleet.api()
    tap = Tap(fleet.ports.values(), tmp_path / "life.pcap")
    device = fleet.device("lamp-1")
    dev = device.join(api)
    serial = bytes.fromhex(device.show(api)["certificate"]["serial"])
    api.post(f"/v1/devices/{dev}/revoke", {"reason": "a reason nobody should read"})
    until("thrown out", lambda: not device.show(api)["connected"])
    device.stop()
    captured = tap.stop()
    secret = base64.b32decode(device.code[4:30] + "======")[:16]
    needles = {
        "dev": dev.encode(),
        "certificate serial": serial,
        "claim secret": secret,
        "claim code": device.code.encode(),
        "claim id": bytes.fromhex(device.cid),
        "claim key": derive(device.code, b"hf/claim/1/mac", 32),
        "reason": b"a reason nobody should read",
    }
    assert len(captured) > 5000
    assert occurrences(captured, needles) == []
    # The server's own log may name the device, and nothing else; the device's log not even that.
    server_log = b"".join(p.read_bytes() for p in [fleet.log])
    assert occurrences(server_log, {k: v for k, v in needles.items() if k != "dev"}) == []
    assert occurrences(device.log.read_bytes(), needles) == []
