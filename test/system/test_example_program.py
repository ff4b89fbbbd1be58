"""The example for makers is short, uses libholdfast alone, and does what it says beside a real agent.

SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import re
import subprocess

import pytest

from agentlib import BUILD, until
from test_cli_commands_and_data import Person

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "examples/thermometer.c"


@pytest.fixture(scope="module")
def alice(fleet):
    return Person(fleet, "alice")


@pytest.fixture(scope="module")
def device(fleet, alice):
    found = fleet.device("example")
    alice.say("device", "claim", found.code, "--wait", "0")
    found.start()
    answer = alice.say("device", "claim", found.code, "--wait", "60", "--json")
    found.dev = json.loads(answer.stdout)["dev"]
    return found


@pytest.fixture(scope="module")
def program(fleet, device):
    log = fleet.folder / "thermometer.txt"
    with open(log, "wb") as out:
        process = subprocess.Popen([BUILD / "examples/thermometer", device.state / "app.sock"], stdout=out,
                                   stderr=out)
    yield log
    process.terminate()
    process.wait(10)


def test_it_has_at_most_60_lines_and_only_the_headers_of_libholdfast():
    text = SOURCE.read_text()
    assert len(text.splitlines()) <= 60 and max(map(len, text.expandtabs(8).splitlines())) <= 110
    ours = re.findall(r"#include [<\"](holdfast/.*|hf/.*|.*\.\./.*)[>\"]", text)
    assert ours == ["holdfast/app.h"]


def test_it_says_why_a_reading_was_refused(program):
    # No owner key was set on this device, so nobody could read what it seals.
    until("the reason", lambda: "refused: nobody may read sealed data" in program.read_text(), 60)


def test_it_carries_out_the_command_it_announced(alice, device, program):
    for word, shown in (("true", "relay on"), ("false", "relay off")):
        alice.say("command", "run", device.dev, "relay.set", f"on:={word}", "--class", "act")
        until(shown, lambda s=shown: s in program.read_text(), 60)


@pytest.mark.parametrize("words", [(), ("on:=7",), ("on=true",), ("off:=true",), ("on:=true", "x=1")])
def test_it_fails_a_command_with_other_arguments(alice, device, program, words):
    before = program.read_text().count("relay")
    answer = alice.say("command", "run", device.dev, "relay.set", *words, "--class", "act", "--json", want=1)
    assert json.loads(answer.stdout)["status"] == "failed"
    assert program.read_text().count("relay") == before


def test_it_ends_with_a_reason_when_there_is_no_agent(tmp_path):
    done = subprocess.run([BUILD / "examples/thermometer", tmp_path / "app.sock"], capture_output=True,
                          text=True, timeout=20, check=False)
    assert done.returncode == 1 and "No such file" in done.stderr
