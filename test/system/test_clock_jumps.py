"""The wall clock of a live device, and of a live control plane, jumps back 10 years and forward 2 years:
sessions that are right stay, nothing is lost, and when the clock is right again all is as before.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import struct
import subprocess
import time

import pytest

import fleetlib
from agentlib import AGENT, BUILD, until

YEAR = 365 * 86400


class Clock:
    """What test/system/clock_shim adds to the time."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(8))
        self.env = {"HF_CLOCK_FILE": str(path), "LD_PRELOAD": str(BUILD / "test/system/clock_shim.so")}

    def jump(self, seconds):
        with open(self.path, "r+b") as f:  # in place: it is mapped
            f.write(struct.pack("<q", seconds))


def status(device):
    run = subprocess.run([AGENT, "status", "--dir", device.state, "--json"], capture_output=True, check=False)
    return json.loads(run.stdout) if run.returncode == 0 else {"identity": "", "connected": False}


def role(device, name):
    parent = device.process.pid
    for pid in pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if name.encode() in words:
            return int(pid)
    return None


def is_refused(api):
    """An operator whose certificate begins in ten years."""
    try:
        return api.call("GET", "/v1/status")[0] != 200
    except OSError:
        return True


def reconnect(device):
    """Its process net is killed; the next one makes a session of its own."""
    old, mark = role(device, "net"), device.log.read_text().count("net: session slot")
    os.kill(old, 9)
    until("a new session", lambda: device.log.read_text().count("net: session slot") > mark, 120)


def test_a_live_device_keeps_its_identity_whatever_its_clock_says(fleet, tmp_path):
    clock, api = Clock(tmp_path / "clock"), fleet.api()
    device = fleet.device("jumps")
    device.start(clock.env)
    assert device.claim(api)[0] == 201
    subprocess.run([AGENT, "poll", "--dir", device.state], check=False, capture_output=True)
    device.dev = until("bound", lambda: api.get(f"/v1/claims/{device.cid}")["dev"], 120)
    until("stable", lambda: status(device)["identity"] == "stable")
    serial = device.show(api)["certificate"]["serial"]
    clock.jump(-10 * YEAR)
    year = time.gmtime(time.time() - 10 * YEAR).tm_year
    until("its log follows the clock", lambda: reconnect(device) or f"{year}-" in device.log.read_text(), 120)
    clock.jump(2 * YEAR)
    time.sleep(3)  # timers of a second have run
    assert status(device)["connected"]
    clock.jump(0)
    reconnect(device)
    until("connected", lambda: status(device)["connected"] and device.show(api)["connected"])
    shown = device.show(api)
    assert shown["state"] == "active" and shown["certificate"]["state"] == "confirmed"
    assert shown["certificate"]["serial"] == serial  # no renewal was skipped or made in haste


@pytest.fixture
def jumping(request, tmp_path):
    fleet = fleetlib.Fleet()
    fleet.clock = Clock(tmp_path / "clock")
    fleet.env.update(fleet.clock.env)
    before = request.session.testsfailed
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.close()
        if request.session.testsfailed > before:
            for log in sorted(fleet.folder.glob("*.log")):
                print("---", log.name, log.read_text(errors="replace")[-5000:], sep="\n")
        subprocess.run(["rm", "-rf", fleet.folder], check=True)


@pytest.mark.timeout(400)
def test_a_live_control_plane_survives_its_own_clock(jumping):
    fleet, api = jumping, jumping.api()
    device = fleet.device("witness")
    device.join(api)
    fleet.clock.jump(-10 * YEAR)
    until("the server is ten years back", lambda: is_refused(api))
    reconnect(device)  # the broker and its table know better
    assert status(device)["connected"]
    fleet.clock.jump(0)
    until("operators are let in again", lambda: not is_refused(api))
    until("connected", lambda: device.show(api)["connected"])
    fleet.device("between").join(api)

    fleet.clock.jump(2 * YEAR)  # every certificate has ended
    until("the device is thrown out", lambda: not status(device)["connected"], 120)
    fleet.clock.jump(0)
    device.kill()  # or it comes by itself when its wait is over
    device.start()
    until("it came back", lambda: device.show(api)["connected"], 180)
    assert device.show(api)["state"] == "active"
    fleet.device("after").join(api)
    events = api.get("/v1/events?limit=200")["items"]
    assert not [e for e in events if e["kind"] in ("device.quarantined", "journal.broken")], events
