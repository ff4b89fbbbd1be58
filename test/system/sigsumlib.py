"""sigsumlib -- Sigsum's own tools (Debian's sigsum-go) as foreign judges.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess
import tempfile

import loglib
import pytest

ROOT = loglib.ROOT


def tools():
    """The folder of the tools; the test is skipped, and counted, where they cannot be had."""
    keep = pathlib.Path(os.environ.get("HF_SIGSUM", ROOT / "build/sigsum"))
    r = subprocess.run([ROOT / "tools/fetch-sigsum", keep], capture_output=True, text=True, timeout=700)
    if r.returncode != 0:
        pytest.skip(r.stderr.strip() or "sigsum-go cannot be had")
    return pathlib.Path(r.stdout.strip())


class Witness:
    """One sigsum-witness: one log each, so three keys, ports and state files for three of them."""

    def __init__(self, bin_dir, folder, name, log_pub):
        self.bin, self.folder, self.name, self.log_pub = bin_dir, folder, name, log_pub
        self.port = loglib.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        subprocess.run([bin_dir / "sigsum-key", "generate", "-o", folder / name], check=True, timeout=60)
        self.pub = loglib.public_of(folder / f"{name}.pub")
        self.proc = None

    def start(self):
        # Without the setting the Debian build answers 404 to every path.
        env = dict(os.environ, GODEBUG="httpmuxgo121=0")
        self.proc = loglib.Proc([self.bin / "sigsum-witness", "-k", self.folder / self.name, "--log-key",
                                 self.log_pub, "--state-file", self.folder / f"{self.name}.state",
                                 f"127.0.0.1:{self.port}"], self.folder, self.name, env)
        loglib.wait_for("the witness listens", self.listens)

    def listens(self):
        import socket
        assert self.proc.p.poll() is None, self.proc.text()
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        if self.proc:
            self.proc.stop()
        self.proc = None


class OwnWitness:
    """Ours, with the same words."""

    def __init__(self, _bin_dir, folder, name, log_pub):
        self.folder, self.dir, self.port = folder, folder / name, loglib.free_port()
        self.name = name
        subprocess.run([loglib.HOLDFAST, "log", "witness", self.dir, "--log-key", log_pub, "--listen",
                        f"127.0.0.1:{self.port}"], check=True, timeout=60, capture_output=True)
        self.pub = loglib.public_of(self.dir / "witness.pub")
        self.proc = None

    def start(self):
        self.proc = loglib.Proc([loglib.HOLDFAST, "log", "witness", self.dir], self.folder, self.name)
        loglib.wait_for("the witness listens", lambda: Witness.listens(self))

    stop = Witness.stop


def new_folder():
    return tempfile.TemporaryDirectory(prefix="hf-sigsum-")
