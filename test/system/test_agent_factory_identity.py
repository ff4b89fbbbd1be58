"""A device with a factory certificate: it enrols with it, shows it to no server that has not proven itself,
and the name on the wire is another one.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import os

import cbor2
import pytest
from cryptography import x509
from pycose import ES256, Signer

from agentlib import until
from testca import DER, Pki, make


def install(world):
    """A factory certificate for the device's own key, by the CA that the stub believes."""
    unit = world.folder / "unit.cbor"
    intake = Signer(ES256, hashlib.sha256(b"intake").digest()).public.hex()
    world.agent.cli("factory", "csr", "--dir", world.agent.dir, "--intake", intake, "--out", unit)
    csr = x509.load_der_x509_csr(cbor2.loads(unit.read_bytes())[0])
    handle = base64.b32encode(os.urandom(16)).decode().lower().rstrip("=")

    class Public:
        """testca.make() only asks a key for its public half when somebody else signs."""

        def public_key(self):
            return csr.public_key()

    cert = make(handle, world.broker.pki.op, eku=x509.ExtendedKeyUsageOID.CLIENT_AUTH, key=Public(),
                serial=0x40 << 120 | 5)
    path = world.folder / "idevid.der"
    path.write_bytes(cert.cert.public_bytes(DER))
    world.agent.cli("factory", "install", "--dir", world.agent.dir, "--cert", path)
    return handle


@pytest.fixture
def device(new_world):
    new_world.agent.provision_file.write_bytes(new_world.hfp(enrol=1))
    new_world.claim()
    return new_world


def test_factory_certificate_and_claim_go_together(device):
    handle = install(device)
    device.start_broker()
    device.agent.start().stable()
    assert device.est.lines.count(f"request enrol good {handle}") == 1
    assert device.agent.status()["dev"] == device.dev != handle[:16]
    assert device.endorsed()[1] == device.dev
    for topic, payload, _ in device.server.messages:  # the handle is nowhere on the channel
        assert handle not in topic and handle.encode() not in payload


def test_factory_certificate_is_never_shown_to_a_stranger(device, tmp_path):
    handle = install(device)
    other = Pki(tmp_path / "other")
    (device.agent.dir / "provision.hfp").write_bytes(device.hfp(enrol=1, pki=other))
    device.agent.start()
    until("refused", lambda: "code=TL4" in device.agent.log.read_text())
    assert device.est.count("request") == 0
    assert handle not in device.agent.log.read_text()
