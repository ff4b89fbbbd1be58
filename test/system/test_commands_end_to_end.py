"""Commands through the real agent, broker and server, by an operator that shares no code with them.

SPDX-License-Identifier: Apache-2.0
"""
import socket
import threading
import time

import cbor2
import pytest

from agentlib import until
from pyoperator import ACCEPTED, ACT, DANGER, DONE, FAILED, READ, REFUSED, UNKNOWN, Owned, operator_key

QUORUM, UNKNOWN_REASON = 5, 12


@pytest.fixture(scope="module")
def lamp(fleet):
    """A claimed, connected device, and its owner's view of it."""
    device = fleet.device("lamp")
    device.join(fleet.api())
    return Owned(fleet.api(), operator_key(fleet, "alice"), device).endorsed()


@pytest.fixture(scope="module")
def both(fleet):
    return [operator_key(fleet, "alice"), operator_key(fleet, "bob")]


class App:
    """A program on the device, over the application socket."""

    def __init__(self, fleet, name="lamp"):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(10)
        self.socket.connect(str(fleet.folder / name / "app.sock"))

    def say(self, *message):
        self.socket.send(cbor2.dumps(list(message), canonical=True))

    def hear(self):
        return cbor2.loads(self.socket.recv(65536))

    def ask(self, *message):
        self.say(*message)
        return self.hear()

    def close(self):
        self.socket.close()


def test_ping_tells_uptime_and_version(lamp):
    status, reason, result = lamp.run("ping", READ)
    assert (status, reason) == (DONE, 0)
    assert result["version"] and result["uptime"] >= 0


def test_a_setting_reaches_the_application(lamp, fleet):
    assert lamp.run("config.set", ACT, {"name": "colour", "value": "warm"})[0] == DONE
    app = App(fleet)
    assert app.ask("config", "colour") == ["ok", "warm"]
    app.close()
    assert lamp.run("config.set", ACT, {"name": "Colour", "value": "x"})[:2] == (REFUSED, UNKNOWN_REASON)


def test_danger_needs_two(lamp, both):
    assert lamp.run("owners.set", DANGER, {"keys": []})[:2] == (REFUSED, QUORUM)
    assert lamp.run("owners.set", DANGER, {"keys": []}, both)[0] == DONE


def test_a_replayed_command_runs_once(lamp, fleet):
    cti, inner, reply, sealed = lamp.command("nop", ACT)
    lamp.send(cti, sealed)
    first = until("a receipt", lambda: lamp.receipts(cti, inner, reply))
    lamp.api.call("PUT", f"/v1/devices/{lamp.dev}/commands/{'A' * 22}", sealed,
                  {"Content-Type": 'application/cose; cose-type="cose-encrypt"'})
    assert lamp.run("ping", READ)[0] == DONE  # later than the repeated one
    assert lamp.receipts(cti, inner, reply) == first == [(DONE, 0, None)]


def test_an_application_carries_out_a_command(lamp, fleet):
    app = App(fleet)
    assert app.ask("ops", [["relay.set", ACT]]) == ["ok", ""]
    seen = []

    def work():
        word, cti, op, args = app.hear()
        seen.append((word, op, cbor2.loads(args)))
        app.say("result", cti, False, cbor2.dumps({"was": False}))

    thread = threading.Thread(target=work)
    thread.start()
    status, _, result = lamp.run("relay.set", ACT, {"on": True})
    thread.join()
    assert (status, result) == (DONE, {"was": False})
    assert seen == [("command", "relay.set", {"on": True})]
    app.close()
    until("the operation is gone", lambda: lamp.run("relay.set", ACT)[:2] == (REFUSED, UNKNOWN_REASON))


def test_an_application_that_dies_leaves_unknown(lamp, fleet):
    app = App(fleet)
    assert app.ask("ops", [["relay.set", ACT]]) == ["ok", ""]
    cti, inner, reply, sealed = lamp.command("relay.set", ACT)
    lamp.send(cti, sealed)
    assert app.hear()[0] == "command"
    app.close()
    receipts = until("a receipt", lambda: lamp.receipts(cti, inner, reply))
    assert receipts[-1][0] == UNKNOWN


def test_an_application_may_fail(lamp, fleet):
    app = App(fleet)
    assert app.ask("ops", [["relay.set", ACT]]) == ["ok", ""]
    cti, inner, reply, sealed = lamp.command("relay.set", ACT)
    lamp.send(cti, sealed)
    app.say("result", app.hear()[1], True, b"")
    assert app.hear() == ["ok", ""]
    receipts = until("a receipt", lambda: lamp.receipts(cti, inner, reply))
    assert receipts[-1][0] == FAILED
    app.close()


def test_commands_wait_for_a_device_that_is_away(fleet):
    device = fleet.device("away")
    device.join(fleet.api())
    owned = Owned(fleet.api(), operator_key(fleet, "alice"), device).endorsed()
    assert owned.run("ping", READ)[0] == DONE
    cti, inner, reply, sealed = owned.command("nop", ACT)
    device.kill()
    owned.send(cti, sealed)
    time.sleep(0.5)
    assert owned.receipts(cti, inner, reply) == []
    device.start()
    assert until("a receipt", lambda: owned.receipts(cti, inner, reply))[0][0] == DONE


def test_a_reboot_is_accepted_and_told_again_after_the_start(fleet, both):
    device = fleet.device("boots")
    marker = fleet.folder / "rebooted"
    script = fleet.folder / "reboot.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n")
    script.chmod(0o755)
    conf = device.state / "agent.conf"
    conf.write_text(conf.read_text() + f"reboot-command = {script}\n")
    device.join(fleet.api())
    owned = Owned(fleet.api(), both[0], device).endorsed()
    cti, inner, reply, sealed = owned.command("reboot", DANGER, None, both)
    owned.send(cti, sealed)
    assert until("accepted", lambda: owned.receipts(cti, inner, reply))[0][0] == ACCEPTED
    until("the program ran", marker.exists)
    device.kill()
    device.start()
    receipts = until("the second receipt", lambda: (r := owned.receipts(cti, inner, reply))[1:] and r)
    assert receipts[1][0] == UNKNOWN  # this machine did not boot, and the agent says so
