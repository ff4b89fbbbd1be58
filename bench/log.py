#!/usr/bin/python3
"""log -- what a release that proves itself costs: durable appends, the way from a leaf to a cosigned proof,
bytes of a bundle, the device's verdict, and a log of ten million leaves. Asserts nothing; bench/README.md has
the form of the rows.

usage: bench/log.py [--quick]        --quick: smaller logs, about a minute
The log asks three sigsum-witness processes (Debian's; tools/fetch-sigsum) where they can be had, else three
of ours. Big logs are made by test/system/log_load through the log's own code, with fsync doing nothing.
SPDX-License-Identifier: Apache-2.0
"""
import http.client
import os
import pathlib
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import time

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("HF_BIN", ROOT / "build/bin"))
os.environ.setdefault("HF_BUILD", str((BIN / "holdfastd").resolve().parents[1]))
sys.path.insert(0, str(ROOT / "test/system"))
import loglib  # noqa: E402
import pycose  # noqa: E402
import pyrelease  # noqa: E402
import releaselib  # noqa: E402
import sigsumlib  # noqa: E402

QUICK = "--quick" in sys.argv
LOAD = pathlib.Path(os.environ["HF_BUILD"]) / "test/system/log_load"
SMALL, LARGE, HUGE = (500, 20_000, 100_000) if QUICK else (10_000, 1_000_000, 10_000_000)
DURABLE = 5_000 if QUICK else 100_000
SUBMITTED, CONNECTIONS = (1_000, 128) if QUICK else (50_000, 512)
ROUNDS = 20 if QUICK else 200
VERDICTS = 200 if QUICK else 2_000


def row(what, figure, unit, goal="", note=""):
    print(what, figure, unit, goal, note, sep="\t", flush=True)


def say(text):
    print(f"# {text}", flush=True)


def load(*words):
    """log_load's figures by name."""
    run = subprocess.run([LOAD, *map(str, words)], capture_output=True, text=True, check=True)
    return {k: float(v) for k, v in re.findall(r"(\w+)=([\d.]+)", run.stdout)}


class World:
    """A maker, a log, three witnesses: one policy for all of them."""

    def __init__(self):
        self.maker, self.log = releaselib.Maker(), loglib.Log(n=0, k=2)
        self.kind, self.witnesses = self.make_witnesses()
        for i, witness in enumerate(self.witnesses):
            shutil.copy(self.public_file(i), self.maker.folder / f"w{i + 1}.pub")
            witness.start()
        shutil.copy(self.log.dir / "log.pub", self.maker.folder / "log.pub")
        self.maker.policy()
        self.policy = self.maker.export_policy()
        shutil.copy(self.policy, self.log.dir / "policy.cose")
        lines = [f"{w.pub.hex()} http://127.0.0.1:{w.port}\n" for w in self.witnesses]
        (self.log.dir / "witnesses").write_text("".join(lines))
        self.publisher = pycose.Signer(pycose.ED25519, self.maker.private("pub").private_bytes(
            Encoding.Raw, PrivateFormat.Raw, NoEncryption()))

    def make_witnesses(self):
        keep = pathlib.Path(os.environ.get("HF_SIGSUM", ROOT / "build/sigsum"))
        found = subprocess.run([ROOT / "tools/fetch-sigsum", keep], capture_output=True, text=True,
                               check=False)
        tools, kind, name = pathlib.Path(found.stdout.strip()), sigsumlib.Witness, "sigsum-witness"
        if found.returncode != 0:
            say(found.stderr.strip() or "no sigsum-witness")
            kind, name = sigsumlib.OwnWitness, "our own witness"
        return name, [kind(tools, self.log.folder, f"s{i}", self.log.dir / "log.pub") for i in range(3)]

    def public_file(self, i):
        own = self.log.folder / f"s{i}" / "witness.pub"
        return own if own.exists() else self.log.folder / f"s{i}.pub"

    def fill(self, size):
        say(f"filling the log to {size} leaves")
        return load("fill", self.log.dir / "data", size)

    def release(self, sequence):
        """Sign and publish; the bundle's path."""
        d = self.maker.signed(sequence=sequence)
        done = self.maker.publish(d, self.log)
        if done.returncode != 0:
            sys.exit(f"log: publish: {done.stderr}")
        return self.maker.bundle(d)

    def close(self):
        self.log.close()
        for witness in self.witnesses:
            witness.stop()
        self.maker.close()


def appends():
    folder = loglib.tempfile.mkdtemp(prefix="hf-bench-log-", dir=ROOT / "build")
    try:
        say(f"{DURABLE} durable appends")
        got = load("fill", pathlib.Path(folder) / "data", DURABLE, "durable")
    finally:
        shutil.rmtree(folder)
    row("durable appends: entries, tiles, state, each synced before the next",
        f"{got['leaves'] / got['seconds']:.0f}", "leaves per second", ">= 3000",
        "storage alone, batches of 256, one thread, disk of the build folder")


def bundle_size(world, size, sequence):
    world.fill(size - 1)
    world.log.start()
    path = world.release(sequence)
    data = path.read_bytes()
    bundle = releaselib.Bundle(data)
    inside = pycose.dec(bundle.object).value[3]
    above, proof = len(data) - len(pyrelease.envelope(inside, [])), bundle.proofs[0]
    longest = (size - 1).bit_length()  # of a path; the newest leaf has a shorter one
    most = above + 32 * (longest - len(proof.path)) + 73 * (3 - len(proof.cosigs))
    row(f"bundle of the newest of {size:,} leaves", f"{len(data)}", "bytes", "",
        f"2 release signatures, {len(proof.cosigs)} cosignatures, path of {len(proof.path)} hashes")
    row("of it above the unsigned envelope", f"{above}", "bytes")
    row(f"the same with 3 cosignatures and the longest path, {longest}", f"{most}", "bytes",
        "<= 1200 at 1,000,000")
    return path


def one_leaf(world, link):
    """Hand in a leaf, wait, fetch the cosigned head and the leaf's proof: what a publisher does."""
    message = secrets.token_bytes(32)
    checksum = loglib.sha(message)
    sig = world.publisher.sign(pyrelease.leaf_message(checksum))
    body = f"message={message.hex()}\nsignature={sig.hex()}\npublic_key={world.publisher.public.hex()}\n"
    start = time.monotonic()
    link.request("POST", "/add-leaf", body)
    answer = link.getresponse()
    answer.read()
    if answer.status != 200:
        sys.exit(f"log: add-leaf: status {answer.status}")
    link.request("GET", "/get-tree-head")
    head = link.getresponse().read().decode()
    size = re.match(r"size=(\d+)", head).group(1)
    leaf = loglib.sha(b"\0", checksum, sig, loglib.sha(world.publisher.public))
    link.request("GET", f"/get-inclusion-proof/{size}/{leaf.hex()}")
    if link.getresponse().read()[:11] != b"leaf_index=":
        sys.exit("log: the leaf is not in the head")
    return time.monotonic() - start, head.count("cosignature=")


def latency(world):
    say(f"{ROUNDS} leaves one after another")
    link = http.client.HTTPConnection("127.0.0.1", world.log.port, timeout=60)
    told = sorted(one_leaf(world, link) for _ in range(ROUNDS))
    took = [t for t, _ in told]
    row(f"leaf to cosigned proof, {ROUNDS} times one after another",
        " / ".join(f"{s * 1e3:.0f}" for s in (took[0], statistics.median(took),
                                              took[len(took) * 99 // 100], took[-1])),
        "ms min / p50 / p99 / max", "<= 1000", f"three of {world.kind}, at least {min(n for _, n in told)} "
        "cosigned; the log gathers leaves for up to 100 ms")


def submissions(world):
    say(f"{SUBMITTED} leaves over {CONNECTIONS} connections")
    got = load("submit", world.log.port, SUBMITTED, CONNECTIONS, world.publisher.secret.hex())
    row("leaves over HTTP, each answered when it is in a published, cosigned head",
        f"{(got['leaves'] - got['failed']) / got['seconds']:.0f}", "per second", "",
        f"{CONNECTIONS} connections, {got['failed']:.0f} failed, p50 {got['p50']:.0f} ms, "
        f"p99 {got['p99']:.0f} ms; log, witnesses and clients share the cores")


def verdict(world, bundle):
    got = load("verify", world.policy, bundle, VERDICTS)
    row("verdict of a device on that bundle, on this machine", f"{got['us']:.0f}", "us", "",
        "2 release signatures, leaf, log, 2 cosignatures: 6 Ed25519 verifications by OpenSSL")
    took = []
    for _ in range(20):
        start = time.monotonic()
        if world.maker.verify(bundle, policy=world.policy) != "good":
            sys.exit("log: the bundle does not verify")
        took.append(time.monotonic() - start)
    row("holdfast verify, the whole program", f"{statistics.median(took) * 1e3:.1f}", "ms p50")


def code_size():
    run = subprocess.run([ROOT / "tools/code-size"], capture_output=True, text=True, check=False)
    text = re.sub(r"\n# ", " ", run.stdout)
    for pattern, what, goal in (
            (r"proof and quorum with codec (\d+)", "code on a Cortex-M4: proof, quorum, codec", "<= 4096"),
            (r"envelope and manifest (\d+)", "with bundle, envelope and manifest", ""),
            (r"walk through them (\d+)", "with policies and the walk through them", ""),
            (r"grows by (\d+)", "what a device grows by that reads commands", "")):
        found = re.search(pattern, text)
        row(what, found.group(1) if found else "not measured", "bytes", goal,
            "clang -Oz, beside crypto" if found else "needs clang and llvm")


def memory_of(process):
    """Peak of each process of the log, in MiB."""
    children = subprocess.run(["pgrep", "-P", str(process.p.pid)], capture_output=True, text=True,
                              check=False).stdout.split()
    status = [pathlib.Path(f"/proc/{pid}/status").read_text() for pid in [process.p.pid, *children]]
    peaks = [int(re.search(r"^VmHWM:\s+(\d+)", text, re.M).group(1)) for text in status]
    return " / ".join(f"{kib / 1024:.0f}" for kib in peaks)


def huge(world):
    world.log.stop()
    world.fill(HUGE)
    for when in ("first time", "again"):
        got = load("open", world.log.dir / "data")
        row(f"open a store of {HUGE:,} leaves, {when}", f"{got['seconds'] * 1e3:.1f}", "ms", "",
            f"{got['peak_kib'] / 1024:.0f} MiB at most")
    start = time.monotonic()
    process = world.log.start()
    listens = time.monotonic() - start
    row(f"log of {HUGE:,} leaves: start until it listens", f"{listens * 1e3:.0f}", "ms", "",
        "polled every 50 ms")
    world.log.wait_head(HUGE)
    row("and until its head is cosigned", f"{(time.monotonic() - start) * 1e3:.0f}", "ms")
    row("memory of its processes", memory_of(process), "MiB at most")


def main():
    appends()
    code_size()
    world = World()
    try:
        bundle_size(world, SMALL, 10)
        latency(world)
        submissions(world)
        world.log.stop()
        bundle = bundle_size(world, LARGE, 11)
        verdict(world, bundle)
        huge(world)
    finally:
        world.close()


if __name__ == "__main__":
    main()
