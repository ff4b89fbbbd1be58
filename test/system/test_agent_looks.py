"""Rule: a device that was told to look fetches until it has the bundle or the server has none, judges what
came, and is not moved by a server that lies: other bytes, endless bytes, a file of another release.

release-log.md sections 9 and 14 (endless data, mix-and-match). SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import http.server
import ssl
import threading
import time

import cbor2
import pytest

from agentlib import run_world, until
from loglib import free_port
from releaselib import Bundle, Maker, code
from test_agent_heads import error, last, reports

LIMIT = 120000


@pytest.fixture(scope="module")
def maker():
    """Policies 1 to 4 and a release under each; one more under policy 1."""
    made = Maker()
    made.policy(vendor="test")
    made.export_policy()
    log = made.log()
    log.fill(6)
    made.files = {}
    for name, number in (("other", 1), (1, 1), (2, 2), (3, 3), (4, 4)):
        if number > 1:
            made.policy(vendor="test", stale_after=1209600 + number)
            assert made.publish(f"policy-{number}", log).returncode == 0
        d = made.signed(version=f"{name} under {number}", sequence=number, **{"class": "demo"})
        assert made.publish(d, log).returncode == 0
        made.files[name] = (bytes.fromhex(d), made.bundle(d).read_bytes())
    yield made
    made.close()


@pytest.fixture(scope="module")
def world(maker, request):
    before = request.session.testsfailed
    for world in run_world(lambda: request.session.testsfailed > before, begin=False):
        world.agent.believe((maker.folder / "policy-1.cose").read_bytes())
        world.begin()
        yield world


class Depot:
    """Gives bundles, as the control plane would; `answer` may lie. Asks for a certificate as it does."""

    def __init__(self, world, port=None):
        self.port, self.paths = port or free_port(), []
        self.answer = {}
        depot = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                depot.paths.append(self.path)
                status, body, length = depot.answer.get(self.path.split("/")[-1], (404, b"", None))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # the device has seen enough

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world.broker.pki.broker.cert_path, world.broker.pki.broker.key_path)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, data, address=None, status=200, length=None):
        address = address or hashlib.sha256(data).digest()
        self.answer[address.hex()] = (status, data, length)
        return address

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def depot(world):
    made = Depot(world)
    yield made
    made.close()


def look(world, d, address, port):
    """QoS 0: the server's own thread reads what the broker answers."""
    message = cbor2.dumps({1: d, 2: address, 3: port})
    world.server.client.publish(f"hf/1/{world.dev}/-/dn/upd/look", message, qos=0)


def report_of(world, d, known):
    return until("a report", lambda: next((r for r in reports(world)[known:] if r[1] == d), None))


def judged(world, depot, d, address):
    known = len(reports(world))
    look(world, d, address, depot.port)
    return report_of(world, d, known)


def test_a_good_bundle(world, depot, maker):
    d, data = maker.files[1]
    said = judged(world, depot, d, depot.put(data))
    assert (said[3], said[4], said[5], said[6]) == (0, "good", 1, 1)
    assert said[2] == hashlib.sha256(data).digest()
    assert said[7] > 0  # the quorum time of its proof
    again = judged(world, depot, d, hashlib.sha256(data).digest())
    assert again == said  # told again, because it was asked again


def test_a_file_of_another_release_is_not_what_was_named(world, depot, maker):
    """HF_ERR_AGENT_LOOK: good in itself, rightly addressed, and not the D of the look."""
    d, (_, other) = bytes(32), maker.files["other"]
    assert judged(world, depot, d, depot.put(other))[3] == error("HF_ERR_AGENT_LOOK")
    d, data = maker.files[1]
    address = hashlib.sha256(data).digest()
    depot.put(maker.files["other"][1], address)
    assert judged(world, depot, d, address)[3] == error("HF_ERR_AGENT_LOOK")


def test_endless_data_ends_at_the_limit(world, depot, maker):
    """More than a bundle may have: not even read; the look stays, and the right file ends it."""
    d, data = maker.files[1]
    address = hashlib.sha256(data).digest()
    for body, length in ((bytes(LIMIT + 1), None), (bytes(1000), 1 << 62), (b"", (1 << 64) - 1)):
        depot.put(body, address, length=length)
        asked, known = len(depot.paths), len(reports(world))
        look(world, d, address, depot.port)
        until("it asked", lambda n=asked: len(depot.paths) > n)
        assert len(reports(world)) == known
    depot.put(data, address)
    assert report_of(world, d, known)[4] == "good"


def test_as_much_as_a_bundle_may_have_is_judged(world, depot, maker):
    d, _ = maker.files[1]
    assert judged(world, depot, d, depot.put(bytes(LIMIT)))[4] == "E_FORMAT"


def test_a_fetch_that_failed_is_tried_again(world, maker):
    d, data = maker.files[1]
    address, port, known = hashlib.sha256(data).digest(), free_port(), len(reports(world))
    look(world, d, address, port)
    until("it failed", lambda: code("HF_ERR_HTTPC_CONNECT") in world.agent.log.read_text())
    depot = Depot(world, port)
    try:
        depot.put(data)
        assert report_of(world, d, known)[4] == "good"
    finally:
        depot.close()


def test_a_newer_look_takes_the_place_of_one_that_waits(world, depot, maker):
    d, data = maker.files[1]
    look(world, b"\1" * 32, b"\1" * 32, free_port())  # nobody is there
    assert judged(world, depot, d, depot.put(data))[4] == "good"


def test_a_bundle_that_is_gone_is_not_asked_for_again(world, depot, maker):
    d, data = maker.files[1]
    look(world, b"\2" * 32, b"\2" * 32, depot.port)
    until("it asked", lambda: depot.paths)
    assert judged(world, depot, d, depot.put(data))[4] == "good"
    assert len(depot.paths) == 2


def test_looks_that_are_none(world, depot, maker):
    d, data = maker.files[1]
    address = depot.put(data)
    topic = f"hf/1/{world.dev}/-/dn/upd/look"
    good = cbor2.dumps({1: d, 2: address, 3: depot.port})
    for bad in (b"", good[:-1], good + b"\0", cbor2.dumps({1: d, 2: address, 3: 0}),
                cbor2.dumps({1: d, 2: address, 3: 65536}), cbor2.dumps({1: d, 2: address}),
                cbor2.dumps({1: d[:31], 2: address, 3: depot.port}),
                cbor2.dumps({1: d, 2: address + b"x", 3: depot.port})):
        world.server.client.publish(topic, bad, qos=0)
    assert judged(world, depot, d, address)[4] == "good"
    assert len(depot.paths) == 1


def test_a_shelf_device_walks_three_policies_in_one_look(world, depot, maker):
    d, data = maker.files[4]
    assert len(Bundle(data).links) == 3
    said = judged(world, depot, d, depot.put(data))
    assert (said[3], said[5], said[6]) == (0, 4, 4)
    d, data = maker.files[1]  # its proof is under policy 1, which is past
    assert judged(world, depot, d, depot.put(data))[4] == "E_NO_PROOF"
    assert last(world)[6] == 4 and time.time() - last(world)[7] < 3600
