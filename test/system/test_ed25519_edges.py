"""Edges of Ed25519 (test/vectors/ed25519.json): the file is what its program computes, and a verifier
that others wrote agrees about every signature whose key a policy may hold. The C side is
test/unit/ed25519_edges.c.

SPDX-License-Identifier: Apache-2.0
"""
import importlib.util
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cosetool import ROOT

FOLDER = ROOT / "test/vectors"
VECTORS = json.loads((FOLDER / "ed25519.json").read_text())


def test_the_file_is_what_the_program_prints():
    spec = importlib.util.spec_from_file_location("edges", FOLDER / "ed25519.py")
    edges = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(edges)
    assert edges.vectors() == VECTORS


def accepts(row):
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(row["key"])).verify(
            bytes.fromhex(row["signature"]), bytes.fromhex(row["message"]))
    except InvalidSignature:
        return False
    return True


def test_others_agree_once_the_key_is_checked():
    checked = [r for r in VECTORS["signatures"] if r["key_good"]]
    assert len(checked) > 20
    for row in checked:
        assert accepts(row) == row["good"], row["name"]


def test_without_the_check_of_keys_anybody_signs():
    """The reason of that check: these have no secret, and the library takes them."""
    weak = [r for r in VECTORS["signatures"] if not r["key_good"]]
    assert any(accepts(row) for row in weak)
