"""holdfast-swarm against broker and plugin, small: every phase does what its manual page says.

SPDX-License-Identifier: Apache-2.0
"""
import csv
import re
import subprocess

import pytest

from brokerlib import BUILD, Broker, short_folder


class Idle:
    """The swarm plays the bus."""

    def stop(self):
        pass


@pytest.fixture
def alone():
    broker = Broker(short_folder(), bus=Idle()).start()
    yield broker
    broker.stop()


def swarm(broker, *more):
    command = [BUILD / "swarm/holdfast-swarm", "--port", broker.port, "--server-ca",
               broker.pki.server_ca.cert_path, "--ca-cert", broker.pki.op.cert_path, "--ca-key",
               broker.pki.op.key_path, "--plugin-socket", broker.folder / "plugin.sock", "--watch",
               f"broker={broker.process.pid}", "--rate", 2000, *more]
    run = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120, check=False)
    found = {}
    for line in run.stderr.splitlines():
        pairs = dict(re.findall(r"(\w+)=(\S+)", line))
        if "phase" in pairs:
            phase = pairs.pop("phase")
            found[phase] = {k: float(v) for k, v in pairs.items()}
        elif line.startswith("revoke "):
            found["revoked"] = {k: float(v) for k, v in pairs.items()}
    return run, found


def test_ramp_storm_resume_stop(alone):
    run, found = swarm(alone, "--devices", 120, "--workers", 2, "--phases", "ramp,storm:60,resume:60,stop")
    assert run.returncode == 0, run.stderr
    assert found["ramp"]["up"] == 120 and found["ramp"]["connects"] == 120 and found["ramp"]["resumed"] == 0
    assert found["storm"]["up"] == 120 and found["storm"]["resumed"] == 0
    assert found["resume"]["up"] == 120 and found["resume"]["resumed"] == found["resume"]["connects"] >= 120
    assert found["stop"]["up"] == 0
    rows = list(csv.DictReader(run.stdout.splitlines()))
    assert {"t_s", "phase", "up", "connects", "p99_us", "broker_cpu_s"} <= set(rows[0])
    for phase in ("ramp", "storm", "resume", "stop"):  # every phase ends in a line, however short it was
        mine = [row for row in rows if row["phase"] == phase]
        assert mine and float(mine[-1]["up"]) == found[phase]["up"], phase
        assert sum(int(row["connects"]) for row in mine) == found[phase]["connects"], phase


def test_steady_publishing_runs_into_the_budget(alone):
    """Class 3: 480 messages, then 8 a second; then refusals, the flood alarm, and the session's end."""
    run, found = swarm(alone, "--devices", 10, "--window", 4, "--phases", "ramp,steady:3")
    assert run.returncode == 0, run.stderr
    steady = found["steady"]
    assert 4800 <= steady["puback16"] <= 4800 + 10 * 8 * 4
    assert steady["puback135"] >= 10 * 99 and steady["lost"] == 10 and steady["up"] == 0


def test_revoked_devices_are_out_and_timed(alone):
    run, found = swarm(alone, "--devices", 30, "--phases", "ramp,revoke:20,stop")
    assert run.returncode == 0, run.stderr
    assert found["revoked"]["n"] == 20 and found["revoked"]["missing"] == 0
    assert found["revoked"]["p99_us"] < 2e6
    assert found["revoke"]["kicks"] == 20 and found["revoke"]["up"] == 10


def test_clones_and_slow_readers(alone):
    run, found = swarm(alone, "--devices", 20, "--phases", "ramp,clone:4,slow:2")
    assert found["clone"]["lost"] > 0 and found["clone"]["connects"] > 0, run.stderr
    assert found["slow"]["publishes"] > 0


@pytest.mark.parametrize("options", [
    [], ["--devices", "0"], ["--devices", "x"], ["--phases", "dance"], ["--phases", "hold:"],
    ["--window", "65"], ["--watch", "broker"],
    ["--nonsense"], ["--port", "65536"], ["--budget", "4"], ["stray"],
])
def test_bad_command_lines_are_2(options):
    needed = ["--server-ca", "/x", "--ca-cert", "/x", "--ca-key", "/x"] if options else []
    run = subprocess.run([BUILD / "swarm/holdfast-swarm", *needed, *options], capture_output=True,
                         text=True, timeout=10, check=False)
    assert run.returncode == 2 and run.stderr


def test_missing_files_are_1(tmp_path):
    run = subprocess.run([BUILD / "swarm/holdfast-swarm", "--server-ca", "/nowhere", "--ca-cert", "/nowhere",
                          "--ca-key", "/nowhere"], capture_output=True, text=True, timeout=10, check=False)
    assert run.returncode == 1 and "/nowhere" in run.stderr


def test_a_plugin_that_does_not_come(tmp_path):
    from testca import Pki
    pki = Pki(tmp_path / "pki")
    run = subprocess.run([BUILD / "swarm/holdfast-swarm", "--server-ca", pki.server_ca.cert_path, "--ca-cert",
                          pki.op.cert_path, "--ca-key", pki.op.key_path, "--devices", "1", "--plugin-socket",
                          str(short_folder() / "p.sock")],
                         capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 1 and "no broker plugin came" in run.stderr
