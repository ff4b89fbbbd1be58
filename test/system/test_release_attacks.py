"""Rule: nobody makes a verifier accept what the policy does not allow. Each attack is carried out with real
objects, first in a form that must succeed, so that the refusal has one cause; each is refused with its name.

SPDX-License-Identifier: Apache-2.0
"""
import json
import time

import cbor2
import pytest

from releaselib import Bundle, Maker, code, raw_public, sha256, sigsum_path

CLASS2 = "lamp-2"


@pytest.fixture(scope="module")
def maker():
    made = Maker()
    made.policy()
    made.export_policy()
    yield made
    made.close()


@pytest.fixture(scope="module")
def good(maker):
    """One good release; bytes of its bundle."""
    log = maker.log()
    log.fill(6)
    d = maker.signed()
    assert maker.publish(d, log).returncode == 0
    log.fill(9)
    return maker.bundle(d).read_bytes()


@pytest.fixture
def judge(maker):
    def give(data, *more, policy=None):
        file = maker.folder / "attack.hfb"
        file.write_bytes(data.bytes() if isinstance(data, Bundle) else data)
        return maker.verify(file, *more, policy=policy)
    return give


def envelope(bundle):
    return cbor2.loads(bundle.object).value


def rebuild(bundle, members):
    bundle.object = cbor2.dumps(cbor2.CBORTag(107, members), canonical=True)
    return bundle


def blocks(bundle):
    return cbor2.loads(envelope(bundle)[2])


def with_blocks(bundle, items):
    members = dict(envelope(bundle))
    members[2] = cbor2.dumps(items, canonical=True)
    return rebuild(bundle, members)


def test_the_bundle_is_good_before_anybody_touches_it(good, judge):
    assert judge(good) == "good" and judge(Bundle(good)) == "good"


def test_every_bit_of_the_bundle_counts(maker, good):
    """Through the program for a bit of every byte: it never says good, and never dies."""
    file = maker.folder / "flip.hfb"
    for at in range(len(good)):
        data = bytearray(good)
        data[at] ^= 1 << at % 8
        file.write_bytes(data)
        assert maker.verify(file).startswith("E_"), at


def test_truncated_and_overlong_bundles(good, judge):
    for data in (b"", good[:11], good[:12], good[:-1], good + b"\0", good * 2, good[:4] + bytes(8)):
        assert judge(data) == "E_FORMAT"
    assert judge(good + bytes(1 << 20)) == "E_FORMAT"


def test_counts_at_their_limit_and_one(good, judge):
    for at, value in ((4, 3), (4, 0), (5, 17), (5, 255), (6, 9), (7, 1), (8, 255), (11, 255)):
        data = bytearray(good)
        data[at] = value
        assert judge(bytes(data)) == "E_FORMAT", (at, value)
    bundle = Bundle(good)
    bundle.proofs[0].path = bundle.proofs[0].path[:1] * 64
    assert judge(bundle) == "E_FORMAT"
    bundle = Bundle(good)
    bundle.proofs[0].cosigs *= 9
    assert judge(bundle) == "E_FORMAT"


def test_one_stolen_release_key_is_not_enough(good, judge):
    bundle = Bundle(good)
    items = blocks(bundle)
    assert judge(with_blocks(bundle, items[:2])) == "E_QUORUM"
    assert judge(with_blocks(Bundle(good), items[:1])) == "E_QUORUM"


def test_one_signer_does_not_count_twice(good, judge):
    items = blocks(Bundle(good))
    assert judge(with_blocks(Bundle(good), items)) == "good"
    assert judge(with_blocks(Bundle(good), [*items, items[-1]])) == "E_SIGNATURE"
    assert judge(with_blocks(Bundle(good), [items[0], items[1], items[1]])) == "E_SIGNATURE"


def kid_of(block):
    return cbor2.loads(cbor2.loads(block).value[0])[4]


def sign_block(maker, digest, name, alg=-19, kid=None):
    key = maker.private(name)
    header = cbor2.dumps({1: alg, 4: kid or sha256(raw_public(key))[:8]}, canonical=True)
    message = cbor2.dumps(["Signature1", header, b"", digest], canonical=True)
    return cbor2.dumps(cbor2.CBORTag(18, [header, {}, None, key.sign(message)]), canonical=True)


def test_signatures_by_other_roles_algorithms_and_names(maker, good, judge):
    items = blocks(Bundle(good))
    digest = items[0]
    one = items[1]

    def by_kid(extra):
        return [digest, *sorted([one, extra], key=kid_of)]

    right = by_kid(sign_block(maker, digest, "rel3"))
    assert judge(with_blocks(Bundle(good), right)) == "good"  # what follows differs in one thing only
    for name in ("root1", "w1", "pub", "log"):
        extra = sign_block(maker, digest, name)
        assert judge(with_blocks(Bundle(good), by_kid(extra))) == "E_SIGNATURE", name
    assert judge(with_blocks(Bundle(good), by_kid(sign_block(maker, digest, "stranger")))) == "E_QUORUM"
    for alg in (-8, -7):
        foreign = by_kid(sign_block(maker, digest, "rel3", alg))
        assert judge(with_blocks(Bundle(good), foreign)) == "E_SIGNATURE", alg
    forged = sign_block(maker, digest, "stranger", kid=sha256(raw_public(maker.private("rel3")))[:8])
    assert judge(with_blocks(Bundle(good), by_kid(forged))) == "E_SIGNATURE"


def other_release(maker, **changes):
    log = maker.log()
    log.fill(5)
    d = maker.signed(**changes)
    assert maker.publish(d, log).returncode == 0
    return Bundle(maker.bundle(d).read_bytes())


def test_mix_and_match_of_two_releases(maker, good, judge):
    other = other_release(maker, version="other", sequence=10)
    assert judge(other) == "good"
    mixed = Bundle(good)
    mixed.proofs = other.proofs
    assert judge(mixed) == "E_LEAF"
    members = dict(envelope(Bundle(good)))
    members[2] = envelope(other)[2]
    assert judge(rebuild(Bundle(good), members)) == "E_ENVELOPE"
    signatures = [blocks(Bundle(good))[0], *blocks(other)[1:]]
    assert judge(with_blocks(Bundle(good), signatures)) == "E_SIGNATURE"
    file = maker.folder / "other-image"
    file.write_bytes(maker.image.read_bytes() + b"x")
    assert judge(good, "--image", file) == "E_IMAGE"  # HF_ERR_VERIFY_IMAGE
    assert judge(good, "--image", maker.image) == "good"


def test_bundle_for_another_product_and_older_versions(maker, good, judge):
    assert judge(good, "--class", "lamp-1") == "good"
    assert judge(good, "--class", CLASS2) == "E_CLASS"
    assert judge(good, "--floor", "10") == "good"
    assert judge(good, "--floor", "11") == "E_ROLLBACK"
    board = other_release(maker, version="boards", boards="3,5")
    assert judge(board, "--board", "5") == "good"
    assert judge(board, "--board", "4") == "E_CONDITION"


def test_publisher_alone_cannot_release(maker, judge):
    """It signs leaves: with the log and every witness on its side it still has no release signature."""
    d = maker.new(version="publisher")
    log = maker.log()
    key = maker.private("pub")
    checksum = sha256(bytes.fromhex(d))
    log.append(checksum + key.sign(b"sigsum.org/v1/tree-leaf\0" + checksum) + sha256(raw_public(key)))
    done = maker.publish(d, log)
    assert done.returncode == 4 and "E_QUORUM" in done.stderr
    for who in ("rel1", "rel2"):
        assert maker.sign(d, who).returncode == 0
    assert maker.publish(d, log).returncode == 0
    bundle = Bundle(maker.bundle(d).read_bytes())
    assert judge(bundle) == "good"
    assert judge(with_blocks(bundle, blocks(bundle)[:1])) == "E_QUORUM"


def test_a_leaf_signed_by_another_publisher(maker, good, judge):
    bundle = Bundle(good)
    checksum = sha256(sha256(cbor2.dumps(envelope(bundle)[3])))
    right = bundle.proofs[0].leaf_sig
    assert right == maker.private("pub").sign(b"sigsum.org/v1/tree-leaf\0" + checksum)
    bundle.proofs[0].leaf_sig = maker.private("stranger").sign(b"sigsum.org/v1/tree-leaf\0" + checksum)
    assert judge(bundle) == "E_LEAF"
    bundle.proofs[0].leaf_sig = right
    for index in (0, 7, 31, 255):
        bundle.proofs[0].publisher = index
        assert judge(bundle) == "E_LEAF", index


def test_paths_that_are_not_exactly_right(good, judge):
    def change(act):
        bundle = Bundle(good)
        act(bundle.proofs[0])
        return judge(bundle)

    assert change(lambda p: p.path.pop()) == "E_INCLUSION"
    assert change(lambda p: p.path.append(bytes(32))) == "E_INCLUSION"
    assert change(lambda p: setattr(p, "index", p.size)) == "E_INCLUSION"
    assert change(lambda p: setattr(p, "size", 0)) == "E_INCLUSION"
    assert change(lambda p: setattr(p, "size", 2**64 - 1)) == "E_INCLUSION"
    assert change(lambda p: setattr(p, "index", 2**64 - 1)) == "E_INCLUSION"
    assert change(lambda p: p.path.reverse()) == "E_LOG"
    assert Bundle(good).proofs[0].index == 6 and Bundle(good).proofs[0].size == 7
    assert change(lambda p: setattr(p, "index", p.index - 1)) == "E_INCLUSION"
    assert change(lambda p: setattr(p, "size", p.size + 1)) == "E_INCLUSION"


def test_logged_but_not_witnessed(good, judge):
    for count in (0, 1):
        bundle = Bundle(good)
        bundle.proofs[0].cosigs = bundle.proofs[0].cosigs[:count]
        assert judge(bundle) == "E_WITNESS", count
    bundle = Bundle(good)
    bundle.proofs[0].cosigs = bundle.proofs[0].cosigs[:1] * 2
    assert judge(bundle) == "E_WITNESS"
    for index in (0, 3, 7, 200):
        bundle = Bundle(good)
        bundle.proofs[0].cosigs[1] = bytes([index]) + bundle.proofs[0].cosigs[1][1:]
        assert judge(bundle) == "E_WITNESS", index


def fork(maker, good, witnesses, at=None, key="log"):
    """A log of the thief's own, with the release in it, cosigned by those witnesses he has."""
    bundle = Bundle(good)
    log = maker.log(key=key, witnesses=witnesses)
    log.fill(3)
    if at is not None:
        log.now = lambda: at
    proof = bundle.proofs[0]
    checksum = sha256(sha256(cbor2.dumps(envelope(bundle)[3])))
    log.append(checksum + proof.leaf_sig + sha256(raw_public(maker.private("pub"))))
    _, proof.log_sig, lines = log.head()
    proof.size, proof.index, proof.path = 4, 3, sigsum_path(log.leaves(), 3)
    names = {sha256(raw_public(maker.private(w))).hex(): 8 + i for i, w in enumerate(("w1", "w2", "w3"))}
    proof.cosigs = []
    for line in lines:
        name, when, sig = line.split("=")[1].split()
        proof.cosigs.append(bytes([names[name]]) + int(when).to_bytes(8, "big") + bytes.fromhex(sig))
    return bundle


def test_a_forked_log_needs_a_quorum_of_witnesses(maker, good, judge):
    """Log key and k-1 witnesses stolen: the same fork with one more witness would be accepted."""
    assert judge(fork(maker, good, ("w1", "w2"))) == "good"
    assert judge(fork(maker, good, ("w1",))) == "E_WITNESS"
    assert judge(fork(maker, good, ("w1", "w2"), key="log2")) == "E_LOG"


def test_witnesses_that_lie_about_the_time(maker, good, judge):
    """A cosignature from tomorrow and later does not count for a verifier with a clock."""
    assert judge(fork(maker, good, ("w1", "w2"), at=int(time.time()) + 3600)) == "good"
    assert judge(fork(maker, good, ("w1", "w2"), at=int(time.time()) + 3 * 86400)) == "E_WITNESS"


def test_proof_under_another_policy_is_none(good, judge):
    bundle = Bundle(good)
    bundle.proofs[0].ref = bytes(8)
    assert judge(bundle) == "E_NO_PROOF"
    bundle.proofs = []
    assert judge(bundle) == "E_FORMAT"


def test_a_statement_is_no_manifest(maker, good, judge):
    bundle = Bundle(good)
    bundle.object = (maker.folder / "policy-1.cose").read_bytes()
    assert judge(bundle) == "E_ENVELOPE"
    done = maker.run("verify", maker.folder / "attack.hfb", "--policy", maker.folder / "attack.hfb")
    assert done.returncode == 1


def test_non_deterministic_envelopes(good, judge):
    bundle = Bundle(good)
    assert bundle.object[:2] == b"\xd8\x6b"
    long_tag = Bundle(good)
    long_tag.object = b"\xd9\x00\x6b" + bundle.object[2:]
    assert judge(long_tag) == "E_ENVELOPE"
    unsorted = Bundle(good)
    members = envelope(bundle)
    unsorted.object = b"\xd8\x6b\xa2\x03" + cbor2.dumps(members[3]) + b"\x02" + cbor2.dumps(members[2])
    assert judge(unsorted) == "E_ENVELOPE"
    for extra in ({24: b""}, {"x": b""}):
        assert judge(rebuild(Bundle(good), {**members, **extra})) == "E_ENVELOPE"


def test_a_manifest_of_another_profile_is_refused_even_when_signed(maker, good, judge):
    bundle = Bundle(good)
    manifest = cbor2.loads(envelope(bundle)[3])

    def signed(content):
        member = cbor2.dumps(content, canonical=True)
        d = sha256(cbor2.dumps(member))
        digest = cbor2.dumps([-16, d])
        items = sorted((sign_block(maker, digest, n) for n in ("rel1", "rel2")), key=kid_of)
        return rebuild(Bundle(good), {2: cbor2.dumps([digest, *items]), 3: member})

    assert judge(signed(manifest)) == "good"
    for label, value in ((1, 2), (4, "http://example.com"), (15, b"\x82\x03\x0f")):
        assert judge(signed({**manifest, label: value})) == "E_PROFILE", label
    common = cbor2.loads(manifest[3])
    shared = cbor2.loads(common[4])
    assert judge(signed({**manifest, 3: cbor2.dumps({**common, 4: cbor2.dumps(
        [-301, b"\x81\x01", *shared])}, canonical=True)})) == "E_PROFILE"
    install = cbor2.loads(manifest[20])
    assert judge(signed({**manifest, 20: cbor2.dumps([-306, 1, *install], canonical=True)})) == "E_PROFILE"


def test_fast_forward_needs_the_quorum_too(maker, judge):
    """A huge sequence signed by one signer changes nothing anywhere."""
    d = maker.new(version="huge", sequence=2**63 - 1)
    assert maker.sign(d, "rel1").returncode == 0
    log = maker.log()
    assert maker.publish(d, log).returncode == 4 and not log.entries


def test_a_signer_whose_key_had_ended(judge):
    """not-after is held against the time the witnesses vouch for, not against a clock."""
    other = Maker()
    try:
        other.policy(not_after={"rel2": int(time.time()) - 10})
        other.export_policy()
        log = other.log()
        d = other.signed()
        done = other.publish(d, log)
        assert done.returncode == 1 and "E_EXPIRED" in done.stderr and not other.bundle(d).exists()
        other.must("release", "bundle", d)  # whoever puts it together all the same
        assert other.verify(other.bundle(d)) == "E_EXPIRED"
        assert other.sign(d, "rel3").returncode == 0  # another signer takes the place
        assert other.publish(d, log).returncode == 0
        assert other.verify(other.bundle(d)) == "good"
        log2 = other.log()
        log2.now = lambda: time.time() - 1000
        e = other.signed(version="early")
        assert other.publish(e, log2).returncode == 0
        assert other.verify(other.bundle(e)) == "good"
    finally:
        other.close()


def test_policies_with_weak_or_repeated_keys_are_refused(maker):
    def refused(text):
        (maker.folder / "bad.json").write_text(json.dumps(text))
        done = maker.run("release", "policy", "new", "bad.json")
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done
        return done.stderr

    for weak in ("00" * 32, "01" + "00" * 31, "ed" + "ff" * 30 + "7f", "ff" * 32):
        text = maker.policy_text()
        text["keys"][0]["key"] = weak
        refused(text)
    text = maker.policy_text()
    text["keys"][1]["key"] = text["keys"][0]["key"]
    assert "twice" in refused(text)
    text = maker.policy_text()
    text["keys"][3]["key"] = text["keys"][0]["key"]  # one key in two roles
    assert "twice" in refused(text)
    for quorum in ({"k": 0, "of": ["root1"]}, {"k": 3, "of": ["root1", "root2"]}, {"k": 1, "of": ["rel1"]},
                   None, {"k": 1, "of": ["nobody"]}, {"k": 1, "of": []}):
        refused(maker.policy_text(root=quorum))
    for member in maker.policy_text():
        text = maker.policy_text()
        del text[member]
        said = refused(text)
        assert member in said and code("HF_ERR_POLICY_TEXT") in said
    for locked in ({"publishers": []}, {"logs": []}, {"witness": None}, {"release": None},
                   {"not_after": {"root1": 1, "root2": 1}}, {"not_after": {"w1": 1, "w2": 1}}):
        assert code("HF_ERR_POLICY_LOCKOUT") in refused(maker.policy_text(**locked)), locked
