"""kill -9 between every two durable steps of an enrolment: strace kills keyproc inside its n-th fsync, then
the agent starts again and must end stable, with one certificate in use and nothing that looks like a clone.

SPDX-License-Identifier: Apache-2.0
"""
import re
import shutil
import subprocess
import tempfile

import pytest

from agentlib import AGENT, World, until

MAX_STEPS = 40


def run_traced(world, *inject):
    """The agent under strace until keyproc was killed or all is stable; the trace."""
    trace = world.folder / "trace"
    with open(world.agent.log, "ab") as log:
        world.agent.process = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", trace, "-e", "trace=fsync,renameat,unlinkat", *inject, AGENT, "run",
             "--dir", world.agent.dir], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def ended():
        status = world.agent.status()
        return "killed by SIGKILL" in trace.read_text() or (
            status.get("identity") == "stable" and status["connected"])

    until("killed or stable", lambda: trace.exists() and ended(), timeout=30)
    return trace


def kill_all(world):
    """strace and everything below it, by the pids it traced."""
    tree = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    world.agent.process.kill()
    world.agent.process.wait()
    pids = [int(line.split()[0]) for line in tree.splitlines() if f"--dir {world.agent.dir}" in line]
    for pid in pids:
        subprocess.run(["kill", "-9", str(pid)], check=False, stderr=subprocess.DEVNULL)
    for pid in pids:
        until("gone", lambda p=pid: subprocess.run(["kill", "-0", str(p)], check=False,
                                                   stderr=subprocess.DEVNULL).returncode != 0)


def one_life(where, n):
    """Enrolment cut at flush n (0: not at all): how many flushes keyproc made, and whether it was cut."""
    world = World(where)
    try:
        world.start_broker()
        world.claim()
        inject = ["-e", f"inject=fsync:signal=SIGKILL:when={n}"] if n else []
        try:
            trace = run_traced(world, *inject).read_text()
        finally:
            kill_all(world)
        cut = "killed by SIGKILL" in trace
        flushes = {}
        for pid in re.findall(r"^(\d+) +fsync\(", trace, re.M):
            flushes[pid] = flushes.get(pid, 0) + 1
        world.agent.start().stable(timeout=40)
        alarms = [e for e in world.broker.bus.seen(35) if e[1] in ("superseded", "clone")]
        assert alarms == [], f"cut at flush {n}"
        hello = world.server.seen("id/hello")
        assert hello and world.endorsed()[2] == 0
        return max(flushes.values(), default=0), cut
    finally:
        world.stop()


@pytest.fixture
def folder(request):
    """Makes short folders: a Unix socket's path has 107 bytes."""
    def new():
        made = tempfile.mkdtemp(prefix="hf-cut-")
        request.addfinalizer(lambda: shutil.rmtree(made, ignore_errors=True))
        return made

    return new


def test_cut_at_every_flush_of_an_enrolment(folder):
    steps, cut = one_life(folder(), 0)
    assert not cut and 8 <= steps <= MAX_STEPS
    cuts = 0
    for n in range(1, steps + 1):
        cuts += one_life(folder(), n)[1]
    print(f"{cuts} cuts at {steps} flushes of keyproc")
    assert cuts == steps
