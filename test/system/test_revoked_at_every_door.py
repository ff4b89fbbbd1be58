"""A revoked certificate is refused at every door within two seconds: live session, fresh session, EST.

SPDX-License-Identifier: Apache-2.0
"""
import http.client
import socket
import ssl
import time

import pytest

from agentlib import until


@pytest.fixture
def joined(fleet, request):
    device = fleet.device(request.node.name[5:37].replace("_", "-"))
    device.join(fleet.api())
    return device


def log_text(device):
    return device.log.read_text()


def test_live_session_ends_within_two_seconds(fleet, joined):
    api = fleet.api()
    start = time.monotonic()
    api.post(f"/v1/devices/{joined.dev}/revoke", {"reason": "stolen"})
    until("gone", lambda: not joined.show(api)["connected"], 5, 0.01)
    assert time.monotonic() - start < 2
    assert joined.show(api)["state"] == "revoked"
    assert joined.show(api)["certificate"]["state"] == "revoked"


def test_fresh_session_is_refused(fleet, joined):
    api = fleet.api()
    joined.stop()
    until("gone", lambda: not joined.show(api)["connected"])
    api.post(f"/v1/devices/{joined.dev}/revoke", {"reason": "stolen"})
    mark = len(log_text(joined))
    joined.start()
    until("refused", lambda: "reason=135" in log_text(joined)[mark:])
    assert not joined.show(api)["connected"]


def test_quarantine_drops_and_lift_revives_no_certificate(fleet, joined):
    api = fleet.api()
    api.post(f"/v1/devices/{joined.dev}/quarantine", {"reason": "odd"})
    assert joined.show(api)["state"] == "quarantined"
    assert joined.show(api)["certificate"]["state"] == "quarantined"
    api.post(f"/v1/devices/{joined.dev}/lift", {"reason": "checked"})
    assert joined.show(api)["certificate"]["state"] == "revoked"


def test_second_claim_by_another_secret_does_not_touch_a_bound_device(fleet, joined):
    """The claim of one device says nothing about another: every claim id stands alone."""
    api = fleet.api()
    other = fleet.device("other-one")
    assert other.claim(api)[0] == 201
    assert joined.show(api)["state"] == "active"
    assert api.get(f"/v1/claims/{other.cid}")["dev"] is None


def test_claiming_a_bound_device_again_changes_nothing(fleet, joined):
    api = fleet.api()
    before = joined.show(api)
    status, _, answer = joined.claim(api)
    assert (status, answer["state"], answer["dev"]) == (201, "bound", joined.dev)
    after = joined.show(api)
    assert after["certificate"]["serial"] == before["certificate"]["serial"]
    assert after["owner"] == before["owner"]


def test_without_a_certificate_every_path_of_the_api_is_refused(fleet):
    context = ssl.create_default_context(cafile=fleet.dir / "operators/alice/server-ca.crt")
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for path in ("/v1/status", "/v1/devices", "/v1/events", "/metrics", "/v1/operators", "/nothing"):
        connection = http.client.HTTPSConnection("localhost", fleet.ports["api"], context=context, timeout=10)
        connection.request("GET", path)
        assert connection.getresponse().status in (403, 404), path
        connection.close()


def test_plaintext_gets_no_http_answer(fleet):
    for name in ("est", "api"):
        with socket.create_connection(("127.0.0.1", fleet.ports[name]), 5) as s:
            s.sendall(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
            s.settimeout(5)
            assert not s.recv(64).startswith(b"HTTP")
