"""Rule: every command in doc/keys.md works, in the order of the page, in one folder.

SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import os
import re
import signal
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


@pytest.fixture
def folder(tmp_path):
    """The page stops its simulator itself, unless a command before that failed."""
    yield tmp_path
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((tmp_path / "swtpm.pid").read_text()), signal.SIGTERM)


@pytest.mark.timeout(120)
def test_the_page_of_keys(folder):
    path = ":".join([*(str(BUILD / p) for p in PATHS), os.environ["PATH"]])
    run = subprocess.run(["bash", "-euo", "pipefail", "-c", commands()], cwd=folder, timeout=100,
                         check=False, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (folder / "claim-code").read_text().startswith("HF1:")
    assert sorted(p.name for p in folder.glob("fleet/ca/*.key")) == ["intake.key"]
    assert not list(folder.glob("fleet/operators/admin/*.key")) and not (folder / "p8").exists()
