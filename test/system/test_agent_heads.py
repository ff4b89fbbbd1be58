"""Rule: a device that is kept from new releases says so, and nothing stops because of it. A head that is
older, smaller, of another tree or without its witnesses is not taken and reported; one that nobody renews
makes it `stale`. It installs what it could install before.

release-log.md section 9 (freshness) and 14 (freeze, log restored, two instances of a log).
SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import signal
import subprocess
import time

import cbor2
import pytest

from agentlib import run_world, until
from brokerlib import ROOT
from releaselib import Maker, raw_public, sha256, sigsum_root

STALE_S = 3600
LOG, FIRST_WITNESS = 7, 8  # places of the keys in the policy


def error(name):
    """The number that a report carries."""
    table = (ROOT / "include/holdfast/errors.h").read_text()
    row = re.search(rf"X\({name}, '(.)', '(.)', (\d+), HF_CLASS_(\w+)", table)
    cls = ["MISUSE", "LIMIT", "MALFORMED", "REFUSED", "GONE", "MACHINE"].index(row[4]) + 1
    return ord(row[1]) << 24 | ord(row[2]) << 16 | int(row[3]) << 8 | cls


def policy_ref(maker, number=1):
    payload = cbor2.loads((maker.export_policy(number)).read_bytes()).value[2]
    return sha256(payload)[:8]


def head_message(log, ref, size=None, at=None):
    """HFH1 of a log at a size, cosigned at a time."""
    whole, log.entries = log.entries, log.entries[:size if size is not None else len(log.entries)]
    log.now = (lambda: at) if at is not None else time.time
    root, signature, lines = log.head()
    size, log.entries = len(log.entries), whole
    keys = {sha256(raw_public(w)).hex(): FIRST_WITNESS + i for i, w in enumerate(log.all_witnesses)}
    cosigs = b""
    for line in lines:
        name, when, sig = line.split("=")[1].split()
        cosigs += bytes([keys[name]]) + int(when).to_bytes(8, "big") + bytes.fromhex(sig)
    fixed = b"HFH1" + bytes([LOG, len(lines), 0, 0]) + ref + size.to_bytes(8, "big")
    return fixed + root + signature + cosigs


@pytest.fixture(scope="module")
def maker():
    made = Maker()
    made.policy(vendor="test", stale_after=STALE_S)
    made.export_policy()
    made.main_log = made.log()
    made.main_log.all_witnesses = list(made.main_log.witnesses)
    made.main_log.fill(20)
    d = made.signed(**{"class": "demo"})
    assert made.publish(d, made.main_log).returncode == 0
    made.good = made.bundle(d)
    yield made
    made.close()


@pytest.fixture(scope="module")
def world(maker, request):
    before = request.session.testsfailed
    for world in run_world(lambda: request.session.testsfailed > before, begin=False):
        world.agent.believe((maker.folder / "policy-1.cose").read_bytes())
        world.begin()
        yield world


@pytest.fixture
def say(world, maker):
    """Sends a head; gives the report that holds what the test waits for: the last, or one that follows."""
    ref = policy_ref(maker)

    def give(want, **how):
        log, known = how.pop("log", maker.main_log), len(reports(world))
        send(world, head_message(log, ref, **how))
        return until("a report", lambda: next((r for r in reports(world)[known - 1:] if want(r)), None))
    return give


def send(world, message):
    """QoS 0: the server's own thread reads what the broker answers."""
    world.server.client.publish(f"hf/1/{world.dev}/-/dn/upd/head", message, qos=0)


def reports(world):
    return [cbor2.loads(p) for p in world.server.seen("upd/report")]


def last(world):
    return reports(world)[-1]


def test_before_any_head_it_tells_what_it_was_made_with(world):
    report = cbor2.loads(world.server.wait("upd/report")[0])
    assert sorted(report) == list(range(1, 13))
    assert (report[1], report[2], report[3], report[6], report[7], report[8]) == (b"", b"", 0, 1, 0, 0)


def test_a_good_head_is_taken_and_raises_the_time(say, maker):
    at = int(time.time()) - 60
    report = say(lambda r: r[8] == 10, size=10, at=at)
    assert report[9] == report[7] == at and report[10] == 0 and report[11] is False


def test_a_smaller_or_older_head_is_not_taken(world, say):
    """HF_ERR_HEAD_OLD: the head of a log that was restored from a backup, or an old one shown again."""
    before = last(world)
    assert say(lambda r: r[8] == 12, size=12, at=before[9] + 10)[10] == 0
    for size, later in ((11, 20), (12, 0), (10, 0)):
        how = {"size": size, "at": before[9] + later}
        assert say(lambda r: r[10] == error("HF_ERR_HEAD_OLD"), **how)[8] == 12
        assert say(lambda r: r[10] == 0 and r[8] == 12, size=12, at=before[9] + 10)


def test_another_tree_of_the_same_size_is_a_split(world, say, maker):
    """HF_ERR_HEAD_SPLIT: two instances of one log, each with leaves of its own, and witnesses that lie."""
    twin = maker.log()
    twin.all_witnesses = maker.main_log.all_witnesses
    twin.fill(11)
    twin.append(b"\7" * 128)
    assert sigsum_root(twin.leaves()) != sigsum_root(maker.main_log.leaves()[:12])
    assert say(lambda r: r[10] == error("HF_ERR_HEAD_SPLIT"), log=twin, at=last(world)[9] + 100)[8] == 12


@pytest.mark.parametrize("name,log_key,witnesses", [("HF_ERR_PROOF_WITNESS", "log", ("w1",)),
                                                   ("HF_ERR_PROOF_LOG", "log2", ("w1", "w2"))])
def test_a_head_without_its_signatures_is_not_taken(world, say, maker, name, log_key, witnesses):
    other = maker.log(key=log_key, witnesses=witnesses)
    other.all_witnesses = maker.main_log.all_witnesses
    other.fill(20)
    assert say(lambda r: r[10] == error(name), log=other)[8] == 12


def test_bytes_that_are_no_head(world, say, maker):
    for bad in (b"HFH1", b"HFH2" + bytes(116), bytes(500)):
        say(lambda r: r[10] == 0, size=12, at=last(world)[9])
        send(world, bad)
        until("a report", lambda: last(world)[10] == error("HF_ERR_HEAD_FORMAT"))


def test_a_head_of_another_policy_is_passed_over(world, say, maker):
    """The server sends one for each policy of the fleet; only one of them is for this device."""
    say(lambda r: r[10] == 0 and r[8] == 12, size=12, at=last(world)[9])
    count = len(reports(world))
    send(world, head_message(maker.main_log, bytes(8)))
    report = say(lambda r: r[8] == 13, size=13, at=last(world)[9] + 1)
    assert report[10] == 0 and len(reports(world)) == count + 1


def test_kill_9_loses_no_head(world, say):
    before = last(world)
    os.kill(world.agent.children()["upd"], signal.SIGKILL)
    until("another process", lambda: "upd" in world.agent.children())
    report = say(lambda r: r[8] == 14, size=14, at=before[9] + 1)
    assert report[7] == before[9] + 1
    os.kill(world.agent.children()["upd"], signal.SIGKILL)
    until("another process", lambda: "upd" in world.agent.children())
    assert say(lambda r: r[10] == error("HF_ERR_HEAD_OLD"), size=13, at=before[9])[8] == 14


def test_a_frozen_device_says_stale_and_installs(world, maker, say):
    """The device's clock is real, so the proof is old: it has seen no newer head for so long."""
    state = world.folder / "frozen"
    subprocess.run(["cp", "-r", world.agent.dir, state], check=True)
    for record in (state / "trust").iterdir():
        record.unlink()
    verdict = ["verify", maker.good, "--dir", state, "--json"]
    assert '"stale":false' in world.agent.cli(*verdict).stdout
    maker.main_log.now = lambda: time.time() - STALE_S - 100
    d = maker.signed(version="old", **{"class": "demo"})
    assert maker.publish(d, maker.main_log).returncode == 0
    for record in (state / "trust").iterdir():
        record.unlink()
    run = world.agent.cli("verify", maker.bundle(d), "--dir", state, "--json")
    assert '"stale":true' in run.stdout and '"install":true' in run.stdout


def test_a_device_whose_head_nobody_renews_becomes_stale_and_fresh_again(maker):
    """One that starts with an old head: reported, and a newer head ends it."""
    for world in run_world(lambda: False, begin=False):
        world.agent.believe((maker.folder / "policy-1.cose").read_bytes())
        world.begin()
        ref = policy_ref(maker)
        send(world, head_message(maker.main_log, ref, 10, int(time.time()) - STALE_S - 60))
        until("stale", lambda: reports(world) and last(world)[11])
        run = world.agent.cli("verify", maker.good, "--dir", world.agent.dir, "--json")
        assert '"install":true' in run.stdout
        send(world, head_message(maker.main_log, ref, 10, int(time.time())))
        until("fresh", lambda: not last(world)[11])
