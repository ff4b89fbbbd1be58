"""Policies, orders, commands, receipts and state: written by us and read by an independent implementation,
and the other way round (channel.md s6, s7; release-log.md s5; identity.md s10).

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os

import cbor2
import pytest

import pycose
from cosetool import command_tool
from pycose import ED25519, ES256, Signer, dec, enc

DEV = b"abcdefghijklmnop"
NOW = 1767225600  # where the fake device's clock stands
REP = bytes(range(8))
BODY = -65537
READ, ACT, DANGER, ERASE = 1, 2, 3, 4


def base32(data):
    import base64
    return base64.b32encode(data).decode().rstrip("=").lower()


def cmd_aad(dev=DEV):
    return b"hf/cmd/1/" + dev


class Fleet:
    """Three roots, three operators, one device; the policy is ours to write."""

    def __init__(self):
        self.roots = [Signer(ED25519) for _ in range(3)]
        self.operators = [Signer(ES256) for _ in range(3)]
        self.device, self.encryption, self.reply = Signer(ES256), Signer(ES256), Signer(ES256)
        self.payload = enc(self.policy())
        self.container = pycose.sign(self.roots[:2], b"hf/policy/1", self.payload)

    def policy(self):
        keys = [[1, s.alg, s.public, f"root {i}", 0] for i, s in enumerate(self.roots)]
        keys += [[8, s.alg, s.public, f"operator {i}", 0] for i, s in enumerate(self.operators)]
        one, two = [1, 3, 4, 5], [2, 3, 4, 5]
        return {0: "hf/policy/1", 1: 1, 2: None, 3: b"v" * 16, 4: keys, 5: [2, 0, 1, 2], 6: [], 7: None,
                8: [], 9: [], 10: None, 11: 1209600, 12: None, 13: None,
                14: {"cmd-act": one, "cmd-read": one, "cmd-erase": two, "cmd-danger": two, "order": two},
                15: []}

    def claims(self, lead, cls, op, seq=1, args=None, **changes):
        reply = bytes([2 + (self.reply.public[64] & 1)]) + self.reply.public[1:33]
        fields = dict(iat=NOW, exp=NOW + 600, cti=os.urandom(16), rep=REP, deadline=None, aud=DEV.decode())
        fields.update(changes)
        f = fields
        return {1: base32(self.operators[lead].kid), 3: f["aud"], 4: f["exp"], 6: f["iat"], 7: f["cti"],
                BODY: [cls, f["rep"], seq, f["deadline"], op, args or {}, reply]}

    def seal(self, inner, zeros=None):
        zeros = bytes(300) if zeros is None else zeros
        return pycose.encrypt(self.encryption.public, self.encryption.kid, cmd_aad(), enc([inner, zeros]))

    def obey(self, *objects):
        """Answers of the device, then its state."""
        return command_tool("obey", self.container, DEV, self.device.secret, self.encryption.secret, REP,
                            *objects)

    def receipt(self, data):
        payload = dec(pycose.open_sign1(data, self.device, b"hf/rcpt/1/" + DEV))
        assert payload[1] == DEV.decode() and payload[6] == NOW
        names = ("n", "prev", "cmd_hash", "cls", "status", "reason", "rep", "high", "boot", "uptime",
                 "result")
        return dict(zip(names, payload[BODY]), cti=payload[7])


@pytest.fixture(scope="module")
def fleet():
    return Fleet()


def single(fleet, claims, lead=0):
    return pycose.sign1(fleet.operators[lead], cmd_aad(), enc(claims))


def several(fleet, claims, who):
    return pycose.sign([fleet.operators[i] for i in who], cmd_aad(), enc(claims))


# --- policy and order ---

def test_our_reader_takes_their_policy(fleet):
    answer = command_tool("open-policy", fleet.container)
    assert answer[1] == ("ref", hashlib.sha256(fleet.payload).digest()[:8])
    assert [v for k, v in answer if k == "kid"] == [s.kid for s in fleet.roots + fleet.operators]


def test_their_reader_takes_our_policy():
    roots, operators = [Signer(ED25519) for _ in range(3)], [Signer(ES256) for _ in range(2)]
    [(name, data)] = command_tool("write-policy", b"v" * 16, *[s.secret for s in roots + operators])
    policy = dec(pycose.open_sign(data, roots, b"hf/policy/1"))
    assert name == "policy" and list(policy) == list(range(16)) and policy[1] == 1 and policy[2] is None
    people = [[1, -19, s.public] for s in roots] + [[8, -7, s.public] for s in operators]
    assert [k[:3] for k in policy[4]] == people
    assert policy[5] == [2, 0, 1, 2] and policy[14]["cmd-danger"] == [2, 3, 4]


@pytest.mark.parametrize("change", [
    {0: "hf/policy/2"}, {1: 0}, {2: bytes(32)}, {3: b"v" * 15}, {5: [3, 0, 1]}, {5: [0, 0, 1]},
    {5: [1, 0, 0]}, {5: [1, 0, 3]}, {5: [1, [1, [1, [1, 0]]]]}, {14: {"order": [1, 0]}},
    {14: {"order": 9}}, {16: None},
    {6: [[[b"c" * 15], 0]]}, {6: [[[b"c" * 16], 0]]}, {6: [[[], [2, 0, 1]]]}, {7: [[[], 3]]},
    {10: [1, 3]}, {12: 0},
])
def test_a_policy_that_breaks_a_rule_is_refused(fleet, change):
    container = pycose.sign(fleet.roots[:2], b"hf/policy/1", enc({**fleet.policy(), **change}))
    assert command_tool("open-policy", container)[0][0] == "error"


def test_policy_signed_for_another_type_or_by_one_root_is_refused(fleet):
    for signers, aad in ((fleet.roots[:1], b"hf/policy/1"), (fleet.roots[:2], b"holdfast/order/v1")):
        assert command_tool("open-policy", pycose.sign(signers, aad, fleet.payload))[0][0] == "error"


def test_a_class_is_delegated_once():
    fleet, releaser = Fleet(), Signer(ED25519)
    policy = fleet.policy()
    policy[4] = policy[4] + [[2, releaser.alg, releaser.public, "release", 0]]
    a, b, q = b"a" * 16, b"b" * 16, 6
    for field, fine in (([[[a], q]], True), ([[[a, b], q], [[], q]], True), ([[[a], q], [[b], q]], True),
                        ([[[a], q], [[a], q]], False), ([[[a, a], q]], False), ([[[], q], [[], q]], False),
                        ([[[a, b], q], [[b], q]], False), ([[[a], 3]], False)):
        container = pycose.sign(fleet.roots[:2], b"hf/policy/1", enc({**policy, 6: field}))
        assert (command_tool("open-policy", container)[0][0] != "error") == fine, field


def order_of(fleet):
    ref = hashlib.sha256(fleet.payload).digest()[:8]
    return {0: "holdfast/order/v1", 1: b"i" * 16, 2: "lamp-2", 3: 500, 4: 15, 5: NOW, 6: NOW + 9,
            7: [b"s" * 32], 8: 0, 9: 86400, 10: ref, 11: b"c" * 32, 12: fleet.reply.public}


def test_our_reader_takes_their_order(fleet):
    data = pycose.sign(fleet.operators[:2], b"holdfast/order/v1", enc(order_of(fleet)))
    assert command_tool("open-order", fleet.container, data) == [
        ("line", b"lamp-2"), ("quantity", (500).to_bytes(8, "big"))]
    one = pycose.sign(fleet.operators[:1], b"holdfast/order/v1", enc(order_of(fleet)))
    assert command_tool("open-order", fleet.container, one) == [("error", "SM4")]


def test_their_reader_takes_our_order(fleet):
    [(_, data)] = command_tool("write-order", fleet.container, *fleet.operators[0].words(),
                               *fleet.operators[1].words())
    order = dec(pycose.open_sign(data, fleet.operators[:2], b"holdfast/order/v1"))
    assert list(order) == list(range(13)) and order[3] == 100 and order[10] == order_of(fleet)[10]


# --- commands: they write, our device obeys, they read the receipt ---

def test_device_obeys_their_command_and_they_read_its_receipt(fleet):
    claims = fleet.claims(0, ACT, "relay.set", args={"on": True})
    inner = single(fleet, claims)
    op, args, (_, receipt), (_, state) = fleet.obey(fleet.seal(inner))
    assert op == ("op", b"relay.set") and args == ("args", enc({"on": True}))
    r = fleet.receipt(receipt)
    assert (r["n"], r["status"], r["reason"], r["high"], r["cls"]) == (1, 0, 0, 1, ACT)
    assert r["cmd_hash"] == hashlib.sha256(inner).digest()
    assert r["cti"] == claims[7] and r["prev"] == bytes(32)
    sealed = enc(r["result"])
    assert pycose.open_encrypt(sealed, fleet.reply, b"hf/result/1/" + DEV + claims[7]) == b"relay.set"
    body = dec(pycose.open_sign1(state, fleet.device, b"hf/state/1/" + DEV))[BODY]
    assert body[3:8] == [REP, [[fleet.operators[0].kid, 1]], 1, "tool", 1]


def test_receipts_form_a_chain(fleet):
    objects = [fleet.seal(single(fleet, fleet.claims(0, ACT, "relay.set", seq=i + 1))) for i in range(4)]
    receipts = [v for k, v in fleet.obey(*objects) if k == "receipt"]
    before = bytes(32)
    for i, data in enumerate(receipts):
        r = fleet.receipt(data)
        assert (r["n"], r["prev"]) == (i + 1, before)
        before = hashlib.sha256(data).digest()
    assert len(receipts) == 4


@pytest.mark.parametrize("who", [(0, 1), (0, 1, 2), (0, 2)])
def test_danger_needs_two_of_them(fleet, who):
    inner = several(fleet, fleet.claims(0, DANGER, "reboot"), who)
    assert fleet.obey(fleet.seal(inner))[0] == ("op", b"reboot")


@pytest.mark.parametrize("reason,make", [
    (2, lambda f: single(f, f.claims(0, ACT, "relay.set", aud="zzzzzzzzzzzzzzzz"))),
    (3, lambda f: several(f, f.claims(2, DANGER, "reboot"), (0, 1))),
    (4, lambda f: single(f, f.claims(0, READ, "reboot"))),
    (5, lambda f: several(f, f.claims(0, DANGER, "reboot"), (0,))),
    (6, lambda f: single(f, f.claims(0, ACT, "relay.set", rep=bytes(8)))),
    (7, lambda f: single(f, f.claims(0, ACT, "relay.set", seq=0))),
    (8, lambda f: single(f, f.claims(0, ACT, "relay.set", seq=2**20 + 1))),
    (9, lambda f: single(f, f.claims(0, ACT, "relay.set", iat=NOW - 60, exp=NOW - 1))),
    (9, lambda f: single(f, f.claims(0, ACT, "relay.set", exp=NOW + 86401))),
    (12, lambda f: single(f, f.claims(0, ACT, "make.coffee"))),
])
def test_refusals_carry_the_reason_of_the_table(fleet, reason, make):
    answer = fleet.obey(fleet.seal(make(fleet)))
    assert answer[0][0] == "receipt"
    r = fleet.receipt(answer[0][1])
    assert (r["status"], r["reason"]) == (2, reason)
    assert r["n"] == (1 if reason in (9, 12) else 0)  # what burns the counter stands in the chain


def nothing(fleet, sealed):
    """Dropped without an answer, and no counter moved."""
    answer = fleet.obey(sealed)
    assert answer[0][0] == "error" and len(answer) == 2
    return dec(pycose.open_sign1(answer[1][1], fleet.device, b"hf/state/1/" + DEV))[BODY][4] == []


def test_what_is_malformed_gets_no_answer(fleet):
    good = fleet.claims(0, ACT, "relay.set")
    inner = single(fleet, good)
    shapes = [
        {k: v for k, v in good.items() if k != 4},
        {**good, 5: NOW},
        {**good, 1: good[1].upper()},
        {**good, 7: b"short"},
        {**good, BODY: good[BODY] + [0]},
        {**good, BODY: [5] + good[BODY][1:]},
        {**good, BODY: good[BODY][:5] + [[]] + good[BODY][6:]},
        {**good, BODY: good[BODY][:4] + ["x" * 33] + good[BODY][5:]},
        {**good, BODY: good[BODY][:6] + [b"\x02" * 32]},
    ]
    for claims in shapes:
        assert nothing(fleet, fleet.seal(pycose.sign1(fleet.operators[0], cmd_aad(), enc(claims))))
    indefinite = b"\xbf" + enc(good)[1:] + b"\xff"
    twice = b"\xa7" + enc({1: good[1]})[1:] + enc(good)[1:]
    long_head = b"\xb8\x06" + enc(good)[1:]
    for payload in (indefinite, twice, long_head, enc(good) + b"\0", b"", enc([good])):
        assert nothing(fleet, fleet.seal(pycose.sign1(fleet.operators[0], cmd_aad(), payload)))
    assert nothing(fleet, fleet.seal(inner, zeros=bytes(99) + b"\1"))
    assert nothing(fleet, fleet.seal(inner[:-1]))
    elsewhere = pycose.sign1(fleet.operators[0], cmd_aad(b"zzzzzzzzzzzzzzzz"), enc(good))
    assert nothing(fleet, fleet.seal(elsewhere))
    assert nothing(fleet, pycose.encrypt(fleet.encryption.public, b"12345678", cmd_aad(), enc([inner, b""])))
    two = cbor2.loads(fleet.seal(inner))
    two.value[3].append(two.value[3][0])
    assert nothing(fleet, enc(two))
    other_tag = cbor2.loads(fleet.seal(inner))
    assert nothing(fleet, enc(cbor2.CBORTag(16, other_tag.value)))


def test_uncompressed_ephemeral_point_is_read_too(fleet):
    sealed = pycose.encrypt(fleet.encryption.public, fleet.encryption.kid, cmd_aad(),
                            enc([single(fleet, fleet.claims(0, READ, "ping")), b""]), compressed=False)
    assert fleet.obey(sealed)[0] == ("op", b"ping")


# --- commands: we write, they read ---

def ours(fleet, n, cls, op, args=b"\xa0", reply=b"\x02" + b"\x11" * 32):
    secrets = [s.secret for s in fleet.operators[:n]]
    answer = command_tool("write-command", fleet.encryption.public, DEV, NOW, NOW + 600, b"c" * 16, cls, REP,
                          7, op, args, reply, n, *secrets)
    return dict(answer)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_they_open_our_command(fleet, n):
    made = ours(fleet, n, DANGER if n > 1 else ACT, b"relay.set", enc({"on": False}))
    inner, zeros = dec(pycose.open_encrypt(made["object"], fleet.encryption, cmd_aad()))
    assert inner == made["inner"] and not any(zeros) and len(made["object"]) == 615
    reader = pycose.open_sign1 if n == 1 else pycose.open_sign
    payload = reader(inner, fleet.operators[0] if n == 1 else fleet.operators[:n], cmd_aad())
    assert payload == made["claims"] and made["code"].decode() == hashlib.sha256(payload).hexdigest()[:8]
    body = [3 if n > 1 else 2, REP, 7, None, "relay.set", {"on": False}, b"\x02" + b"\x11" * 32]
    assert dec(payload) == {1: base32(fleet.operators[0].kid), 3: DEV.decode(), 4: NOW + 600, 6: NOW,
                            7: b"c" * 16, BODY: body}


def test_padding_reaches_512_or_a_multiple_of_1024(fleet):
    for size in range(0, 2600, 37):
        made = ours(fleet, 1, ACT, b"relay.set", enc({"x": bytes(size)}))
        plain = pycose.open_encrypt(made["object"], fleet.encryption, cmd_aad())
        assert any(len(plain) - extra in (512, 1024, 2048, 3072) for extra in (0, 1)), len(plain)


# --- receipts and state: they write, our operator reads ---

def their_receipt(fleet, **changes):
    cti = os.urandom(16)
    result = pycose.encrypt(fleet.reply.public, fleet.reply.kid, b"hf/result/1/" + DEV + cti, b"42")
    f = dict(n=3, prev=bytes(32), cmd_hash=b"h" * 32, cls=2, status=0, reason=0, rep=REP, high=9, boot=1,
             uptime=2, result=dec(result))
    f.update(changes)
    return cti, {1: DEV.decode(), 6: NOW, 7: cti, BODY: list(f.values())}


def read_receipt(fleet, payload, signer=None, aad=b"hf/rcpt/1/" + DEV):
    data = pycose.sign1(signer or fleet.device, aad, enc(payload))
    return command_tool("open-receipt", fleet.device.public, DEV, fleet.reply.secret, data)


def test_our_operator_reads_their_receipt(fleet):
    cti, payload = their_receipt(fleet)
    answer = dict(read_receipt(fleet, payload))
    assert answer["cti"] == cti and answer["result"] == b"42" and answer["high"] == (9).to_bytes(8, "big")
    _, no_time = their_receipt(fleet, result=None)
    del no_time[6]
    assert read_receipt(fleet, no_time)[-1] == ("error", "RC9")


def test_foreign_receipts_are_refused(fleet):
    _, payload = their_receipt(fleet)
    assert read_receipt(fleet, payload, signer=fleet.operators[0]) == [("error", "RC2")]
    assert read_receipt(fleet, payload, aad=b"hf/rcpt/1/zzzzzzzzzzzzzzzz") == [("error", "RC2")]
    assert read_receipt(fleet, payload, aad=b"hf/state/1/" + DEV) == [("error", "RC2")]
    assert read_receipt(fleet, {**payload, 1: "zzzzzzzzzzzzzzzz"}) == [("error", "RC3")]
    for bad in ({**payload, 7: b"x"}, {**payload, BODY: payload[BODY][:-1]}, {**payload, 8: 0},
                their_receipt(fleet, status=5)[1], their_receipt(fleet, cls=0)[1],
                their_receipt(fleet, n=-1)[1]):
        assert read_receipt(fleet, bad) == [("error", "RC1")]
    renamed = Signer(ES256, fleet.device.secret)
    renamed.kid = b"12345678"  # the right key under another name
    assert read_receipt(fleet, payload, signer=renamed) == [("error", "RC2")]
    swapped = {**payload, 7: b"o" * 16}  # a result shown as the answer to another command
    assert read_receipt(fleet, swapped)[-1] == ("error", "CO4")


def test_our_operator_reads_their_state(fleet):
    def read(payload, signer=None, aad=b"hf/state/1/" + DEV):
        data = pycose.sign1(signer or fleet.device, aad, enc(payload))
        return command_tool("open-state", fleet.device.public, DEV, data)

    state = {1: DEV.decode(), 6: NOW, BODY: [4, 100, 2, REP, [[b"k" * 8, 5]], 1, "1.0", 7]}
    assert read(state) == [("rep", REP), ("kid", b"k" * 8), ("high", (5).to_bytes(8, "big"))]
    assert read(state, signer=fleet.reply) == [("error", "RC2")]
    assert read({**state, 1: "zzzzzzzzzzzzzzzz"}) == [("error", "RC3")]
    assert read({**state, BODY: [4, 100, 3] + state[BODY][3:]}) == [("error", "RC1")]
    rows = [[bytes([i]) * 8, i] for i in range(17)]
    assert read({**state, BODY: state[BODY][:4] + [rows] + state[BODY][5:]}) == [("error", "RC1")]
