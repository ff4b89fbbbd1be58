"""testca -- certificates of Holdfast's shapes for system tests, made with python3-cryptography.

An implementation of its own, so that our C code never judges itself.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import datetime
import hashlib
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PEM = serialization.Encoding.PEM
DER = serialization.Encoding.DER


def new_dev():
    """16 lower-case base32 characters."""
    return base64.b32encode(os.urandom(10)).decode().lower()


def key_pem(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def usage(ca):
    return x509.KeyUsage(digital_signature=not ca, content_commitment=False, key_encipherment=False,
                         data_encipherment=False, key_agreement=False, key_cert_sign=ca, crl_sign=ca,
                         encipher_only=False, decipher_only=False)


class Cert:
    """A certificate with its key, in memory and as files."""

    def __init__(self, key, cert):
        self.key, self.cert = key, cert
        self.der = cert.public_bytes(DER)
        self.sha256 = hashlib.sha256(self.der).digest()

    def save(self, folder, name):
        self.cert_path, self.key_path = folder / f"{name}.crt", folder / f"{name}.key"
        self.cert_path.write_bytes(self.cert.public_bytes(PEM))
        self.key_path.write_bytes(key_pem(self.key))
        self.key_path.chmod(0o600)
        return self


def make(cn, issuer=None, ca=False, days=30.0, extensions=(), eku=None, key=None, serial=None):
    """Self-signed when there is no issuer. `days` may be a fraction or negative."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.utcnow()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)] if isinstance(cn, str) else cn)
    signer = issuer.key if issuer else key
    builder = (x509.CertificateBuilder().subject_name(subject)
               .issuer_name(issuer.cert.subject if issuer else subject)
               .public_key(key.public_key()).serial_number(serial or x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(minutes=5))
               .not_valid_after(now + datetime.timedelta(days=days))
               .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
               .add_extension(usage(ca), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                              critical=False))
    if eku:
        builder = builder.add_extension(x509.ExtendedKeyUsage([eku]), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Cert(key, builder.sign(signer, hashes.SHA256()))


class Pki:
    """Root, Operational CA, Server CA and one broker certificate."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.root = make("Test Root", ca=True).save(folder, "root")
        self.op = make("Test Operational CA", self.root, ca=True).save(folder, "op")
        self.server_ca = make("Test Server CA", self.root, ca=True).save(folder, "server-ca")
        self.broker = self.server("localhost").save(folder, "broker")

    def server(self, host):
        names = x509.SubjectAlternativeName([x509.DNSName(host),
                                             x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        return make(host, self.server_ca, extensions=[names], eku=ExtendedKeyUsageOID.SERVER_AUTH)

    def device(self, dev, cn=None, days=30.0, issuer=None):
        name = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"spiffe://test/d/{dev}")])
        cert = make(cn or f"hf-{dev}", issuer or self.op, days=days, extensions=[name],
                    eku=ExtendedKeyUsageOID.CLIENT_AUTH)
        return cert.save(self.folder, f"{dev}-{cert.sha256.hex()[:8]}")
