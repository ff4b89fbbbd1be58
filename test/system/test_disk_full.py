"""A full disk, under the control plane's store and under a device's records: a clear error, nothing half
done, and all goes on when there is room again.

SPDX-License-Identifier: Apache-2.0
"""
import json
import sqlite3
import subprocess

import pytest

from agentlib import AGENT, until
from estlib import Secret, enrol, joined, new_key, renew
from faultlib import SmallDisk


@pytest.fixture
def small(request):
    disks = []

    def make(folder, size):
        disks.append(SmallDisk(folder, size))
        return disks[-1]

    yield make
    for disk in disks:
        disk.close()


@pytest.fixture
def stopped_fleet(own_fleet):
    own_fleet.stop()
    yield own_fleet
    own_fleet.stop()


def rows(fleet, sql):
    with sqlite3.connect(fleet.dir / "store/holdfast.db") as db:
        return db.execute(sql).fetchall()


def claim_until_full(api):
    """The log of the database takes a few more writes into blocks it has; then none."""
    kept = []
    for _ in range(2000):
        secret = Secret()
        status, headers, body = secret.claim(api)
        if status != 201:
            return kept, secret, (status, headers, body)
        kept.append(secret)
    raise AssertionError("the disk never was full")


def test_the_control_plane_on_a_full_disk(stopped_fleet, small):
    fleet = stopped_fleet
    disk = small(fleet.dir / "store", "12m")
    fleet.start()
    api = fleet.api()
    _, key, cert = joined(fleet)
    disk.fill()
    kept, refused, (status, headers, body) = claim_until_full(api)
    assert status == 503 and int(headers["Retry-After"]) > 0, (status, body)
    assert "disk is full" in body["detail"], body
    assert renew(fleet, cert, key, new_key()).status == 503  # the same at the devices' door
    assert api.get("/v1/devices?limit=1")["items"]  # who only reads is served
    disk.make_room()
    assert until("room is used", lambda: refused.claim(api)[0] == 201)
    assert enrol(fleet, refused, new_key()).status == 200
    assert renew(fleet, cert, key, new_key()).status == 200
    fleet.stop()
    fleet.start()  # what was answered with 201 is there after a restart, what was not left nothing
    for secret in [*kept, refused]:
        assert api.get(f"/v1/claims/{secret.cid.hex()}")["cid"] == secret.cid.hex()
    fleet.stop()
    assert rows(fleet, "PRAGMA integrity_check") == [("ok",)]
    assert rows(fleet, "SELECT count(*) FROM claim") == [(len(kept) + 2,)]


def status_of(device):
    run = subprocess.run([AGENT, "status", "--dir", device.state, "--json"], capture_output=True, check=False)
    return json.loads(run.stdout) if run.returncode == 0 else {}


def is_stable(device):
    status = status_of(device)
    return status.get("identity") == "stable" and status["connected"]


def test_a_device_on_a_full_disk_asks_for_nothing_and_enrols_when_there_is_room(fleet, small):
    api, device = fleet.api(), fleet.device("full")
    disk = small(device.state, "1m")
    assert device.claim(api)[0] == 201
    try:
        disk.fill()
        device.start()
        until("said why", lambda: device.log.exists() and b"no space" in device.log.read_bytes().lower())
        assert api.get(f"/v1/claims/{device.cid}")["dev"] is None  # a key is durable before its request
        disk.make_room()
        until("enrolled", lambda: is_stable(device), 120)
        device.dev = api.get(f"/v1/claims/{device.cid}")["dev"]
        first = device.show(api)["certificate"]["serial"]

        disk.fill()  # and now with an identity to lose
        device.kill()
        device.start()
        until("started again", lambda: device.log.read_bytes().count(b"run dir") >= 2)
        disk.make_room()
        until("back", lambda: is_stable(device), 120)
        shown = device.show(api)
        assert shown["state"] == "active" and shown["certificate"]["serial"] == first
    finally:
        device.stop()
