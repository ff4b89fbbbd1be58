"""Rule: a release is made, read, signed by k of n, logged, cosigned and verified offline, and each step
refuses what the one before it did not finish.

SPDX-License-Identifier: Apache-2.0
"""
import json
import shutil
import signal
import subprocess
import time

import cbor2
import pytest

from releaselib import HOLDFAST, Bundle, Maker, code, sha256

CAPS = "listen tcp 0.0.0.0 22 sshd\naccount root 0 /bin/sh locked\n"


@pytest.fixture
def maker():
    made = Maker()
    made.policy()
    made.export_policy()
    yield made
    made.close()


def test_from_image_to_verdict_without_network(maker):
    log = maker.log()
    log.fill(6)
    d = maker.signed()
    done = maker.publish(d, log)
    assert done.returncode == 0, done.stderr
    bundle = maker.bundle(d)
    assert maker.verify(bundle, "--image", maker.image, offline=True) == "good"
    done = maker.run("verify", bundle, "--policy", "policy-1.cose", "--image", maker.image)
    for words in (d, "signed by   rel1, rel2\n", "bundle.hfb: good"):
        assert words in done.stdout
    shown = json.loads(maker.must("verify", bundle, "--policy", "policy-1.cose", "--json"))
    assert shown["d"] == d and shown["signers"] == "rel1, rel2" and shown["tree_size"] == 7


def test_equal_input_gives_equal_d_and_another_image_another(maker):
    first = maker.new()
    assert maker.new() == first
    assert maker.new(version="1.1") != first
    other = maker.folder / "other.bin"
    other.write_bytes(b"x" * 5000)
    assert maker.new(image=other) != first


def test_the_name_is_the_hash_of_the_log_object(maker):
    d = maker.new()
    maker.must("release", "export", d, "--log-object", "--out", "object")
    assert sha256((maker.folder / "object").read_bytes()).hex() == d


def test_publish_below_the_quorum_says_not_yet(maker):
    log = maker.log()
    d = maker.new()
    for who, expected in ((None, 4), ("rel1", 4), ("rel3", 0)):
        if who:
            assert maker.sign(d, who).returncode == 0
        assert maker.run("release", "status", d).returncode == expected
        if expected:
            done = maker.publish(d, log)
            assert done.returncode == 4 and "E_QUORUM" in done.stderr, done
            assert not log.entries and not maker.bundle(d).exists()
    assert maker.publish(d, log).returncode == 0


def test_the_bundle_carries_the_smallest_quorum_and_the_shelf_everything(maker):
    d = maker.signed()
    assert maker.publish(d, maker.log()).returncode == 0
    bundle = Bundle(maker.bundle(d).read_bytes())
    assert len(bundle.proofs[0].cosigs) == 2
    stored = next((maker.shelf / "releases" / d).glob("proof-*"))
    assert stored.read_bytes()[11] == 3  # all three witnesses


def test_the_first_proof_is_kept_for_ever(maker):
    log = maker.log()
    d = maker.signed()
    assert maker.publish(d, log).returncode == 0
    stored = next((maker.shelf / "releases" / d).glob("proof-*"))
    first = stored.read_bytes()
    log.fill(9)
    maker.bundle(d).unlink()
    assert maker.publish(d, log).returncode == 0
    assert stored.read_bytes() == first and maker.verify(maker.bundle(d)) == "good"


def test_publish_waits_for_the_witnesses_and_says_not_yet(maker):
    log = maker.log(witnesses=("w1",))
    d = maker.signed()
    done = maker.run("release", "publish", d, "--log", log.url, "--key", "file:pub", "--wait", 2)
    assert done.returncode == 4 and "E_WITNESS" in done.stderr, done
    assert not list((maker.shelf / "releases" / d).glob("proof-*"))
    log.witnesses = [maker.private(w) for w in ("w1", "w3")]
    assert maker.publish(d, log).returncode == 0


def test_answers_of_a_broken_or_lying_log_are_refused(maker):
    d = maker.signed()
    log = maker.log()
    good = log.get("get-tree-head")
    lies = {("add-leaf", 403): 1, ("add-leaf", 400): 1, ("get-tree-head", 500): 1}
    refused = code("HF_ERR_LOG_REFUSED")
    for (name, status), expected in lies.items():
        log.answers = {name: (status, "no\x1b[2J\n")}
        done = maker.publish(d, log)
        assert done.returncode == expected and refused in done.stderr and "\x1b" not in done.stderr, done
    for body in (good[1] + "x=1\n", "size=01\n", "", good[1][:-1], "size=9223372036854775808\n"):
        log.answers = {"get-tree-head": (200, body)}
        assert maker.publish(d, log).returncode == 1, body
    log.answers = {"get-inclusion-proof": (200, "leaf_index=0\n" + f"node_hash={'0' * 64}\n" * 64)}
    log.fill(3)
    assert maker.publish(d, log).returncode == 1
    assert not list((maker.shelf / "releases" / d).glob("proof-*"))
    log.answers = {"add-leaf": (202, "")}
    done = maker.run("release", "publish", d, "--log", log.url, "--key", "file:pub", "--wait", 1)
    assert done.returncode == 4 and code("HF_ERR_LOG_WAIT") in done.stderr
    for url in ("https://example.com", "http://", "http://x", "ftp://x:1", "http://x:99999", "x"):
        done = maker.run("release", "publish", d, "--log", url, "--key", "file:pub")
        assert done.returncode == 1 and code("HF_ERR_LOG_URL") in done.stderr
    log.answers = {}
    assert maker.publish(d, log).returncode == 0


def test_a_log_that_cannot_be_reached_is_a_matter_of_the_network(maker):
    d = maker.signed()
    log = maker.log()
    log.close()
    maker.logs.remove(log)
    assert maker.publish(d, log).returncode == 3


def test_only_a_publisher_of_the_policy_may_publish(maker):
    d = maker.signed()
    log = maker.log()
    for who in ("pub2", "rel1"):
        done = maker.publish(d, log, key=who)
        assert done.returncode == 1 and "publisher" in done.stderr
    assert not log.entries


def test_the_signer_must_type_what_he_signs(maker):
    d = maker.new()
    for typed in ("", d[:7], "00000000", d[:8] + "0" * 60):
        done = maker.run("release", "sign", d, "--key", "file:rel1", "--digest", typed)
        assert done.returncode == 1 and "nothing was signed" in done.stderr
    assert maker.run("release", "sign", d, "--key", "file:rel1", text=d[:8] + "\n").returncode == 1
    assert maker.run("release", "status", d).returncode == 4
    assert maker.sign(d, "rel1").returncode == 0


def test_keys_of_other_roles_do_not_sign_releases(maker):
    d = maker.new()
    for who in ("root1", "pub", "log", "w1", "stranger"):
        done = maker.sign(d, who)
        assert done.returncode == 1 and "no release key" in done.stderr


def test_an_added_capability_must_be_named_by_hand(maker):
    (maker.folder / "caps").write_text(CAPS)
    named = [w for line in CAPS.splitlines() for w in ("--accept-cap", line)]
    old = maker.new(capabilities="caps")
    assert maker.sign(old, "rel1").returncode == 1
    assert maker.sign(old, "rel1", *named[:2]).returncode == 1
    assert maker.sign(old, "rel1", *named).returncode == 0
    (maker.folder / "caps").write_text(CAPS + "outbound 203.0.113.7 updater\n")
    new = maker.new(capabilities="caps", version="1.1", sequence=11, previous=old)
    done = maker.sign(new, "rel1")
    assert done.returncode == 1 and "--accept-cap 'outbound 203.0.113.7 updater'" in done.stderr
    assert code("HF_ERR_CAPABILITY_ADDED") + ": 1 capabilities" in done.stderr
    assert maker.sign(new, "rel1", "--accept-cap", "outbound 203.0.113.7").returncode == 1
    assert maker.sign(new, "rel1", "--accept-cap", "outbound 203.0.113.7 updater").returncode == 0


def test_the_page_shows_every_change(maker):
    (maker.folder / "env").write_text("CC=gcc-12\nLANG=C\n")
    (maker.folder / "sbom").write_text("one")
    old = maker.new(environment="env", sbom="sbom", container="1" * 64)
    (maker.folder / "env").write_text("CC=gcc-13\nLANG=C\n")
    (maker.folder / "sbom").write_text("two")
    new = maker.new(environment="env", sbom="sbom", container="2" * 64, version="1.1", sequence=9,
                    previous=old, tree="c" * 40, commit="d" * 40, advisories="CVE-2026-1,CVE-2026-2")
    page = maker.must("release", "diff", old, new)
    for words in ("1.0 -> 1.1", "10 -> 9   GOES BACK", "b" * 40 + " -> " + "c" * 40, "+ CC=gcc-13",
                  "- CC=gcc-12", "1" * 64 + " -> " + "2" * 64, "fixes         CVE-2026-2",
                  "the same as before",
                  sha256(b"one").hex() + " -> " + sha256(b"two").hex(), "nobody says what this image can do",
                  "signed by     nobody (quorum not met)"):
        assert words in page, words
    assert maker.must("release", "show", new) == page


def test_a_changed_image_or_record_on_the_shelf_is_not_signed(maker):
    d = maker.new()
    for name in list((maker.shelf / "objects").iterdir()):
        good = name.read_bytes()
        name.write_bytes(good + b"x")
        done = maker.sign(d, "rel1")
        assert done.returncode == 1 and code("HF_ERR_SHELF_DAMAGED") in done.stderr
        name.write_bytes(good)
    assert maker.sign(d, "rel1").returncode == 0


def test_signers_in_two_places_bring_their_signatures_by_file(maker):
    d = maker.new()
    shutil.copytree(maker.shelf, maker.folder / "elsewhere")
    assert maker.sign(d, "rel1").returncode == 0
    maker.must("release", "sign", d, "--key", "file:rel2", "--digest", d[:8], "--dir", "elsewhere")
    maker.must("release", "export", d, "--out", "signed", "--dir", "elsewhere")
    maker.must("release", "add-signature", "signed")
    assert maker.run("release", "status", d).returncode == 0
    damaged = bytearray((maker.folder / "signed").read_bytes())
    damaged[damaged.index(bytes.fromhex("5840")) + 10] ^= 1
    (maker.folder / "signed").write_bytes(damaged)
    done = maker.run("release", "add-signature", "signed")
    assert done.returncode == 1 and "E_SIGNATURE" in done.stderr


def test_a_stranger_between_two_signatures_does_no_harm(maker):
    d = maker.new()
    stored = maker.shelf / "releases" / d / "envelope"
    bare = stored.read_bytes()
    for who in ("rel1", "rel2"):
        assert maker.sign(d, who).returncode == 0
    good = stored.read_bytes()
    envelope = cbor2.loads(good)
    digest, first, second = cbor2.loads(envelope.value[2])
    stranger = cbor2.loads(first)
    protected = cbor2.loads(stranger.value[0])
    protected[4] = b"stranger"
    stranger.value[0] = cbor2.dumps(protected, canonical=True)
    blocks = [digest, first, cbor2.dumps(stranger, canonical=True), second]
    envelope.value[2] = cbor2.dumps(blocks, canonical=True)
    (maker.folder / "mixed").write_bytes(cbor2.dumps(envelope, canonical=True))
    stored.write_bytes(bare)
    maker.must("release", "add-signature", "mixed")
    assert stored.read_bytes() == good


def test_a_release_is_withdrawn_by_its_release_quorum(maker):
    d = maker.signed()
    log = maker.log()
    done = maker.run("release", "revoke", d, "--key", "file:rel1")
    assert done.returncode == 1 and code("HF_ERR_REVOCATION_SHAPE") + ": --reason" in done.stderr
    maker.must("release", "revoke", d, "--key", "file:rel1", "--reason", "bricks boards of revision 2")
    assert maker.publish(f"revoke-{d}", log).returncode == 4
    assert maker.run("release", "revoke", d, "--key", "file:root1").returncode == 1
    maker.must("release", "revoke", d, "--key", "file:rel3")
    assert maker.publish(f"revoke-{d}", log).returncode == 0
    assert (maker.shelf / "releases" / d / "revoked.proof").exists()


def test_killed_at_any_moment_the_shelf_stays_whole(maker):
    """Killed after ever longer times: what is there is whole, and the work can be repeated."""
    cuts = 0
    for step in range(40):
        command = [HOLDFAST, "release", "new", maker.describe(version=f"2.{step}"), maker.image,
                   "--dir", maker.shelf]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(step * 0.0005)
        process.send_signal(signal.SIGKILL)
        cuts += process.wait() == -signal.SIGKILL
        for file in (maker.shelf / "objects").iterdir():
            assert file.name.endswith(".new") or sha256(file.read_bytes()).hex() == file.name
        maker.must("release", "show", maker.new(version=f"2.{step}"))
    assert cuts > 0


def test_foreign_proofs_are_judged_by_the_same_rules(maker):
    log = maker.log()
    log.fill(4)
    d = maker.signed()
    assert maker.publish(d, log).returncode == 0
    maker.must("release", "export", d, "--sigsum-proof", "--out", "proof")
    maker.must("release", "export", d, "--log-object", "--out", "object")
    text = (maker.folder / "proof").read_text()
    assert maker.verify("proof", "--sigsum-proof", "--image", "object") == "good"
    (maker.folder / "object2").write_bytes((maker.folder / "object").read_bytes() + b"x")
    assert maker.verify("proof", "--sigsum-proof", "--image", "object2") == "E_LEAF"
    lines = text.splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if line.startswith("cosignature"))
    few = [line for i, line in enumerate(lines) if i == first or not line.startswith("cosignature")]
    (maker.folder / "few").write_text("".join(few))
    assert maker.verify("few", "--sigsum-proof", "--image", "object") == "E_WITNESS"
    for bad in (text.replace("version=2", "version=3"), text + "\n", text[:-1], "", text + "x=1\n"):
        (maker.folder / "bad").write_text(bad)
        assert maker.verify("bad", "--sigsum-proof", "--image", "object") == code("HF_ERR_LOG_TEXT")
    checksum = sha256(bytes.fromhex(d)).hex()[:4]
    older = text.replace("version=2", "version=1")
    (maker.folder / "v1").write_text(older.replace("leaf=", f"leaf={checksum} "))
    assert maker.verify("v1", "--sigsum-proof", "--image", "object") == "good"
    (maker.folder / "v1").write_text(older.replace("leaf=", "leaf=0000 "))
    assert maker.verify("v1", "--sigsum-proof", "--image", "object") == "E_LEAF"


def test_names_that_mean_no_release_or_policy(maker):
    d = maker.new()
    for name in ("short", d[:7], "0" * 64, d + "0", "../" + d, "", d.upper()):
        done = maker.run("release", "show", name)
        assert done.returncode == 1 and code("HF_ERR_SHELF_NAME") in done.stderr, name
    assert maker.must("release", "show", d[:8]) == maker.must("release", "show", d)
    done = maker.run("release", "show", d, "--dir", "empty")
    assert done.returncode == 3
    (maker.folder / "empty").mkdir()
    done = maker.run("release", "policy", "show", "--dir", "empty")
    assert done.returncode == 1 and code("HF_ERR_SHELF_POLICY") in done.stderr


def test_every_verb_gives_one_json_value(maker):
    """For programs: one value on standard output, nothing else there."""
    log = maker.log()

    def ask(*args):
        done = maker.run("release", *args, "--json")
        assert done.returncode in (0, 4), (args, done.stderr)
        return json.loads(done.stdout)
    d = ask("new", maker.describe(), maker.image)["d"]
    other = maker.new(version="2", sequence=11)
    assert ask("show", d)["d"] == d and "lamp" in ask("diff", d, other)["page"]
    assert ask("status", d) == [{"d": d, "version": "1.0", "sequence": 10, "signers": "nobody",
                                 "quorum": False, "published": False}]
    for who in ("rel1", "rel2"):
        assert ask("sign", d, "--key", f"file:{who}", "--digest", d) == {"signed": d}
    assert ask("export", d, "--out", "envelope") == {"file": "envelope"}
    assert ask("add-signature", "envelope") == {"added": d}
    published = ask("publish", d, "--log", log.url, "--key", "file:pub")
    assert published == {"published": d, "bundle": f"releases/{d}/bundle.hfb"}
    assert ask("bundle", d, "--out", "b.hfb") == {"release": d, "bundle": "b.hfb"}
    assert sorted((r["d"], r["published"]) for r in ask("status")) == sorted([(d, True), (other, False)])
    assert ask("revoke", d, "--key", "file:rel1", "--reason", "x") == {"signed": d}
    assert ask("revoke", d, "--key", "file:rel2") == {"signed": d}
    assert ask("publish", f"revoke-{d}", "--log", log.url, "--key", "file:pub") == {"revoked": d}
    (maker.folder / "next.json").write_text(json.dumps({**ask("policy", "show"), "stale_after": 9}))
    made = ask("policy", "new", "next.json")
    for who in ("root1", "root2"):
        assert ask("policy", "sign", "2", "--key", f"file:{who}", "--digest", made["hash"]) == {
            "signed": made["hash"]}
    assert ask("publish", "policy-2", "--log", log.url, "--key", "file:pub") == {"published": made["hash"]}
    assert ask("policy", "export", "2", "--out", "p2") == {"file": "p2"}
    assert ask("bundle", "policies", "--out", "p.hfb") == {"bundle": "p.hfb"}
