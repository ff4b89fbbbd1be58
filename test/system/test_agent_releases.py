"""test_agent_releases -- a device is told to look at a release: it fetches the bundle, judges it offline
and reports; the same verdict as `holdfast-agent verify`, which a person runs on the device.

release-log.md sections 9 and 15. SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json
import os
import signal
import subprocess

import cbor2
import pytest

import fleetlib
from agentlib import AGENT, until
from releaselib import Maker
from test_agent_heads import head_message, policy_ref as ref_of
from test_api_contract import bundle, head_of

KIND = {"Content-Type": "application/vnd.holdfast.bundle"}


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before)


@pytest.fixture(scope="module")
def device(fleet):
    device = fleet.device("lamp-1")
    device.join(fleet.api())
    return device


def report(fleet, device):
    page = fleet.api().get(f"/v1/devices/{device.dev}/messages?class=upd")["items"]
    if not page:
        return None
    raw = page[-1]["bytes"]
    return cbor2.loads(fleetlib.base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))


def upload(fleet, salt=b""):
    body, d = bundle(5, salt)
    status, _, row = fleet.api().call("POST", "/v1/releases", body, KIND)
    assert status == 201
    return body, d, row["bundle"]


def look(fleet, device, d):
    fleet.api().post(f"/v1/devices/{device.dev}/look", {"release": d})
    return until("a report", lambda: (r := report(fleet, device)) and r[1].hex() == d and r)


def verify(device, path):
    done = subprocess.run([AGENT, "verify", path, "--dir", device.state, "--json"], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_a_look_ends_in_a_report_with_the_verdict_of_the_local_command(fleet, device):
    body, d, address = upload(fleet)
    said = look(fleet, device, d)
    assert said[2].hex() == address and said[3] != 0
    state = fleet.api().get(f"/v1/devices/{device.dev}/look")["state"]
    assert state == "reported"
    path = fleet.folder / "bundle"
    path.write_bytes(body)
    mine = verify(device, path)
    assert not mine["install"] and mine["reason"] == said[4] and mine["policy"] == said[6] == 1


def policy_ref(device):
    payload = cbor2.loads(cbor2.loads((device.state / "provision.hfp").read_bytes())[7]).value[2]
    return hashlib.sha256(payload).digest()[:8]


def test_a_head_that_cannot_be_believed_is_reported_and_changes_nothing(fleet, device):
    head = head_of(1, policy_ref(device))
    kind = {"Content-Type": "application/vnd.holdfast.head"}
    assert fleet.api().call("POST", "/v1/heads", head, kind)[0] == 201
    device.stop()
    device.start()
    said = until("a report about the head", lambda: (r := report(fleet, device)) and r[10] and r)
    assert said[8] == 0 and said[9] == 0


def test_a_look_that_the_device_missed_comes_with_its_next_hello(fleet, device):
    _, d, _ = upload(fleet)
    device.stop()
    until("it is gone", lambda: not device.show(fleet.api())["connected"])
    fleet.api().post(f"/v1/devices/{device.dev}/look", {"release": d})
    device.start()
    until("a report", lambda: (r := report(fleet, device)) and r[1].hex() == d)


def test_an_address_with_other_bytes_is_refused_by_name(fleet, device):
    """HF_ERR_AGENT_LOOK: a hostile server gives another bundle under the address."""
    import sqlite3
    body, d, address = upload(fleet)
    other = body[:-1] + bytes([body[-1] ^ 1])
    fleet.stop()
    db = sqlite3.connect(fleet.dir / "store/holdfast.db")
    db.executescript("DROP TRIGGER blob_no_update")
    db.execute("UPDATE blob SET bytes = ? WHERE sha256 = ?", (other, bytes.fromhex(address)))
    db.commit()
    db.close()
    fleet.start()
    fleet.apis.clear()
    said = look(fleet, device, d)
    assert said[4] == "bundle is not the one that was named"
    assert hashlib.sha256(other).hexdigest() == said[2].hex()


def test_the_process_that_judges_has_no_network(fleet, device):
    found = []
    for pid in os.listdir("/proc"):
        try:
            words = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        if b"upd" in words and str(device.state).encode() in words:
            found.append(pid)
    assert len(found) == 1
    links = [os.readlink(f"/proc/{found[0]}/fd/{fd}") for fd in os.listdir(f"/proc/{found[0]}/fd")]
    sockets = {link for link in links if link.startswith("socket:")}
    inet = "".join(open(f"/proc/net/{name}").read() for name in ("tcp", "tcp6", "udp", "udp6"))
    assert sockets and not any(link[8:-1] in inet.split() for link in sockets)
    status = open(f"/proc/{found[0]}/status").read()
    assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status


def test_kill_9_of_that_process_loses_nothing(fleet, device):
    _, d, _ = upload(fleet)
    for pid in os.listdir("/proc"):
        try:
            words = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        if b"upd" in words and str(device.state).encode() in words:
            os.kill(int(pid), signal.SIGKILL)
    assert look(fleet, device, d)[6] == 1


# ---- a line whose policy has signers, a log and witnesses ----

@pytest.fixture(scope="module")
def maker(fleet):
    """Policies 1 to 4, and a release under the last."""
    made = Maker()
    vendor = cbor2.loads((fleet.dir / "products/lamp.hfp").read_bytes())[9]
    made.policy(vendor=vendor)
    made.export_policy()
    made.main_log = made.log()
    made.main_log.all_witnesses = made.main_log.witnesses
    made.main_log.fill(9)
    for number in (2, 3, 4):
        made.policy(vendor=vendor, stale_after=1209600 + number)
        assert made.publish(f"policy-{number}", made.main_log).returncode == 0
    made.good = made.signed(**{"class": "lamp"})
    assert made.publish(made.good, made.main_log).returncode == 0
    yield made
    made.close()


@pytest.fixture(scope="module")
def shelf_device(fleet, maker):
    """Made under policy 1; its line is the fleet's."""
    file = cbor2.loads((fleet.dir / "products/lamp.hfp").read_bytes())
    file[7] = (maker.folder / "policy-1.cose").read_bytes()
    (fleet.dir / "products/shelf.hfp").write_bytes(cbor2.dumps(file, canonical=True))
    device = fleet.device("shelf", line="shelf")
    device.line = "lamp"
    device.join(fleet.api())
    return device


def test_a_shelf_device_catches_up_and_takes_the_newest_head(fleet, shelf_device, maker):
    """Three policies behind; the heads of both policies come at its hello, one of them is for it."""
    bundle_file = maker.bundle(maker.good).read_bytes()
    assert fleet.api().call("POST", "/v1/releases", bundle_file, KIND)[0] == 201
    kind = {"Content-Type": "application/vnd.holdfast.head"}
    for number in (4, 1):
        message = head_message(maker.main_log, ref_of(maker, number))
        assert fleet.api().call("POST", "/v1/heads", message, kind)[0] == 201
    said = look(fleet, shelf_device, maker.good)
    assert (said[3], said[4], said[5], said[6]) == (0, "good", 10, 4)
    shelf_device.stop()
    shelf_device.start()
    size = len(maker.main_log.entries)
    said = until("the head", lambda: (r := report(fleet, shelf_device)) and r[8] == size and r)
    assert said[10] == 0 and said[11] is False and said[6] == 4


def test_a_state_directory_of_an_older_agent_gets_its_trust(fleet, device):
    fleetlib.shutil.rmtree(device.state / "trust")
    device.stop()
    device.start()
    until("trust is there", lambda: any((device.state / "trust").glob("*")) if
          (device.state / "trust").exists() else False)
