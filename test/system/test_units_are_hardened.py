"""test_units_are_hardened -- systemd itself judges our units: exposure 2.0 at most, and nothing it does not
know.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re
import subprocess

import pytest

UNITS = sorted((pathlib.Path(__file__).parents[2] / "data/systemd").glob("*.service"))


def test_there_are_units():
    assert {u.name for u in UNITS} >= {"holdfastd.service", "holdfast-broker.service",
            "holdfast-agent.service"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_exposure_is_small(unit):
    run = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
            capture_output=True,
                         text=True, timeout=60, check=False)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", run.stdout)
    assert found, run.stdout + run.stderr
    print(unit.name, found[1])
    assert float(found[1]) <= 2.0


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_every_line_is_known(unit):
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True,
            text=True, timeout=60,
                         check=False)
    unknown = [line for line in run.stderr.splitlines() if "Unknown" in line or "ignoring" in line.lower()]
    assert not unknown
