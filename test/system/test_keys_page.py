"""Rule: every command in doc/keys.md works, in the order of the page, in one folder.

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import subprocess

import pytest

from brokerlib import BUILD, ROOT
from keylib import two_free_ports

PATHS = ("cli", "server", "agent")


def commands():
    """The shell blocks, with a free port for the simulator instead of the page's."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "doc/keys.md").read_text(), flags=re.S | re.M)
    script = "".join(blocks)
    assert len(blocks) >= 6 and script.count("P=2321\n") == 1
    return script.replace("P=2321\n", f"P={two_free_ports()}\n")


@pytest.mark.timeout(120)
def test_the_page_of_keys(tmp_path):
    path = ":".join([*(str(BUILD / p) for p in PATHS), os.environ["PATH"]])
    run = subprocess.run(["bash", "-euo", "pipefail", "-c", commands()], cwd=tmp_path, timeout=100,
                         check=False, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "claim-code").read_text().startswith("HF1:")
    assert sorted(p.name for p in tmp_path.glob("fleet/ca/*.key")) == ["intake.key"]
    assert not list(tmp_path.glob("fleet/operators/admin/*.key")) and not (tmp_path / "p8").exists()
