"""Rule: an operator who proved a device's keys signs that for the others; they believe operators of their
trust policy only, and nobody can turn back or aside what they have accepted.

The vouches that must be refused are written here, by code that shares nothing with core.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import pycose
from pyoperator import Key, operator_key
from test_cli_commands_and_data import Person

GHOST = "b" * 16


@pytest.fixture(scope="module")
def people(fleet):
    return Person(fleet, "alice"), Person(fleet, "bob")


@pytest.fixture(scope="module")
def lamp(fleet, people):
    device = fleet.device("vouched-lamp")
    people[0].say("device", "claim", device.code, "--wait", "0")
    device.start()
    answer = people[0].say("device", "claim", device.code, "--wait", "60", "--json")
    device.dev = json.loads(answer.stdout)["dev"]
    return device


def point():
    return pycose.raw_point(ec.generate_private_key(pycose.CURVE).public_key())


def vouch(key, dev=GHOST, gen=0, keys=None, earlier=(), aad_dev=None, word="hf-vouch1"):
    signing, encryption = keys or (point(), point())
    payload = pycose.enc([word, dev, gen, signing, encryption, int(time.time()), list(earlier)])
    return pycose.sign1(key, b"hf/vouch/1/" + (aad_dev or dev).encode(), payload)


def trusted(person):
    folder = person.folder / "devices"
    return {p.name: p.read_bytes() for p in folder.iterdir()} if folder.exists() else {}


def refused(person, tmp_path, data, words):
    file = tmp_path / "bad.hfv"
    file.write_bytes(data)
    before = trusted(person)
    run = person.run("device", "trust", file, want=1)
    assert run.stdout == "" and len(run.stderr.splitlines()) == 1 and words in run.stderr, run.stderr
    assert trusted(person) == before


def test_bob_believes_alice_and_then_the_device_obeys_him(people, lamp, tmp_path):
    alice, bob = people
    stranger = bob.say("command", "run", lamp.dev, "ping", want=1)
    assert "no endorsement" in stranger.stderr
    file = tmp_path / "lamp.hfv"
    made = json.loads(alice.say("device", "vouch", lamp.dev, "--out", file, "--json").stdout)
    taken = json.loads(bob.run("device", "trust", file, "--json").stdout)
    assert taken == {**made, "by": "alice"} and taken["generation"] == 0
    answer = json.loads(bob.say("command", "run", lamp.dev, "ping", "--json").stdout)
    assert answer["status"] == "done"
    assert "known already" in bob.run("device", "trust", file).stderr
    again = alice.say("device", "vouch", lamp.dev, "--out", file, want=1)
    assert "exists already" in again.stderr


def test_bob_cannot_vouch_for_what_he_does_not_know(people, tmp_path, fleet):
    run = people[1].say("device", "vouch", "c" * 16, "--out", tmp_path / "x.hfv", want=1)
    assert len(run.stderr.splitlines()) == 1 and not (tmp_path / "x.hfv").exists()


def test_forged_vouches_are_refused(people, fleet, tmp_path):
    bob, alice_key = people[1], operator_key(fleet, "alice")
    stranger = Key(ec.generate_private_key(pycose.CURVE))
    good = vouch(alice_key)
    refused(bob, tmp_path, vouch(stranger), "no operator of the trust policy")
    impostor = Key(ec.generate_private_key(pycose.CURVE))
    impostor.kid = alice_key.kid
    refused(bob, tmp_path, vouch(impostor), "signature")
    refused(bob, tmp_path, good[:-1] + bytes([good[-1] ^ 1]), "signature")
    for data in (b"", b"words", good[:-1], good + b"\0", os.urandom(200), bytes(10000),
                 vouch(alice_key, word="hf-vouch2")):
        refused(bob, tmp_path, data, "")
    refused(bob, tmp_path, vouch(alice_key, keys=(bytes([4]) + bytes(64), point())), "")


def test_a_vouch_for_another_device_is_refused(people, fleet, tmp_path):
    refused(people[1], tmp_path, vouch(operator_key(fleet, "alice"), aad_dev="d" * 16), "signature")
    refused(people[1], tmp_path, vouch(operator_key(fleet, "alice"), dev="D" * 16), "not a vouch")


def test_what_was_accepted_is_not_turned_back_or_aside(people, fleet, tmp_path):
    bob, alice_key = people[1], operator_key(fleet, "alice")
    keys, old = (point(), point()), point()
    file = tmp_path / "ghost.hfv"
    file.write_bytes(vouch(alice_key, gen=1, keys=keys, earlier=[old]))
    bob.run("device", "trust", file)
    signers = (bob.folder / "devices" / f"{GHOST}.signers").read_text().split()
    assert signers == [old.hex(), keys[0].hex()]
    refused(bob, tmp_path, vouch(alice_key, gen=0), "you have accepted generation 1")
    refused(bob, tmp_path, vouch(alice_key, gen=1), "other keys of generation 1")
    refused(bob, tmp_path, vouch(alice_key, gen=2), "come from the device itself")
