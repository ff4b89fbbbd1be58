"""Third-party examples 0 to 5 of draft-ietf-suit-manifest (HOLDFAST_VECTORS, default ../shared/vectors),
signed with ES256: digests, signatures, determinism, severed members, and whether their commands are ours.
None of them is a release. Absent vectors are skipped.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os
import pathlib
import re

import cbor2
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import pycose
from cosetool import ROOT, cose_tool

VECTORS = pathlib.Path(os.environ.get("HOLDFAST_VECTORS", ROOT.parent / "shared/vectors")) / "suit"
EXAMPLES = range(6)
IN_SUBSET = {0, 1, 2}  # 3 tries alternatives, 4 copies between components, 5 has two of them
COMPONENTS = {0: 1, 1: 1, 2: 1, 3: 1, 4: 3, 5: 2}
SEVERED = {2: 2}  # install and text
SEVERABLE = (14, 15, 16, 18, 20, 23, 24)


def tool(verb, *args):
    return cose_tool(verb, *args, tool="release_tool")


def load(n):
    """Envelopes of an example, from bare to whole."""
    path = VECTORS / f"example{n}.txt"
    if not path.exists():
        pytest.skip(f"no vectors at {VECTORS}")
    blocks = re.findall(r"^~~~\n(d86b[0-9a-f\n]+)~~~$", path.read_text(), re.M)
    assert len(blocks) >= 2, path
    return [bytes.fromhex(b.replace("\n", "")) for b in blocks]


def public():
    if not VECTORS.exists():
        pytest.skip(f"no vectors at {VECTORS}")
    key = load_pem_private_key((VECTORS / "private_key.pem").read_bytes(), None)
    return pycose.raw_point(key.public_key())


def walk(envelope, key):
    return dict(tool("suit", envelope, pycose.ES256, key))


def nested(data):
    """Every byte string below that holds CBOR, where the draft says so; text is for people."""
    tag = cbor2.loads(data)
    auth, manifest = tag.value[2], tag.value[3]
    yield from (auth, *cbor2.loads(auth), manifest)
    members = cbor2.loads(manifest)
    sections = [v for k, v in [*members.items(), *tag.value.items()]
                if k in (7, 8, 9, 16, 20) and isinstance(v, bytes)]
    common = cbor2.loads(members[3])
    yield from (members[3], common[4], *sections)
    for sequence in (common[4], *sections):
        commands = cbor2.loads(sequence)
        for label, argument in zip(commands[::2], commands[1::2]):
            if label == 15:
                yield from argument
            if label == 20 and 3 in argument:
                yield argument[3]


@pytest.mark.parametrize("n", EXAMPLES)
def test_digest_and_signature_of_the_example(n):
    whole = load(n)[-1]
    told = walk(whole, public())
    manifest = cbor2.loads(whole).value[3]
    assert told["d"] == hashlib.sha256(cbor2.dumps(manifest)).digest()
    assert told["manifest"] == manifest and int.from_bytes(told["sequence"], "big") == n
    assert len(told["signature"]) == 64
    assert int.from_bytes(told["components"], "big") == COMPONENTS[n]
    assert int.from_bytes(told["severed"], "big") == SEVERED.get(n, 0)


@pytest.mark.parametrize("n", EXAMPLES)
def test_profile_verdicts(n):
    told = tool("suit", load(n)[-1], pycose.ES256, public())
    assert (int.from_bytes(dict(told)["subset"], "big") == 1) == (n in IN_SUBSET)
    assert told[-1] == ("error", "RL4")  # E_PROFILE: none is a release


@pytest.mark.parametrize("n", EXAMPLES)
def test_one_example_one_spelling(n):
    """Read piece by piece and written again by our codec, at every level; theirs calls it canonical."""
    whole = load(n)[-1]
    pieces = [whole, *nested(whole)]
    assert len(pieces) > 5
    for piece in pieces:
        assert tool("again", piece) == [("item", piece)]
        assert cbor2.dumps(cbor2.loads(piece), canonical=True) == piece


@pytest.mark.parametrize("n", EXAMPLES)
def test_a_changed_example_is_refused(n):
    """Every byte of the manifest is covered by the digest, every byte of the digest by the signature."""
    key = public()
    whole = load(n)[-1]
    manifest = cbor2.loads(whole).value[3]
    place = whole.index(manifest)
    for at in (place, place + len(manifest) // 2, place + len(manifest) - 1, 12):
        bad = bytearray(whole)
        bad[at] ^= 1
        assert walk(bytes(bad), key) == {"error": "RL1"}, at
    other = pycose.Signer(pycose.ES256)
    assert ("error", "CO3") in tool("suit", whole, pycose.ES256, other.public)


def test_severed_members_are_held_against_their_digests():
    key = public()
    bare, _, whole = load(2)
    assert int.from_bytes(walk(bare, key)["severed"], "big") == 0  # severed away: still one manifest
    assert walk(bare, key)["d"] == walk(whole, key)["d"]
    tag = cbor2.loads(whole)
    for label in (20, 23):
        assert label in SEVERABLE
        changed = {**tag.value, label: tag.value[label][:-1] + b"\x03"}
        assert walk(pycose.enc(cbor2.CBORTag(107, changed)), key) == {"error": "SU3"}
    added = {**tag.value, 16: b"\x80"}  # no digest of the manifest covers it
    assert walk(pycose.enc(cbor2.CBORTag(107, added)), key) == {"error": "RL1"}


def test_the_strict_reader_takes_none_of_them_for_ours():
    for n in EXAMPLES:
        answer = tool("envelope", load(n)[-1])
        if n == 2:  # its severed install is a member that our envelopes do not have
            assert answer == [("error", "RL1")]
        else:
            assert len(answer[0][1]) == 32  # an envelope it is; the manifest in it is no release


def test_every_example_is_named_above():
    if not VECTORS.exists():
        pytest.skip(f"no vectors at {VECTORS}")
    assert {p.stem for p in VECTORS.glob("*.txt")} == {f"example{n}" for n in EXAMPLES}
