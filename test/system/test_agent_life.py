"""A device's first day and its renewals: claim code to hello, endorsement, telemetry, a fresh key each time.

SPDX-License-Identifier: Apache-2.0
"""
import socket
import time

import cbor2

from agentlib import until


def say(world, *packet):
    """One word on the application socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(str(world.agent.dir / "app.sock"))
        s.send(cbor2.dumps(list(packet)))
        return cbor2.loads(s.recv(65536))


def hellos(world):
    return [cbor2.loads(cbor2.loads(h).value[2]) for h in world.server.seen("id/hello")]


def test_claim_code_to_first_hello_within_two_seconds(new_world):
    world = new_world
    world.start_broker()
    world.claim()
    begin = time.monotonic()
    world.agent.start()
    world.server.wait("id/hello")
    took = time.monotonic() - begin
    print(f"start of the agent to first hello: {took * 1000:.0f} ms")
    assert took < 2.0
    world.agent.stable()
    assert hellos(world)[0][3] is True and hellos(world)[0][2] == 1
    assert world.est.count("request enrol") == 1


def test_unclaimed_device_polls_until_it_is_claimed(new_world):
    world = new_world
    world.start_broker()
    code = world.agent.provision()
    world.agent.start()
    world.est.wait("request enrol")
    until("refused", lambda: world.agent.status().get("identity") == "keyed")
    assert world.agent.status()["dev"] == ""
    world.est.say(f"claim {code}")
    world.agent.poll()
    world.agent.stable()


def test_owner_can_check_which_keys_are_the_devices(world):
    name, dev, gen, signing, encryption = world.endorsed()
    assert (name, dev, gen) == ("hf-end1", world.dev, 0)
    assert len(signing) == len(encryption) == 65 and signing != encryption


def test_telemetry_and_heartbeats_arrive(world):
    world.agent.stop()
    world.agent.configure(heartbeat="1s")
    world.agent.start().stable()
    assert say(world, "tele", "temp", b"21.5")[0] == "ok"
    assert world.server.wait("tele/temp") == [b"21.5"]
    beat = cbor2.loads(world.server.wait("hb/now", 2)[-1])
    assert beat[1] == 1 and sorted(beat) == [1, 2, 3, 4, 5, 6]


def test_bad_words_on_the_application_socket_are_refused_with_a_reason(world):
    assert say(world, "tele", "no/slash", b"x")[:2] == ["error", "AG4"]
    assert say(world, "tele", "x" * 65, b"x")[0] == "error"
    assert say(world, "tele", "big", b"x" * 4097)[0] == "error"
    assert say(world, "nonsense")[0] == "error"
    assert say(world, "status", 1)[0] == "error"
    assert say(world, "status")[0] == "ok"


def test_each_renewal_brings_a_fresh_key_and_the_old_one_goes(new_world):
    world = new_world
    world.start_broker()
    world.est.say("life 40")  # due after 24 to 28 s
    world.claim()
    world.agent.start().stable()
    first = world.endorsed()
    world.server.wait("id/endorse", 2, timeout=100)
    world.agent.stable()
    second = cbor2.loads(cbor2.loads(world.server.seen("id/endorse")[-1]).value[2])
    assert second[:3] == ["hf-end1", world.dev, 1]
    assert second[3] != first[3] and second[4] != first[4]
    assert world.est.count("renewed") == 1 and world.est.count("enrolled") == 1
    until("old key gone", lambda: len(list((world.agent.dir / "records").glob("key?"))) == 1)
    assert len(world.broker.bus.seen(35, lambda e: e[1] in ("superseded", "clone", "lineage"))) == 0
