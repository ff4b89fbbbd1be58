"""Our published vectors of statements (test/vectors/statement.json), read by both implementations.

SPDX-License-Identifier: Apache-2.0
"""
import json

import pytest

import pycose
from cosetool import ROOT, command_tool
from pycose import ED25519, ES256, Signer


@pytest.fixture(scope="module")
def vector():
    raw = json.loads((ROOT / "test/vectors/statement.json").read_text())
    del raw["what"]
    return {k: [bytes.fromhex(v) for v in value] if isinstance(value, list) else bytes.fromhex(value)
            for k, value in raw.items()}


def test_policy_and_order_open_for_them(vector):
    roots = [Signer(ED25519, s) for s in vector["root_seed"]]
    operators = [Signer(ES256, s) for s in vector["operator_secret"]]
    assert pycose.open_sign(vector["policy"], roots[:2], b"hf/policy/1") == vector["policy_payload"]
    assert pycose.open_sign(vector["order"], operators[:2], b"holdfast/order/v1") == vector["order_payload"]
    # Ed25519 is deterministic: another writer makes the same bytes.
    assert pycose.sign(roots[:2], b"hf/policy/1", vector["policy_payload"]) == vector["policy"]


def test_policy_and_order_open_for_us(vector):
    assert command_tool("open-policy", vector["policy"])[1] == ("ref", vector["policy_ref"])
    assert command_tool("open-order", vector["policy"], vector["order"])[0] == ("line", b"lamp-2")


def test_the_successor_counts_only_after_the_first(vector):
    name, _ = command_tool("follow-policy", vector["policy"], vector["policy_2"])[0]
    assert name == "ref"
    assert command_tool("open-policy", vector["policy_2"]) == [("error", "PY6")]
    assert command_tool("follow-policy", vector["policy"], vector["policy"]) == [("error", "PY6")]


def test_the_successor_needs_both_root_quorums(vector):
    roots = [Signer(ED25519, s) for s in vector["root_seed"]]
    payload = pycose.dec(vector["policy_2"]).value[2]
    policy = pycose.dec(payload)
    new = [Signer(ED25519) for _ in range(3)]
    policy[4] = [[1, -19, s.public, "new root", 0] for s in new] + policy[4][3:]
    payload = pycose.enc(policy)
    for signers, fine in ((new[:2], False), (roots[:2], False), (roots[:2] + new[:1], False),
                          (roots[:1] + new[:2], False), (roots[1:] + new[:2], True)):
        container = pycose.sign(signers, b"hf/policy/1", payload)
        answer = command_tool("follow-policy", vector["policy"], container)
        assert (answer[0][0] == "ref") == fine, len(signers)
