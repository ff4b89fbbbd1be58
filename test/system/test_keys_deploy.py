"""Rule: a deployment works the same with its CA keys on a PKCS#11 token, and says so when they cannot sign.

SPDX-License-Identifier: Apache-2.0
"""
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import time

import pytest
from cryptography import x509

from brokerlib import BUILD, free_port
from keylib import Token

HOLDFAST, HOLDFASTD = BUILD / "cli/holdfast", BUILD / "server/holdfastd"


@pytest.fixture
def token():
    peer = Token()
    yield peer
    peer.close()


class Deployment:
    """`holdfast init` with free ports; any key URIs among the options."""

    def __init__(self, folder, token, *options):
        self.dir, self.env = folder / "D", {**os.environ, **token.env}
        self.passphrase = token.secret("passphrase", "correct horse\n")
        self.est, self.api, self.mqtt, self.device = (free_port() for _ in range(4))
        self.made = self.holdfast("init", self.dir, "--est", f"127.0.0.1:{self.est}", "--api",
                                  f"127.0.0.1:{self.api}", "--mqtt", f"127.0.0.1:{self.mqtt}", "--device",
                                  f"127.0.0.1:{self.device}", *options)

    def holdfast(self, *args):
        return subprocess.run([HOLDFAST, *args, "--passphrase-file", self.passphrase], env=self.env,
                              capture_output=True, text=True, timeout=60, check=False)

    def start(self):
        self.log = open(self.dir / "log" / "test.log", "w+b")  # noqa: SIM115, closed by stop()
        command = [HOLDFASTD, "--dir", self.dir, "--passphrase-file", self.passphrase]
        self.process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log)

    def words(self):
        return (self.dir / "log" / "test.log").read_text()

    def until(self, what):
        end = time.monotonic() + 20
        while (found := what()) is None:
            assert time.monotonic() < end and self.process.poll() is None, self.words()
            time.sleep(0.05)
        return found

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.log.close()

    def crl(self):
        """The list for third parties, signed by the Operational CA; None while nobody answers."""
        context = ssl.create_default_context(cafile=self.dir / "ca/server.crt")
        context.verify_flags |= 0x80000  # the Server CA is the anchor
        try:
            client = http.client.HTTPSConnection("localhost", self.est, timeout=10, context=context)
            client.request("GET", "/v1/crl")
            answer = client.getresponse()
            return (answer.status, answer.read())
        except OSError:
            return None

    def ca(self, name):
        return x509.load_pem_x509_certificate((self.dir / f"ca/{name}.crt").read_bytes())


def on_token(token, name):
    return token.uri(f"token=holdfast;object={name}")


@pytest.mark.timeout(120)
def test_a_deployment_with_its_ca_keys_on_a_token(token, tmp_path):
    options = ("--root-key", "--server-ca-key", "--op-ca-key", "--station-ca-key")
    keys = [word for option in options for word in (option, on_token(token, option[2:]))]
    d = Deployment(tmp_path, token, *keys, "--token-dir", token.folder / "tokens")
    assert d.made.returncode == 0, d.made.stderr
    assert sorted(p.name for p in d.dir.glob("ca/*.key")) == ["intake.key"]
    assert not (d.dir / "root/root.key").exists()
    added = d.holdfast("product", "add", "thermo", "--dir", d.dir, "--ca-key", on_token(token, "thermo-ca"))
    assert added.returncode == 0, added.stderr
    subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", d.dir / "root/root.crt",
                    *d.dir.glob("ca/*.crt")], check=True, capture_output=True, timeout=30)
    d.start()
    try:
        status, body = d.until(d.crl)
    finally:
        d.stop()
    assert status == 200, d.words()
    assert x509.load_der_x509_crl(body).is_signature_valid(d.ca("op").public_key())


@pytest.mark.timeout(120)
def test_an_operator_with_the_key_on_a_token(token, tmp_path):
    """The key holder signs the TLS handshake with the API from inside its own sandbox."""
    d = Deployment(tmp_path, token, "--operator", "alice")
    assert d.made.returncode == 0, d.made.stderr
    folder = d.dir / "operators/alice"
    for kind, options in (("privkey", ()), ("pubkey", ("-pubout",))):
        subprocess.run(["openssl", "pkey", "-in", folder / "operator.key", "-passin", f"file:{d.passphrase}",
                        *options, "-outform", "DER", "-out", tmp_path / kind], check=True, timeout=30)
        token.tool("--write-object", str(tmp_path / kind), "--type", kind, "--label", "alice", "--id", "0a")
    (folder / "operator.key").unlink()
    with open(folder / "operator.conf", "a", encoding="ascii") as conf:
        conf.write(f"key = {on_token(token, 'alice')}\n")
    d.start()
    try:
        d.until(d.crl)
        run = subprocess.run([HOLDFAST, "status", "--as", folder, "--json"], env=d.env, capture_output=True,
                             text=True, timeout=30, check=False)
    finally:
        d.stop()
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["operator"] == "alice"


@pytest.mark.timeout(120)
def test_a_token_that_the_sandbox_hides_is_told_at_start(token, tmp_path):
    """Not by the first device that asks for a certificate."""
    d = Deployment(tmp_path, token, "--op-ca-key", on_token(token, "op-ca"))
    assert d.made.returncode == 0, d.made.stderr
    d.start()
    try:
        line = d.until(lambda: re.search(".*does not sign inside the sandbox.*", d.words()))
    finally:
        d.stop()
    assert "op-ca" in line.group() and "token-dir" in line.group()


@pytest.mark.timeout(60)
def test_an_interrupted_ceremony_takes_the_key_it_left(token, tmp_path):
    options = ("--op-ca-key", on_token(token, "op-ca"), "--station-ca-key", "pkcs11:object=")
    first = Deployment(tmp_path, token, *options)
    assert first.made.returncode == 2 and not first.dir.exists()
    options = ("--op-ca-key", on_token(token, "op-ca"), "--station-ca-key", "file:no/such/folder/k")
    second = Deployment(tmp_path, token, *options)
    assert second.made.returncode == 1 and not second.dir.exists()
    made = token.tool("--list-objects", "--type", "privkey")
    third = Deployment(tmp_path, token, *options[:2])
    assert third.made.returncode == 0, third.made.stderr
    assert token.tool("--list-objects", "--type", "privkey") == made and made.count("Private Key Object") == 1


@pytest.mark.timeout(60)
def test_a_key_on_the_wrong_curve_becomes_no_ca(token, tmp_path):
    token.tool("--keypairgen", "--key-type", "EC:secp384r1", "--label", "big", "--id", "09")
    d = Deployment(tmp_path, token, "--op-ca-key", on_token(token, "big"))
    assert d.made.returncode == 1 and "P-256" in d.made.stderr and not d.dir.exists()
