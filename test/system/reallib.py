"""reallib -- a maker of releases (releaselib) whose log is the real `holdfast log serve`, with real
witnesses: Sigsum's own, or ours.

SPDX-License-Identifier: Apache-2.0
"""
import os
import shutil
import socket
import subprocess

import loglib
from loglib import HOLDFAST, LIMIT_S, Proc, free_port, wait_for
from releaselib import WITNESSES, Maker


class Real(Maker):
    """`sigsum`: folder of Sigsum's tools, else our own witnesses cosign."""

    def __init__(self, sigsum=None, **policy):
        super().__init__()
        self.sigsum, self.running = sigsum, {}
        self.dir, self.port = self.folder / "log.d", free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ports = {w: free_port() for w in WITNESSES}
        self.must("log", "init", self.dir, "--key", self.folder / "log", "--listen", f"127.0.0.1:{self.port}")
        self.policy(**policy)
        shutil.copyfile(self.export_policy(), self.dir / "policy.cose")
        lines = [f"{loglib.public_of(self.folder / f'{w}.pub').hex()} http://127.0.0.1:{p}\n"
                 for w, p in self.ports.items()]
        (self.dir / "witnesses").write_text("".join(lines))

    def close(self):
        for name in list(self.running):
            self.stop(name)
        super().close()

    def listens(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def start_witness(self, w):
        port = self.ports[w]
        if self.sigsum is None:
            self.start_own(w, port)
        else:
            # Without the setting the Debian build answers 404 to every path.
            self.running[w] = Proc([self.sigsum / "sigsum-witness", "-k", self.folder / w, "--log-key",
                                    self.dir / "log.pub", "--state-file", self.folder / f"{w}.state",
                                    f"127.0.0.1:{port}"], self.folder, f"{w}.witness",
                                   dict(os.environ, GODEBUG="httpmuxgo121=0"))
        wait_for("the witness listens", lambda: self.listens(port))

    def start_own(self, w, port):
        """Made with the key that the policy names."""
        folder = self.folder / f"{w}.d"
        if not folder.exists():
            self.must("log", "witness", folder, "--log-key", self.dir / "log.pub", "--listen",
                      f"127.0.0.1:{port}")
            shutil.copy(self.folder / w, folder / "witness.key")
            shutil.copy(self.folder / f"{w}.pub", folder / "witness.pub")
        self.running[w] = Proc([HOLDFAST, "log", "witness", folder], self.folder, f"{w}.witness")

    def start(self, witnesses=WITNESSES, head=0):
        for w in witnesses:
            if w not in self.running:
                self.start_witness(w)
        proc = self.running["log"] = Proc([HOLDFAST, "log", "serve", self.dir], self.folder, "serve")
        wait_for("the log listens", lambda: self.listens(self.port) or proc.p.poll() is not None)
        assert proc.p.poll() is None, proc.text()
        if head is not None:
            wait_for("a head", lambda: self.head_size() is not None and self.head_size() >= head)

    def stop(self, name):
        return self.running.pop(name).stop()

    def head_size(self):
        done = self.run("log", "head", self.url)
        return int(done.stdout.split()[0].split("=")[1]) if done.returncode == 0 else None

    def publish(self, what, *more, key="pub", url=None):
        return self.run("release", "publish", what, "--log", url or self.url, "--key", f"file:{key}", *more)

    def published(self, **changes):
        d = self.signed(**changes)
        done = self.publish(d)
        assert done.returncode == 0, done.stderr
        return d

    def insert(self, data, key="pub", obj=None):
        """An insider's leaf: any bytes, logged with a publisher's key behind everybody's back."""
        file = self.folder / f"insider-{self.head_size()}"
        file.write_bytes(data)
        self.must("log", "submit", self.url, file, "--key", self.folder / key)
        if obj is not None:
            name = loglib.sha(loglib.sha(data)).hex()
            (self.dir / "data/leafobj" / name).write_bytes(obj)

    def tool(self, name, *args, data=None):
        return subprocess.run([self.sigsum / name, *map(str, args)], cwd=self.folder, input=data,
                              capture_output=True, timeout=LIMIT_S, check=False)
