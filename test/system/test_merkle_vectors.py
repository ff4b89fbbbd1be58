"""Third-party vectors of transparency-dev/merkle (HOLDFAST_VECTORS, default ../shared/vectors): inclusion
and consistency proofs, good and bad. Absent vectors are skipped. The subtree folders are of proofs that
we have not.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import json
import os
import pathlib

import pytest

from cosetool import ROOT, cose_tool

VECTORS = pathlib.Path(os.environ.get("HOLDFAST_VECTORS", ROOT.parent / "shared/vectors")) / "merkle"
FILES = 98  # of either kind
REFUSALS = {("error", "MK1"), ("error", "MK2"), ("length", b"")}  # range, proof, a hash of another length


def files(kind):
    found = sorted((VECTORS / kind).rglob("*.json"))
    if not found:
        pytest.skip(f"no vectors at {VECTORS}")
    return [(p, json.loads(p.read_text())) for p in found]


def hashes(texts):
    return [base64.b64decode(t) for t in texts or []]


def root(text):
    """Roots are only compared, so some files have texts of other lengths; a hash stands for such a text."""
    given = base64.b64decode(text)
    return given if len(given) == 32 else hashlib.sha256(given).digest()


def number(value):
    return value.to_bytes(8, "big")


def verdicts(kind, names):
    """The verdict of each file: (path, wanted error, our only line)."""
    told = []
    for path, v in files(kind):
        values = [root(v[n]) if n.startswith("root") else base64.b64decode(v[n]) for n in names[2:]]
        answer = cose_tool(kind, *[number(v[n]) for n in names[:2]], *values, *hashes(v["proof"]),
                           tool="release_tool")
        assert len(answer) == 1, path
        told.append((path, v.get("wantErr", False), answer[0]))
    return told


@pytest.mark.parametrize("kind, names, by_length", [
    ("inclusion", ("leafIdx", "treeSize", "leafHash", "root"), 21),
    ("consistency", ("size1", "size2", "root1", "root2"), 8)])
def test_every_verdict_is_that_of_the_file(kind, names, by_length):
    told = verdicts(kind, names)
    assert len(told) == FILES
    for path, wants_error, answer in told:
        assert (answer == ("holds", b"")) == (not wants_error), (path, answer)
        assert not wants_error or answer in REFUSALS, (path, answer)
    good = sum(not wants_error for _, wants_error, _ in told)
    short = sum(answer[0] == "length" for _, _, answer in told)
    print(f"{kind}: {good} hold, {len(told) - good} refused, {short} of them by the length of a hash")
    assert 0 < good < FILES and short == by_length
