"""derlib -- certificate requests and certificates as no honest program writes them, and properly signed.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

P256 = (0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551)

CN, CHALLENGE, EXTENSIONS = "2.5.4.3", "1.2.840.113549.1.9.7", "1.2.840.113549.1.9.14"
CHANGE_NAME = "1.3.6.1.5.5.7.7.36"
SAN, EKU, BASIC, USAGE = "2.5.29.17", "2.5.29.37", "2.5.29.19", "2.5.29.15"
EC_KEY, PRIME256, ECDSA256, ECDSA384 = ("1.2.840.10045.2.1", "1.2.840.10045.3.1.7", "1.2.840.10045.4.3.2",
                                        "1.2.840.10045.4.3.3")


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    length = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *parts)


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def octets(data):
    return tlv(4, data)


def bits(data):
    return tlv(3, b"\0" + data)


def utf8(text):
    return tlv(12, text.encode())


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = bytes([first * 40 + second])
    for n in rest:
        group = [n & 0x7F]
        while n > 0x7F:
            n >>= 7
            group.append(0x80 | n & 0x7F)
        out += bytes(reversed(group))
    return tlv(6, out)


def new_key(curve=None):
    return ec.generate_private_key(curve or ec.SECP256R1())


def point(key, compressed=False):
    form = serialization.PublicFormat
    return key.public_key().public_bytes(serialization.Encoding.X962,
                                         form.CompressedPoint if compressed else form.UncompressedPoint)


def explicit_p256():
    """The parameters of P-256 spelled out (RFC 3279): the same curve, but not by name."""
    p, b, g, n = P256
    return seq(integer(1), seq(oid("1.2.840.10045.1.1"), integer(p)),
               seq(octets((p - 3).to_bytes(32, "big")), octets(b.to_bytes(32, "big"))),
               octets(bytes.fromhex(g)), integer(n), integer(1))


def spki(key, params=None, raw=None):
    return seq(seq(oid(EC_KEY), params or oid(PRIME256)), bits(raw or point(key)))


def name(*cns):
    return seq(*(set_of(seq(oid(CN), utf8(cn))) for cn in cns))


def attribute(kind, *values):
    return seq(oid(kind), set_of(*values))


def challenge(text):
    return attribute(CHALLENGE, utf8(text))


def extension(kind, value, critical=False):
    return seq(oid(kind), tlv(1, b"\xff") if critical else b"", octets(value))


def wants(*extensions):
    """extensionRequest."""
    return attribute(EXTENSIONS, seq(*extensions))


def uri_san(*uris):
    return extension(SAN, seq(*(tlv(0x86, u.encode()) for u in uris)))


def sign(key, body, algorithm=ECDSA256, digest=None):
    signature = key.sign(body, ec.ECDSA(digest or hashes.SHA256()))
    return seq(body, seq(oid(algorithm)), bits(signature))


def request(key, *attributes, subject=None, version=0, public=None, **how):
    subject = name("hf-a") if subject is None else subject
    return sign(key, seq(integer(version), subject, public or spki(key), tlv(0xA0, *attributes)), **how)


def certificate(key, *extensions, serial=0x41 << 120, version=2, issuer_key=None, cn="leaf", issuer="ca",
                public=None, life=("250101000000Z", "350101000000Z")):
    """TBSCertificate of RFC 5280 s4.1 with what the caller wants in it."""
    times = seq(*(tlv(23 if len(t) == 13 else 24, t.encode()) for t in life))
    number = serial if isinstance(serial, bytes) else integer(serial)
    body = seq(tlv(0xA0, integer(version)), number, seq(oid(ECDSA256)), name(issuer), times, name(cn),
               public or spki(key), tlv(0xA3, seq(*extensions)) if extensions else b"")
    return sign(issuer_key or key, body)


def key_id(key):
    return hashlib.sha1(point(key)).digest()
