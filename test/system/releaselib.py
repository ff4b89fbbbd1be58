"""releaselib -- a maker with keys, and a log with witnesses that this test controls, so that it can also lie.

The log is written from the Sigsum v1 specification and C2SP cosignature/v1, not from our code.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from brokerlib import BUILD, ROOT

HOLDFAST = BUILD / "cli/holdfast"
ROOTS, RELEASERS, WITNESSES = ("root1", "root2", "root3"), ("rel1", "rel2", "rel3"), ("w1", "w2", "w3")


def code(name):
    """"SG1" of "HF_ERR_SIGNER_URI": what stands in a message."""
    row = re.search(rf"X\({name}, '(.)', '(.)', (\d+),", (ROOT / "include/holdfast/errors.h").read_text())
    return "".join(row.groups())


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def sigsum_root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1", sigsum_root(leaves[:k]), sigsum_root(leaves[k:]))


def sigsum_path(leaves, index):
    if len(leaves) < 2:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if index < k:
        return sigsum_path(leaves[:k], index) + [sigsum_root(leaves[k:])]
    return sigsum_path(leaves[k:], index - k) + [sigsum_root(leaves[:k])]


class Log:
    """Sigsum v1 over HTTP. `witnesses` cosign each head; `now` is their clock."""

    def __init__(self, key, witnesses):
        self.key, self.witnesses = key, list(witnesses)
        self.entries, self.answers = [], {}
        self.now = time.time
        log = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def do_GET(self):
                self.answer(*log.get(self.path.strip("/")))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path != "/add-leaf":  # as a foreign log: it keeps no objects
                    self.answer(404, "no such path\n")
                else:
                    self.answer(*log.add(dict(line.split("=", 1) for line in body.decode().splitlines())))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def add(self, request):
        if "add-leaf" in self.answers:
            return self.answers["add-leaf"]
        checksum = sha256(bytes.fromhex(request["message"]))
        signature, public = bytes.fromhex(request["signature"]), bytes.fromhex(request["public_key"])
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(
                signature, b"sigsum.org/v1/tree-leaf\0" + checksum)
        except InvalidSignature:
            return 403, "bad signature\n"
        self.append(checksum + signature + sha256(public))
        return 200, ""

    def append(self, entry):
        if entry not in self.entries:
            self.entries.append(entry)

    def fill(self, count):
        for i in range(count):
            self.append(sha256(b"other %d" % i) + bytes(64) + sha256(b"somebody"))

    def leaves(self):
        return [sha256(b"\0", e) for e in self.entries]

    def head(self):
        """The body the log signs, its signature, and cosignature lines."""
        root = sigsum_root(self.leaves())
        origin = "sigsum.org/v1/tree/" + sha256(raw_public(self.key)).hex()
        body = f"{origin}\n{len(self.entries)}\n{base64.b64encode(root).decode()}\n"
        at = int(self.now())
        lines = [f"cosignature={sha256(raw_public(w)).hex()} {at} "
                 + w.sign(f"cosignature/v1\ntime {at}\n{body}".encode()).hex() for w in self.witnesses]
        return root, self.key.sign(body.encode()), lines

    def get(self, path):
        name = path.split("/")[0]
        if name in self.answers:
            return self.answers[name]
        if name == "get-tree-head":
            root, signature, lines = self.head()
            return 200, "\n".join([f"size={len(self.entries)}", f"root_hash={root.hex()}",
                                   f"signature={signature.hex()}", *lines, ""])
        if name == "get-inclusion-proof":
            size, leaf = int(path.split("/")[1]), bytes.fromhex(path.split("/")[2])
            if size > len(self.entries) or leaf not in self.leaves()[:size]:
                return 404, "not here\n"
            index = self.leaves().index(leaf)
            nodes = sigsum_path(self.leaves()[:size], index)
            return 200, "\n".join([f"leaf_index={index}", *(f"node_hash={n.hex()}" for n in nodes), ""])
        return 404, "no such path\n"


def raw_public(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class Maker:
    """Keys as ssh-keygen makes them, a shelf, and the commands."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hf-release-"))
        self.shelf = self.folder / "shelf"
        for name in (*ROOTS, *RELEASERS, "rebuild1", "pub", "pub2", "log", "log2", *WITNESSES, "stranger"):
            self.make_key(name)
        self.image = self.folder / "image.bin"
        self.image.write_bytes(bytes(range(256)) * 100 + b"tail")
        self.logs = []

    def close(self):
        for log in self.logs:
            log.close()
        shutil.rmtree(self.folder)

    def make_key(self, name):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.folder / name],
                       check=True, timeout=60)

    def private(self, name):
        return serialization.load_ssh_private_key((self.folder / name).read_bytes(), None)

    def public(self, name):
        return (self.folder / f"{name}.pub").read_text().strip()

    def log(self, key="log", witnesses=WITNESSES):
        made = Log(self.private(key), [self.private(w) for w in witnesses])
        self.logs.append(made)
        return made

    def run(self, *args, env=None, text=None):
        return subprocess.run([HOLDFAST, *map(str, args)], cwd=self.folder, capture_output=True, text=True,
                              timeout=120, check=False, input=text,
                              env={**os.environ, "HOLDFAST_RELEASES": str(self.shelf), **(env or {})})

    def must(self, *args, **more):
        done = self.run(*args, **more)
        assert done.returncode == 0, (args, done.stderr)
        return done.stdout

    def policy_text(self, **changes):
        """The JSON of a policy; `changes` replace members."""
        roles = {**{n: "root" for n in ROOTS}, **{n: "release" for n in RELEASERS}, "pub": "publisher",
                 "log": "log", **{n: "witness" for n in WITNESSES}, **changes.pop("more_keys", {})}
        ends = changes.pop("not_after", {})
        names = changes.pop("rename", {})
        text = {"vendor": "example.com",
                "keys": [{"holder": n, "role": r, "not_after": ends.get(n, 0),
                          "key": self.public(names.get(n, n))} for n, r in roles.items()],
                "root": {"k": 2, "of": list(ROOTS)},
                "release": [{"classes": [], "quorum": {"k": 2, "of": list(RELEASERS)}}], "rebuilder": None,
                "publishers": ["pub"], "logs": ["log"], "witness": {"k": 2, "of": list(WITNESSES)},
                "monitor": None, "stale_after": 1209600, "named": [], "anchors": []}
        return {**text, **changes}

    def draft(self, **changes):
        file = self.folder / "policy.json"
        file.write_text(json.dumps(self.policy_text(**changes)))
        return self.run("release", "policy", "new", file)

    def sign_policy(self, number, who, digest):
        return self.run("release", "policy", "sign", number, "--key", f"file:{who}", "--digest", digest)

    def policy(self, signers=("root1", "root2"), **changes):
        """Draft and sign the next policy; gives its number and hash."""
        done = self.draft(**changes)
        assert done.returncode == 0, done.stderr
        number, digest = done.stdout.split()
        for who in signers:
            done = self.sign_policy(number, who, digest)
            assert done.returncode == 0, done.stderr
        return number, digest

    def describe(self, **changes):
        values = {"product": "lamp", "class": "lamp-1", "version": "1.0", "sequence": 10,
                  "repository": "https://git.example.com/lamp", "commit": "a" * 40, "tree": "b" * 40,
                  **changes}
        file = self.folder / "release.conf"
        file.write_text("".join(f"{k.replace('_', '-')} = {v}\n" for k, v in values.items()))
        return file

    def new(self, image=None, **changes):
        return self.must("release", "new", self.describe(**changes), image or self.image).strip()

    def sign(self, d, who, *more):
        return self.run("release", "sign", d, "--key", f"file:{who}", "--digest", d[:8], *more)

    def signed(self, signers=("rel1", "rel2"), **changes):
        d = self.new(**changes)
        for who in signers:
            done = self.sign(d, who)
            assert done.returncode == 0, done.stderr
        return d

    def publish(self, what, log, *more, key="pub"):
        return self.run("release", "publish", what, "--log", log.url, "--key", f"file:{key}", *more)

    def bundles_under(self, last, log):
        """Policies up to this number, each logged under the one before; a bundle of a release under each."""
        bundles = {}
        for number in range(1, last + 1):
            if number > 1:
                self.policy(stale_after=1209600 + number)
                assert self.publish(f"policy-{number}", log).returncode == 0
            d = self.signed(version=f"under {number}", sequence=number)
            assert self.publish(d, log).returncode == 0
            bundles[number] = self.bundle(d).read_bytes()
        return bundles

    def bundle(self, d):
        return self.shelf / "releases" / d / "bundle.hfb"

    def export_policy(self, number=1):
        file = self.folder / f"policy-{number}.cose"
        self.must("release", "policy", "export", number, "--out", file)
        return file

    def verify(self, bundle, *more, policy=None, offline=False):
        """The verdict: "good", or the name of the reason."""
        command = [HOLDFAST, "verify", bundle, "--policy", policy or self.folder / "policy-1.cose", *more]
        if offline:
            command = ["unshare", "--map-root-user", "--net", *command]
        done = subprocess.run([*map(str, command)], cwd=self.folder, capture_output=True, text=True,
                              timeout=120, check=False)
        if done.returncode == 0:
            assert ": good\n" in done.stdout
            return "good"
        assert done.returncode == 1 and done.stdout == "", done
        return done.stderr.split(": ")[2]


# ---- bundles taken apart and put together again, by the design's table and not by our code ----

class Proof:
    """policy_ref, log, publisher, n_path, n_cosig, size, index, leaf sig, log sig, path, cosignatures."""

    def __init__(self, data):
        self.ref, self.log, self.publisher = data[:8], data[8], data[9]
        n_path, n_cosig = data[10], data[11]
        self.size, self.index = int.from_bytes(data[12:20], "big"), int.from_bytes(data[20:28], "big")
        self.leaf_sig, self.log_sig = data[28:92], data[92:156]
        at = 156 + 32 * n_path
        self.path = [data[i:i + 32] for i in range(156, at, 32)]
        self.cosigs = [data[i:i + 73] for i in range(at, at + 73 * n_cosig, 73)]
        self.length = at + 73 * n_cosig

    def bytes(self):
        return (self.ref + bytes([self.log, self.publisher, len(self.path), len(self.cosigs)])
                + self.size.to_bytes(8, "big") + self.index.to_bytes(8, "big") + self.leaf_sig + self.log_sig
                + b"".join(self.path) + b"".join(self.cosigs))


class Bundle:
    def __init__(self, data):
        assert data[:4] == b"HFB1"
        self.kind, n_link, n_proof = data[4], data[5], data[6]
        length, at = int.from_bytes(data[8:12], "big"), 12
        self.links, self.proofs = [], []
        for _ in range(n_link):
            end = at + 2 + int.from_bytes(data[at:at + 2], "big")
            proof = Proof(data[end:])
            self.links.append((data[at + 2:end], proof))
            at = end + proof.length
        self.object, at = data[at:at + length], at + length
        for _ in range(n_proof):
            self.proofs.append(Proof(data[at:]))
            at += self.proofs[-1].length
        assert at == len(data)

    def bytes(self):
        head = bytes([self.kind, len(self.links), len(self.proofs), 0]) + len(self.object).to_bytes(4, "big")
        links = b"".join(len(s).to_bytes(2, "big") + s + p.bytes() for s, p in self.links)
        return b"HFB1" + head + links + self.object + b"".join(p.bytes() for p in self.proofs)
