"""test_released_device_forgets_its_owner -- two people sign, the device erases what was theirs, its
certificate is dead, the next owner gets another name; the printed code counts only after somebody stood at
the device, or is replaced by a fresh one. Cut by kill -9 at every durable step of the erasing, it ends
released.

identity.md section 5. SPDX-License-Identifier: Apache-2.0
"""
import json
import re
import shutil
import subprocess

import pytest

from agentlib import AGENT, until
from estlib import events
from fleetlib import Device
from test_cli_commands_and_data import Person

PRIVATE = ("key0", "key1", "slot0", "slot1", "active", "config", "owners", "replay",
           "previous-encryption-key")


@pytest.fixture(scope="module")
def people(fleet):
    return Person(fleet, "alice"), Person(fleet, "bob")


def claimed(fleet, alice, name):
    """A device that alice claimed with her own tool."""
    device = fleet.device(name)
    alice.say("device", "claim", device.code, "--wait", "0")
    device.start()
    answer = alice.say("device", "claim", device.code, "--label", name, "--wait", "60", "--json")
    device.dev = json.loads(answer.stdout)["dev"]
    until("connected", lambda: device.show(fleet.api())["connected"], 60)
    return device


def command_file(fleet, people, device, op="release"):
    alice, bob = people
    file = fleet.folder / f"{device.name}.{op}.hfd"
    alice.say("command", "new", device.dev, op, "--out", file)
    first = bob.say("command", "sign", file, text="00000000\n", want=1)
    code = re.search(r"\b([0-9a-f]{8})\b", first.stderr + first.stdout)
    bob.say("command", "sign", file, text=code.group(1) + "\n")
    return file


def owners_records(state):
    """What of the old owner is still there."""
    return sorted(f.name for f in (state / "records").iterdir()
                  if f.name.removesuffix(".new") in PRIVATE or f.name.startswith(("receipt-", "outbox-")))


def locked(state):
    """The release is done: the record says phase 2."""
    record = state / "records" / "release"
    return record.exists() and b"hf-release1\x02" in record.read_bytes()


def reset(device, *options, check=True):
    return subprocess.run([AGENT, "reset", "--dir", device.state, *options], capture_output=True, text=True,
                          timeout=30, check=check)


def refusals(device):
    return device.log.read_text().count("end=refused")


@pytest.fixture(scope="module")
def given_away(fleet, people):
    """A device after its release, and its old name."""
    alice = people[0]
    device = claimed(fleet, alice, "gift")
    alice.say("command", "run", device.dev, "config.set", "name=colour", "value=warm")
    assert "config" in owners_records(device.state)
    refused = alice.say("device", "release", device.dev, want=2)
    assert "--command FILE or --without-device" in refused.stderr
    wrong = command_file(fleet, people, device, "reboot")
    assert alice.say("device", "release", device.dev, "--command", wrong, want=1)
    assert device.show(fleet.api())["state"] == "active" and not locked(device.state)
    shutil.copytree(device.state / "records", fleet.folder / "before")
    answer = alice.say("device", "release", device.dev, "--command", command_file(fleet, people, device))
    assert "released" in answer.stderr + answer.stdout
    until("erased", lambda: locked(device.state), 90)
    return device, device.dev


def test_the_device_erases_and_the_server_forgets(fleet, given_away):
    device, old = given_away
    until("it runs on, without a name", lambda: "owner data erased" in device.log.read_text(), 60)
    assert owners_records(device.state) in ([], ["key0"])  # a new, empty request may have its key already
    before, after = (folder / "key0" for folder in (fleet.folder / "before", device.state / "records"))
    assert not after.exists() or after.read_bytes() != before.read_bytes()
    assert fleet.api().call("GET", f"/v1/devices/{old}")[0] == 404
    assert [e for e in events(fleet, "device.released") if e["dev"] == old]


def test_the_old_certificate_is_dead(fleet, given_away, tmp_path):
    """The old owner kept a copy of everything: it opens no door."""
    device, _ = given_away
    device.stop()
    thief = Device.__new__(Device)
    thief.state, thief.log = fleet.folder / "copy", fleet.folder / "copy.log"
    shutil.copytree(device.state, thief.state)
    shutil.rmtree(thief.state / "records")
    shutil.copytree(fleet.folder / "before", thief.state / "records")
    thief.start()
    try:
        until("refused", lambda: "refused" in thief.log.read_text(), 90)
        assert "net: session" not in thief.log.read_text()
    finally:
        thief.stop()
        device.start()


def test_the_printed_code_counts_after_a_reset_by_hand(fleet, given_away):
    device, old = given_away
    api = fleet.api()
    assert device.claim(api)[0] == 201  # whoever read the label; nothing comes of it
    before = refusals(device)
    subprocess.run([AGENT, "poll", "--dir", device.state], check=True, capture_output=True, timeout=30)
    until("asked without proof", lambda: refusals(device) > before, 60)
    assert api.get(f"/v1/claims/{device.cid}")["dev"] in (None, "")
    device.stop()
    reset(device)
    device.start()
    claim = until("bound", lambda: (c := api.get(f"/v1/claims/{device.cid}"))["dev"] and c, 60)
    assert claim["dev"] != old
    device.dev = claim["dev"]
    until("confirmed", lambda: device.show(api)["certificate"]["state"] == "confirmed", 60)
    assert reset(device, check=False).returncode == 1  # not while it runs


def test_a_fresh_code_replaces_the_printed_one(fleet, people):
    alice = people[0]
    device = claimed(fleet, alice, "console")
    assert reset(device, check=False).returncode == 1  # it is somebody's
    assert reset(device, "--fresh", check=False).returncode == 1
    old_name, old_code = device.dev, device.code
    alice.say("device", "release", device.dev, "--command", command_file(fleet, people, device))
    until("erased", lambda: locked(device.state), 90)
    device.stop()
    device.code = json.loads(reset(device, "--fresh", "--json").stdout)["claim"]
    assert device.code != old_code
    device.join(fleet.api())
    assert device.dev != old_name


def flushes(trace):
    """Durable calls of the busiest process, as (call, count)."""
    found = {}
    for pid, call in re.findall(r"^(\d+) +(fsync|unlinkat|renameat)\(", trace, re.M):
        found[pid, call] = found.get((pid, call), 0) + 1
    return {call: max((n for (_, c), n in found.items() if c == call), default=0)
            for call in ("fsync", "unlinkat", "renameat")}


def traced(state, folder, done, *inject):
    """The agent under strace until keyproc was killed or `done()`; the trace."""
    trace = folder / "trace"
    trace.unlink(missing_ok=True)
    with open(folder / "cut.log", "ab") as log:
        process = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, "-e",
                                    "trace=fsync,unlinkat,renameat", *inject, AGENT, "run", "--dir", state],
                                   stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        until("killed or done",
              lambda: trace.exists() and ("killed by SIGKILL" in trace.read_text() or done()), 90)
    finally:
        process.kill()
        process.wait()
        tree = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
        for line in tree.splitlines():
            if f"--dir {state}" in line:
                subprocess.run(["kill", "-9", line.split()[0]], check=False, stderr=subprocess.DEVNULL)
    return trace.read_text()


def test_cut_at_every_durable_step_it_ends_released(fleet, given_away):
    """From the moment of the order on: whatever is cut, the next start has erased everything."""
    folder = fleet.folder / "cuts"
    folder.mkdir()

    def fresh():
        state = folder / "s"
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(given_away[0].state, state, ignore=shutil.ignore_patterns("app.sock", "records"))
        shutil.copytree(fleet.folder / "before", state / "records")
        done = (given_away[0].state / "records" / "release").read_bytes()
        assert not (state / "records" / "release").exists()
        (state / "records" / "release").write_bytes(ordered(done))
        return state

    state = fresh()
    steps = flushes(traced(state, folder, lambda: locked(state)))
    assert steps["fsync"] > 8 and steps["unlinkat"] >= 6, steps
    cuts = 0
    for call, count in steps.items():
        for n in range(1, count + 1):
            state = fresh()
            trace = traced(state, folder, lambda: False, "-e",
                           f"inject={call}:signal=SIGKILL:when={n}")
            cuts += "killed by SIGKILL" in trace
            traced(state, folder, lambda s=state: locked(s))
            assert locked(state) and owners_records(state) in ([], ["key0"]), (call, n)
    print(f"{cuts} cuts: {steps}")
    assert cuts == sum(steps.values())


def ordered(done):
    """The record of phase 1 as the agent writes it: header, array, CRC."""
    body = b"\x84\x6bhf-release1\x01\x00\x00"
    return done[:4] + len(body).to_bytes(4, "big") + crc32c(body).to_bytes(4, "big") + body


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
