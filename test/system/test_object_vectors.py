"""Our own published vectors (test/vectors), read by both implementations: the formats do not drift.

SPDX-License-Identifier: Apache-2.0
"""
import json

import pytest

import pycose
from cosetool import ROOT, cose_tool
from pycose import ED25519, ES256, Signer


def load(name):
    """Hexadecimal values become bytes; text stays."""
    def convert(value):
        if isinstance(value, dict):
            return {k: v if k in ("what", "dev", "stream") else convert(v) for k, v in value.items()}
        if isinstance(value, list):
            return [convert(v) for v in value]
        return bytes.fromhex(value) if isinstance(value, str) else value
    return convert(json.loads((ROOT / "test/vectors" / name).read_text()))


@pytest.fixture(scope="module")
def seal():
    return load("seal.json")


@pytest.fixture(scope="module")
def cose():
    return load("cose.json")


def test_stream_layers_open_one_by_one(seal):
    device, owner = Signer(ES256, seal["device_secret"]), Signer(ES256, seal["owner_secret"])
    aad = b"hf/skey/1/" + seal["dev"].encode()
    assert (device.public, owner.kid) == (seal["device_public"], seal["owner_kid"])
    assert pycose.open_encrypt(seal["key_object"], owner, aad) == seal["signed_key"]
    assert pycose.open_sign1(seal["signed_key"], device, aad) == seal["claims"]
    claims = pycose.dec(seal["claims"])
    assert claims == {1: seal["dev"], 6: seal["unix_s"], -65537: [seal["stream"], {
        1: 4, 2: seal["kid"], 3: 3, 5: seal["base_iv"], -1: seal["key"]}]}


def test_stream_is_read_by_us(seal):
    frames = [f["object"] for f in seal["frames"]]
    answer = cose_tool("open-stream", seal["key_object"], seal["owner_secret"], ES256, seal["device_public"],
                       seal["dev"].encode(), *frames)
    assert answer == [("stream", seal["stream"].encode())] + [("plain", f["plain"]) for f in seal["frames"]]


def test_frames_have_exactly_these_bytes(seal):
    aad = b"hf/frame/1/" + seal["dev"].encode()
    for f in seal["frames"]:
        counter = f["counter"].to_bytes(4, "big")
        key = (seal["key"], seal["kid"], seal["base_iv"])
        ours = cose_tool("write-encrypt0", *key, counter, aad, f["plain"])
        assert ours == [("object", f["object"])]
        assert f["object"][8:16] == seal["kid"] and f["object"][19:23] == counter  # the table in seal.md


def test_signatures_of_the_cose_vectors(cose):
    p256 = (ES256, cose["p256_public"])
    ed = [(ED25519, k) for k in cose["ed25519_publics"]]
    good = [("payload", cose["payload"])]
    assert cose_tool("open-sign1", cose["sign1_es256"], *p256, cose["aad"]) == good
    assert cose_tool("open-sign1", cose["sign1_ed25519"], *ed[0], cose["aad"]) == good
    pair = Signer(ES256, cose["p256_secret"])
    assert pycose.open_sign1(cose["sign1_es256_detached"], pair, cose["aad"], cose["payload"])
    keys = dict(zip([cose["p256_kid"], *cose["ed25519_kids"]], [p256, *ed]))
    words = [w for k in sorted(keys) for w in keys[k]]
    answer = cose_tool("open-sign", cose["sign"], cose["aad"], *words)
    assert answer == good + [("kid", k) for k in sorted(keys)]


def test_ed25519_signatures_have_exactly_these_bytes(cose):
    words = (ED25519, cose["ed25519_secrets"][0], cose["ed25519_kids"][0])
    answer = cose_tool("write-sign1", *words, cose["aad"], cose["payload"], 0)
    assert answer == [("object", cose["sign1_ed25519"])]


def test_sealed_objects_of_the_cose_vectors(cose):
    good = [("plain", cose["plain"])]
    assert cose_tool("open-encrypt", cose["encrypt"], cose["p256_secret"], cose["aad"]) == good
    assert cose_tool("open-encrypt0", cose["encrypt0"], cose["key"], b"", cose["aad"]) == good
    partial = (cose["encrypt0_partial"], cose["key"])
    assert cose_tool("open-encrypt0", *partial, cose["base_iv"], cose["aad"]) == good
    assert cose_tool("open-encrypt0", *partial, bytes(12), cose["aad"]) == [("error", "CO4")]
