"""fleetlib -- a whole deployment: control plane, real broker, devices, and a client of the API of our own.

Everything is made by the programs themselves; this side derives claims and speaks to the API by its own code,
so both sides of each contract are seen.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from cryptography.hazmat.primitives import serialization

from agentlib import AGENT, BUILD, derive, until
from brokerlib import free_port

HOLDFAST = BUILD / "cli/holdfast"
HOLDFASTD = BUILD / "server/holdfastd"


def b64(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Api:
    """One operator over mutual TLS, one connection a request."""

    def __init__(self, fleet, name):
        self.port, folder = fleet.ports["api"], fleet.dir / "operators" / name
        key = serialization.load_pem_private_key((folder / "operator.key").read_bytes(),
                                                 fleet.passphrase.encode())
        self.key_file = fleet.folder / f"{name}.plain.key"
        self.key_file.touch(0o600)
        self.key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                                    serialization.PrivateFormat.PKCS8,
                                                    serialization.NoEncryption()))
        self.context = ssl.create_default_context(cafile=folder / "server-ca.crt")
        self.context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        self.context.load_cert_chain(folder / "operator.crt", self.key_file)

    def call(self, method, path, body=None, headers=None):
        """Status, headers, JSON (or bytes) of one request."""
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.context, timeout=30)
        head = dict(headers or {})
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            head.setdefault("Content-Type", "application/json")
        if method == "POST":
            head.setdefault("Idempotency-Key", secrets.token_hex(12))
        connection.request(method, path, body, head)
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        kind = answer.headers.get("Content-Type", "")
        return answer.status, dict(answer.headers), json.loads(raw) if "json" in kind else raw

    def get(self, path):
        status, _, body = self.call("GET", path)
        assert status == 200, (path, status, body)
        return body

    def post(self, path, body, want=(200, 201)):
        status, _, answer = self.call("POST", path, body)
        assert status in want, (path, status, answer)
        return answer


class Device:
    """A device daemon with its own state directory."""

    def __init__(self, fleet, name, line="lamp", key=None):
        self.fleet, self.name, self.line = fleet, name, line
        self.state = fleet.folder / name
        argv = [AGENT, "provision", "--dir", self.state, "--file", fleet.dir / "products" / f"{line}.hfp",
                "--json"]
        if key is not None:
            argv += ["--key", key]
        self.code = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)["claim"]
        self.log = fleet.folder / f"{name}.log"
        self.process = None
        self.dev = None

    def start(self, env=None):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([AGENT, "run", "--dir", self.state], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env={**os.environ, **(env or {})},
                                            start_new_session=True)

    def kill(self):
        """kill -9 of the whole daemon: the supervisor's children die with it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def claim(self, api, label=""):
        cid, kc = derive(self.code, b"hf/claim/1/id", 16), derive(self.code, b"hf/claim/1/mac", 32)
        self.cid = cid.hex()
        return api.call("POST", "/v1/claim",
                        {"cid": cid.hex(), "kc": b64(kc), "line": self.line, "label": label})

    def join(self, api):
        """Claim, start, wait until the server has confirmed it."""
        assert self.claim(api)[0] == 201
        self.start()
        claim = until("bound", lambda: (c := api.get(f"/v1/claims/{self.cid}"))["dev"] and c)
        self.dev = claim["dev"]
        until("confirmed", lambda: self.show(api)["certificate"]["state"] == "confirmed")
        until("connected", lambda: self.show(api)["connected"])
        return self.dev

    def show(self, api):
        return api.get(f"/v1/devices/{self.dev}")


class Fleet:
    def __init__(self, operators=("alice", "bob"), lines=(("lamp", ()),), conf=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hf-fleet-"))
        self.dir = self.folder / "fleet"
        self.passphrase = secrets.token_hex(12)
        self.pass_file = self.folder / "passphrase"
        self.pass_file.touch(0o600)
        self.pass_file.write_text(self.passphrase + "\n")
        self.ports = {name: free_port() for name in ("est", "api", "device", "mqtt")}
        self.env = {**os.environ, "PATH": f"{HOLDFASTD.parent}:{os.environ['PATH']}"}
        argv = ["init", self.dir, "--passphrase-file", self.pass_file]
        for name in operators:
            argv += ["--operator", name]
        for name, port in self.ports.items():
            argv += [f"--{name}", f"127.0.0.1:{port}"]
        self.cli(*argv)
        for line, options in lines:
            self.cli("product", "add", line, "--dir", self.dir, "--passphrase-file", self.pass_file, *options)
        if conf:
            with open(self.dir / "holdfast.conf", "a") as f:
                f.write(conf.format(**self.ports))
        self.log = self.folder / "holdfastd.log"
        self.process = None
        self.devices = []
        self.apis = {}

    def cli(self, *argv, check=True):
        return subprocess.run([HOLDFAST, *map(str, argv)], check=check, capture_output=True, text=True,
                              env=self.env,
                              timeout=60)

    def listens(self, name):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.ports[name])) == 0

    def start(self):
        mark = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([HOLDFAST, "up", self.dir, "--passphrase-file", self.pass_file],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                                            start_new_session=True)
        for name in self.ports:
            until(f"{name} listens", lambda n=name: self.listens(n))
        until("the bus reaches the broker", lambda: b"broker reached" in self.log.read_bytes()[mark:], 60)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(60) == 0
        self.process = None

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def api(self, name="alice"):
        if name not in self.apis:
            self.apis[name] = Api(self, name)
        return self.apis[name]

    def device(self, name, **options):
        device = Device(self, name, **options)
        self.devices.append(device)
        return device

    def close(self):
        for device in self.devices:
            device.stop()
        self.stop()


def run_fleet(failed, **options):
    """Generator of a fixture; logs are shown when the test failed."""
    fleet = Fleet(**options)
    try:
        fleet.start()
        yield fleet
    finally:
        try:
            fleet.close()
        finally:
            if failed():
                for log in sorted(fleet.folder.glob("*.log")):
                    print("---", log.name, log.read_text(errors="replace")[-6000:], sep="\n")
            shutil.rmtree(fleet.folder, ignore_errors=True)


class Tap:
    """tcpdump on loopback, on the ports of one fleet; needs root."""

    def __init__(self, ports, path):
        self.path = path
        ports = " or ".join(f"tcp port {p}" for p in ports)
        self.process = subprocess.Popen(["tcpdump", "-i", "lo", "-s", "0", "-U", "--immediate-mode", "-B",
                                         "65536", "-w", str(path), ports],
                                        stderr=subprocess.PIPE, text=True)
        while "listening on" not in (line := self.process.stderr.readline()):
            assert line, "tcpdump did not start"

    def stop(self):
        time.sleep(0.3)  # tcpdump has no way to say that the kernel's buffer is empty
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=10)
        return self.path.read_bytes()


def spellings(raw):
    """How bytes may appear in traffic or logs: raw, hexadecimal, base64 at any offset, base64url, base32."""
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), raw.hex(":").encode()}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw)
            found.add(text[(0, 2, 3)[shift]:-4] if len(text) > 12 else text)
    text = base64.b32encode(raw).rstrip(b"=")
    found |= {text, text.lower()}
    return {f for f in found if len(f) >= 8}


def occurrences(haystack, needles):
    """Which of {name: bytes} occur, in any spelling."""
    return sorted({name for name, raw in needles.items() for s in spellings(raw) if s in haystack})


def sha256(raw):
    return hashlib.sha256(raw).digest()
