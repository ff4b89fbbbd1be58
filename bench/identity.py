#!/usr/bin/python3
"""identity -- what a device's identity costs: enrolments beside their raw ceiling in one run, a revocation
from the operator's request to the closed session, and the memory of the agent. Asserts nothing;
bench/README.md has the form of the rows.

usage: bench/identity.py [--quick]        --quick: fewer devices, about half a minute
Clients, broker and control plane share the machine; the clients' CPU time is stated, as part of the cost.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import re
import secrets
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("HF_BIN", ROOT / "build/bin"))
os.environ.setdefault("HF_BUILD", str((BIN / "holdfastd").resolve().parents[1]))
sys.path.insert(0, str(ROOT / "test/system"))
import fleetlib  # noqa: E402
import mqtt5  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

QUICK = "--quick" in sys.argv
LOAD = pathlib.Path(os.environ["HF_BUILD"]) / "test/system/enrol_load"
TICKS = os.sysconf("SC_CLK_TCK")


def row(what, figure, unit, goal="", note=""):
    print(what, figure, unit, goal, note, sep="\t", flush=True)


def say(text):
    print(f"# {text}", flush=True)


def make_code():
    """A claim code as a device prints it (identity.md s5)."""
    secret = secrets.token_bytes(16)
    check = hashlib.sha256(b"hf1" + secret).digest()[:2]
    text = base64.b32encode(secret).decode().rstrip("=") + base64.b32encode(check + b"\0\0\0").decode()[:2]
    return "HF1:" + text


def register(fleet, codes):
    """Claims over one kept connection, as a person's tool would not; seconds it took."""
    api = fleet.api()
    link = http.client.HTTPSConnection("localhost", fleet.ports["api"], context=api.context, timeout=30)
    start = time.monotonic()
    for code in codes:
        cid, kc = (fleetlib.derive(code, b"hf/claim/1/" + what, n) for what, n in ((b"id", 16), (b"mac", 32)))
        body = json.dumps({"cid": cid.hex(), "kc": fleetlib.b64(kc), "line": "lamp"})
        link.request("POST", "/v1/claim", body, {"Content-Type": "application/json",
                                                 "Idempotency-Key": secrets.token_hex(16)})
        answer = link.getresponse()
        answer.read()
        if answer.status != 201:
            sys.exit(f"identity: claim: status {answer.status}")
    link.close()
    return time.monotonic() - start


def processes(root):
    """pid -> name of a process and all below it; the role where it has one."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = {}, [root]
    while todo:
        pid = todo.pop()
        todo += parents.get(pid, [])
        argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        role = argv[argv.index(b"--role") + 1].decode() if b"--role" in argv else ""
        found[pid] = role or ("broker" if b"mosquitto" in argv[0] else "main")
    return found


def cpu_seconds(pids):
    used = {}
    for pid, name in pids.items():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used[name] = (int(fields[11]) + int(fields[12])) / TICKS
    return used


def enrolments(fleet, n, threads):
    """Returns the devices as (private key, certificate)."""
    raw = float(subprocess.run([LOAD, "--raw", "1" if QUICK else "3"], capture_output=True, text=True,
                               check=True).stdout.partition("=")[2])
    codes = [make_code() for _ in range(n)]
    say(f"{n} claims")
    claims_s = register(fleet, codes)
    pids = processes(fleet.process.pid)
    before = cpu_seconds(pids)
    say(f"{n} enrolments, {threads} at a time")
    run = subprocess.run([LOAD, fleet.dir / "products/lamp.hfp", str(threads)], input="\n".join(codes) + "\n",
                         capture_output=True, text=True, check=True)
    after = cpu_seconds(pids)
    head, *lines = run.stdout.splitlines()
    got = {k: float(v) for k, v in re.findall(r"(\w+)=([\d.]+)", head)}
    used = {name: after[name] - before[name] for name in after}
    row("raw ceiling: request checked, certificate signed, reply encoded",
        f"{raw:.0f}", "per core-second", "",
        "one thread, no TLS, no database, same run")
    done = got["enrolled"]
    row("enrolments with TLS 1.3, claim proof and commit", f"{done / got['seconds']:.0f}", "per second",
        ">= 500 on 2 cores", f"{threads} clients at once, {done:.0f} devices, {got['failed']:.0f} failed")
    row("time of one enrolment, p50 / p99", f"{got['p50']:.1f} / {got['p99']:.1f}", "ms", "",
        "connect to certificate, under that load")
    row("CPU time of one enrolment: enrol, ca, bus; client",
        " ".join(f"{used.get(p, 0) / done * 1e3:.2f}" for p in ("enrol", "ca", "bus"))
        + f"; {got['cpu'] / done * 1e3:.2f}", "ms", "", "clients and servers share the cores")
    servers = sum(used.get(p, 0) for p in ("enrol", "ca", "bus"))
    row("the same, counted by CPU time: enrolments in two core-seconds",
        f"{2 * done / (servers + got['cpu']):.0f}", "", ">= 500",
        "servers and clients together; what two cores without other work would do in a second")
    row("claims by one operator, one connection", f"{n / claims_s:.0f}", "per second", "",
        "each answered after its commit")
    return [line.split() for line in lines if len(line.split()) == 2]


def connect(fleet, folder, scalar, cert):
    """A session with an enrolled certificate: (dev, client)."""
    key = ec.derive_private_key(int(scalar, 16), ec.SECP256R1())
    leaf = x509.load_der_x509_certificate(bytes.fromhex(cert))
    pem = folder / "bench-device.pem"
    pem.touch(0o600)
    pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption())
                    + leaf.public_bytes(serialization.Encoding.PEM))
    dev = leaf.subject.rfc4514_string().partition("hf-")[2][:16]
    context = fleetlib.ssl.SSLContext(fleetlib.ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = fleetlib.ssl.TLSVersion.TLSv1_3
    context.verify_flags |= 0x80000
    context.load_verify_locations(fleet.dir / "ca/server.crt")
    context.load_cert_chain(pem)
    client = mqtt5.Client(("127.0.0.1", fleet.ports["mqtt"]), context)
    end = time.monotonic() + 5
    while (code := client.connect(dev)) != 0:  # the certificate is a poll away from the plugin at most
        if time.monotonic() > end:
            sys.exit(f"identity: session refused: {code}")
        time.sleep(0.1)
        client = mqtt5.Client(("127.0.0.1", fleet.ports["mqtt"]), context)
    return dev, client


def revocations(fleet, devices):
    """From the operator's request to the end of the session, seen by the device."""
    folder, took, answered = fleet.folder, [], []
    live = [connect(fleet, folder, *device) for device in devices]
    api = fleet.api()
    say(f"{len(live)} revocations")
    for dev, client in live:
        start = time.monotonic()
        status, _, body = api.call("POST", f"/v1/devices/{dev}/revoke", {"reason": "bench"})
        answered.append(time.monotonic() - start)
        if status not in (200, 201):
            sys.exit(f"identity: revoke: {status} {body}")
        client.end(5)
        took.append(time.monotonic() - start)
    took.sort()
    q = [took[0], statistics.median(took), took[min(len(took) - 1, len(took) * 99 // 100)], took[-1]]
    median = statistics.median(answered) * 1e3
    row(f"operator's request to the end of the session, {len(took)} times",
        " / ".join(f"{s * 1e3:.0f}" for s in q), "ms min / p50 / p99 / max", "p99 <= 1000",
        f"TLS handshake of the request included; answered after {median:.0f} (p50)")


def memory(fleet):
    """Of a connected agent: proportional share, so that pages all processes share count once."""
    device = fleet.device("memory")
    device.join(fleet.api())
    time.sleep(1)
    total = rss = 0
    for pid, name in sorted(processes(device.process.pid).items()):
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        pss, one = (int(re.search(rf"^{k}:\s+(\d+)", text, re.M).group(1)) for k in ("Pss", "Rss"))
        row(f"agent, connected: process {name}", f"{one / 1024:.1f} / {pss / 1024:.1f}", "MiB RSS / PSS")
        total += pss
        rss += one
    row("agent, connected: all processes together", f"{rss / 1024:.1f} / {total / 1024:.1f}", "MiB RSS / PSS",
        "<= 8 together", "RSS counts what processes share once for each, PSS once")


def main():
    n = 300 if QUICK else 3000
    fleet = fleetlib.Fleet()
    try:
        fleet.start()
        devices = enrolments(fleet, n, 16)
        revocations(fleet, devices[:20 if QUICK else 100])
        memory(fleet)
    finally:
        fleet.close()
        fleetlib.shutil.rmtree(fleet.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
