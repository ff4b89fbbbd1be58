"""Third-party vectors of the cose-wg (HOLDFAST_VECTORS, default ../shared/vectors): each step is compared,
ToBeSigned, AAD, KDF context, shared secret and key, not only the verdict. Absent vectors are skipped.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import json
import os
import pathlib

import pytest

from cosetool import ROOT, cose_tool

VECTORS = pathlib.Path(os.environ.get("HOLDFAST_VECTORS", ROOT.parent / "shared/vectors")) / "cose"
ES256 = -7


def load(folder, name):
    path = VECTORS / folder / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no vectors at {VECTORS}")
    return json.loads(path.read_text())


def field(value):
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def point(key):
    return b"\x04" + field(key["x"]) + field(key["y"])


def output(vector):
    return bytes.fromhex(vector["output"]["cbor"])


def text(vector):
    return vector["input"]["plaintext"].encode()


def external(part):
    return bytes.fromhex(part.get("external", ""))


SIGN1_PASS = ["sign-pass-01", "sign-pass-02", "sign-pass-03"]
SIGN1_FAIL = ["sign-fail-01", "sign-fail-02", "sign-fail-03", "sign-fail-04", "sign-fail-06", "sign-fail-07"]


@pytest.mark.parametrize("name", SIGN1_PASS)
def test_sign1_that_must_pass(name):
    v = load("sign1-tests", name)
    part = v["input"]["sign0"]
    answer = cose_tool("foreign-sign1", output(v), ES256, point(part["key"]), external(part))
    assert answer == [("tbs", bytes.fromhex(v["intermediates"]["ToBeSign_hex"])), ("payload", text(v))]


@pytest.mark.parametrize("name", SIGN1_FAIL)
def test_sign1_that_must_fail(name):
    v = load("sign1-tests", name)
    part = v["input"]["sign0"]
    answer = cose_tool("foreign-sign1", output(v), ES256, point(part["key"]), external(part))
    assert answer[-1][0] == "error", answer
    assert answer[-1][1] in ("CO1", "CO2", "CO3"), answer  # shape, algorithm, signature


def test_strict_reader_refuses_every_sign1_vector():
    """alg or kid unprotected, no tag: none of them is an object of ours."""
    for name in SIGN1_PASS + SIGN1_FAIL:
        v = load("sign1-tests", name)
        part = v["input"]["sign0"]
        answer = cose_tool("open-sign1", output(v), ES256, point(part["key"]), external(part))
        assert answer == [("error", "CO1")], name


def test_es256_with_one_signer():
    v = load("ecdsa-examples", "ecdsa-sig-01")
    part = v["input"]["sign0"]
    answer = cose_tool("foreign-sign1", output(v), ES256, point(part["key"]), external(part))
    assert answer == [("tbs", bytes.fromhex(v["intermediates"]["ToBeSign_hex"])), ("payload", text(v))]


def test_es256_in_a_cose_sign():
    v = load("ecdsa-examples", "ecdsa-01")
    part = v["input"]["sign"]["signers"][0]
    answer = dict(cose_tool("foreign-sign", output(v), ES256, point(part["key"]), external(part)))
    assert answer["tbs"] == bytes.fromhex(v["intermediates"]["signers"][0]["ToBeSign_hex"])
    assert answer["payload"] == text(v)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_es384_and_es512_are_unsupported_never_a_pass(number):
    for name, verb in ((f"ecdsa-{number:02}", "foreign-sign"), (f"ecdsa-sig-{number:02}", "foreign-sign1")):
        v = load("ecdsa-examples", name)
        part = v["input"]["sign0"] if verb == "foreign-sign1" else v["input"]["sign"]["signers"][0]
        answer = cose_tool(verb, output(v), ES256, point(part["key"])[:65], external(part))
        assert answer[-1] == ("error", "CO2"), name


def base_iv(part):
    """The files give the IV that results; the base is what it was before the partial IV was added."""
    iv = bytes.fromhex(part.get("unsent", {}).get("IV_hex", ""))
    partial = bytes.fromhex(part.get("unprotected", {}).get("partialIV_hex", "")).rjust(len(iv), b"\0")
    return bytes(a ^ b for a, b in zip(iv, partial))


def aes_gcm(name):
    """The vector and our answer, under the key the file gives."""
    v = load("aes-gcm-examples", name)
    part = v["input"]["enveloped"] if "enveloped" in v["input"] else v["input"]["encrypted"]
    verb = "foreign-direct" if "enveloped" in v["input"] else "foreign-encrypt0"
    key = bytes.fromhex(v["intermediates"]["CEK_hex"])
    return v, cose_tool(verb, output(v), key, base_iv(part), external(part))


@pytest.mark.parametrize("name", [
    "aes-gcm-01", "aes-gcm-03", "aes-gcm-05", "aes-gcm-enc-01", "aes-gcm-enc-03"])
def test_aes_gcm_with_128_and_256_bits_and_partial_iv(name):
    v, answer = aes_gcm(name)
    assert answer == [("aad", bytes.fromhex(v["intermediates"]["AAD_hex"])), ("plain", text(v))]


@pytest.mark.parametrize("name", ["aes-gcm-04", "aes-gcm-enc-04"])
def test_aes_gcm_with_a_changed_tag_fails(name):
    v, answer = aes_gcm(name)
    assert answer == [("aad", bytes.fromhex(v["intermediates"]["AAD_hex"])), ("error", "CO4")]


@pytest.mark.parametrize("name", ["aes-gcm-02", "aes-gcm-enc-02"])
def test_aes_gcm_with_192_bits_is_unsupported(name):
    _, answer = aes_gcm(name)
    assert answer[-1][0] == "error"


@pytest.mark.parametrize("name", ["p256-hkdf-256-01", "p256-hkdf-256-02"])
def test_ecdh_es_with_hkdf_256_every_step(name):
    v = load("ecdh-direct-examples", name)
    recipient = v["input"]["enveloped"]["recipients"][0]
    steps = v["intermediates"]
    answer = cose_tool("foreign-encrypt", output(v), field(recipient["key"]["d"]), b"")
    assert answer == [
        ("context", bytes.fromhex(steps["recipients"][0]["Context_hex"])),
        ("secret", bytes.fromhex(steps["recipients"][0]["Secret_hex"])),
        ("key", bytes.fromhex(steps["CEK_hex"])),
        ("aad", bytes.fromhex(steps["AAD_hex"])),
        ("plain", text(v)),
    ]


@pytest.mark.parametrize("name", [
    "p256-hkdf-256-03", "p256-hkdf-512-01", "p256-hkdf-512-02", "p256-hkdf-512-03", "p256-ss-hkdf-256-01",
    "p256-ss-hkdf-256-02", "p256-ss-hkdf-256-03", "p256-ss-hkdf-512-01", "p256-ss-hkdf-512-02",
    "p256-ss-hkdf-512-03", "p521-hkdf-256-01", "p521-hkdf-256-02", "p521-hkdf-256-03", "p521-hkdf-512-01",
    "p521-hkdf-512-02", "p521-hkdf-512-03", "p521-ss-hkdf-256-01", "p521-ss-hkdf-256-02",
    "p521-ss-hkdf-256-03", "p521-ss-hkdf-512-01", "p521-ss-hkdf-512-02", "p521-ss-hkdf-512-03"])
def test_other_key_agreements_are_unsupported_never_a_pass(name):
    v = load("ecdh-direct-examples", name)
    answer = cose_tool("foreign-encrypt", output(v), b"\x01" * 32, b"")
    assert len(answer) == 1 and answer[0][0] == "error", name


def test_every_vector_present_is_named_above():
    """A new file must not be passed over in silence."""
    if not VECTORS.exists():
        pytest.skip(f"no vectors at {VECTORS}")
    here = pathlib.Path(__file__).read_text()
    for path in VECTORS.glob("*/*.json"):
        by_number = path.parent.name == "ecdsa-examples" and path.stem[-2:] in ("02", "03", "04")
        assert by_number or f'"{path.stem}"' in here, path
