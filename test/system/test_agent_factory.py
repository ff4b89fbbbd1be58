"""The device's side of a production order: key, request, sealed claim, certificate, end-of-line proof.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import os

import cbor2
import pycose
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pycose import ES256, Signer

from agentlib import derive
from testca import DER, make


@pytest.fixture
def device(new_world):
    new_world.agent.provision()
    return new_world


def factory(world, *args, check=True):
    return world.agent.cli("factory", *args, "--dir", world.agent.dir, check=check)


def handle():
    return base64.b32encode(os.urandom(16)).decode().lower().rstrip("=")


def request(world, intake):
    out = world.folder / "unit.cbor"
    factory(world, "csr", "--intake", intake.public.hex(), "--out", out)
    csr, cid, sealed = cbor2.loads(out.read_bytes())
    return x509.load_der_x509_csr(csr), cid, sealed


def install(world, csr, cn=None, check=True):
    cert = make(cn or handle(), key=None)
    builder = (x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(
        x509.NameOID.COMMON_NAME, cn or handle())])).issuer_name(cert.cert.subject)
        .public_key(csr.public_key()).serial_number(0x40 << 120 | 5)
        .not_valid_before(cert.cert.not_valid_before).not_valid_after(cert.cert.not_valid_after)
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), False))
    der = builder.sign(cert.key, hashes.SHA256()).public_bytes(DER)
    path = world.folder / "idevid.der"
    path.write_bytes(der)
    return der, factory(world, "install", "--cert", path, check=check)


def test_request_carries_the_key_and_the_claim_only_the_server_can_open(device):
    intake = Signer(ES256, hashlib.sha256(b"intake").digest())
    csr, cid, sealed = request(device, intake)
    assert csr.is_signature_valid
    assert cid == derive(device.agent.code, b"hf/claim/1/id", 16)
    kc = pycose.open_encrypt(sealed, intake, b"hf/kc/1" + cid)
    assert kc == derive(device.agent.code, b"hf/claim/1/mac", 32)
    again = request(device, intake)[0]
    assert again.public_key().public_numbers() == csr.public_key().public_numbers()


def test_end_of_line_proof_is_by_the_installed_certificate(device):
    csr, _, _ = request(device, Signer(ES256, hashlib.sha256(b"intake").digest()))
    der, _ = install(device, csr)
    nonce = os.urandom(32)
    rs = bytes.fromhex(factory(device, "commit", "--nonce", nonce.hex()).stdout)
    signature = encode_dss_signature(int.from_bytes(rs[:32], "big"), int.from_bytes(rs[32:], "big"))
    csr.public_key().verify(signature, b"hf-commit" + nonce + hashlib.sha256(der).digest(),
                            ec.ECDSA(hashes.SHA256()))


def test_what_does_not_fit_is_refused_with_one_line(device):
    intake = Signer(ES256, hashlib.sha256(b"intake").digest())
    stranger = make("x").key
    assert factory(device, "commit", "--nonce", "00" * 32, check=False).returncode == 1  # no certificate yet
    assert factory(device, "install", "--cert", "/etc/hostname", check=False).returncode == 1
    csr, _, _ = request(device, intake)
    nobody = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    foreign = nobody.sign(stranger, hashes.SHA256())
    assert install(device, foreign, check=False)[1].returncode == 1
    assert install(device, csr, cn="not-a-handle", check=False)[1].returncode == 1
    install(device, csr)
    bad = [("csr", "--intake", intake.public.hex(), "--out", device.folder / "x"),  # has one already
           ("commit", "--nonce", "00"), ("commit", "--nonce", "zz" * 32)]
    for words in bad:
        run = factory(device, *words, check=False)
        assert run.returncode == 1 and run.stderr.count("\n") == 1 and run.stdout == ""
    for words in [("csr",), ("nonsense",), ("csr", "--out"), ("commit", "--what", "x")]:
        assert factory(device, *words, check=False).returncode == 2
