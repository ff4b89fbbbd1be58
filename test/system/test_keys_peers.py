"""Rule: what a key signs convinces others: openssl s_server, OpenSSL's verifier and python3-cryptography.

SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import datetime
import socket
import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from brokerlib import free_port
from keylib import Token, Tpm
from keypeer import BACKENDS, generated, point_of
from testca import DER, PEM, make, usage

@pytest.fixture(scope="module")
def tpm():
    peer = Tpm()
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def token():
    peer = Token()
    yield peer
    peer.close()


@pytest.fixture(scope="module", params=BACKENDS)
def key(request, tmp_path_factory, tpm, token):
    return generated(request.param, tmp_path_factory.mktemp(request.param), tpm, token)


class Ca:
    """A foreign CA, and what it certifies: our public point, as a CA or as a client."""

    def __init__(self, folder):
        self.folder = folder
        self.root = make("Foreign Root", ca=True).save(folder, "root")
        self.server = make("localhost", self.root).save(folder, "server")

    def certify(self, public, name, ca):
        now, subject = datetime.datetime.utcnow(), [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
        root_key = self.root.key.public_key()
        cert = (x509.CertificateBuilder().subject_name(x509.Name(subject)).public_key(public)
                .issuer_name(self.root.cert.subject).serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=30))
                .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
                .add_extension(usage(ca), critical=True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key), critical=False)
                .sign(self.root.key, hashes.SHA256()))
        path = self.folder / f"{name}.pem"
        path.write_bytes(cert.public_bytes(PEM))
        path.with_suffix(".der").write_bytes(cert.public_bytes(DER))
        return path


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Ca(tmp_path_factory.mktemp("ca"))


@contextlib.contextmanager
def s_server(ca, *options):
    """openssl s_server that insists on a client certificate and shows the connection as a web page."""
    port = free_port()
    log = ca.folder / f"s_server-{port}.log"
    with open(log, "wb") as out, subprocess.Popen(
            ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", ca.server.cert_path, "-key",
             ca.server.key_path, "-CAfile", ca.root.cert_path, "-Verify", "2", "-verify_return_error", "-www",
             *options], stdout=out, stderr=out, stdin=subprocess.DEVNULL) as process:
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < end and process.poll() is None, log.read_text()
                time.sleep(0.02)
        yield port
        process.kill()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_openssl_s_server_takes_the_client(key, ca, version):
    cert = ca.certify(key.public, "client", ca=False)
    with s_server(ca) as port:
        run = key.does("connect", cert, ca.root.cert_path, port, version)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"TLSv{version} HTTP/1.0 200")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_openssl_s_server_refuses_another_key(key, ca, version):
    """So that the test above cannot pass without a proof of the key."""
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    cert = ca.certify(other, "other", ca=False)
    with s_server(ca) as port:
        run = key.does("impostor", cert, ca.root.cert_path, port, version, point_of(other).hex())
    assert run.returncode == 1 and run.stdout == "" and "alert" in run.stderr


@pytest.mark.timeout(60)
def test_a_peer_that_wants_sha512_only_gets_nothing(key, ca):
    """TLS 1.2 lets a server ask for ECDSA over SHA-512, which no backend of ours signs."""
    cert = ca.certify(key.public, "client", ca=False)
    with s_server(ca, "-client_sigalgs", "ECDSA+SHA512") as port:
        run = key.does("connect", cert, ca.root.cert_path, port, "1.2")
    assert run.returncode == 1, run.stdout


@pytest.mark.timeout(60)
def test_openssl_verifies_what_the_key_issues_as_a_ca(key, ca, tmp_path):
    issuer = ca.certify(key.public, "sub-ca", ca=True)
    device = ec.generate_private_key(ec.SECP256R1()).public_key()
    run = key.does("issue", issuer.with_suffix(".der"), point_of(device).hex(), tmp_path / "device.der")
    assert run.returncode == 0, run.stderr
    cert = x509.load_der_x509_certificate((tmp_path / "device.der").read_bytes())
    assert cert.public_key().public_numbers() == device.public_numbers()
    pem = tmp_path / "device.pem"
    pem.write_bytes(cert.public_bytes(PEM))
    run = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslclient",
                          "-CAfile", ca.root.cert_path, "-untrusted", issuer, pem],
                         capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.timeout(60)
def test_fifty_signatures_of_one_open_key(key):
    """Also that r and s of 31 bytes or less keep their leading zeros, which one signature in 128 has."""
    with key.serving() as (ask, _):
        answers = set()
        for i in range(50):
            digest = bytes([i]) * 32
            line = ask(digest)
            key.judge(digest, line)
            answers.add(line)
        assert len(answers) == 50
        assert ask(b"\1" * 31) == "error" and ask(b"\1" * 48) == "error"
