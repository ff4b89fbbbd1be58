"""kill -9 between every two durable steps of a renewal at the real control plane: strace kills keyproc inside
its n-th fsync, the device starts again, and the lineage ends confirmed, never in quarantine (attack 8).

SPDX-License-Identifier: Apache-2.0
"""
import glob
import os
import re
import subprocess

from agentlib import AGENT, until

FAKETIME = {"LD_PRELOAD": glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0], "FAKETIME": "+70d",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def certificate(device, api):
    return device.show(api)["certificate"]


def is_stable(device):
    """The server has confirmed; the device must have heard it too, or its next start begins with that."""
    run = subprocess.run([AGENT, "status", "--dir", device.state, "--json"], capture_output=True, check=False)
    return b'"identity":"stable"' in run.stdout


def traced(device, n, done):
    """One start under strace until killed at flush n, or done: the trace."""
    trace = device.fleet.folder / f"{device.name}.trace"
    inject = ["-e", f"inject=fsync:signal=SIGKILL:when={n}"] if n else []
    with open(device.log, "ab") as log:
        command = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=fsync", *inject, AGENT]
        run = subprocess.Popen([*command, "run", "--dir", device.state], stdin=subprocess.DEVNULL, stdout=log,
                               stderr=log, env={**os.environ, **FAKETIME})

    def ended():
        return trace.exists() and ("killed by SIGKILL" in trace.read_text() or done())

    try:
        until("killed or done", ended, 90)
    finally:
        end_traced(run, device)
    return trace.read_text()


def end_traced(run, device):
    """strace and everything of this device below it."""
    tree = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    run.kill()
    run.wait()
    for line in tree.splitlines():
        if f"--dir {device.state}" in line:
            subprocess.run(["kill", "-9", line.split()[0]], check=False, stderr=subprocess.DEVNULL)


def one_renewal(fleet, n):
    """How many flushes keyproc made, and whether it was cut."""
    api, device = fleet.api(), fleet.device(f"cut{n}")
    device.join(api)
    until("answered", lambda: is_stable(device))
    device.stop()
    first = certificate(device, api)["serial"]

    def done():
        now = certificate(device, api)
        keys = glob.glob(f"{device.state}/records/key?")  # the old one goes last
        return now["serial"] != first and now["state"] == "confirmed" and len(keys) == 1

    trace = traced(device, n, done)
    device.start(FAKETIME)
    until(f"confirmed after a cut at flush {n}", done, 90)
    assert device.show(api)["state"] == "active", f"cut at flush {n}"
    device.stop()
    flushes = re.findall(r"^(\d+) +fsync\(", trace, re.M)
    return max((flushes.count(pid) for pid in set(flushes)), default=0), "killed by SIGKILL" in trace


def test_cut_at_every_flush_of_a_renewal(fleet):
    steps, cut = one_renewal(fleet, 0)
    assert not cut and steps >= 12
    cuts = 0
    for n in range(1, steps + 1):
        made, cut = one_renewal(fleet, n)
        assert cut or made < n, f"flush {n} was made and not cut"  # the time floor may save a flush or two
        cuts += cut
    print(f"{cuts} cuts at {steps} flushes of a renewal")
    assert cuts >= steps - 2
