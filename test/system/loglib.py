"""loglib -- a log with its policy and witnesses in a folder of its own, and a client that shares no code.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

import pycose
ROOT = pathlib.Path(__file__).resolve().parents[2]

HOLDFAST = pathlib.Path(os.environ.get("HF_BUILD", ROOT / "build/release")) / "cli/holdfast"
LIMIT_S = 90


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def wait_for(what, probe):
    """Until probe() is true; an event with a generous limit."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {LIMIT_S} s")


def public_of(path):
    """Raw key of an OpenSSH public line."""
    import base64
    return base64.b64decode(pathlib.Path(path).read_text().split()[1])[-32:]


def policy(log, witnesses, publishers, k, root=None):
    """A signed policy 1 as an operator would put it into a log's folder."""
    root = root or pycose.Signer(pycose.ED25519)
    keys = [[1, -19, root.public, "root", 0], [5, -19, log, "log", 0]]
    keys += [[6, -19, w, f"w{i}", 0] for i, w in enumerate(witnesses)]
    keys += [[4, -19, p, f"p{i}", 0] for i, p in enumerate(publishers)]
    release = pycose.Signer(pycose.ED25519)
    keys.append([2, -19, release.public, "release", 0])
    n = len(keys)
    first = 2
    payload = pycose.enc({
        0: "hf/policy/1", 1: 1, 2: None, 3: b"\x11" * 16, 4: keys, 5: [1, 0],
        6: [[[], [1, n - 1]]], 7: None, 8: [2 + len(witnesses) + i for i in range(len(publishers))], 9: [1],
        10: [k, *range(first, first + len(witnesses))], 11: 1209600, 12: None, 13: None, 14: {}, 15: []})
    return pycose.sign([root], b"hf/policy/1", payload)


class Proc:
    """A child with its log; ended by its own pid."""

    def __init__(self, argv, folder, name, env=None):
        self.path = folder / f"{name}.log"
        self.out = open(self.path, "ab")
        self.p = subprocess.Popen(argv, stdout=self.out, stderr=self.out, env=env)

    def text(self):
        return self.path.read_text(errors="replace")

    def stop(self, how=signal.SIGTERM):
        if self.p.poll() is None:
            self.p.send_signal(how)
        try:
            self.p.wait(LIMIT_S)
        finally:
            self.out.close()
        return self.p.returncode


class Publisher(pycose.Signer):
    def __init__(self):
        super().__init__(pycose.ED25519)

    def body(self, message):
        checksum = sha(message)
        sig = self.private.sign(b"sigsum.org/v1/tree-leaf\0" + checksum)
        return (f"message={message.hex()}\nsignature={sig.hex()}\npublic_key={self.public.hex()}\n").encode()

    def leaf(self, message):
        checksum = sha(message)
        return checksum + self.private.sign(b"sigsum.org/v1/tree-leaf\0" + checksum) + sha(self.public)


class Log:
    """`holdfast log` with `n` of our own witnesses, `k` of which must cosign."""

    def __init__(self, n=2, k=2, witnesses=()):
        self.tmp = tempfile.TemporaryDirectory(prefix="hf-log-")
        self.folder = pathlib.Path(self.tmp.name)
        self.dir = self.folder / "log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.publisher = Publisher()
        self.running = {}
        out = self.run("log", "init", self.dir, "--listen", f"127.0.0.1:{self.port}", "--json")
        self.pub = bytes.fromhex(out.strip())
        self.witness_pubs, lines = [], []
        for i in range(n):
            where = f"127.0.0.1:{free_port()}"
            self.run("log", "witness", self.witness_dir(i), "--log-key", self.dir / "log.pub",
                     "--listen", where)
            self.witness_pubs.append(public_of(self.witness_dir(i) / "witness.pub"))
            lines.append(f"{self.witness_pubs[-1].hex()} http://{where}")
        for pub, where in witnesses:
            self.witness_pubs.append(pub)
            lines.append(f"{pub.hex()} {where}")
        (self.dir / "witnesses").write_text("\n".join(lines) + "\n")
        (self.dir / "policy.cose").write_bytes(
            policy(self.pub, self.witness_pubs, [self.publisher.public], k))
        self.n = n

    def witness_dir(self, i):
        return self.folder / f"w{i}"

    def run(self, *words, ok=True):
        r = subprocess.run([HOLDFAST, *map(str, words)], capture_output=True, text=True, timeout=LIMIT_S)
        if ok:
            assert r.returncode == 0, r.stderr
            return r.stdout
        return r

    def start_witness(self, i):
        self.running[f"w{i}"] = Proc([HOLDFAST, "log", "witness", self.witness_dir(i)], self.folder, f"w{i}")

    def start(self, witnesses=True, env=None, wait=True):
        for i in range(self.n if witnesses else 0):
            if f"w{i}" not in self.running:
                self.start_witness(i)
        proc = self.running["log"] = Proc([HOLDFAST, "log", "serve", self.dir], self.folder, "serve", env)
        if wait:
            wait_for("the log listens", lambda: self.listens() or proc.p.poll() is not None)
            assert proc.p.poll() is None, proc.text()
        return proc

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, name="log", how=signal.SIGTERM):
        return self.running.pop(name).stop(how)

    def ask(self, method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        try:
            c.request(method, path, body)
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def add(self, message, publisher=None):
        return self.ask("POST", "/add-leaf", (publisher or self.publisher).body(message))

    def head(self):
        status, body = self.ask("GET", "/get-tree-head")
        if status != 200:
            return None
        pairs = [line.split("=", 1) for line in body.decode().splitlines()]
        return {"size": int(dict(pairs)["size"]), "root": bytes.fromhex(dict(pairs)["root_hash"]),
                "sig": bytes.fromhex(dict(pairs)["signature"]),
                "cosig": [v.split() for k, v in pairs if k == "cosignature"]}

    def wait_head(self, size):
        return wait_for(f"a head of size {size}", lambda: (lambda h: h if h and h["size"] >= size else None)(
            self.head()))

    def close(self):
        for name in list(self.running):
            self.stop(name)
        self.tmp.cleanup()


def node(left, right):
    return sha(b"\1", left, right)


def root_of(hashes):
    """RFC 6962 s2.1, written down as it stands there."""
    if not hashes:
        return sha()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return node(root_of(hashes[:k]), root_of(hashes[k:]))
