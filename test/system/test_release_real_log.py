"""Rule: a release made by our tools goes through the real log and three real Sigsum witnesses, and whoever
trusts none of our code can judge it. doc/release.md is followed word by word.

SPDX-License-Identifier: Apache-2.0
"""
import re
import shutil
import subprocess

import pytest

import sigsumlib
from loglib import LIMIT_S, ROOT
from reallib import Real
from releaselib import Bundle, sha256

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def real():
    made = Real(sigsumlib.tools())
    made.start()
    made.first = made.published()
    made.second = made.published(version="1.1", sequence=11, previous=made.first)
    yield made
    made.close()


def test_from_image_to_verdict_offline(real):
    for d in (real.first, real.second):
        assert real.verify(real.bundle(d), "--image", real.image, offline=True) == "good"
    changed = real.folder / "changed"
    changed.write_bytes(real.image.read_bytes()[:-1] + b"x")
    assert real.verify(real.bundle(real.first), "--image", changed, offline=True) == "E_IMAGE"


def test_the_bundle_has_the_least_witnesses_and_the_shelf_has_all(real):
    assert len(Bundle(real.bundle(real.second).read_bytes()).proofs[0].cosigs) == 2
    stored = next((real.shelf / "releases" / real.second).glob("proof-*"))
    assert stored.read_bytes()[11] >= 2


def test_the_log_shows_the_signed_object_before_anybody_can_miss_it(real):
    name = sha256(bytes.fromhex(real.first)).hex()
    assert (real.dir / "data/leafobj" / name).read_bytes() == (
        real.shelf / "releases" / real.first / "envelope").read_bytes()
    assert len(list((real.dir / "data/object").iterdir())) == 2  # two records


def test_their_proof_is_good_for_us(real):
    file = real.folder / "theirs"
    file.write_bytes(b"logged by Sigsum's submitter")
    real.must("release", "policy", "export", "1", "--sigsum", "--url", real.url, "--out", "sigsum.policy")
    done = real.tool("sigsum-submit", "-k", real.folder / "pub", "-p", "sigsum.policy", file)
    assert done.returncode == 0, done.stderr
    proof = real.folder / "theirs.proof"
    assert real.verify(proof, "--sigsum-proof", "--image", file, offline=True) == "good"
    file.write_bytes(b"logged by Sigsum's submitteR")
    assert real.verify(proof, "--sigsum-proof", "--image", file, offline=True) == "E_LEAF"


def test_only_a_publisher_hands_over_objects(real):
    import http.client
    for path, status in (("/add-object/" + "0" * 64 + "/" + "0" * 128, 403), ("/add-object/x/y", 403),
                         ("/add-object/x", 404)):
        c = http.client.HTTPConnection("127.0.0.1", real.port, timeout=LIMIT_S)
        c.request("POST", path, b"object")
        assert c.getresponse().status == status, path
        c.close()


# ---- the page ----

def blocks(heading):
    """The fenced commands below a heading of doc/release.md, in order."""
    page = (ROOT / "doc/release.md").read_text()
    part = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"(?ms)^```sh\n(.*?)^```$", part)


@pytest.fixture(scope="module")
def auditor(real):
    """The maker follows its half of the page; the auditor gets the folder it fills."""
    desk = real.folder / "audit"
    desk.mkdir()
    maker, *_ = blocks("Verify with public tools only")
    script = maker.replace("https://log.example.com", real.url)
    env = {"PATH": f"{real.folder}/bin:/usr/bin:/bin", "HOLDFAST_RELEASES": str(real.shelf), "D": real.second}
    (real.folder / "bin").mkdir()
    (real.folder / "bin/holdfast").symlink_to(sigsumlib.loglib.HOLDFAST)
    done = subprocess.run(["sh", "-ec", script], cwd=desk, env=env, capture_output=True, text=True,
                          timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    shutil.copyfile(real.folder / "pub.pub", desk / "publisher.pub")
    shutil.copyfile(real.image, desk / "image.bin")
    (desk / "signers.pub").write_text("".join(real.public(n) + "\n" for n in ("rel1", "rel2", "rel3")))
    return desk


def judge(real, desk):
    """The auditor's commands, one after the other, with public tools and nothing of ours in the path."""
    out = ""
    for command in blocks("Verify with public tools only")[1:]:
        done = subprocess.run(["sh", "-ec", command], cwd=desk, env={"PATH": f"{real.sigsum}:/usr/bin:/bin"},
                              capture_output=True, text=True, timeout=LIMIT_S)
        out += done.stdout
        if done.returncode:
            return done.returncode, out + done.stderr
    return 0, out


def test_the_page_lets_an_auditor_verify_with_public_tools_only(real, auditor):
    status, out = judge(real, auditor)
    assert status == 0, out
    assert real.second in out and "2 signers" in out and "rel1" in out and "rel2" in out


@pytest.mark.parametrize("name", ("image.bin", "object", "release.suit", "object.proof", "sigsum-policy",
                                  "publisher.pub"))
def test_each_changed_file_fails_the_auditor(real, auditor, name, tmp_path):
    desk = tmp_path / "desk"
    shutil.copytree(auditor, desk)
    data = bytearray((desk / name).read_bytes())
    data[len(data) // 2] ^= 1
    (desk / name).write_bytes(data)
    assert judge(real, desk)[0] != 0


def test_a_single_signature_fails_the_auditor(real, auditor, tmp_path):
    desk = tmp_path / "desk"
    shutil.copytree(auditor, desk)
    (desk / "signers.pub").write_text(real.public("rel1") + "\n")
    assert judge(real, desk)[0] != 0
