"""demo -- a device's first working day, shown on real components. Every line printed was observed.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import demolib
from demolib import BIN, DemoError, Programs, Run, Table, free_port, wait_for

LINE = "lamp"


class Demo:
    def __init__(self, keep):
        self.keep = keep
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hf-demo-"))
        self.fleet = self.dir / "fleet"
        self.logs = self.dir / "log"
        self.logs.mkdir()
        self.pass_file = self.dir / "passphrase"
        self.pass_file.touch(0o600)
        self.pass_file.write_text(secrets.token_hex(16) + "\n")
        self.programs = Programs(self.logs)
        self.table = Table()
        self.ports = {name: free_port() for name in ("est", "api", "mqtt", "tpm", "tpmctl")}
        self.admin = Run()
        self.secrets = {}

    # ---- control plane ----

    def make_fleet(self):
        at = time.monotonic()
        ports = self.ports
        self.admin.ok("init", self.fleet, "--operator", "alice", "--operator", "bob", "--passphrase-file",
                      self.pass_file, "--est", f"127.0.0.1:{ports['est']}", "--api", f"127.0.0.1:{ports['api']}",
                      "--mqtt", f"127.0.0.1:{ports['mqtt']}")
        self.table.fact("a deployment was made: root, four CAs, policy 1, two operators",
                        f"{time.monotonic() - at:.2f} s")
        keys = [p for p in self.fleet.rglob("*.key")]
        plain = [p.name for p in keys if b"ENCRYPTED" not in p.read_bytes()]
        if plain != ["broker.key"]:
            raise DemoError(f"keys in the clear: {plain}")
        self.table.fact("keys on disk that are encrypted (the broker reads its own TLS key)",
                        f"{len(keys) - 1} of {len(keys)}")
        self.admin.ok("product", "add", LINE, "--dir", self.fleet, "--passphrase-file", self.pass_file)
        for name in ("alice", "bob"):
            conf = self.fleet / "operators" / name / "operator.conf"
            conf.write_text(conf.read_text() + f"passphrase-file = {self.pass_file}\n")
        self.alice = Run(self.fleet / "operators" / "alice")
        self.bob = Run(self.fleet / "operators" / "bob")

    def start_fleet(self):
        at = time.monotonic()
        self.up = self.programs.start("fleet", [BIN / "holdfast", "up", self.fleet, "--passphrase-file",
                                                self.pass_file])
        for name in ("est", "api", "mqtt"):
            wait_for(f"listener {name}", lambda n=name: self.listens(self.ports[n]))
        wait_for("bus", lambda: "broker reached" in (self.logs / "fleet.log").read_text())
        self.programs.check_alive()
        self.table.fact("control plane and Mosquitto with our plugin answer", f"{time.monotonic() - at:.2f} s")
        status = self.alice.json("status")
        if status["operator"] != "alice":
            raise DemoError("the API took alice for somebody else")
        self.table.fact("operator alice was recognised over mutual TLS 1.3", "HTTP 200")

    @staticmethod
    def listens(port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    # ---- devices ----

    def start_tpm(self):
        state = self.dir / "tpm"
        state.mkdir()
        port, ctrl = self.ports["tpm"], self.ports["tpmctl"]
        self.programs.start("swtpm", ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--server",
                                      f"type=tcp,port={port}", "--ctrl", f"type=tcp,port={ctrl}", "--flags",
                                      "not-need-init,startup-clear"])
        wait_for("swtpm", lambda: self.listens(ctrl))
        return f"tpm2:?tcti=swtpm:host=127.0.0.1,port={port}"

    def make_device(self, name, key=None):
        state = self.dir / name
        argv = ["provision", "--dir", state, "--file", self.fleet / "products" / f"{LINE}.hfp"]
        if key is not None:
            argv += ["--key", key]
        code = self.admin.json(*argv, program="holdfast-agent")["claim"]
        self.secrets[name] = code
        self.programs.start(name, [BIN / "holdfast-agent", "run", "--dir", state])
        return state, code

    def status(self, state):
        try:
            return self.admin.json("status", "--dir", state, program="holdfast-agent")
        except (DemoError, json.JSONDecodeError):
            return {}

    def claim(self, name, state, code, where):
        at = time.monotonic()
        dev = self.alice.json("device", "claim", code, "--label", name, "--wait")["dev"]
        wait_for(f"{name} connected", lambda: self.alice.json("device", "show", dev)["connected"])
        wait_for(f"{name} confirmed", lambda: self.alice.json("device", "show", dev)["certificate"]["state"] ==
                 "confirmed")
        self.table.fact(f"device '{name}' ({where}): claimed, enrolled, first hello",
                        f"{time.monotonic() - at:.2f} s")
        return dev

    # ---- what the day shows ----

    def commands(self, dev):
        at = time.monotonic()
        answer = self.alice.json("command", "run", dev, "ping")
        self.table.fact("command 'ping': sealed, obeyed, receipt verified", f"{time.monotonic() - at:.2f} s")
        if answer["status"] != "done":
            raise DemoError(f"ping: {answer}")
        draft = self.dir / "reboot.hfd"
        self.alice.ok("command", "new", dev, "reboot", "--out", draft)
        refusal = self.alice.raw("command", "send", draft)
        if refusal.returncode != 1:
            raise DemoError("a reboot with one signature was not refused")
        self.table.fact("danger command 'reboot' with one of two signatures", "refused: quorum")
        self.bob.ok("command", "sign", draft, "--yes")
        answer = self.alice.json("command", "send", draft)
        if answer["status"] not in ("done", "accepted"):
            raise DemoError(f"reboot: {answer}")
        self.table.fact("the same with both signatures", f"receipt: {answer['status']}")

    def revoke(self, dev, name):
        at = time.monotonic()
        self.alice.ok("device", "revoke", dev, "--reason", "stolen")
        wait_for("session gone", lambda: not self.alice.json("device", "show", dev)["connected"], 5)
        self.table.fact(f"stolen device '{name}': live session thrown out after revocation",
                        f"{(time.monotonic() - at) * 1000:.0f} ms")

    def run(self):
        print("A device's first working day, in", self.dir)
        self.make_fleet()
        self.start_fleet()
        devices = {}
        for name, key, where in (("lamp-1", None, "key in software"), ("lamp-2", self.start_tpm(), "key in a TPM 2.0")):
            state, code = self.make_device(name, key)
            devices[name] = self.claim(name, state, code, where)
        self.commands(devices["lamp-1"])
        self.revoke(devices["lamp-2"], "lamp-2")
        self.table.print()

    def close(self):
        self.programs.stop_all()
        shutil.rmtree(self.dir, ignore_errors=True)


def main():
    demo = Demo("--keep" in sys.argv[1:])
    try:
        demo.run()
        if demo.keep:
            print("Still running; Ctrl-C ends it. Try:\n"
                  f"  export HOLDFAST_OPERATOR={demo.fleet}/operators/alice PATH={BIN}:$PATH\n"
                  "  holdfast device list; holdfast event list --follow; holdfast status")
            while True:
                time.sleep(1)
    except KeyboardInterrupt:
        print()
        return 130 if not demo.keep else 0
    except (DemoError, subprocess.TimeoutExpired) as error:
        print(f"demo: {error}", file=sys.stderr)
        for log in sorted(demo.logs.glob("*.log")):
            print(f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-15:], sep="\n", file=sys.stderr)
        return 1
    finally:
        demo.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
