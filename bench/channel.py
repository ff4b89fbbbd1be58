#!/usr/bin/python3
"""channel -- what the channel costs: our plugin beside the bare broker in one run, bytes on the wire, how
fast a revoked device is out, and how many devices one broker holds. Asserts nothing; bench/README.md has
the form of the rows.

usage: bench/channel.py [--quick]        --quick: fewer devices, about half a minute
"per core-second" = for one second of the broker's own CPU time; the swarm runs on the same machine.
SPDX-License-Identifier: Apache-2.0
"""
import collections
import contextlib
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("HF_BIN", ROOT / "build/bin"))
os.environ.setdefault("HF_BUILD", str((BIN / "holdfast-swarm").resolve().parents[1]))
sys.path.insert(0, str(ROOT / "test/system"))
import brokerlib  # noqa: E402
import mqtt5  # noqa: E402

QUICK = "--quick" in sys.argv
SESSIONS = 20480  # OpenSSL's standard; Mosquitto cannot change it
CLIENT_CNF = """openssl_conf = a
[a]
ssl_conf = b
[b]
system_default = c
[c]
MinProtocol = TLSv1.3
Groups = P-256
SignatureAlgorithms = ECDSA+SHA256
Ciphersuites = TLS_AES_128_GCM_SHA256
"""


class NoBus:
    """The swarm itself plays the bus."""

    def __init__(self, *_):
        pass

    def stop(self):
        pass


@contextlib.contextmanager
def running(plugin=True, bus=False):
    """A broker; bare = the same configuration without the plugin, everybody welcome."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hf-bench-"))
    real, brokerlib.FakeBus = brokerlib.FakeBus, brokerlib.FakeBus if bus else NoBus
    broker = brokerlib.Broker(folder)
    brokerlib.FakeBus = real
    if not plugin:
        configure = broker.configure

        def without_plugin():
            configure()
            conf = pathlib.Path(broker.conf)
            lines = [line for line in conf.read_text().splitlines() if not line.startswith("plugin")]
            conf.write_text("\n".join(lines).replace("allow_anonymous false", "allow_anonymous true") + "\n")
        broker.configure = without_plugin
    try:
        yield broker.start()
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


def swarm(broker, plugin=True, **options):
    """Runs holdfast-swarm; {phase: {key: number}} and the line about revocations."""
    args = [BIN / "holdfast-swarm", "--port", broker.port, "--server-ca",
            broker.pki.server_ca.cert_path, "--ca-cert", broker.pki.op.cert_path, "--ca-key",
            broker.pki.op.key_path, "--watch", f"broker={broker.process.pid}", "--workers", 2,
            "--csv", "/dev/null", "--seed", 1]
    if plugin:
        args += ["--plugin-socket", broker.folder / "plugin.sock"]
    for key, value in options.items():
        args += [f"--{key}", value]
    run = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        say(f"the swarm ended with {run.returncode}: {run.stderr.strip().splitlines()[-1:]}")
    found = collections.defaultdict(dict)  # a phase that was not reached measured nothing
    for line in run.stderr.splitlines():
        pairs = dict(re.findall(r"(\w+)=(\S+)", line))
        if line.startswith("summary "):
            phase = pairs.pop("phase")
            found[phase] = {k: float(v) for k, v in pairs.items()}
            found.setdefault("phases", []).append((phase, found[phase]))
        elif line.startswith("revoke "):
            found["revoked"] = {k: float(v) for k, v in pairs.items()}
    return found


def per_core(phase, *keys):
    return sum(phase[k] for k in keys) / phase["broker_cpu_s"] if phase.get("broker_cpu_s") else 0


def row(what, figure, unit, goal="", note=""):
    print(what, figure, unit, goal, note, sep="\t", flush=True)


def say(text):
    print(f"# {text}", flush=True)


def measure(plugin, devices):
    """Two brokers, because a device's budget is for one run of messages only."""
    with running(plugin) as broker:
        first = swarm(broker, plugin, devices=devices, rate=2000, window=20, phases="ramp,steady:3,stop")
    with running(plugin) as broker:
        second = swarm(broker, plugin, devices=devices, rate=2000, window=1,
                       phases="ramp,resume:60,steady:3,stop")
    return (per_core(first["ramp"], "connects"), per_core(second["resume"], "connects"),
            per_core(first["steady"], "puback0", "puback16"),
            per_core(second["steady"], "puback0", "puback16"))


def beside_bare(devices, rounds):
    """Bare and plugin in turn, so that a busy moment of the machine hits both."""
    results = {True: [], False: []}
    for i in range(rounds):
        for plugin in (False, True):
            say(f"{'plugin' if plugin else 'bare broker'}, {devices} devices, round {i + 1} of {rounds}")
            results[plugin].append(measure(plugin, devices))
    titles = (("full mutual-TLS connects", "/core-s", "600"), ("resumed connects", "/core-s", ""),
              ("messages QoS 1, 100 B, window 20", "/core-s", "80000"),
              ("messages QoS 1, 100 B, window 1", "/core-s", ""))
    for i, (title, unit, goal) in enumerate(titles):
        bare, ours = (statistics.median(r[i] for r in results[p]) for p in (False, True))
        row(f"{title}, bare broker", f"{bare:.0f}" if bare else "not measured", unit)
        row(f"{title}, with the plugin", f"{ours:.0f}" if ours else "not measured", unit, goal,
            f"{ours / bare:.2f} of bare" if bare and ours else "")


def tcp_bytes(sock):
    """(up, down) TCP payload so far: tcpi_bytes_acked (the SYN counts 1), tcpi_bytes_received."""
    info = sock.getsockopt(socket.IPPROTO_TCP, 11, 256)
    acked, received = struct.unpack_from("QQ", info, 120)
    return max(0, acked - 1), received


class Meter:
    def __init__(self, title):
        self.title, self.before = title, (0, 0)

    def row(self, what, sock, goal=""):
        time.sleep(0.15)  # the last ACK has to come
        now = tcp_bytes(sock)
        row(f"{self.title}: {what}", f"{now[0] - self.before[0]} / {now[1] - self.before[1]}",
            "B up / down", goal)
        self.before = now


def life(broker, device, context, session, title):
    meter = Meter(title)
    client = device.open(context, session)
    code = client.connect(device.dev)
    assert code == 0, code
    kind, goal = ("resumed", "450 each") if client.sock.session_reused else ("full", "")
    meter.row(f"TLS {kind}, ticket, CONNECT, CONNACK", client.sock, goal)
    client.subscribe(device.filter())
    meter.row("SUBSCRIBE, SUBACK", client.sock)
    client.publish(device.topic("tele/x"), b"x" * 100)
    meter.row("PUBLISH 100 B, PUBACK", client.sock)
    bus = broker.bus_client(subscribe=False)
    bus.publish(device.topic("cmd/" + "A" * 22, "dn"), b"x" * 615)
    client.message()
    meter.row("command of 615 B (sealed, padded), PUBACK", client.sock)
    client.publish(device.topic("rcpt/" + "A" * 22), b"x" * 228)
    meter.row("receipt of 228 B, PUBACK", client.sock)
    bus.close()
    session = client.sock.session
    client.send(mqtt5.packet(14, 0, b""))
    with contextlib.suppress(OSError):
        client.sock.unwrap()
    meter.row("DISCONNECT, close_notify", client.sock)
    client.close()
    return session


def bytes_on_the_wire():
    """In a process of its own: OPENSSL_CONF makes Python's client offer what our agent offers."""
    with running(bus=True) as broker:
        broker.fed()
        device = broker.device()
        context = device.context()
        context.options &= ~0x10  # SSL_OP_TLSEXT_PADDING, which Python sets and our agent does not
        session = life(broker, device, context, None, "first connect")
        life(broker, device, context, session, "reconnect")


def revocation(devices, n):
    say(f"revoking {n} of {devices} live sessions, one at a time")
    with running() as broker:
        found = swarm(broker, devices=devices, rate=2000, phases=f"ramp,revoke:{n},stop")
    r = found.get("revoked")
    if r:
        figure = " / ".join(f"{r[k] / 1e3:.1f}" for k in ("min_us", "p50_us", "p99_us", "max_us"))
        row(f"revoke to DISCONNECT 152 at the device, {r['n']:.0f} times", figure, "ms min / p50 / p99 / max",
            "p99 1000", f"{r['missing']:.0f} missing")


def broker_killed(devices):
    """The system test of that name with more devices: it fails when an alarm is lost or stored twice."""
    say(f"kill -9 of the broker under {devices} devices")
    run = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider",
                          ROOT / "test/system/test_bus_restart.py"],
                         capture_output=True, text=True, check=False,
                         env=dict(os.environ, HF_DEVICES=str(devices)))
    took = re.search(r"devices back after ([\d.]+) s", run.stdout)
    row(f"kill -9 of the broker, {devices} devices with an alarm each: all back",
        took.group(1) if took else "not measured", "s", "",
        "no alarm lost or doubled; devices played by one process" if run.returncode == 0
        else "the test failed")


def descriptors(wanted):
    """Raises the limit of this process and all it starts, as far as it may; returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(wanted, hard), hard):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return limit
    return soft


def soak(devices, storms):
    """Memory that a storm leaves behind for good would grow with every storm (mosquitto#2830)."""
    say(f"{storms} storms of {devices} devices")
    with running() as broker:
        found = swarm(broker, devices=devices, rate=380, spread=1 if QUICK else 30,
                      phases="ramp:120," + ",".join(["storm:120"] * storms) + ",stop")
    kib = [values["broker_rss_kib"] for phase, values in found.get("phases", []) if phase == "storm"]
    if len(kib) != storms:
        return
    full = min(SESSIONS // devices, storms - 1)  # the storm before which the ramp and others filled the cache
    row(f"broker and plugin after storms 1, {full + 1}, {storms} of {devices} devices",
        " / ".join(f"{kib[i] / 1024:.1f}" for i in (0, full, storms - 1)), "MiB RSS", "<= 110 %",
        f"last {kib[-1] / kib[0]:.0%} of first, {kib[-1] / kib[full]:.0%} of that with Mosquitto's cache of "
        f"{SESSIONS} TLS sessions full")


def holding(devices):
    limit = descriptors(devices + 1000)
    held = min(devices, limit - 50)
    note = "" if held == devices else f"a process may have {limit} descriptors here"
    say(f"holding {held} devices")
    with running() as broker:
        empty = int(pathlib.Path(f"/proc/{broker.process.pid}/statm").read_text().split()[1]) * 4
        found = swarm(broker, devices=held, rate=380, spread=60,
                      phases="ramp:120,hold:10,storm:150,resume:150,stop")
    up = found["hold"].get("up")
    row("devices held by one broker", "not measured" if up is None else f"{up:.0f}", "", str(devices), note)
    if found["hold"]:
        row("an idle session in the broker's memory",
            f"{(found['hold']['broker_rss_kib'] - empty) / held:.1f}", "KiB", "30",
            "RSS; the kernel's buffers are extra")
    for name, title in (("ramp", "ramp at 380/s"), ("storm", "all links cut, all return, spread over 60 s"),
                        ("resume", "all close, all resume, spread over 60 s")):
        p = found.get(name)
        if p is None:
            continue
        row(f"{title}: {p['up']:.0f} devices up after", f"{p['seconds']:.1f}", "s", "",
            f"{p['later']:.0f} sent away to back off, broker {p['broker_cpu_s']:.1f} CPU-s, "
            f"{p['broker_rss_kib'] / 1024:.0f} MiB")


def main():
    if "--bytes" in sys.argv:
        bytes_on_the_wire()
        return
    descriptors(0)
    beside_bare(1000, 1 if QUICK else 3)
    with tempfile.NamedTemporaryFile("w", suffix=".cnf") as cnf:
        cnf.write(CLIENT_CNF)
        cnf.flush()
        sys.stdout.flush()
        subprocess.run([sys.executable, __file__, "--bytes"], env=dict(os.environ, OPENSSL_CONF=cnf.name),
                       check=False)
    revocation(200 if QUICK else 1000, 20 if QUICK else 100)
    sys.stdout.flush()
    broker_killed(100 if QUICK else 5000)
    soak(300 if QUICK else 5000, 4 if QUICK else 14)
    holding(1000 if QUICK else 20000)


if __name__ == "__main__":
    main()
