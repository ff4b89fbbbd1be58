"""pycose -- the COSE objects of Holdfast written a second time, from RFC 9052 and the design alone, with
python3-cbor2 and python3-cryptography. It shares nothing with core/wire, so agreement means something.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os

import cbor2
from cryptography.exceptions import InvalidSignature, InvalidTag  # noqa: F401 (for the tests)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ES256, ED25519 = -7, -19
CURVE = ec.SECP256R1()


def enc(value):
    return cbor2.dumps(value, canonical=True)


def dec(data):
    """One item, and it must be the deterministic encoding of its value."""
    value = cbor2.loads(data)
    assert enc(value) == data, "not deterministic"
    return value


def raw_point(public):
    n = public.public_numbers()
    return b"\x04" + n.x.to_bytes(32, "big") + n.y.to_bytes(32, "big")


class Signer:
    """A key pair of either algorithm with the words of cose_tool for it."""

    def __init__(self, alg, secret=None):
        self.alg = alg
        if alg == ES256:
            self.private = ec.generate_private_key(CURVE) if secret is None else ec.derive_private_key(
                int.from_bytes(secret, "big"), CURVE)
            self.secret = self.private.private_numbers().private_value.to_bytes(32, "big")
            self.public = raw_point(self.private.public_key())
        else:
            self.secret = secret or os.urandom(32)
            self.private = ed25519.Ed25519PrivateKey.from_private_bytes(self.secret)
            self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.kid = hashlib.sha256(self.public).digest()[:8]

    def words(self):
        return self.alg, self.secret, self.kid

    def sign(self, message):
        if self.alg == ED25519:
            return self.private.sign(message)
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def verify(self, signature, message):
        """Raises InvalidSignature."""
        assert len(signature) == 64
        if self.alg == ED25519:
            self.private.public_key().verify(signature, message)
            return
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        der = encode_dss_signature(r, s)
        self.private.public_key().verify(der, message, ec.ECDSA(hashes.SHA256()))


def sign1(signer, aad, payload, detached=False):
    protected = enc({1: signer.alg, 4: signer.kid})
    signature = signer.sign(enc(["Signature1", protected, aad, payload]))
    return enc(cbor2.CBORTag(18, [protected, {}, None if detached else payload, signature]))


def open_sign1(data, signer, aad, payload=None):
    tag = dec(data)
    protected, unprotected, inside, signature = tag.value
    assert tag.tag == 18 and unprotected == {} and dec(protected) == {1: signer.alg, 4: signer.kid}
    assert (inside is None) == (payload is not None)
    content = inside if payload is None else payload
    signer.verify(signature, enc(["Signature1", protected, aad, content]))
    return content


def sign(signers, aad, payload):
    signatures = []
    for signer in sorted(signers, key=lambda s: s.kid):
        protected = enc({1: signer.alg, 4: signer.kid})
        signatures.append([protected, {}, signer.sign(enc(["Signature", b"", protected, aad, payload]))])
    return enc(cbor2.CBORTag(98, [b"", {}, payload, signatures]))


def open_sign(data, signers, aad):
    tag = dec(data)
    body, unprotected, payload, signatures = tag.value
    assert tag.tag == 98 and body == b"" and unprotected == {} and len(signatures) == len(signers)
    by_kid = {s.kid: s for s in signers}
    kids = [dec(protected)[4] for protected, _, _ in signatures]
    assert kids == sorted(kids)
    for protected, unprotected, signature in signatures:
        signer = by_kid.pop(dec(protected)[4])
        assert unprotected == {} and dec(protected)[1] == signer.alg
        signer.verify(signature, enc(["Signature", b"", protected, aad, payload]))
    return payload


def frame_iv(base_iv, partial):
    return bytes(a ^ b for a, b in zip(base_iv, partial.rjust(12, b"\0")))


def encrypt0(key, kid, aad, plain, base_iv=None, partial=None):
    protected = enc({1: 3, 4: kid})
    iv = os.urandom(12) if base_iv is None else frame_iv(base_iv, partial)
    unprotected = {5: iv} if base_iv is None else {6: partial}
    ciphertext = AESGCM(key).encrypt(iv, plain, enc(["Encrypt0", protected, aad]))
    return enc(cbor2.CBORTag(16, [protected, unprotected, ciphertext]))


def open_encrypt0(data, key, kid, aad, base_iv=None):
    """Plain text and partial IV."""
    tag = dec(data)
    protected, unprotected, ciphertext = tag.value
    assert tag.tag == 16 and dec(protected) == {1: 3, 4: kid}
    assert list(unprotected) == ([5] if base_iv is None else [6])
    iv = unprotected[5] if base_iv is None else frame_iv(base_iv, unprotected[6])
    return AESGCM(key).decrypt(iv, ciphertext, enc(["Encrypt0", protected, aad])), unprotected.get(6)


def content_key(shared):
    context = enc([3, [None, None, None], [None, None, None], [256, enc({1: -25})]])
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=context).derive(shared)


def encrypt(peer_point, kid, aad, plain, compressed=True):
    peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, peer_point)
    ephemeral = ec.generate_private_key(CURVE)
    n = ephemeral.public_key().public_numbers()
    y = bool(n.y & 1) if compressed else n.y.to_bytes(32, "big")
    epk = {1: 2, -1: 1, -2: n.x.to_bytes(32, "big"), -3: y}
    protected, iv = enc({1: 3}), os.urandom(12)
    key = content_key(ephemeral.exchange(ec.ECDH(), peer))
    ciphertext = AESGCM(key).encrypt(iv, plain, enc(["Encrypt", protected, aad]))
    recipient = [enc({1: -25}), {4: kid, -1: epk}, b""]
    return enc(cbor2.CBORTag(96, [protected, {5: iv}, ciphertext, [recipient]]))


def open_encrypt(data, signer, aad):
    """`signer` is a P-256 pair used for key agreement here."""
    tag = dec(data)
    protected, unprotected, ciphertext, recipients = tag.value
    assert tag.tag == 96 and dec(protected) == {1: 3} and list(unprotected) == [5] and len(recipients) == 1
    header, hints, wrapped = recipients[0]
    assert dec(header) == {1: -25} and wrapped == b"" and hints[4] == signer.kid
    epk = hints[-1]
    assert list(epk) == [1, -1, -2, -3] and epk[1] == 2 and epk[-1] == 1 and isinstance(epk[-3], bool)
    compressed = bytes([2 + epk[-3]]) + epk[-2]
    ephemeral = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, compressed)
    key = content_key(signer.private.exchange(ec.ECDH(), ephemeral))
    return AESGCM(key).decrypt(unprotected[5], ciphertext, enc(["Encrypt", protected, aad]))
