"""test_est_renew -- renewal gives the same name to a new key, ignores what else a request asks for, and traps
clones; requests that are not what they should be are refused before anything happens.

identity.md sections 4, 7, 9 and 14 rows 1, 11, 12, 13, 15, 16.
SPDX-License-Identifier: Apache-2.0
"""
import datetime
import sqlite3

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import fleetlib
from estlib import Channel, dev_of, enrol, events, joined, make_csr, new_key, renew


@pytest.fixture(scope="module")
def fleet(request):
    before = request.session.testsfailed
    yield from fleetlib.run_fleet(lambda: request.session.testsfailed > before)


def state_of(fleet, cert):
    return fleet.api().get(f"/v1/devices/{dev_of(cert)}")["state"]


def test_a_renewal_keeps_the_name_and_the_parent_lives_until_the_child_speaks(fleet):
    _, key, cert = joined(fleet)
    fresh = new_key()
    answer = renew(fleet, cert, key, fresh)
    child = answer.cert()
    assert dev_of(child) == dev_of(cert)
    assert child.public_key().public_numbers() == fresh.public_key().public_numbers()
    again = renew(fleet, cert, key, fresh)
    assert again.cert() == child
    states = {c["serial"]: c["state"]
            for c in fleet.api().get(f"/v1/devices/{dev_of(cert)}/certificates")["items"]}
    for one in (cert, child):
        assert states[f"{one.serial_number:032x}"] == "issued"


def test_the_same_key_is_no_renewal(fleet):
    _, key, cert = joined(fleet)
    assert renew(fleet, cert, key, key).status == 403


def test_another_subject_or_name_is_refused_and_the_own_one_accepted(fleet):
    _, key, cert = joined(fleet)
    dev = dev_of(cert)
    for options in ({"cn": "hf-aaaaaaaaaaaaaaaa"}, {"cn": dev}, {"cn": "x"},
                    {"uri": "spiffe://localhost/d/aaaaaaaaaaaaaaaa"}, {"uri": f"spiffe://other/d/{dev}"}):
        assert renew(fleet, cert, key, new_key(), **options).status == 403, options
    assert renew(fleet, cert, key, new_key(), cn=f"hf-{dev}", uri=f"spiffe://localhost/d/{dev}").status == 200


def test_what_else_a_request_asks_for_is_ignored(fleet):
    _, key, cert = joined(fleet)
    wishes = [x509.BasicConstraints(ca=True, path_length=3),
              x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CODE_SIGNING]),
              x509.KeyUsage(True, True, True, True, True, True, True, True, True)]
    child = renew(fleet, cert, key, new_key(), extensions=wishes).cert()
    assert child.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert list(child.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH]
    usage = child.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and not usage.key_cert_sign


def broken(csr):
    """Name and bytes of requests that must be refused."""
    key = new_key()
    yield "trailing byte", csr + b"\0"
    yield "cut", csr[:-1]
    yield "flipped signature", csr[:-3] + bytes([csr[-3] ^ 1]) + csr[-2:]
    yield "empty", b"\x30\x00"
    yield "RSA", make_csr(rsa.generate_private_key(65537, 2048))
    yield "P-384", make_csr(ec.generate_private_key(ec.SECP384R1()))
    yield "SHA-512", x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(
        key, hashes.SHA512()).public_bytes(serialization.Encoding.DER)
    yield "empty EKU", make_csr(key, extensions=[x509.UnrecognizedExtension(
        ExtendedKeyUsageOID.CLIENT_AUTH, b"\x30\x00")]) + b"\0"


def test_requests_that_do_not_parse_are_400(fleet):
    _, key, cert = joined(fleet)
    with Channel(fleet, cert=cert, key=key) as c:
        good = c.csr(new_key())
    for name, csr in broken(good):
        with Channel(fleet, cert=cert, key=key) as c:
            assert c.post("simplereenroll", csr).status == 400, name
    assert renew(fleet, cert, key, new_key()).status == 200


def test_an_empty_extended_key_usage_crashes_nothing(fleet):
    _, key, cert = joined(fleet)
    wish = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.37"), b"\x30\x00")
    assert renew(fleet, cert, key, new_key(), extensions=[wish]).status in (200, 400)
    assert renew(fleet, cert, key, new_key()).status == 200


def test_a_key_of_another_device_is_refused_with_an_alarm(fleet):
    _, key, cert = joined(fleet)
    _, other, _ = joined(fleet)
    before = len(events(fleet, "enrol.foreign-key"))
    assert renew(fleet, cert, key, other).status == 403
    assert len(events(fleet, "enrol.foreign-key")) == before + 1


def test_a_fourth_reissue_quarantines(fleet):
    _, key, cert = joined(fleet)
    for _ in range(4):
        assert renew(fleet, cert, key, new_key()).status == 200
    assert renew(fleet, cert, key, new_key()).status == 403
    assert state_of(fleet, cert) == "quarantined"
    assert renew(fleet, cert, key, new_key()).status == 202


def unknown(fleet):
    """Nobody's device: the alarm is for the machine's own people, so it is read in the store."""
    with sqlite3.connect(fleet.dir / "store/holdfast.db") as db:
        return db.execute("SELECT id FROM event WHERE kind = 'certificate.unknown'").fetchall()


def test_a_certificate_without_a_row_is_refused_although_its_chain_is_good(fleet):
    """Minted with the stolen key of the Operational CA."""
    ca_key = serialization.load_pem_private_key((fleet.dir / "ca/op.key").read_bytes(),
            fleet.passphrase.encode())
    ca = x509.load_pem_x509_certificate((fleet.dir / "ca/op.crt").read_bytes())
    secret, real_key, real = joined(fleet)
    key, now = new_key(), datetime.datetime.utcnow()
    forged = x509.CertificateBuilder().subject_name(real.subject).issuer_name(ca.subject)
    forged = forged.public_key(key.public_key()).serial_number((0x41 << 120) + 77)
    forged = forged.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(
        now + datetime.timedelta(days=30))
    for extension in real.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            forged = forged.add_extension(extension.value, extension.critical)
    forged = forged.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    forged = forged.sign(ca_key, hashes.SHA256())
    before = len(unknown(fleet))
    assert renew(fleet, forged, key, new_key()).status == 403
    with Channel(fleet, cert=forged, key=key) as c:
        assert c.post("simpleenroll", c.csr(new_key())).status == 403
    assert len(unknown(fleet)) == before + 2
    assert renew(fleet, real, real_key, new_key()).status == 200


def test_a_stranger_of_no_chain_is_refused(fleet):
    key, now = new_key(), datetime.datetime.utcnow()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hf-aaaaaaaaaaaaaaaa")])
    own = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    own = own.serial_number(5).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    own = own.sign(key, hashes.SHA256())
    with Channel(fleet, cert=own, key=key) as c:
        assert c.post("simplereenroll", c.csr(new_key())).status == 403


def test_revoked_at_every_route(fleet):
    secret, key, cert = joined(fleet)
    child_key = new_key()
    child = renew(fleet, cert, key, child_key).cert()
    fleet.api().post(f"/v1/devices/{dev_of(cert)}/revoke", {"reason": "lost"})
    for who, its_key in ((cert, key), (child, child_key)):
        assert renew(fleet, who, its_key, new_key()).status == 403
        with Channel(fleet, cert=who, key=its_key) as c:
            assert c.post("simpleenroll", c.csr(new_key())).status == 403
    for again in (key, child_key, new_key()):
        assert enrol(fleet, secret, again).status == 403
    assert secret.claim(fleet.api())[0] in (201, 409, 403)
    assert enrol(fleet, secret, key).status == 403
    crl_serials = None
    with Channel(fleet) as c:
        crl = x509.load_der_x509_crl(c.request("GET", "/v1/crl").body)
        crl_serials = {entry.serial_number for entry in crl}
    assert cert.serial_number in crl_serials


def test_a_lift_revives_no_certificate(fleet):
    secret, key, cert = joined(fleet)
    path = f"/v1/devices/{dev_of(cert)}"
    fleet.api().post(path + "/quarantine", {"reason": "seen twice"})
    assert renew(fleet, cert, key, new_key()).status == 202
    fleet.api().post(path + "/lift", {"reason": "found"})
    assert renew(fleet, cert, key, new_key()).status == 403
    fresh = new_key()
    assert dev_of(enrol(fleet, secret, fresh).cert()) == dev_of(cert)
