"""kill -9 at every write, fsync and rename of an append, in the process that stores and the one that signs;
a full disk; a log restored from a copy.

After each cut: fsck accepts what is on disk, no leaf that was answered 200 is lost, no two heads of one size
differ, and the witnesses, which saw every head, go on cosigning. The number of cuts is asserted.
SPDX-License-Identifier: Apache-2.0
"""
import os
import shutil
import threading

import loglib
import pytest
from cutlib import FILES, FULL, Cutter, places
from loglib import LIMIT_S, Log, wait_for

class Rig(Log):
    def __init__(self):
        super().__init__(n=1, k=1)
        self.cutter = Cutter(self.folder / "cut", FILES)
        self.confirmed, self.heads, self.next = [], {}, 0

    def begin(self, role, wait=True):
        """A log whose role will be cut when armed; not yet armed."""
        self.cutter.arm(role, 0, 0)
        self.cutter.rest()
        return self.start(env={**os.environ, **self.cutter.env()}, wait=wait)

    def look(self):
        """Every head that is served is kept: two of one size must be the same."""
        head = self.head()
        if head:
            seen = self.heads.setdefault(head["size"], head["root"])
            assert seen == head["root"], "two roots for one size"
        return head

    def submit(self):
        self.next += 1
        message = self.next.to_bytes(32, "big")
        try:
            status, _ = self.add(message)
        except OSError:
            return message, None
        except Exception:  # whatever a dying process left of the connection
            return message, None
        if status == 200:
            self.confirmed.append(message)
        return message, status

    def check(self):
        """Nothing runs: fsck, then every confirmed leaf is there."""
        self.run("log", "fsck", self.dir)
        text = b"".join(p.read_bytes() for p in (self.dir / "data/tile/entries").rglob("*") if p.is_file())
        for message in self.confirmed:
            assert self.publisher.leaf(message) in text, "a confirmed leaf is lost"


@pytest.fixture
def rig():
    rig = Rig()
    yield rig
    rig.close()


def count_calls(rig, role):
    rig.begin(role)
    rig.wait_head(0)
    assert rig.submit()[1] == 200
    rig.cutter.arm(role, 0, 0)
    assert rig.submit()[1] == 200
    # The answer comes after the last call of the front; the signer's were before it.
    calls = rig.cutter.read()
    rig.look()
    rig.stop()
    rig.check()
    return calls


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("role", ["front", "sign"])
def test_every_call_of_an_append_may_be_the_last(rig, role):
    calls = count_calls(rig, role)
    assert min(calls["writes"], calls["fsyncs"], calls["renames"]) > 0
    where, cuts = places(calls["count"]), 0
    for how, at in where:
        proc = rig.begin(role)
        rig.wait_head(0)
        rig.cutter.arm(role, at, how)
        rig.submit()
        wait_for("the end of both processes", lambda p=proc: p.p.poll() is not None or
                 rig.cutter.read()["count"] < at)
        cuts += rig.cutter.read()["cuts"]
        rig.stop()
        rig.check()
        rig.begin("nobody")
        rig.wait_head(len(rig.confirmed))
        rig.look()
        assert rig.submit()[1] == 200
        rig.look()
        rig.stop()
        rig.check()
    print(f"{role}: {calls['writes']} writes, {calls['fsyncs']} fsyncs, {calls['renames']} renames: "
          f"{len(where)} places, {cuts} cuts")
    assert cuts == len(where) > 0
    witness = rig.running["w0"].text()
    assert "422" not in witness


@pytest.mark.timeout(600)
def test_a_full_disk_stops_the_log_and_loses_nothing(rig):
    for at in (1, 2, 3, 4):
        proc = rig.begin("front")
        rig.wait_head(len(rig.confirmed))
        rig.cutter.arm("front", at, FULL)
        assert rig.submit()[1] in (500, None)
        wait_for("the log stops", lambda p=proc: p.p.poll() is not None)
        assert rig.cutter.read()["cuts"] > 0 and "No space left" in proc.text()
        rig.stop()
        rig.check()
        rig.begin("nobody")
        rig.wait_head(len(rig.confirmed))
        assert rig.submit()[1] == 200
        rig.stop()
        rig.check()


def grow(rig, n):
    for _ in range(n):
        assert rig.submit()[1] == 200


@pytest.mark.timeout(600)
def test_restored_data_is_stopped_by_the_sign_state(rig):
    rig.start()
    grow(rig, 2)
    rig.stop()
    shutil.copytree(rig.dir / "data", rig.folder / "copy")
    rig.start()
    grow(rig, 2)
    rig.stop()
    before = (rig.dir / "sign/sign-state").read_bytes()
    shutil.rmtree(rig.dir / "data")
    shutil.copytree(rig.folder / "copy", rig.dir / "data")
    r = rig.run("log", "serve", rig.dir, ok=False)
    assert r.returncode == 1 and "restored from a backup" in r.stderr
    assert (rig.dir / "sign/sign-state").read_bytes() == before
    r = rig.run("log", "fsck", rig.dir, ok=False)
    assert r.returncode == 1


@pytest.mark.timeout(600)
def test_restored_data_and_sign_state_are_stopped_by_the_witness(rig):
    rig.start()
    grow(rig, 2)
    rig.stop()
    shutil.copytree(rig.dir, rig.folder / "copy")
    rig.start()
    grow(rig, 3)
    rig.stop()
    shutil.rmtree(rig.dir)
    shutil.copytree(rig.folder / "copy", rig.dir)
    proc = rig.start(wait=False)
    wait_for("the log stops", lambda: proc.p.poll() is not None)
    assert proc.p.returncode == 1 and "rolled back" in proc.text()


@pytest.mark.timeout(600)
def test_without_its_sign_state_a_log_does_not_start(rig):
    rig.start()
    grow(rig, 1)
    rig.stop()
    (rig.dir / "sign/sign-state").unlink()
    r = rig.run("log", "serve", rig.dir, ok=False)
    assert r.returncode == 1 and "sign-state" in r.stderr


@pytest.mark.timeout(600)
def test_leaves_of_many_submitters_share_heads_and_all_are_confirmed(rig):
    rig.start()
    messages = [bytes([i]) * 32 for i in range(40)]
    statuses = []
    threads = [threading.Thread(target=lambda m=m: statuses.append(rig.add(m)[0])) for m in messages]
    for t in threads:
        t.start()
    for t in threads:
        t.join(LIMIT_S)
    assert statuses == [200] * 40
    assert rig.head()["size"] == 40
    rig.confirmed = messages
    rig.stop()
    rig.check()
    assert len(list((rig.dir / "data/heads").iterdir())) < 40
    assert loglib.sha() == loglib.root_of([])
