"""Rule: whoever watches a log with `holdfast monitor` hears of everything that was not planned, at least
once, whatever the log, an insider or a kill does.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import shutil
import signal
import stat
import subprocess
import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import pycose
from loglib import HOLDFAST, wait_for
from reallib import Real
from releaselib import RELEASERS, code, sha256

pytestmark = pytest.mark.timeout(600)
CAPS = "listen tcp 0.0.0.0 22 sshd\n"


def monitor(real, *more, state="state", url=None):
    done = real.run("monitor", "run", url or real.url, "--state", state, "--policy", "policy-1.cose",
                    "--once", "--json", *more)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def kinds(found):
    return [f["kind"] for f in found]


def plan(real, *names):
    (real.folder / "planned").write_text("# what we meant to release\n" + "".join(n + "\n" for n in names))
    return "--planned", "planned"


def hook(real, fails=0):
    """A program that keeps what it is given; the first `fails` times it fails."""
    program = real.folder / "hook"
    program.write_text("#!/bin/sh\ncat >>hooked\nn=$(cat tries 2>/dev/null || echo 0)\n"
                       f"echo $((n + 1)) >tries\ntest $n -ge {fails}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return "--hook", str(program)


def hooked(real):
    file = real.folder / "hooked"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_planned_release_is_a_note_and_is_told_once(real):
    d = real.published()
    status, found, err = monitor(real, *plan(real, d))
    assert status == 0 and kinds(found) == ["release"], (found, err)
    assert found[0]["d"] == d and found[0]["alarm"] is False
    assert monitor(real, *plan(real, d)) == (0, [], "")


def test_a_monitor_may_begin_with_an_empty_log(real):
    assert real.head_size() == 0
    assert monitor(real) == (0, [], "")
    d = real.published()
    assert kinds(monitor(real, *plan(real, d))[1]) == ["release"]


def test_an_insiders_unlisted_leaf_is_an_alarm(real):
    """First with nothing behind it, then with a signed object that nobody planned."""
    d = real.published()
    more = plan(real, d)
    real.insert(b"a back door")
    status, found, _ = monitor(real, *more)
    assert status == 1 and kinds(found) == ["release", "no-object"]
    real.published(version="evil", sequence=12)
    status, found, _ = monitor(real, *more)
    assert status == 1 and kinds(found) == ["unplanned", "release"]


def test_what_the_log_shows_behind_a_leaf_must_be_that(real):
    d = real.published()
    real.insert(b"x", obj=(real.shelf / "releases" / d / "envelope").read_bytes())
    real.insert(b"y", obj=b"neither a release nor a statement")
    status, found, _ = monitor(real)
    assert status == 1 and kinds(found) == ["release", "wrong-object", "wrong-object"]


def test_a_release_below_its_quorum_is_an_alarm(real):
    """The publisher's key and one release key are stolen: our tool refuses, so the log is asked directly."""
    d = real.signed(signers=("rel1",))
    real.must("release", "export", d, "--log-object", "--out", "object")
    real.insert((real.folder / "object").read_bytes(),
                obj=(real.shelf / "releases" / d / "envelope").read_bytes())
    status, found, _ = monitor(real)
    assert status == 1 and "unsigned" in kinds(found)


def statement(real, payload, signers):
    return pycose.sign([pycose_signer(real, s) for s in signers], payload[0].encode(), pycose.enc(payload))


def pycose_signer(real, name):
    raw = real.private(name).private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return pycose.Signer(pycose.ED25519, raw)


@pytest.mark.parametrize("kind,alarm", (("hf/surprise/1", "unknown-type"), ("hf/ca-key/1", "ca-key"),
                                        ("hf/policy/1", "bad-policy"), ("hf/revocation/1", "unsigned")))
def test_statements_of_every_type(real, kind, alarm):
    payload = {0: kind, 1: "x"}
    real.insert(pycose.enc(payload), obj=statement(real, payload, RELEASERS[:2]))
    status, found, err = monitor(real)
    assert status == 1 and kinds(found) == [alarm], (found, err)


def test_a_withdrawn_release_is_a_note(real):
    d = real.published()
    real.must("release", "revoke", d, "--key", "file:rel1", "--reason", "it bricks")
    real.must("release", "revoke", d, "--key", "file:rel2")
    assert real.publish(f"revoke-{d}").returncode == 0
    status, found, _ = monitor(real)
    assert status == 0 and kinds(found) == ["release", "revoked"] and "it bricks" in found[1]["text"]


def test_a_change_of_policy_is_an_alarm_and_the_monitor_follows(real):
    real.policy(stale_after=1209601)
    assert real.publish("policy-2").returncode == 0
    status, found, _ = monitor(real)
    assert status == 1 and kinds(found) == ["policy"]
    real.published()
    status, found, _ = monitor(real)
    assert status == 0 and kinds(found) == ["release"]


def test_sequence_back_and_one_image_for_two_products(real):
    real.published(sequence=20)
    real.published(sequence=19, version="0.9")
    real.published(**{"class": "other-1"}, sequence=30)
    status, found, _ = monitor(real)
    assert status == 1 and kinds(found) == ["release", "release", "back", "release", "shared-image"]


def test_added_capabilities_must_be_accepted(real):
    (real.folder / "caps").write_text(CAPS)
    first = real.new(capabilities="caps")
    for who in ("rel1", "rel2"):
        assert real.sign(first, who, "--accept-cap", CAPS.strip()).returncode == 0
    assert real.publish(first).returncode == 0
    (real.folder / "accepted").write_text(CAPS)
    assert kinds(monitor(real, "--accepted", "accepted")[1]) == ["release"]
    added = "outbound 203.0.113.7 updater"
    (real.folder / "caps").write_text(CAPS + added + "\n")
    second = real.new(capabilities="caps", version="2", sequence=11, previous=first)
    for who in ("rel1", "rel2"):
        assert real.sign(second, who, "--accept-cap", added).returncode == 0
    assert real.publish(second).returncode == 0
    status, found, _ = monitor(real, "--accepted", "accepted")
    assert status == 1 and kinds(found) == ["release", "capability"] and added in found[1]["text"]


def test_rebuilders_have_time_and_no_more():
    made = Real(more_keys={"rebuild1": "rebuilder"},
                rebuilder=[{"classes": [], "quorum": {"k": 1, "of": ["rebuild1"]}}])
    try:
        made.start()
        one, two = made.published(), made.signed(version="2", sequence=11)
        assert made.sign(two, "rebuild1").returncode == 0
        assert made.publish(two).returncode == 0
        assert kinds(monitor(made)[1]) == ["release", "release"]
        status, found, _ = monitor(made, "--rebuild-after", "0")
        assert status == 1 and kinds(found) == ["rebuild"] and found[0]["d"] == one
        assert monitor(made, "--rebuild-after", "0")[:2] == (0, [])
    finally:
        made.close()


# ---- heads ----

def grow_fork(real):
    """The same log, from an older copy: two trees of one key. Who forks his log also resets what holds his
    key, and has witnesses that help him."""
    real.stop("log")
    for w in ("w1", "w2", "w3"):
        real.stop(w)
        (real.folder / f"{w}.d/state").unlink()
    shutil.rmtree(real.dir / "data")
    shutil.rmtree(real.dir / "sign")
    shutil.move(real.folder / "fork/data", real.dir / "data")
    shutil.move(real.folder / "fork/sign", real.dir / "sign")
    real.start()


def keep_copy(real):
    real.stop("log")
    shutil.copytree(real.dir, real.folder / "fork")
    real.start()


@pytest.mark.parametrize("leaves", (1, 3))
def test_a_forked_log_is_an_alarm_and_both_heads_are_kept(real, leaves):
    real.published()
    keep_copy(real)
    real.published(version="2", sequence=11)
    assert monitor(real)[0] == 0
    grow_fork(real)
    for i in range(leaves):
        real.published(version=f"other {i}", sequence=12 + i)
    status, found, _ = monitor(real)
    assert status == 1 and kinds(found) == ["fork"]
    one, two = (real.folder / "state" / n for n in ("head", "contradiction"))
    assert one.read_text() != two.read_text() and "cosignature" in one.read_text() and (
        "cosignature" in two.read_text())
    status, found, err = monitor(real)
    assert status == 1 and found == [] and code("HF_ERR_MONITOR_FORK") in err  # told once


def test_a_log_that_shows_a_smaller_tree_is_an_alarm(real):
    real.published()
    keep_copy(real)
    real.published(version="2", sequence=11)
    assert monitor(real)[0] == 0
    grow_fork(real)
    status, found, _ = monitor(real)
    assert status == 1 and kinds(found) == ["fork"] and "smaller" in found[0]["text"]


def test_too_few_witnesses_for_monitors_are_an_alarm_when_patience_ends():
    made = Real(monitor={"k": 3, "of": ["w1", "w2", "w3"]})
    try:
        made.start(witnesses=("w1", "w2"))
        d = made.published()
        status, found, _ = monitor(made)
        assert status == 4 and kinds(found) == ["release"] and found[0]["d"] == d
        status, found, _ = monitor(made, "--patience", "0")
        assert status == 1 and kinds(found) == ["quorum"]
        made.start_witness("w3")
        wait_for("the third cosignature", lambda: monitor(made)[0] == 0)
    finally:
        made.close()


def test_another_logs_head_is_an_alarm(real):
    assert monitor(real)[0] == 0
    real.stop("log")
    state = (real.folder / "state/state").read_bytes()
    other = bytes.fromhex(state[state.index(b"\x58\x20") + 2:][:32].hex())
    (real.folder / "state/state").write_bytes(state.replace(other, pycose.Signer(pycose.ED25519).public, 1))
    real.start()
    status, found, _ = monitor(real)
    assert status == 1 and kinds(found) == ["log-signature"]


def test_an_old_head_is_an_alarm():
    made = Real(stale_after=1)
    try:
        made.start()
        assert monitor(made)[0] == 0
        for w in ("w1", "w2", "w3"):
            made.stop(w)
        time.sleep(2.1)
        status, found, _ = monitor(made)
        assert status == 1 and kinds(found) == ["stale"]
        made.stop("log")  # also when no head comes at all; told once
        status, found, err = monitor(made)
        assert status == 3 and found == [] and "monitor:" in err
    finally:
        made.close()


# ---- hooks, kills, ends ----

def test_the_hook_gets_each_finding_and_a_failed_one_again(real):
    d = real.published()
    more = hook(real, fails=1)
    status, found, err = monitor(real, *more)
    assert status == 3 and kinds(found) == ["release"] and code("HF_ERR_MONITOR_HOOK") in err
    status, found, _ = monitor(real, *more)
    assert status == 0 and kinds(found) == ["release"]
    assert [h["d"] for h in hooked(real)] == [d, d]
    assert monitor(real, *more)[1] == [] and len(hooked(real)) == 2


def test_killed_at_any_moment_no_finding_is_lost(real):
    """kill -9 after ever longer times; what the hook heard in the end is everything, some of it twice."""
    names = [real.published(version=str(i), sequence=10 + i) for i in range(4)]
    more = hook(real)
    command = [HOLDFAST, "monitor", "run", real.url, "--state", "state", "--policy", "policy-1.cose",
               "--once", "--json", *more]
    cuts = 0
    for step in range(25):
        child = subprocess.Popen(command, cwd=real.folder, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, env=os.environ)
        time.sleep(step * 0.003)
        child.send_signal(signal.SIGKILL)
        cuts += child.wait() == -signal.SIGKILL
    assert cuts > 0
    wait_for("hooks that outlived the kill", lambda: not (real.folder / "hooked").exists() or
             all(line.endswith("}") for line in (real.folder / "hooked").read_text().splitlines()))
    assert monitor(real, *more)[0] == 0
    assert {h["d"] for h in hooked(real)} == set(names)
    assert monitor(real, *more)[1] == []


def test_ctrl_c_ends_it_cleanly_with_a_status(real):
    real.published()
    for planned, status in ((None, 0), ("nothing", 1)):
        more = plan(real) if planned else ()
        state = f"state-{status}"
        with open(real.folder / f"out-{status}", "w+") as out:
            child = subprocess.Popen([HOLDFAST, "monitor", "run", real.url, "--state", state, "--policy",
                                      "policy-1.cose", *more], cwd=real.folder, stdout=out)
            wait_for("it rests", lambda s=state: (real.folder / s / "head").exists())
            child.send_signal(signal.SIGINT)
            assert child.wait(timeout=60) == status
            out.seek(0)
            assert len(out.readlines()) == 1 + status


def test_a_damaged_state_is_said_and_nothing_is_done(real):
    assert monitor(real)[0] == 0
    file = real.folder / "state/state"
    good = file.read_bytes()
    for bad in (b"", good[:-1], good + b"x", good[:20]):
        file.write_bytes(bad)
        status, found, err = monitor(real)
        assert status == 1 and found == [] and "state" in err
    file.write_bytes(good)
    assert monitor(real)[0] == 0


def test_a_folder_of_images_is_compared_with_the_log(real):
    real.published()
    assert monitor(real)[0] == 0
    folder = real.folder / "images"
    folder.mkdir()
    shutil.copy(real.image, folder / "good.bin")
    done = real.run("monitor", "verify-dir", "images", "--state", "state")
    assert done.returncode == 0 and "good.bin: logged" in done.stdout
    (folder / "other.bin").write_bytes(b"never released")
    done = real.run("monitor", "verify-dir", "images", "--state", "state", "--json")
    rows = {r["file"]: r for r in json.loads(done.stdout)}
    assert done.returncode == 1 and rows["good.bin"]["logged"] and not rows["other.bin"]["logged"]
    assert rows["other.bin"]["sha256"] == sha256(b"never released").hex()
    (folder / "other.bin").unlink()
    (folder / "below").mkdir()
    done = real.run("monitor", "verify-dir", "images", "--state", "state")
    assert done.returncode == 1 and "below: is no file, so it was not compared" in done.stderr


def test_an_image_that_too_few_approved_is_not_logged(real):
    d = real.signed(signers=("rel1",))
    real.must("release", "export", d, "--log-object", "--out", "object")
    real.insert((real.folder / "object").read_bytes(),
                obj=(real.shelf / "releases" / d / "envelope").read_bytes())
    assert "unsigned" in kinds(monitor(real)[1])
    (real.folder / "images").mkdir()
    shutil.copy(real.image, real.folder / "images/new.bin")
    done = real.run("monitor", "verify-dir", "images", "--state", "state")
    assert done.returncode == 1 and "new.bin: logged" not in done.stdout
