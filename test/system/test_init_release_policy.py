"""Rule: policy 1 of a deployment can be followed by another when `holdfast init` was told who releases, logs
and witnesses; else nobody may release, and init says so.

SPDX-License-Identifier: Apache-2.0
"""
import json
import shutil
import subprocess

import pytest

from reallib import Real
from releaselib import code

PASS = "correct horse battery staple"
THEIRS = ("release", "rebuilder", "publishers", "logs", "witness", "monitor", "stale_after")


@pytest.fixture
def real():
    made = Real()
    (made.folder / "pass").write_text(PASS + "\n")
    (made.folder / "pass").chmod(0o600)
    yield made
    made.close()


def release_policy(real, **changes):
    text = real.policy_text()
    keys = [k for k in text["keys"] if k["role"] != "root"]
    part = {"keys": keys, **{n: text[n] for n in THEIRS}, **changes}
    file = real.folder / "release-policy.json"
    file.write_text(json.dumps({n: v for n, v in part.items() if v != "absent"}))
    return file


def init(real, *more):
    return real.run("init", "fleet", "--domain", "example.com", "--operator", "alice", "--operator", "bob",
                    "--passphrase-file", "pass", *more)


def decrypt(real, number):
    """As doc/release.md says."""
    out = real.folder / f"r{number}"
    key = real.folder / f"fleet/root/policy-root-{number}.key"
    command = f"umask 077; openssl pkey -in {key} -passin file:pass -out {out}"
    subprocess.run(["sh", "-c", command], check=True, timeout=60, cwd=real.folder)
    return f"file:{out}"


def test_a_deployment_releases_and_changes_its_policy(real):
    done = init(real, "--release-policy", release_policy(real))
    assert done.returncode == 0 and "can never be updated" not in done.stderr, done.stderr
    shutil.rmtree(real.shelf)
    real.must("release", "add-signature", "fleet/trust/policy-1.cose")
    shown = real.must("release", "policy", "show")
    for words in ("policy      1\n", "root        2 of (root, root, root)\n",
                  "witness     2 of (w1, w2, w3)\n", "cmd-danger  2 of (alice, bob)\n",
                  "release     all others: 2 of (rel1, rel2, rel3)\n"):
        assert words in shown, words
    shutil.copy(real.folder / "fleet/trust/policy-1.cose", real.dir / "policy.cose")
    shutil.copy(real.folder / "fleet/trust/policy-1.cose", real.folder / "policy-1.cose")
    real.start()
    d = real.published()
    assert real.verify(real.bundle(d), "--image", real.image, offline=True) == "good"
    text = json.loads(real.must("release", "policy", "show", "--json"))
    text["stale_after"] = 86400
    (real.folder / "next.json").write_text(json.dumps(text))
    number, digest = real.must("release", "policy", "new", "next.json").split()
    for root in (1, 3):
        real.must("release", "policy", "sign", number, "--key", decrypt(real, root), "--digest", digest)
    assert real.publish("policy-2").returncode == 0
    d = real.published(version="2", sequence=11)
    assert real.verify(real.bundle(d), "--image", real.image, offline=True) == "good"
    assert "policy      2" in real.must("release", "policy", "show")


def test_without_it_init_says_what_that_means(real):
    done = init(real)
    assert done.returncode == 0 and "can never be updated" in done.stderr
    shutil.rmtree(real.shelf)
    real.must("release", "add-signature", "fleet/trust/policy-1.cose")
    shown = real.must("release", "policy", "show")
    assert "witness     nobody\n" in shown and "release " not in shown
    d = real.new()
    done = real.sign(d, "rel1")
    assert done.returncode == 1 and code("HF_ERR_SIGNER_ABSENT") in done.stderr


@pytest.mark.parametrize("changes", (
    {"logs": []}, {"publishers": []}, {"witness": None}, {"release": []}, {"logs": "absent"},
    {"stale_after": "absent"}, {"vendor": "example.com"}, {"root": {"k": 1, "of": ["rel1"]}}, {"named": []},
    {"anchors": []}, {"release": [{"classes": [], "quorum": {"k": 2, "of": ["root"]}}]},
    {"release": [{"classes": [], "quorum": {"k": 4, "of": ["rel1", "rel2", "rel3"]}}]},
    {"release": [{"classes": [], "quorum": {"k": 1, "of": [0]}}]},
    {"witness": {"k": 1, "of": ["rel1"]}}))
def test_a_policy_that_could_not_be_followed_is_refused_and_nothing_is_made(real, changes):
    before = set(real.folder.iterdir())
    done = init(real, "--release-policy", release_policy(real, **changes))
    assert done.returncode in (1, 2) and len(done.stderr.splitlines()) == 1, done
    assert set(real.folder.iterdir()) - before <= {real.folder / "release-policy.json"}


def test_a_key_of_root_or_operator_does_not_come_from_the_file(real):
    text = real.policy_text()
    for role in ("root", "named"):
        keys = [dict(k, role=role) if k["holder"] == "rel3" else k for k in text["keys"]
                if k["role"] != "root"]
        done = init(real, "--release-policy", release_policy(real, keys=keys))
        assert done.returncode == 2 and "only release, rebuilder, publisher, log and witness" in done.stderr


def test_a_policy_1_is_taken_over_only_by_a_folder_that_has_none(real):
    assert init(real, "--release-policy", release_policy(real)).returncode == 0
    done = real.run("release", "add-signature", "fleet/trust/policy-1.cose")
    assert done.returncode == 1
    assert "root1" in real.must("release", "policy", "show")
