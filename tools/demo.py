"""demo -- a device's first working day, shown on real components. Every line printed was observed.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import demolib
from demolib import BIN, DemoError, Programs, Run, Table, free_pair, free_port, wait_for
from demorelease import ReleaseDay

LINE = "lamp"


class AuditDay:
    """An image with planted faults fails, its mended twin passes, and the page between the two shows why."""

    def __init__(self, folder, table):
        self.dir, self.table = folder, table

    def audit(self, wanted, *args):
        at = time.monotonic()
        done = subprocess.run([BIN / "holdfast", "audit", *args], cwd=self.dir, capture_output=True,
            text=True,
                              check=False)
        if done.returncode != wanted:
            raise DemoError(f"holdfast audit {' '.join(args)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout, time.monotonic() - at

    def show(self):
        maker = pathlib.Path(__file__).with_name("mkseeded.py")
        subprocess.run(["/usr/bin/python3", "-B", maker, self.dir], check=True)
        for source in ("feed/osv.json", "kev.json"):
            self.audit(0, "feed", "import", "--feed", "feed.db", source)
        common = ("--policy", "policy.toml", "--feed", "feed.db", "--format", "json")
        image = "gzip.squashfs" if (self.dir / "seeded.gzip.squashfs").exists() else "tar"
        planted = json.loads((self.dir / "planted.json").read_text())
        report, took = self.audit(1, *common, f"seeded.{image}")
        found = {(f["id"], f["path"].split("!")[-1]) for f in json.loads(report)["findings"]}
        missed = [rule for rule, path in planted.items() if (rule, path) not in found]
        if missed:
            raise DemoError(f"planted faults that the audit did not find: {missed}")
        self.table.fact("faults planted in an image, and found by holdfast audit",
                        f"{len(planted)}, {took:.2f} s")
        twin, _ = self.audit(0, *common, f"clean.{image}")
        self.table.fact("findings in its mended twin", len(json.loads(twin)["findings"]))
        page, _ = self.audit(1, "diff", "--policy", "policy.toml", "--feed", "feed.db", f"clean.{image}",
                             f"seeded.{image}")
        print("\nWhat the faulty image can do that the clean one cannot (holdfast audit diff):\n")
        print("\n".join("  " + line for line in page.splitlines()[:24]), "\n  ...\n")


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
        self.ports = {name: free_port() for name in ("est", "api", "device", "mqtt")}
        self.admin = Run()
        self.secrets = {}

    # ---- control plane ----

    def make_fleet(self):
        at = time.monotonic()
        ports = self.ports
        self.admin.ok("init", self.fleet, "--operator", "alice", "--operator", "bob", "--passphrase-file",
                      self.pass_file, "--est", f"127.0.0.1:{ports['est']}",
                      "--api", f"127.0.0.1:{ports['api']}",
                      "--device", f"127.0.0.1:{ports['device']}",
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

    def begin(self):
        self.up = self.programs.start("fleet", [BIN / "holdfast", "up", self.fleet, "--passphrase-file",
                                                self.pass_file])
        for name in ("est", "api", "mqtt"):
            wait_for(f"listener {name}", lambda n=name: self.listens(self.ports[n]))
        wait_for("bus", lambda: "broker reached" in (self.logs / "fleet.log").read_text())
        self.programs.check_alive()

    def start_fleet(self):
        at = time.monotonic()
        self.begin()
        self.table.fact("control plane and Mosquitto with our plugin answer",
                        f"{time.monotonic() - at:.2f} s")
        self.expect("who the API sees", self.alice.json("status")["operator"], "alice")
        self.table.fact("operator alice was recognised over mutual TLS 1.3", "HTTP 200")

    @staticmethod
    def listens(port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    # ---- devices ----

    def start_tpm(self):
        """Somebody may take a port between our look and swtpm's, so another pair is tried."""
        state = self.dir / "tpm"
        state.mkdir()
        for _ in range(5):
            port = free_pair()
            tpm = self.programs.start("swtpm", ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}",
                                                "--server", f"type=tcp,port={port}",
                                                "--ctrl", f"type=tcp,port={port + 1}",
                                                "--flags", "not-need-init,startup-clear"])
            wait_for("swtpm", lambda p=port, t=tpm: t.poll() is not None or self.listens(p + 1))
            if tpm.poll() is None:
                return f"tpm2:?tcti=swtpm:host=127.0.0.1,port={port}"
            self.programs.stop(tpm)
        raise DemoError("no port for swtpm")

    def make_device(self, name, key=None):
        state = self.dir / name
        argv = ["provision", "--dir", state, "--file", self.fleet / "products" / f"{LINE}.hfp"]
        if key is not None:
            argv += ["--key", key]
        code = self.admin.json(*argv, program="holdfast-agent")["claim"]
        self.secrets[name] = code
        with open(state / "agent.conf", "a") as conf:
            conf.write("reboot-command = /bin/true\n")  # this machine must not be rebooted by a demo
        self.programs.start(name, [BIN / "holdfast-agent", "run", "--dir", state])
        return state, code

    def status(self, state):
        try:
            return self.admin.json("status", "--dir", state, program="holdfast-agent")
        except (DemoError, json.JSONDecodeError):
            return {}

    def claim(self, name, state, code, where):
        at = time.monotonic()
        claim = subprocess.Popen([BIN / "holdfast", "device", "claim", code, "--line", LINE, "--label",
                                  name, "--json"],
                                 env=self.alice.env, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while claim.poll() is None and time.monotonic() < end:
            time.sleep(0.5)  # the owner reads "waiting for the device", then presses its button
            self.admin.raw("poll", "--dir", state, program="holdfast-agent")
        out, err = claim.communicate(timeout=1)
        if claim.returncode != 0:
            raise DemoError(f"claim of {name}: {err.strip()}")
        dev = json.loads(out)["dev"]
        wait_for(f"{name} connected", lambda: self.alice.json("device", "show", dev)["connected"])
        wait_for(f"{name} confirmed",
                 lambda: self.alice.json("device", "show", dev)["certificate"]["state"] == "confirmed")
        self.table.fact(f"device '{name}' ({where}): claimed, enrolled, first hello",
                        f"{time.monotonic() - at:.2f} s")
        return dev

    # ---- what the day shows ----

    def commands(self, dev):
        at = time.monotonic()
        answer = self.alice.json("command", "run", dev, "ping")
        self.expect("ping", answer["status"], "done")
        self.table.fact("command 'ping': signed, sealed, obeyed, receipt verified",
                        f"{time.monotonic() - at:.2f} s")
        public = self.alice.ok("device", "data", dev, "--public").strip()
        draft = self.dir / "owners.hfd"
        begun = self.alice.json("command", "new", dev, "owners.set", f"keys={public}", "--out", draft)
        refusal = self.alice.refused("command", "send", draft)
        if "too few" not in refusal:
            raise DemoError(f"a danger command with one signature: {refusal}")
        self.table.fact("danger command 'owners.set' with one of two signatures", "refused: too few signed")
        # bob reads the code from the claims in the file
        self.bob.ok("command", "sign", draft, "--code", begun["code"])
        answer = self.alice.json("command", "send", draft)
        self.expect("owners.set", answer["status"], "done")
        self.table.fact("the same with both signatures", answer["status"])

    def data(self, dev, name):
        app = self.programs.start("thermometer", [self.example("thermometer"), self.dir / name / "app.sock"])
        lines = wait_for("a sealed reading",
                         lambda: self.alice.ok("device", "data", dev, "--json").splitlines(), 20, 0.2)
        reading = base64.urlsafe_b64decode(json.loads(lines[0])["bytes"] + "==")
        self.table.fact("first reading of the application, opened by its owner alone",
                        reading.decode() + " degrees")
        database = b"".join(p.read_bytes() for p in (self.fleet / "store").iterdir())
        self.expect("the stream's name or the reading in the server's database",
                    sum(n in database for n in (b"climate", base64.b64encode(b"climate")[:-3])), 0)
        answer = self.alice.json("command", "run", dev, "relay.set", "on:=true", "--class", "act")
        self.expect("relay.set", answer["status"], "done")
        self.table.fact("command 'relay.set', carried out by that application", answer["status"])
        self.programs.stop(app)

    @staticmethod
    def example(name):
        return demolib.ROOT / "build" / "release" / "examples" / name

    @staticmethod
    def expect(what, seen, wanted):
        if seen != wanted:
            raise DemoError(f"{what}: {seen!r} instead of {wanted!r}")

    def restart(self, dev, name):
        """kill -9 of everything on the server's side; the device must come back by itself."""
        self.up.kill()
        self.up.wait()
        wait_for("everything is down",
                 lambda: not any(self.listens(self.ports[n]) for n in ("est", "api", "mqtt")))
        self.programs.running = [(n, c) for n, c in self.programs.running if c is not self.up]
        at = time.monotonic()
        (self.logs / "fleet.log").rename(self.logs / "fleet-before.log")
        self.begin()
        wait_for(f"{name} is back", lambda: self.alice.json("device", "show", dev)["connected"], 90, 0.2)
        self.table.fact("after kill -9 of the control plane and its broker, the device came back by itself",
                        f"{time.monotonic() - at:.1f} s")
        self.expect("its state", self.alice.json("device", "show", dev)["state"], "active")

    def revoke(self, dev, name):
        at = time.monotonic()
        self.alice.ok("device", "revoke", dev, "--reason", "stolen")
        wait_for("session gone", lambda: not self.alice.json("device", "show", dev)["connected"], 5)
        self.table.fact(f"stolen device '{name}': thrown out of its live session (seen by polling the API)",
                        f"{(time.monotonic() - at) * 1000:.0f} ms")
        log = self.logs / f"{name}.log"
        self.admin.raw("poll", "--dir", self.dir / name, program="holdfast-agent")
        wait_for("it is refused", lambda: "refused" in log.read_text().split("session slot=0")[-1], 30)
        self.table.fact("it tried again, by broker or enrolment", "refused")

    def start_tap(self):
        if os.geteuid() != 0 or shutil.which("tcpdump") is None:
            return None
        self.capture = self.dir / "tap.pcap"
        ports = " or ".join(f"tcp port {p}" for p in self.ports.values())
        tap = self.programs.start("tcpdump", ["tcpdump", "-i", "lo", "-s", "0", "-U", "--immediate-mode",
                                              "-w", self.capture, ports])
        wait_for("tcpdump", lambda: "listening on" in (self.logs / "tcpdump.log").read_text())
        return tap

    def search_tap(self, tap, devices):
        if tap is None:
            self.table.fact("capture of all traffic", "not made: it needs root and tcpdump")
            return
        time.sleep(0.5)
        self.programs.stop(tap)
        captured = self.capture.read_bytes()
        names = {dev.encode() for dev in devices.values()}
        for code in self.secrets.values():
            raw = base64.b32decode(code[4:30] + "======")[:16]
            names |= {code.encode(), code[4:].encode(), raw, raw.hex().encode(), base64.b64encode(raw)[:-4],
                      base64.urlsafe_b64encode(raw)[:-4]}
        for dev in devices.values():
            names |= {dev.encode().hex().encode(), base64.b64encode(dev.encode())[:-4]}
        names |= {b"relay.set", b"owners.set", b"climate"}
        found = sum(n in captured for n in names)
        self.expect("identifiers found in the capture", found, 0)
        self.table.fact(f"identifiers, secrets and words found in {len(captured)} bytes of captured traffic",
                        found)

    def journal(self):
        events = self.alice.json("event", "list")
        kinds = {e["kind"] for e in events}
        for kind in ("device.enrolled", "device.revoked"):
            if kind not in kinds:
                raise DemoError(f"the journal has no {kind}: {sorted(kinds)}")
        self.table.fact("rows of the hash-chained event journal about this day", len(events))

    def run(self):
        print("A device's first working day, in", self.dir)
        self.make_fleet()
        tap = self.start_tap()
        self.start_fleet()
        devices = {}
        for name, key, where in (("lamp-1", None, "key in software"),
                                 ("lamp-2", self.start_tpm(), "key in a TPM 2.0")):
            state, code = self.make_device(name, key)
            devices[name] = self.claim(name, state, code, where)
        self.commands(devices["lamp-1"])
        self.data(devices["lamp-1"], "lamp-1")
        self.restart(devices["lamp-1"], "lamp-1")
        self.revoke(devices["lamp-2"], "lamp-2")
        self.journal()
        self.search_tap(tap, devices)
        ReleaseDay(self.dir / "releases", self.programs, self.table).show()
        AuditDay(self.dir / "audit", self.table).show()
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
            print(f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-15:], sep="\n",
                  file=sys.stderr)
        return 1
    finally:
        demo.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
