"""Our published vectors of commands (test/vectors/command.json), read by both implementations.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json

import pytest

import pycose
from cosetool import ROOT, command_tool
from pycose import ES256, Signer, dec

BODY = -65537


class Vector:
    def __init__(self, raw):
        self.raw, self.dev = raw, raw["dev"].encode()
        self.operators = [Signer(ES256, bytes.fromhex(s)) for s in raw["operator_secret"]]
        self.device, self.encryption, self.reply = (
            Signer(ES256, self[name]) for name in ("signing_secret", "encryption_secret", "reply_secret"))

    def __getitem__(self, name):
        return bytes.fromhex(self.raw[name])

    def commands(self):
        for c in self.raw["commands"]:
            yield {k: v if k in ("op", "code", "plain_len") else bytes.fromhex(v) for k, v in c.items()}


@pytest.fixture(scope="module")
def vector():
    return Vector(json.loads((ROOT / "test/vectors/command.json").read_text()))


def test_policy_is_read_by_us(vector):
    answer = command_tool("open-policy", vector["policy"])
    assert answer[1] == ("ref", vector["policy_ref"])


def test_layers_of_each_command_open_one_by_one(vector):
    aad = b"hf/cmd/1/" + vector.dev
    for signers, c in enumerate(vector.commands(), start=1):
        plain = pycose.open_encrypt(c["object"], vector.encryption, aad)
        inner, zeros = dec(plain)
        assert inner == c["inner"] and not any(zeros) and len(plain) == c["plain_len"]
        if signers == 1:
            claims = pycose.open_sign1(inner, vector.operators[0], aad)
        else:
            claims = pycose.open_sign(inner, vector.operators[:2], aad)
        assert claims == c["claims"] and dec(claims)[BODY][4] == c["op"] and dec(claims)[7] == c["cti"]
        assert c["code"] == hashlib.sha256(claims).hexdigest()[:8]


def test_our_device_obeys_them(vector):
    objects = [c["object"] for c in vector.commands()]
    answer = command_tool("obey", vector["policy"], vector.dev, vector.device.secret,
                          vector.encryption.secret, vector["rep"], *objects)
    assert [v.decode() for k, v in answer if k == "op"] == [c["op"] for c in vector.commands()]


def test_receipts_are_read_by_both(vector):
    before = bytes(32)
    for n, c in enumerate(vector.commands(), start=1):
        body = dec(pycose.open_sign1(c["receipt"], vector.device, b"hf/rcpt/1/" + vector.dev))[BODY]
        assert body[:6] == [n, before, c["cmd_hash"], n + 1, 0, 0]
        answer = dict(command_tool("open-receipt", vector.device.public, vector.dev, vector.reply.secret,
                                   c["receipt"]))
        assert [answer[k] for k in ("cmd_hash", "cti", "result")] == [c["cmd_hash"], c["cti"], c["result"]]
        before = hashlib.sha256(c["receipt"]).digest()


def test_state_is_read_by_both(vector):
    body = dec(pycose.open_sign1(vector["state"], vector.device, b"hf/state/1/" + vector.dev))[BODY]
    assert body[3] == vector["rep"] and body[4] == [[vector.operators[0].kid, 2]] and body[7] == 2
    answer = command_tool("open-state", vector.device.public, vector.dev, vector["state"])
    assert answer == [("rep", vector["rep"]), ("kid", vector.operators[0].kid),
                      ("high", (2).to_bytes(8, "big"))]
