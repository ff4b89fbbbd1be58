"""A whole renewal on one machine: real device, real EST, real broker. The device's clock runs 70 days ahead,
so its certificate of 90 days is due at its next start; the lineage goes issued, seen, confirmed.

SPDX-License-Identifier: Apache-2.0
"""
import glob
import subprocess
import time

import pytest

from agentlib import AGENT, until

FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")


def start_ahead(device, days):
    device.start({"LD_PRELOAD": FAKETIME[0], "FAKETIME": f"+{days}d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})


def certificate(device, api):
    return device.show(api)["certificate"]


@pytest.fixture
def joined(fleet):
    api = fleet.api()
    device = fleet.device(f"renews{len(fleet.devices)}")
    device.join(api)
    until("answered", lambda: b'"identity":"stable"' in subprocess.run(
        [AGENT, "status", "--dir", device.state, "--json"], capture_output=True, check=False).stdout)
    device.stop()
    return device, api


def renew(device, api):
    before = certificate(device, api)["serial"]
    start_ahead(device, 70)
    until("renewed", lambda: certificate(device, api)["serial"] != before, 60)
    until("confirmed", lambda: certificate(device, api)["state"] == "confirmed")
    return before


def test_renewal_confirms_the_child_and_supersedes_the_parent(joined):
    device, api = joined
    first = certificate(device, api)
    renew(device, api)
    second = certificate(device, api)
    assert second["parent"] == first["serial"] and second["public_key"] != first["public_key"]
    endorsements = api.get(f"/v1/devices/{device.dev}/endorsements")["items"]
    assert len(endorsements) == 2  # generation 0 by the claim, generation 1 by the first key
    assert device.show(api)["state"] == "active"


def test_kill_9_all_through_a_renewal_never_looks_like_a_clone(joined):
    device, api = joined
    before = certificate(device, api)["serial"]
    kills = 0
    for ms in (30, 45, 60, 80):
        start_ahead(device, 70)
        time.sleep(ms / 1000)
        device.kill()
        kills += 1
    start_ahead(device, 70)
    until("renewed", lambda: certificate(device, api)["serial"] != before, 60)
    until("confirmed", lambda: certificate(device, api)["state"] == "confirmed", 60)
    assert kills == 4 and device.show(api)["state"] == "active"
