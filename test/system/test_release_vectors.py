"""Our published vectors of releases (test/vectors/release.json), read by an implementation that shares
nothing with core: the same names, signers, policy and time. The C side is test/unit/release_vectors.c.

SPDX-License-Identifier: Apache-2.0
"""
import json

import pytest

import pyrelease
from loglib import ROOT
from pyrelease import Refused
from releaselib import sha256


def unhex(value):
    return [unhex(v) for v in value] if isinstance(value, list) else bytes.fromhex(value)


@pytest.fixture(scope="module")
def vector():
    raw = json.loads((ROOT / "test/vectors/release.json").read_text())
    plain = ("what", "roles", "uuid_domain", "uuid_model")
    return {k: v if k in plain else unhex(v) for k, v in raw.items()}


@pytest.fixture(scope="module")
def policy(vector):
    return pyrelease.open_policy(vector["policy_1"], [])


def test_the_file_is_what_the_program_prints(vector):
    assert pyrelease.vectors() == vector


def test_a_manifest_means_the_same_to_them(vector):
    assert pyrelease.read_manifest(vector["manifest"]) == pyrelease.MANIFEST
    assert sha256(vector["member"]) == vector["d"] == pyrelease.name_of(vector["manifest"])
    smallest = pyrelease.read_manifest(vector["smallest_manifest"])
    assert smallest["validate"] and smallest["invoke"] and "boards" not in smallest


def test_names_of_vendor_and_class_are_uuids(vector):
    vendor = pyrelease.vendor_of(vector["uuid_domain"])
    assert vendor == vector["uuid_vendor"]
    assert pyrelease.uuid5(vendor, vector["uuid_model"]) == vector["uuid_class"]


def test_an_envelope_names_its_signers(vector, policy):
    inside, d, signers = pyrelease.open_envelope(vector["envelope"], policy[0])
    assert (inside, d, signers) == (vector["manifest"], vector["d"], {3, 4})
    assert len(vector["release_message"]) == 65 and vector["release_message"][:2] == b"\x84\x6a"
    assert pyrelease.open_envelope(vector["envelope_unsigned"], policy[0])[2] == set()


def test_bundles_lead_them_to_the_same_verdict(vector):
    opened = pyrelease.open_bundle(vector["bundle"], vector["policy_1"])
    assert opened == {"d": vector["d"], "manifest": pyrelease.MANIFEST, "signers": {3, 4}, "number": 1,
                      "time": pyrelease.T0 + 1}
    for name in ("bundle_with_link", "bundle_for_both"):
        opened = pyrelease.open_bundle(vector[name], vector["policy_1"])
        assert (opened["d"], opened["number"], opened["time"]) == (vector["d"], 2, pyrelease.T0 + 1)
    assert pyrelease.open_bundle(vector["bundle_of_policies"], vector["policy_1"])["number"] == 2


def test_a_head_means_the_same_to_them(vector, policy):
    size, root, time = pyrelease.open_head(vector["head"], *policy)
    assert (size, time) == (4, pyrelease.T0 + 1)
    assert pyrelease.checkpoint(vector["public"][9], size, root) == vector["checkpoint"]


@pytest.mark.parametrize("place, reason", [
    (12 + 216, "E_SIGNATURE"), (12 + 469, "E_ENVELOPE"), (12 + 470 + 8, "E_LOG"), (12 + 470 + 9, "E_LEAF"),
    (12 + 470 + 19, "E_INCLUSION"), (12 + 470 + 27, "E_INCLUSION"), (12 + 470 + 30, "E_LEAF"),
    (12 + 470 + 100, "E_LOG"), (12 + 470 + 160, "E_LOG"), (-1, "E_WITNESS")])
def test_a_changed_byte_is_refused_by_them_too(vector, place, reason):
    """So the agreement above is no agreement of two readers that accept everything."""
    bundle = bytearray(vector["bundle"])
    pyrelease.open_bundle(bytes(bundle), vector["policy_1"])
    bundle[place] ^= 8
    with pytest.raises(Refused, match=reason):
        pyrelease.open_bundle(bytes(bundle), vector["policy_1"])
