"""Each COSE object is written by us and read by an independent implementation, and the other way round.

SPDX-License-Identifier: Apache-2.0
"""
import os

import pytest

import pycose
from cosetool import cose_tool
from pycose import ED25519, ES256, Signer

AAD = b"hf/cmd/1/abcdefghijklmnop"
DEV = b"abcdefghijklmnop"
SIZES = [0, 1, 23, 24, 255, 256, 4000, 16384]


def one(answer):
    """The only line of an answer."""
    assert len(answer) == 1, answer
    return answer[0]


@pytest.mark.parametrize("alg", [ES256, ED25519])
@pytest.mark.parametrize("size", SIZES)
def test_sign1_both_directions(alg, size):
    signer, payload = Signer(alg), os.urandom(size)
    name, ours = one(cose_tool("write-sign1", *signer.words(), AAD, payload, 0))
    assert name == "object" and pycose.open_sign1(ours, signer, AAD) == payload
    theirs = pycose.sign1(signer, AAD, payload)
    assert one(cose_tool("open-sign1", theirs, alg, signer.public, AAD)) == ("payload", payload)
    assert len(ours) == len(theirs)


def test_ed25519_is_deterministic_so_both_write_the_same_bytes():
    signer = Signer(ED25519)
    for payload in (b"", b"x" * 300):
        assert one(cose_tool("write-sign1", *signer.words(), AAD, payload, 0))[1] == pycose.sign1(
            signer, AAD, payload)
        assert one(cose_tool("write-sign", AAD, payload, *signer.words()))[1] == pycose.sign(
            [signer], AAD, payload)


@pytest.mark.parametrize("alg", [ES256, ED25519])
def test_sign1_with_a_detached_payload(alg):
    signer = Signer(alg)
    ours = one(cose_tool("write-sign1", *signer.words(), AAD, b"content", 1))[1]
    assert pycose.open_sign1(ours, signer, AAD, b"content") == b"content"
    with pytest.raises(pycose.InvalidSignature):
        pycose.open_sign1(ours, signer, AAD, b"other content")
    # Attached reading of a detached object is refused.
    assert one(cose_tool("open-sign1", ours, alg, signer.public, AAD)) == ("error", "CO1")


def test_sign1_bound_to_another_device_is_refused_by_both():
    signer = Signer(ES256)
    other = AAD[:-1] + b"q"
    ours = one(cose_tool("write-sign1", *signer.words(), AAD, b"content", 0))[1]
    with pytest.raises(pycose.InvalidSignature):
        pycose.open_sign1(ours, signer, other)
    theirs = pycose.sign1(signer, AAD, b"content")
    assert one(cose_tool("open-sign1", theirs, ES256, signer.public, other)) == ("error", "CO3")


@pytest.mark.parametrize("algs", [[ES256], [ED25519] * 3, [ES256, ED25519, ES256], [ES256] * 8])
def test_sign_with_several_signers_both_directions(algs):
    signers = [Signer(alg) for alg in algs]
    payload = os.urandom(100)
    words = [w for s in signers for w in s.words()]
    ours = one(cose_tool("write-sign", AAD, payload, *words))[1]
    assert pycose.open_sign(ours, signers, AAD) == payload
    theirs = pycose.sign(signers, AAD, payload)
    ordered = sorted(signers, key=lambda s: s.kid)
    keys = [w for s in ordered for w in (s.alg, s.public)]
    answer = cose_tool("open-sign", theirs, AAD, *keys)
    assert answer == [("payload", payload)] + [("kid", s.kid) for s in ordered]
    assert len(ours) == len(theirs)


@pytest.mark.parametrize("size", SIZES + [60000])
def test_encrypt0_both_directions(size):
    key, kid, plain = os.urandom(32), os.urandom(8), os.urandom(size)
    ours = one(cose_tool("write-encrypt0", key, kid, b"", b"", AAD, plain))[1]
    assert pycose.open_encrypt0(ours, key, kid, AAD) == (plain, None)
    theirs = pycose.encrypt0(key, kid, AAD, plain)
    assert one(cose_tool("open-encrypt0", theirs, key, b"", AAD)) == ("plain", plain)


@pytest.mark.parametrize("partial", [b"\x07", b"\0\0\0\x07", b"\xff\xff\xff\xff", bytes(range(1, 13))])
def test_encrypt0_with_a_partial_iv_gives_the_same_bytes(partial):
    key, kid, base_iv = os.urandom(32), os.urandom(8), os.urandom(12)
    ours = one(cose_tool("write-encrypt0", key, kid, base_iv, partial, AAD, b"a frame"))[1]
    assert ours == pycose.encrypt0(key, kid, AAD, b"a frame", base_iv, partial)
    assert one(cose_tool("open-encrypt0", ours, key, base_iv, AAD)) == ("plain", b"a frame")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("compressed", [True, False])
def test_encrypt_both_directions_and_both_point_forms(size, compressed):
    device, plain = Signer(ES256), os.urandom(size)
    ours = one(cose_tool("write-encrypt", device.public, device.kid, AAD, plain))[1]
    assert pycose.open_encrypt(ours, device, AAD) == plain
    theirs = pycose.encrypt(device.public, device.kid, AAD, plain, compressed)
    assert one(cose_tool("open-encrypt", theirs, device.secret, AAD)) == ("plain", plain)
    assert len(theirs) - len(ours) == (0 if compressed else 33)


def test_encrypt_to_another_device_or_aad_is_refused_by_both():
    device, other = Signer(ES256), Signer(ES256)
    theirs = pycose.encrypt(device.public, device.kid, AAD, b"content")
    assert one(cose_tool("open-encrypt", theirs, other.secret, AAD)) == ("error", "CO4")
    assert one(cose_tool("open-encrypt", theirs, device.secret, b"hf/cmd/1/x")) == ("error", "CO4")
    ours = one(cose_tool("write-encrypt", device.public, device.kid, AAD, b"content"))[1]
    with pytest.raises(pycose.InvalidTag):
        pycose.open_encrypt(ours, device, b"hf/cmd/1/x")


def skey_claims(kid, base_iv, key, stream="climate", dev=DEV, iat=1767225600):
    return pycose.enc({1: dev.decode(), 6: iat, -65537: [stream, {1: 4, 2: kid, 3: 3, 5: base_iv, -1: key}]})


def test_a_stream_of_ours_is_read_by_the_owner_in_python():
    device, owner = Signer(ES256), Signer(ES256)
    texts = [b"21.5", b"", os.urandom(3000)]
    answer = cose_tool("write-stream", *device.words(), owner.public, DEV, b"climate", *texts)
    assert [name for name, _ in answer] == ["key"] + ["frame"] * 3
    signed = pycose.open_encrypt(answer[0][1], owner, b"hf/skey/1/" + DEV)
    claims = pycose.dec(pycose.open_sign1(signed, device, b"hf/skey/1/" + DEV))
    stream, cose_key = claims[-65537]
    assert claims[1].encode() == DEV and stream == "climate" and sorted(cose_key) == [-1, 1, 2, 3, 5]
    assert cose_key[1] == 4 and cose_key[3] == 3
    for number, text in enumerate(texts):
        plain, partial = pycose.open_encrypt0(answer[1 + number][1], cose_key[-1], cose_key[2],
                                              b"hf/frame/1/" + DEV, cose_key[5])
        assert plain == text and partial == number.to_bytes(4, "big")


def stream_in_python(device, owner, **claims):
    kid, base_iv, key = os.urandom(8), os.urandom(12), os.urandom(32)
    signed = pycose.sign1(device, b"hf/skey/1/" + DEV, skey_claims(kid, base_iv, key, **claims))
    sealed = pycose.encrypt(owner.public, owner.kid, b"hf/skey/1/" + DEV, signed)
    frames = [pycose.encrypt0(key, kid, b"hf/frame/1/" + DEV, text, base_iv, n.to_bytes(4, "big"))
              for n, text in enumerate([b"one", b"two"])]
    return sealed, frames


def test_a_stream_written_in_python_is_read_by_us():
    device, owner = Signer(ES256), Signer(ES256)
    sealed, frames = stream_in_python(device, owner)
    answer = cose_tool("open-stream", sealed, owner.secret, ES256, device.public, DEV, *frames)
    assert answer == [("stream", b"climate"), ("plain", b"one"), ("plain", b"two")]


def test_a_stream_key_of_another_signer_or_for_another_device_is_refused():
    device, owner, thief = Signer(ES256), Signer(ES256), Signer(ES256)
    sealed, _ = stream_in_python(thief, owner)
    assert one(cose_tool("open-stream", sealed, owner.secret, ES256, device.public, DEV)) == ("error", "CO3")
    sealed, _ = stream_in_python(device, owner, dev=b"abcdefghijklmnoq")
    assert one(cose_tool("open-stream", sealed, owner.secret, ES256, device.public, DEV)) == ("error", "SL4")
