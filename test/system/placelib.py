"""placelib -- a deployment, an operator and a device as files, with nothing running.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from brokerlib import BUILD


class Place:
    """A deployment with one product line, a provisioned device, and the four files of configuration."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hf-conf-"))
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for path in ("cli/holdfast", "server/holdfastd", "agent/holdfast-agent",
                     "plugin/holdfast_mosquitto.so"):
            (self.bin / os.path.basename(path)).symlink_to(BUILD / path)
        self.secret = self.folder / "passphrase"
        self.secret.write_text("correct horse\n")
        self.secret.chmod(0o600)
        self.must("holdfast", "init", "fleet", "--operator", "alice", "--passphrase-file", self.secret)
        self.must("holdfast", "product", "add", "lamp", "--dir", "fleet", "--passphrase-file", self.secret)
        self.must("holdfast-agent", "provision", "--dir", "state", "--file", "fleet/products/lamp.hfp")
        self.files = {"holdfast.conf": "fleet/holdfast.conf",
                      "products/lamp.conf": "fleet/products/lamp.conf", "agent.conf": "state/agent.conf",
                      "operator.conf": "fleet/operators/alice/operator.conf"}
        operator = self.folder / self.files["operator.conf"]
        operator.write_text(re.sub(r"(?m)^#?passphrase-file = .*$", f"passphrase-file = {self.secret}",
                                   operator.read_text()))
        self.good = {name: (self.folder / path).read_text() for name, path in self.files.items()}

    def run(self, program, *args):
        return subprocess.run([self.bin / program, *map(str, args)], cwd=self.folder, capture_output=True,
                              text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)

    def must(self, *args):
        done = self.run(*args)
        assert done.returncode == 0, done.stderr

    def judge(self, name):
        """Whoever reads this file first."""
        if name == "agent.conf":
            return self.run("holdfast-agent", "run", "--dir", "state", "-n")
        if name == "operator.conf":
            return self.run("holdfast", "status", "--as", "fleet/operators/alice")
        return self.run("holdfastd", "--dir", "fleet", "-n")

    def put(self, name, data):
        path = self.folder / self.files[name]
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def restore(self):
        for name, text in self.good.items():
            self.put(name, text)

    def with_value(self, name, key, value):
        """The file with this key set, and everything else as it was."""
        kept = [line for line in self.good[name].splitlines()
                if not re.match(rf"#?{re.escape(key)} = ", line)]
        return "\n".join([*kept, f"{key} = {value}", ""])

    def keys(self, name):
        return re.findall(r"^#?([a-z][a-z0-9-]*) = ", self.good[name], re.M)

    def snapshot(self):
        """What there is: a refused command changes nothing of it."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.name.startswith("holdfast.db"):
                found[path] = hashlib.sha256(path.read_bytes()).digest()
            else:
                found[path] = None
        return found

    def close(self):
        shutil.rmtree(self.folder)
