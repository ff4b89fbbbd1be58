"""No name resolves any more: the device says so, keeps trying, and goes on when names are back.

SPDX-License-Identifier: Apache-2.0
"""
import os
import subprocess

import pytest

from agentlib import AGENT, until

NAMED = "127.0.0.1 localhost\n"
SCRIPT = ('mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && exec "$3" run --dir "$4"')


@pytest.fixture
def names(tmp_path):
    """Files that the device sees as /etc/hosts and /etc/resolv.conf; nobody else does."""
    if subprocess.run(["unshare", "-m", "mount", "--bind", tmp_path, tmp_path], check=False,
                      capture_output=True).returncode != 0:
        pytest.skip("a name space for mounts may not be made here")
    hosts, resolv = tmp_path / "hosts", tmp_path / "resolv.conf"
    hosts.write_text("")
    resolv.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    return hosts, resolv


def start(device, names):
    with open(device.log, "ab") as log:
        device.process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", SCRIPT, "sh", *names, AGENT, device.state],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ, start_new_session=True)


def test_names_go_and_come_back(fleet, names):
    api, device = fleet.api(), fleet.device("nameless")
    assert device.claim(api)[0] == 201
    start(device, names)
    until("tried twice", lambda: device.log.read_text().count("warn est: enrol") >= 2, 120)
    assert api.get(f"/v1/claims/{device.cid}")["dev"] is None
    names[0].write_text(NAMED)
    device.dev = until("enrolled", lambda: api.get(f"/v1/claims/{device.cid}")["dev"], 120)
    until("connected", lambda: device.show(api)["connected"], 120)
    names[0].write_text("")
    mark = len(device.log.read_text())
    fleet.stop()
    until("noticed", lambda: "net: connect" in device.log.read_text()[mark:], 120)
    fleet.start()
    names[0].write_text(NAMED)
    until("connected again", lambda: device.show(api)["connected"], 180)
    assert device.show(api)["state"] == "active"
