"""test_est_killed -- holdfastd ends at every single write of an enrolment; the device asks
again and gets exactly one certificate.

Durable steps of an enrolment, each one transaction of the store:
  1 api    the owner's claim
  2 enrol  certificate, device, binding of the claim, journal entry, event
and every write and sync in them is a place to end: before it, in its middle, after it. The number of cuts is
asserted, so that a test that cuts nothing fails.
SPDX-License-Identifier: Apache-2.0
"""
import os
import time
import sqlite3
import subprocess

import pytest

import fleetlib
from agentlib import until
from cutlib import DATABASE, Cutter, places
from estlib import Secret, enrol, new_key

@pytest.fixture
def fleet(request, monkeypatch):
    fleet = fleetlib.Fleet()
    cutter = Cutter(fleet.folder / "cut", DATABASE)
    monkeypatch.setenv("HF_CUT_FILE", str(cutter.path))
    fleet.cutter = cutter
    fleet.env.update(cutter.env())
    try:
        yield fleet
    finally:
        fleet.close()
        subprocess.run(["rm", "-rf", fleet.folder], check=True)


def start(fleet, role):
    fleet.cutter.set_role(role)
    fleet.start()


def kill_all(fleet):
    """kill -9 of the supervisor; its children die with it."""
    pid = fleet.process.pid
    fleet.kill()
    until("gone", lambda: not fleet.listens("est") and not fleet.listens("api") and not fleet.listens("mqtt"))
    assert not os.path.exists(f"/proc/{pid}")


def counted(fleet, role, act):
    """How many writes `act` makes when nothing is cut."""
    start(fleet, role)
    fleet.cutter.arm(role, 0, 0)
    act()
    n = fleet.cutter.read()["count"]
    fleet.stop()
    assert n > 2
    return n


def attempt(act):
    try:
        return act()
    except Exception as gone:  # whatever the dying process left of the connection
        return gone


def rows(fleet, sql, *args):
    with sqlite3.connect(fleet.dir / "store/holdfast.db") as db:
        return db.execute(sql, args).fetchall()


def check_store(fleet):
    assert rows(fleet, "PRAGMA integrity_check") == [("ok",)]
    ldevids = rows(fleet, "SELECT count(*) FROM cert WHERE kind = 1")[0][0]
    assert rows(fleet, "SELECT count(*) FROM journal WHERE tree = zeroblob(16)")[0][0] == ldevids
    ids = [r[0] for r in rows(fleet, "SELECT id FROM event ORDER BY id")]
    assert ids == list(range(1, len(ids) + 1))


def reached(fleet, at):
    end = time.monotonic() + 15
    while time.monotonic() < end:
        now = fleet.cutter.read()
        if now["cuts"] or now["count"] >= at:
            return True
        time.sleep(0.02)
    return False


def cut_everywhere(fleet, role, writes, prepare, act, judge):
    cuts = 0
    for how, at in places(writes):
        start(fleet, role)
        for _ in range(20):  # two writes may share a commit, so a run may end before place `at`: then another
            state = prepare()
            fleet.cutter.arm(role, at, how)
            attempt(lambda s=state: act(s))
            if reached(fleet, at):
                break
        assert reached(fleet, at), (how, at)
        cuts += fleet.cutter.read()["cuts"]
        kill_all(fleet)
        fleet.cutter.arm("nobody", 0, 0)
        start(fleet, "nobody")
        judge(state, attempt(lambda s=state: act(s)))
        fleet.stop()
        check_store(fleet)
    return cuts


@pytest.mark.timeout(600)
def test_enrolment_survives_the_end_at_every_write(fleet):
    def claimed():
        secret = Secret()
        assert secret.claim(fleet.api())[0] == 201
        return secret, new_key()

    def judge(state, answer):
        assert not isinstance(answer, Exception), answer
        assert answer.status == 200
        serial = answer.cert().serial_number.to_bytes(16, "big")
        device = rows(fleet, "SELECT device FROM cert WHERE serial = ?", serial)[0][0]
        assert rows(fleet, "SELECT count(*) FROM cert WHERE device = ?", device) == [(1,)]
        assert rows(fleet, "SELECT state FROM device WHERE id = ?", device) == [(3,)]

    states = []
    start(fleet, "nobody")
    states.append(claimed())
    fleet.stop()
    writes = counted(fleet, "enrol", lambda: enrol(fleet, *states[0]))
    cuts = cut_everywhere(fleet, "enrol", writes, claimed, lambda s: enrol(fleet, *s), judge)
    print(f"{writes} writes, {cuts} cuts")
    assert cuts == len(places(writes))


@pytest.mark.timeout(600)
def test_a_claim_survives_the_end_at_every_write(fleet):
    def judge(secret, answer):
        assert not isinstance(answer, Exception), answer
        assert answer[0] == 201
        assert rows(fleet, "SELECT count(*) FROM claim WHERE cid = ?", secret.cid) == [(1,)]
        assert enrol(fleet, secret, new_key()).status == 200

    writes = counted(fleet, "api", lambda: Secret().claim(fleet.api()))
    cuts = cut_everywhere(fleet, "api", writes, Secret, lambda s: s.claim(fleet.api()), judge)
    print(f"{writes} writes, {cuts} cuts")
    assert cuts == len(places(writes))
