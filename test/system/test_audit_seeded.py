"""Rule: every planted fault is found in every container, and the mended twin has none.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import shutil
import subprocess
import tarfile

import pytest

from auditlib import HOLDFAST, ROOT, Lab, found


@pytest.fixture(scope="module", name="lab")
def _lab(tmp_path_factory):
    return Lab(tmp_path_factory.mktemp("audit") / "lab")


def test_every_planted_fault_is_found_in_every_container(lab):
    images = lab.images("seeded")
    assert {"seeded.tar", "seeded.tar.gz", "seeded.gzip.squashfs", "seeded.ext4"} <= set(images)
    for image in images:
        report = lab.report(image, status=1)
        seen = found(report)
        missing = [(rule, path) for rule, path in lab.planted.items() if (rule, path) not in seen]
        assert missing == [], (image, missing)
        assert not report["incomplete"], image


def test_the_twin_has_none(lab):
    for image in lab.images("clean"):
        report = lab.report(image, status=0)
        assert report["findings"] == [], (image, report["findings"])
        assert report["coverage"]["files"] > 10


def test_the_report_is_the_same_for_any_number_of_readers(lab):
    args = ("--policy", "policy.toml", "--feed", "feed.db", "--format", "json", "seeded.gzip.squashfs")
    texts = {lab.run(*args, "--jobs", jobs, status=1).stdout for jobs in (1, 2, 8)}
    assert len(texts) == 1


def test_a_finding_keeps_its_fingerprint_in_another_container(lab):
    def prints(image):
        found_in = lab.report(image)["findings"]
        return {f["fingerprint"] for f in found_in if not f["id"].startswith(("PRIV", "BKD"))}
    assert prints("seeded.tar") == prints("seeded.tar.gz") == prints("seeded.xz.squashfs")


def test_an_unpacked_tree_says_that_it_lost_its_owners(lab):
    folder = lab.dir / "tree"
    with tarfile.open(lab.dir / "seeded.tar") as tar:
        tar.extractall(folder, members=[m for m in tar if not m.ischr()])
    report = lab.report("tree", status=1)
    assert ("CRED-002", "/etc/shadow") in found(report)
    assert "PRIV-001" in {u["id"] for u in report["coverage"]["unknown"]}


def test_a_baseline_lets_only_what_is_new_gate(lab):
    lab.run("--policy", "policy.toml", "--feed", "feed.db", "--format", "json", "-o", "base.json",
            "seeded.tar", status=1)
    report = lab.report("--baseline", "base.json", "seeded.tar")
    gating = {f["id"] for f in report["findings"] if f["gates"]}
    assert gating == {"VULN-002"}, gating  # what attackers use already is never old news
    assert len(report["suppressed"]) > 30


def test_the_difference_between_the_two_is_shown(lab):
    done = lab.run("diff", "--policy", "policy.toml", "--feed", "feed.db", "--format", "json", "clean.tar",
                   "seeded.tar", status=1)
    ids = {f["id"] for f in json.loads(done.stdout)["findings"]}
    wanted = {"REPRO-001", "SURF-001", "SURF-002", "SURF-003", "SURF-004", "SURF-008", "SURF-009"}
    assert wanted <= ids
    same = lab.run("diff", "--policy", "policy.toml", "--format", "json", "seeded.tar", "seeded.tar",
        status=0)
    assert json.loads(same.stdout)["findings"] == []


def test_readers_and_judge_open_nothing_once_sealed(lab):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    log = lab.dir / "strace"
    lab.run("--policy", "policy.toml", "--feed", "feed.db", "--jobs", "2", "-o", "out.txt", "seeded.tar",
            prefix=("strace", "-f", "-o", log), status=1)
    sealed, broken = set(), []
    for line in log.read_text(errors="replace").splitlines():
        pid, call = line.split(None, 1)
        if call.startswith("seccomp(SECCOMP_SET_MODE_FILTER"):
            sealed.add(pid)
        elif pid in sealed and re.match(r"(open|openat|socket|connect|execve|creat|unlink)\(", call):
            broken.append(line)
    assert len(sealed) == 3 and broken == []  # two readers and the judge


def test_nothing_is_written_but_the_report(lab):
    before = set(os.listdir(lab.dir))
    lab.run("--policy", "policy.toml", "--format", "html", "-o", "page.html", "seeded.tar", status=1)
    assert set(os.listdir(lab.dir)) - before == {"page.html"}


def test_a_run_without_a_fresh_feed_can_be_made_an_error(lab):
    (lab.dir / "strict.toml").write_text("[scan]\nrequire_feed = true\n")
    assert lab.run("--policy", "strict.toml", "--feed", "feed.db", "clean.tar").returncode == 0
    env = dict(os.environ, XDG_DATA_HOME=str(lab.dir / "none"))
    done = subprocess.run([HOLDFAST, "audit", "--policy", "strict.toml", "clean.tar"], cwd=lab.dir, env=env,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout.startswith("INCOMPLETE")


def test_a_stored_bill_of_materials_is_matched_again(lab):
    (lab.dir / "sbom.json").write_text(json.dumps({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [{
            "type": "library", "name": "curl", "version": "7.88.1-10+deb12u1",
            "purl": "pkg:deb/debian/curl@7.88.1-10+deb12u1?distro=debian-12"}]}))
    done = lab.run("recheck", "--feed", "feed.db", "sbom.json", status=1)
    assert "CVE-2026-10001" in done.stdout
    (lab.dir / "none.json").write_text("{}")
    assert lab.run("recheck", "--feed", "feed.db", "none.json").returncode == 2


def test_the_sarif_report_fits_its_schema(lab):
    schema = pathlib_of_schema()
    done = lab.run("--policy", "policy.toml", "--format", "sarif", "seeded.tar", status=1)
    log = json.loads(done.stdout)
    assert log["version"] == "2.1.0" and len(log["runs"][0]["results"]) > 40
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in log["runs"][0]["results"])
    if schema is None:
        pytest.skip("the SARIF schema is not there: npm install @microsoft/sarif-multitool-linux")
    import jsonschema
    jsonschema.Draft4Validator(json.loads(schema.read_text())).validate(log)


def pathlib_of_schema():
    for top in (ROOT / "build/npm", ROOT / "node_modules"):
        for path in top.rglob("sarif-2.1.0.json"):
            return path
    return None
