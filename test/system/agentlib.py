"""agentlib -- a real device daemon with an EST server of the tests' own, beside the real broker.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding

from brokerlib import BUILD, Broker
from fakebus import CONFIRMED, ISSUED, SUPERSEDED
from testca import Pki, new_dev

AGENT = BUILD / "agent/holdfast-agent"


def until(what, true, timeout=60.0, step=0.02):
    """Waits until true() is; returns what it gave."""
    end = time.monotonic() + timeout
    while True:
        value = true()
        if value:
            return value
        assert time.monotonic() < end, f"not within {timeout} s: {what}"
        time.sleep(step)


def derive(code, info, length):
    """HKDF of the claim's secret, in an implementation of our own."""
    text = code.removeprefix("HF1:")[:26]
    secret = base64.b32decode(text + "=" * 6)
    return HKDF(hashes.SHA256(), length, None, info).derive(secret)


class Est:
    """test/system/est_stub as a child process."""

    def __init__(self, pki, dev, port=0):
        self.pki, self.dev, self.port = pki, dev, port
        self.lines, self.changed = [], threading.Condition()
        self.start()

    def start(self):
        command = [BUILD / "test/system/est_stub", self.pki.broker.cert_path, self.pki.broker.key_path,
                   self.pki.op.cert_path, self.pki.op.key_path, "test", str(self.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.begin = len(self.lines)
        threading.Thread(target=self.read, args=(self.process.stdout,), daemon=True).start()
        self.port = int(self.wait("port ", self.begin).split()[1])
        self.policy = bytes.fromhex(self.wait("policy ", self.begin).split()[1])
        self.say(f"dev {self.dev}")

    def read(self, stream):
        for line in stream:
            with self.changed:
                self.lines.append(line.strip())
                self.changed.notify_all()

    def wait(self, begins, since=0, timeout=60.0):
        end = time.monotonic() + timeout
        with self.changed:
            while True:
                for line in self.lines[since:]:
                    if line.startswith(begins):
                        return line
                left = end - time.monotonic()
                assert left > 0, f"no {begins!r} in {self.lines}"
                self.changed.wait(left)

    def count(self, begins):
        return sum(line.startswith(begins) for line in self.lines)

    def say(self, line):
        since = len(self.lines)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self.wait(f"done {line}", since)

    def certificates(self):
        """SHA-256 of every certificate issued, in order."""
        return [bytes.fromhex(line.split()[2]) for line in self.lines
                if line.split()[0] in ("enrolled", "renewed")]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


class Server:
    """What bus does with messages of one device: answers hellos, acknowledges, keeps everything."""

    def __init__(self, broker, est):
        self.broker, self.est = broker, est
        self.messages, self.lock, self.answer_hello = [], threading.Lock(), True
        self.client = broker.bus_client()
        self.stopping = False
        self.known = 0
        for target in (self.serve, self.feed):
            threading.Thread(target=target, daemon=True).start()

    def feed(self):
        """Rows of issued certificates go to the plugin."""
        while not self.stopping:
            issued = self.est.certificates()
            for sha in issued[self.known:]:
                self.broker.bus.put(sha, self.est.dev, ISSUED)
            self.known = len(issued)
            time.sleep(0.01)

    def serve(self):
        while not self.stopping:
            try:
                message = self.client.message(timeout=0.2)
            except TimeoutError:
                continue
            except Exception:
                return
            topic, payload, properties = message
            with self.lock:
                self.messages.append((topic, payload, properties))
            self.answer(topic.split("/"), payload)

    def answer(self, levels, payload):
        dev, kind, name = levels[2], levels[5], levels[6]
        down = f"hf/1/{dev}/-/dn/"
        digest = hashlib.sha256(payload).digest()
        if kind == "id" and name == "hello" and self.answer_hello:
            self.confirm(payload)
            self.client.publish(f"{down}id/hello", cbor2.dumps([digest, int(time.time())]), qos=1)
        if kind in ("rcpt", "seal", "alarm", "tamper"):
            self.client.publish(f"{down}ack/{name}", digest, qos=1)

    def confirm(self, hello):
        """hello{promoted} supersedes what came before (identity.md s7)."""
        claims = cbor2.loads(cbor2.loads(hello).value[2])
        issued = self.est.certificates()
        if claims[3] and issued:
            for sha in issued[:-1]:
                self.broker.bus.state(sha, SUPERSEDED)
            self.broker.bus.state(issued[-1], CONFIRMED)

    def seen(self, rest):
        with self.lock:
            return [payload for topic, payload, _ in self.messages if topic.endswith(f"/up/{rest}")]

    def wait(self, rest, n=1, timeout=60.0):
        return until(f"{n} x {rest}", lambda: len(self.seen(rest)) >= n and self.seen(rest), timeout)

    def stop(self):
        self.stopping = True
        self.client.close()


class Agent:
    """holdfast-agent in a state directory of its own."""

    def __init__(self, folder, provision):
        self.dir = pathlib.Path(folder) / "state"
        self.provision_file = pathlib.Path(folder) / "line.hfp"
        self.provision_file.write_bytes(provision)
        self.log = pathlib.Path(folder) / "agent.log"
        self.process, self.code = None, None

    def cli(self, *args, check=True):
        command = [AGENT, *map(str, args)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert not check or run.returncode == 0, run.stderr
        return run

    def believe(self, policy):
        """Another policy 1, as if the factory had pinned it; before the first start."""
        file = cbor2.loads(self.provision_file.read_bytes())
        file[7] = policy
        self.provision_file.write_bytes(cbor2.dumps(file, canonical=True))

    def provision(self, *extra):
        run = self.cli("provision", "--dir", self.dir, "--file", self.provision_file, *extra)
        self.code = run.stdout.strip()
        return self.code

    def configure(self, **keys):
        conf = self.dir / "agent.conf"
        names = [k.replace("_", "-") for k in keys]
        lines = conf.read_text().splitlines()
        lines = [line for line in lines if line.split(" ")[0].lstrip("#") not in names]
        lines += [f"{k.replace('_', '-')} = {v}" for k, v in keys.items()]
        conf.write_text("\n".join(lines) + "\n")

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([AGENT, "run", "--dir", self.dir], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        until("application socket", lambda: (self.dir / "app.sock").exists())
        return self

    def children(self):
        """Role to pid."""
        path = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = {}
        for pid in path.read_text().split():
            try:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                found[words[2].decode()] = int(pid)
            except (OSError, IndexError):
                continue
        return found

    def status(self):
        run = self.cli("status", "--dir", self.dir, "--json", check=False)
        return json.loads(run.stdout) if run.returncode == 0 else {}

    def poll(self):
        """A person is waiting: do not sit out the wait."""
        self.cli("poll", "--dir", self.dir, check=False)

    def stable(self, timeout=60.0):
        def is_stable():
            status = self.status()
            return status.get("identity") == "stable" and status["connected"]

        until("stable", is_stable, timeout)

    def kill(self):
        """kill -9 of everything at once: what a power cut leaves is on the disk."""
        pids = [self.process.pid, *self.children().values()]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        for pid in pids[1:]:
            until("gone", lambda p=pid: not pathlib.Path(f"/proc/{p}").exists())

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self.process.returncode if self.process else None


class World:
    """Broker, EST, bus and one provisioned device."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.dev = new_dev()
        self.broker = Broker(folder)
        self.est = Est(self.broker.pki, self.dev)
        self.server = None
        self.agent = Agent(folder, self.hfp())

    def hfp(self, **other):
        pki = other.get("pki", self.broker.pki)
        return cbor2.dumps({
            0: "holdfast/provision/1", 1: "demo", 2: other.get("host", "localhost"), 3: self.est.port,
            4: other.get("host", "localhost"), 5: self.broker.port,
            6: pki.server_ca.cert.public_bytes(Encoding.DER), 7: self.est.policy, 8: other.get("enrol", 2),
            9: "test", 10: [pki.op.cert.public_bytes(Encoding.DER)]}, canonical=True)

    def start_broker(self):
        self.broker.start().fed()
        self.server = Server(self.broker, self.est)

    def claim(self):
        self.est.say(f"claim {self.agent.provision()}")

    def begin(self):
        """From nothing to a stable device."""
        self.start_broker()
        self.claim()
        self.agent.start()
        self.agent.stable()
        return self

    def endorsed(self):
        """The owner's view: generation 0 by Ko, in Python."""
        inner, mac = cbor2.loads(self.server.wait("id/endorse")[0])
        ko = derive(self.agent.code, b"hf/claim/1/owner", 32)
        assert hmac.compare_digest(hmac.new(ko, inner, hashlib.sha256).digest(), mac)
        return cbor2.loads(inner)

    def stop(self):
        try:
            self.agent.stop()
        finally:
            if self.server:
                self.server.stop()
            self.est.stop()
            self.broker.stop()


def run_world(failed, begin=True):
    """Generator for fixtures; logs are shown when `failed()` says so."""
    folder = tempfile.mkdtemp(prefix="hf-agent-")  # a Unix socket's path has 107 bytes
    world = World(folder)
    ready = False
    try:
        if begin:
            world.begin()
        ready = True
        yield world
    finally:
        world.stop()
        if failed() or not ready:
            for log in (world.agent.log, world.broker.log):
                print(log.read_text() if log.exists() else f"no {log}")
        shutil.rmtree(folder, ignore_errors=True)


__all__ = ["AGENT", "Agent", "Est", "Pki", "Server", "World", "derive", "run_world", "until"]
