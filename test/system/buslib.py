"""buslib -- the real bus process with a real store between the real broker and devices played by the test.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os
import subprocess
import time

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from brokerlib import BUILD, Broker, short_folder
from fakebus import ISSUED


class Bus:
    """busd as a child process; tell() sends it a line and gives its answer."""

    def __init__(self, folder):
        self.folder, self.process = folder, None
        self.log = open(folder / "bus.log", "ab")

    def start(self):
        self.process = subprocess.Popen(
            [BUILD / "test/system/busd", self.folder / "db", self.folder / "plugin.sock",
             self.folder / "mqtt.sock"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, bufsize=1)
        return self

    def tell(self, *words):
        self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def do(self, *words):
        said = self.tell(*words)
        assert said == "ok", f"{words}: {said}"

    def wait(self, want, *words, timeout=60.0):
        """Until the question is answered so."""
        end = time.monotonic() + timeout
        while True:
            said = self.tell(*words)
            if said == str(want):
                return
            log = (self.folder / "bus.log").read_text()
            assert time.monotonic() < end, f"{words}: {said}, not {want}\n{log}"
            time.sleep(0.02)

    def put(self, sha, dev, state, not_after, budget):
        """What Broker.device() calls: the row comes with the first certificate."""

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self.log.close()
        return self.process.returncode if self.process else None


def sign1(key, aad, payload):
    """COSE_Sign1 with ES256, written by python3-cbor2: {1: -7} protected, nothing else."""
    protected = cbor2.dumps({1: -7})
    der = key.sign(cbor2.dumps(["Signature1", protected, aad, payload]), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


class Life:
    """A device with a row in the real store, and what it says."""

    def __init__(self, rig, parent=None):
        self.rig, self.serial = rig, b"\x40" + os.urandom(15)
        options = {"dev": parent.device.dev} if parent else {}
        self.device = rig.broker.device(**options)
        pub = self.device.cert.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        rig.bus.do("device", self.device.dev, self.serial.hex(), self.device.cert.sha256.hex(), pub.hex(),
                   int(time.time()) + 86400, parent.serial.hex() if parent else "-")
        self.dev, self.client = self.device.dev, None

    def connect(self):
        """The row travels to the plugin: closed or refused means not yet."""
        end = time.monotonic() + 60
        while True:
            client = self.device.open()
            try:
                if client.connect(self.dev, keepalive=3000) == 0:  # nobody pings here
                    break
            except Exception:  # closed without a word: no snapshot yet
                pass
            client.close()
            assert time.monotonic() < end
            time.sleep(0.1)
        self.client = client
        assert client.subscribe(self.device.filter()) in (0, 1)
        return self

    def hello_object(self, boot=1, promoted=True, serial=None, key=None):
        payload = cbor2.dumps({1: serial or self.serial, 2: boot, 3: promoted}, canonical=True)
        return sign1(key or self.device.cert.key, b"hf/hello/1", payload)

    def say(self, rest, payload):
        """Publish until the bus is there; returns the PUBACK's code."""
        end = time.monotonic() + 60
        while True:
            code = self.client.publish(self.device.topic(rest), payload)
            if code != 16 or time.monotonic() > end:
                return code
            time.sleep(0.1)

    def hello(self, **options):
        hello = self.hello_object(**options)
        assert self.say("id/hello", hello) == 0
        topic, payload, _ = self.client.message()
        assert topic == self.device.topic("id/hello", "dn")
        digest, now = cbor2.loads(payload)
        assert digest == hashlib.sha256(hello).digest() and abs(now - time.time()) < 5
        return self

    def acknowledged(self, rest, payload):
        """Publish and wait for the application's ack."""
        assert self.say(rest, payload) == 0
        topic, ack, _ = self.client.message()
        assert topic == self.device.topic("ack/" + rest.split("/")[1], "dn")
        assert ack == hashlib.sha256(payload).digest()

    def state(self):
        return int(self.rig.bus.tell("cert", self.serial.hex()))


class BusRig:
    def __init__(self):
        self.folder = short_folder()
        self.bus = Bus(self.folder).start()
        self.broker = Broker(self.folder, bus=self.bus).start()

    def life(self, parent=None):
        life = Life(self, parent)
        assert life.state() == ISSUED
        return life

    def stop(self):
        self.broker.stop()
        return self.bus.process.returncode
