"""estlib -- an EST client of our own over pyOpenSSL, which can export keying material: channel binding, claim
MACs, raw HTTP. It shares no code with the server.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import hmac
import os
import secrets
import socket

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
from cryptography.x509.oid import AttributeOID, NameOID
from OpenSSL import SSL

ROOT = "/.well-known/est"


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


class Secret:
    """What a label carries, and what is derived from it."""

    def __init__(self, raw=None):
        self.raw = raw or os.urandom(16)
        self.cid, self.kc = self.derive(b"hf/claim/1/id", 16), self.derive(b"hf/claim/1/mac", 32)

    def derive(self, info, length):
        return HKDF(hashes.SHA256(), length, None, info).derive(self.raw)

    def claim(self, api, line="lamp"):
        return api.call("POST", "/v1/claim", {"cid": self.cid.hex(), "kc": b64url(self.kc), "line": line})


def der(obj):
    return obj.public_bytes(serialization.Encoding.DER)


def make_csr(key, challenge=None, cn="", extensions=(), uri=None):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)] if cn else [])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    if challenge is not None:
        builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge)
    if uri is not None:
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
        builder = builder.add_extension(names, False)
    for extension in extensions:
        builder = builder.add_extension(extension, False)
    return der(builder.sign(key, hashes.SHA256()))


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status_line = lines[0]
        self.status = int(lines[0].split()[1]) if len(lines[0].split()) > 1 else 0
        self.headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}

    def der(self):
        return base64.b64decode(self.body)

    def cert(self):
        return load_der_pkcs7_certificates(self.der())[0]


class Channel:
    """One TLS connection and its binding X."""

    def __init__(self, fleet, port=None, cert=None, key=None, tls12=False, source=None):
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION if tls12 else SSL.TLS1_3_VERSION)
        context.set_max_proto_version(SSL.TLS1_2_VERSION if tls12 else SSL.TLS1_3_VERSION)
        context.load_verify_locations(str(fleet.dir / "ca" / "server.crt"))
        context.get_cert_store().set_flags(0x80000)  # X509_V_FLAG_PARTIAL_CHAIN
        context.set_verify(SSL.VERIFY_PEER, lambda *args: bool(args[-1]))
        if cert is not None:
            from OpenSSL import crypto
            context.use_certificate(crypto.X509.from_cryptography(cert))
            context.use_privatekey(crypto.PKey.from_cryptography_key(key))
        self.socket = socket.create_connection(("127.0.0.1", port or fleet.ports["est"]), timeout=20,
                                               source_address=source and (source, 0))
        self.socket.settimeout(None)
        self.ssl = SSL.Connection(context, self.socket)
        self.ssl.set_tlsext_host_name(b"localhost")
        self.ssl.set_connect_state()
        self.ssl.do_handshake()
        self.x = b"" if tls12 else self.ssl.export_keying_material(b"EXPORTER-Channel-Binding", 32)

    def send(self, raw):
        self.ssl.sendall(raw)

    def read(self):
        """One answer: by its Content-Length, else to the end."""
        data = b""
        while True:
            try:
                part = self.ssl.recv(65536)
            except (SSL.ZeroReturnError, SSL.SysCallError):
                break
            data += part
            head, sep, body = data.partition(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = [h.split(b":")[1] for h in lines if h.startswith(b"content-length")]
            if sep and length and len(body) >= int(length[0]):
                break
        return Answer(data)

    def request(self, method, path, body=None, headers=(), version="1.1"):
        lines = [f"{method} {path} HTTP/{version}", "Host: localhost"]
        lines += [f"{k}: {v}" for k, v in headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
        return self.read()

    def close(self):
        try:
            self.ssl.shutdown()
        except SSL.Error:
            pass
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def challenge(self):
        return base64.b64encode(self.x)

    def csr(self, key, **options):
        options.setdefault("challenge", self.challenge())
        return make_csr(key, **options)

    def authorization(self, secret, csr, kc=None, x=None):
        mac = hmac.digest(kc or secret.kc, b"hf-dev" + (x or self.x) + hashlib.sha256(csr).digest(), "sha256")
        return ("Authorization", f"HF-Claim id={b64url(secret.cid)}, mac={b64url(mac)}")

    def post(self, op, csr, headers=(), line="lamp", wrap=False, version="1.1", path=None):
        text = base64.encodebytes(csr) if wrap else base64.b64encode(csr)
        label = f"/{line}" if line else ""
        return self.request("POST", path or f"{ROOT}{label}/{op}", text,
                            [("Content-Type", "application/pkcs10"), *headers], version)

    def enrol(self, secret, key, headers=(), **options):
        csr = self.csr(key)
        return self.post("simpleenroll", csr, [self.authorization(secret, csr), *headers], **options)


def enrol(fleet, secret, key, **options):
    with Channel(fleet) as c:
        return c.enrol(secret, key, **options)


def renew(fleet, cert, key, fresh, **csr_options):
    with Channel(fleet, cert=cert, key=key) as c:
        return c.post("simplereenroll", c.csr(fresh, **csr_options))


def joined(fleet, line="lamp"):
    """A device that was claimed and enrolled by hand: secret, key, certificate."""
    secret, key = Secret(), new_key()
    assert secret.claim(fleet.api(), line)[0] == 201
    answer = enrol(fleet, secret, key, line=line)
    assert answer.status == 200, (answer.status_line, answer.body)
    return secret, key, answer.cert()


def dev_of(cert):
    return cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value.removeprefix("hf-")


def events(fleet, kind):
    page = fleet.api().get("/v1/events?limit=200")
    return [e for e in page["items"] if e["kind"] == kind]


def token():
    return secrets.token_hex(12)
