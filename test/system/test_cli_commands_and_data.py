"""`holdfast` as two people use it: claim, one signs, the other signs too, send, read what the device sealed.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import subprocess

import pytest

from agentlib import until
from fleetlib import HOLDFAST
from test_commands_end_to_end import App


class Person:
    """Somebody with their own copy of their operator folder."""

    def __init__(self, fleet, name):
        self.folder = fleet.dir / "operators" / name
        self.fleet = fleet

    def run(self, *argv, want=0, text=None):
        env = {**os.environ, "HOLDFAST_OPERATOR": str(self.folder)}
        run = subprocess.run([HOLDFAST, *map(str, argv)], capture_output=True, text=True, env=env, timeout=90,
                             input=text, check=False)
        assert want is None or run.returncode == want, (argv, run.returncode, run.stdout, run.stderr)
        return run

    def say(self, *argv, want=0, text=None):
        """Sub-verbs that need the key get the passphrase file."""
        return self.run(*argv, "--passphrase-file", self.fleet.pass_file, want=want, text=text)


@pytest.fixture(scope="module")
def people(fleet):
    return Person(fleet, "alice"), Person(fleet, "bob")


@pytest.fixture(scope="module")
def lamp(fleet, people):
    """A device that alice claimed with her own tool, and her name for it."""
    device = fleet.device("cli-lamp")
    people[0].say("device", "claim", device.code, "--label", "porch", "--wait", "0")
    device.start()
    answer = people[0].say("device", "claim", device.code, "--wait", "40", "--json")
    device.dev = json.loads(answer.stdout)["dev"]

    def label():
        return json.loads(people[0].say("device", "show", device.dev, "--json").stdout)["label"]

    assert label() == "porch"  # her name for it waited for the device
    people[0].say("device", "claim", device.code, "--label", "hall", "--wait", "0")
    assert label() == "hall"
    return device


def test_one_person_pings(people, lamp):
    answer = json.loads(people[0].say("command", "run", lamp.dev, "ping", "--json").stdout)
    assert answer["status"] == "done"


def test_one_person_cannot_order_danger(people, lamp):
    refused = people[0].say("command", "run", lamp.dev, "reboot", want=1)
    assert len(refused.stderr.strip().splitlines()) <= 2 and refused.stderr.startswith("holdfast: ")


def test_two_people_set_the_owner_key_and_one_reads_the_data(people, lamp, fleet, tmp_path):
    alice, bob = people
    public = alice.say("device", "data", lamp.dev, "--public").stdout.strip()
    assert re.fullmatch("04[0-9a-f]{128}", public)
    file = tmp_path / "order.hfd"
    alice.say("command", "new", lamp.dev, "owners.set", f"keys={public}", "--out", file)
    first = bob.say("command", "sign", file, text="00000000\n", want=1)  # wrong: nobody looked
    code = re.search(r"\b([0-9a-f]{8})\b", first.stderr + first.stdout)
    assert code, first
    bob.say("command", "sign", file, text=code.group(1) + "\n")
    answer = json.loads(alice.say("command", "send", file, "--json").stdout)
    assert answer["status"] == "done"
    app = App(fleet, lamp.name)
    for text in (b"21.5", b"\x1b[2J\\", b"21.6"):
        assert app.ask("data", "climate", text) == ["ok", ""]
    app.close()
    until("both readings", lambda: "21.6" in alice.say("device", "data", lamp.dev, want=None).stdout, 20, 0.3)
    shown = alice.say("device", "data", lamp.dev).stdout
    assert "21.5" in shown and "\x1b" not in shown and "\\x1b[2J\\x5c" in shown  # nothing steers the terminal
    lines = [json.loads(x) for x in alice.say("device", "data", lamp.dev, "--json").stdout.splitlines()]
    assert [(x["stream"], x["counter"]) for x in lines] == [("climate", n) for n in range(3)]
    assert "21.5" not in bob.say("device", "data", lamp.dev, want=None).stdout


def test_what_was_sealed_stays_readable_after_the_device_was_thrown_out(people, lamp, fleet):
    alice = people[0]
    before = alice.say("device", "data", lamp.dev).stdout
    assert "21.6" in before
    signers = (alice.folder / "devices" / f"{lamp.dev}.signers").read_text().splitlines()
    assert len(signers) == 1 and re.fullmatch("04[0-9a-f]{128}", signers[0])
    alice.say("device", "revoke", lamp.dev)
    assert alice.say("device", "data", lamp.dev).stdout == before
