"""brokerlib -- the real Mosquitto with our plugin as a child process, on loopback, in a folder of its own.

SPDX-License-Identifier: Apache-2.0
"""
import datetime
import getpass
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from fakebus import CONFIRMED, NORMAL, FakeBus
from mqtt5 import Client
from testca import Pki, new_dev

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HF_BUILD", ROOT / "build/release"))


def free_port():
    """Free now, and left alone until its owner binds it: below the ports the kernel gives to connections."""
    while True:
        port = random.randrange(10000, 32768)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                try:
                    s.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue


def sanitizer_preload(plugin):
    """A sanitized plugin loads only when its runtime comes first."""
    needed = subprocess.run(["ldd", str(plugin)], capture_output=True, text=True, check=True).stdout
    if "libasan" not in needed:
        return {}
    run = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    return {"LD_PRELOAD": run.stdout.strip(), "ASAN_OPTIONS": "detect_leaks=0"}


class Device:
    """A device of the tests: name, certificate, and its way in."""

    def __init__(self, broker, dev, cert):
        self.broker, self.dev, self.cert = broker, dev, cert

    def context(self, cert=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(self.broker.pki.server_ca.cert_path)
        context.verify_flags |= 0x80000  # X509_V_FLAG_PARTIAL_CHAIN: the Server CA is the anchor
        if cert:
            context.load_cert_chain(self.cert.cert_path, self.cert.key_path)
        return context

    def open(self, context=None, session=None, source=None):
        return Client(("127.0.0.1", self.broker.port), context or self.context(), session, source)

    def connect(self, source=None, **options):
        """A connected client; fails unless the CONNACK says 0."""
        client = self.open(source=source)
        code = client.connect(options.pop("client_id", self.dev), **options)
        assert code == 0, f"CONNACK {code}"
        return client

    def topic(self, rest, direction="up"):
        return f"hf/1/{self.dev}/-/{direction}/{rest}"

    def filter(self):
        return f"hf/1/{self.dev}/+/dn/#"


class Broker:
    """start() returns when it accepts; stop() ends it by its pid and keeps the log."""

    def __init__(self, folder, answer=True, conf_extra="", env=None, bus=None):
        self.folder = pathlib.Path(folder)
        self.pki = Pki(self.folder / "pki")
        self.port = free_port()
        self.mqtt_socket = self.folder / "mqtt.sock"
        self.bus = bus or FakeBus(self.folder / "plugin.sock", answer)
        self.conf_extra, self.env = conf_extra, env or {}
        self.log = self.folder / "broker.log"
        self.process = None

    def plugin(self):
        return BUILD / "plugin/holdfast_mosquitto.so"

    def configure(self):
        cas = [str(c.cert_path) for c in (self.pki.root, self.pki.op)]
        run = subprocess.run([BUILD / "test/system/broker_conf", self.folder, self.plugin(), str(self.port),
                              self.pki.broker.cert_path, self.pki.broker.key_path, getpass.getuser(), *cas],
                             capture_output=True, text=True, check=True)
        self.program, self.conf, openssl_env = run.stdout.splitlines()
        self.openssl_cnf = openssl_env.split("=", 1)[1]
        if self.conf_extra:
            with open(self.conf, "a", encoding="ascii") as f:
                f.write(self.conf_extra)

    def start(self):
        self.configure()
        env = dict(os.environ, OPENSSL_CONF=self.openssl_cnf, **sanitizer_preload(self.plugin()), **self.env)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "-c", self.conf], env=env, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        self.ready()
        return self

    def ready(self):
        end = time.monotonic() + 60
        while True:
            assert self.process.poll() is None, self.log.read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < end, self.log.read_text()
                time.sleep(0.01)

    def fed(self):
        """Waits until the plugin has taken a snapshot: some device can connect."""
        probe = self.device()
        end = time.monotonic() + 60
        while True:
            client = probe.open()
            try:
                if client.connect(probe.dev) == 0:
                    return self
            except Exception as e:  # closed without a word: not fed yet
                assert time.monotonic() < end, f"{e!r}: {self.log.read_text()}"
                time.sleep(0.1)
            finally:
                client.close()

    def device(self, state=CONFIRMED, budget=NORMAL, row=True, **options):
        dev = options.pop("dev", None) or new_dev()
        cert = self.pki.device(dev, **options)
        if row:
            end = cert.cert.not_valid_after.replace(tzinfo=datetime.timezone.utc)
            self.bus.put(cert.sha256, dev, state, int(end.timestamp()), budget)
        return Device(self, dev, cert)

    def bus_client(self, subscribe=True):
        """The bus's MQTT connection, played by the test."""
        client = Client(self.mqtt_socket)
        assert client.connect("hf-bus", user="hf-bus") == 0
        if subscribe:
            assert client.subscribe("hf/1/+/+/up/#") == 1
        return client

    def reload(self):
        """SIGHUP, and the broker's own word that it did it."""
        before = self.log.read_text().count("Reloading config")
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 60
        while self.log.read_text().count("Reloading config") == before:
            assert time.monotonic() < end, "no reload in the log"
            time.sleep(0.01)
        time.sleep(0.15)  # the authentication round follows the log line in the same turn

    def stop(self):
        self.bus.stop()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode if self.process else None


def short_folder():
    """A Unix socket's path has 107 bytes: pytest's own folders are too deep."""
    return pathlib.Path(tempfile.mkdtemp(prefix="hf-broker-"))


def run_broker(failed, **options):
    """Generator for fixtures: a running, fed broker; the log is shown when `failed()` says so."""
    folder = short_folder()
    broker = Broker(folder, **options)
    try:
        yield broker.start().fed()
    finally:
        broker.stop()
        if failed():
            print(broker.log.read_text())
        shutil.rmtree(folder, ignore_errors=True)
