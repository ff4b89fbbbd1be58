"""A device believes no server that has not proven itself: wrong anchor, name or proof (attacks 5 and 6).

SPDX-License-Identifier: Apache-2.0
"""
import pytest
from testca import Pki

from agentlib import until


def refused(world, words):
    until(words, lambda: words in world.agent.log.read_text(), timeout=20)
    assert world.agent.status()["dev"] == ""
    assert not (world.agent.dir / "records/slot0").exists()


def test_wrong_anchor_gets_no_certificate_and_no_proof(new_world, tmp_path):
    world = new_world
    world.agent.provision_file.write_bytes(world.hfp(pki=Pki(tmp_path / "other")))
    world.claim()
    world.agent.start()
    refused(world, "code=TL4")
    assert world.est.count("request") == 0  # the handshake ended before any request


def test_wrong_host_name_gets_no_certificate_and_no_proof(new_world):
    world = new_world
    world.agent.provision_file.write_bytes(world.hfp(host="127.0.0.1"))
    world.claim()
    world.agent.start()
    refused(world, "code=TL4")
    assert world.est.count("request") == 0


@pytest.mark.parametrize("mode, code", [("wrong-mac", "CL3"), ("no-mac", "CL3"), ("other-key", "RN2")])
def test_certificate_without_the_right_proof_is_dropped(new_world, mode, code):
    world = new_world
    world.est.say(f"mode {mode}")
    world.claim()
    world.agent.start()
    refused(world, f"code={code}")
    world.est.say("mode good")
    world.agent.poll()
    until("certificate", lambda: world.agent.status().get("dev") == world.dev or
          world.agent.poll() or (world.agent.dir / "records/slot0").exists())


def test_broken_answer_is_a_failure_not_a_crash(new_world):
    world = new_world
    world.est.say("mode broken")
    world.claim()
    world.agent.start()
    until("failure", lambda: "agent[net] warn est: enrol" in world.agent.log.read_text())
    assert "process ended" not in world.agent.log.read_text()


def test_renewal_for_another_name_is_dropped(new_world):
    world = new_world
    world.start_broker()
    world.est.say("life 30")
    world.claim()
    world.agent.start().stable()
    world.est.say("mode other-name")
    until("dropped", lambda: "code=RN3" in world.agent.log.read_text(), timeout=60)
    assert world.agent.status()["dev"] == world.dev
