"""Rule: the policy changes only from N to N+1, under the old and the new root quorum, logged and cosigned
under N. A device that slept through three policies walks the chain from one file, without network.

SPDX-License-Identifier: Apache-2.0
"""
import shutil

import pytest

from releaselib import Bundle, Maker


@pytest.fixture(scope="module")
def maker():
    """Policies 1 to 4; each has a release of its own."""
    made = Maker()
    made.policy()
    made.export_policy()
    log = made.log()
    made.bundles = made.bundles_under(4, log)
    made.main_log = log
    yield made
    made.close()


@pytest.fixture
def judge(maker):
    def give(data, *more, **kw):
        file = maker.folder / "chain.hfb"
        file.write_bytes(data.bytes() if isinstance(data, Bundle) else data)
        return maker.verify(file, *more, **kw)
    return give


def test_a_shelf_device_three_policies_behind_catches_up_offline(maker, judge):
    assert len(Bundle(maker.bundles[4]).links) == 3
    assert judge(maker.bundles[4], offline=True) == "good"


def test_what_the_device_learnt_never_goes_back(maker, judge):
    state = maker.folder / "state"
    assert judge(maker.bundles[4], "--state", state) == "good"
    assert judge(maker.bundles[1], "--state", state) == "E_NO_PROOF"  # its proof is under policy 1
    assert judge(maker.bundles[4], "--state", state) == "good"


def test_a_release_lives_on_under_the_next_policy_with_a_second_proof(maker, judge):
    d = next(p.name for p in (maker.shelf / "releases").iterdir() if maker.bundle(p.name).read_bytes()
             == maker.bundles[1])
    first = next((maker.shelf / "releases" / d).glob("proof-*")).read_bytes()
    assert maker.publish(d, maker.main_log).returncode == 0
    proofs = list((maker.shelf / "releases" / d).glob("proof-*"))
    assert len(proofs) == 2 and first in [p.read_bytes() for p in proofs]
    bundle = Bundle(maker.bundle(d).read_bytes())
    assert len(bundle.proofs) == 2 and judge(bundle) == "good"


def test_links_left_out_or_in_another_order(maker, judge):
    def links(*keep):
        bundle = Bundle(maker.bundles[4])
        bundle.links = [bundle.links[i] for i in keep]
        return judge(bundle)

    assert links(0, 1, 2) == "good"
    for keep in ((1, 2), (0, 2), (2,), (1, 0, 2), (0, 2, 1)):
        assert links(*keep) == "E_CHAIN", keep  # a number is skipped
    assert links(0, 1) == links() == "E_NO_PROOF"  # not as far as the policy of the proof


def test_a_link_that_was_not_logged_under_the_policy_before(maker, judge):
    for change in (lambda p: setattr(p, "cosigs", p.cosigs[:1]), lambda p: setattr(p, "ref", bytes(8)),
                   lambda p: setattr(p, "log_sig", bytes(64)), lambda p: setattr(p, "leaf_sig", bytes(64))):
        bundle = Bundle(maker.bundles[4])
        change(bundle.links[1][1])
        assert judge(bundle) == "E_CHAIN"
    bundle = Bundle(maker.bundles[4])
    bundle.links[1] = (bundle.links[1][0], bundle.links[2][1])
    assert judge(bundle) == "E_CHAIN"


def test_policies_alone_travel_in_a_bundle_of_their_own(maker):
    maker.must("release", "bundle", "policies", "--out", "policies.hfb")
    assert Bundle((maker.folder / "policies.hfb").read_bytes()).kind == 2
    done = maker.run("verify", "policies.hfb", "--policy", "policy-1.cose")
    assert done.returncode == 0 and "policy      4\n" in done.stdout
    done = maker.run("verify", "policies.hfb", "--policy", "policy-1.cose", "--image", maker.image)
    assert done.returncode == 1 and "E_IMAGE" in done.stderr


@pytest.mark.parametrize("signers", (("root1",), ("root1", "new1"), ("new1", "new2")))
def test_a_new_root_quorum_needs_the_old_one_and_the_old_the_new(signers):
    """N+1 signed by N only, by one of each, and by N+1 only; both together are accepted."""
    made = Maker()
    try:
        made.policy()
        for name in ("new1", "new2", "new3"):
            made.make_key(name)
        keys = {"more_keys": {n: "root" for n in ("new1", "new2", "new3")},
                "root": {"k": 2, "of": ["new1", "new2", "new3"]}}
        done = made.draft(**keys)
        assert done.returncode == 0, done.stderr
        number, digest = done.stdout.split()
        log = made.log()
        for who in (*signers, *([] if len(signers) > 1 else ["root2"])):
            assert made.sign_policy(number, who, digest).returncode == 0
        done = made.publish("policy-2", log)
        assert done.returncode == 4 and not log.entries, done
        for who in ("root1", "root2", "new1", "new2"):
            assert made.sign_policy(number, who, digest).returncode == 0
        assert made.publish("policy-2", log).returncode == 0
        assert "policy      2\n" in made.must("release", "policy", "show")
    finally:
        made.close()


def test_signatures_of_roots_in_two_places(maker):
    made = Maker()
    try:
        made.policy()
        done = made.draft(stale_after=5)
        number, digest = done.stdout.split()
        shutil.copytree(made.shelf, made.folder / "elsewhere")
        assert made.sign_policy(number, "root1", digest).returncode == 0
        made.must("release", "policy", "sign", number, "--key", "file:root3", "--digest", digest,
                  "--dir", "elsewhere")
        made.must("release", "export", "policy-2", "--out", "signed", "--dir", "elsewhere")
        made.must("release", "add-signature", "signed")
        assert made.publish("policy-2", made.log()).returncode == 0
        other = bytearray((made.folder / "signed").read_bytes())
        other[-5] ^= 1
        (made.folder / "signed").write_bytes(other)
        assert made.run("release", "add-signature", "signed").returncode == 1
    finally:
        made.close()


def test_a_policy_not_published_is_not_in_force(maker):
    made = Maker()
    try:
        made.policy()
        made.policy(stale_after=7)
        assert "policy      1\n" in made.must("release", "policy", "show")
        done = made.publish("policy-3", made.log())
        assert done.returncode == 3 and "draft-3.cbor" in done.stderr
        log = made.log(witnesses=("w1",))
        done = made.run("release", "publish", "policy-2", "--log", log.url, "--key", "file:pub", "--wait", 1)
        assert done.returncode == 4 and "E_WITNESS" in done.stderr
        assert "policy      1\n" in made.must("release", "policy", "show")
    finally:
        made.close()
