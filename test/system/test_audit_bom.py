"""Bills of materials against their schemas and against BSI TR-03183-2.

The validators come from npm: the schemas of CycloneDX are in @cyclonedx/cyclonedx-library. Without npm, or
without a network to fetch them once, those cases skip and say so; the guideline's fields are checked always.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("HF_BUILD", ROOT / "build/release")) / "test/system"
CACHE = ROOT / "build/npm-cyclonedx"
PACKAGES = ["@cyclonedx/cyclonedx-library@10.3.0", "ajv", "ajv-formats", "ajv-formats-draft2019"]
TRACKER = {
    "openssl": {"CVE-2024-0001": {"releases": {"bookworm": {
        "status": "resolved", "fixed_version": "3.0.16-1", "urgency": "low"}}},
        "CVE-2024-0002": {"releases": {"bookworm": {
            "status": "open", "urgency": "low", "nodsa": "Minor"}}}},
    "glibc": {"CVE-2024-0003": {"releases": {"bookworm": {"status": "open", "urgency": "unimportant"}}},
              "CVE-2024-0004": {"releases": {"bookworm": {"status": "undetermined", "urgency": "low"}}}}}
BUSYBOX = {"cveMetadata": {"cveId": "CVE-2022-48174", "dateUpdated": "2026-07-02"}, "containers": {"cna": {
    "metrics": [{"cvssV3_1": {"baseScore": 9.8}}],
    "affected": [{"vendor": "busybox", "product": "busybox", "defaultStatus": "affected"}]}}}
VALIDATE = """
const { Validation, Spec } = require('@cyclonedx/cyclonedx-library');
const fs = require('fs');
const v = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
v.validate(fs.readFileSync(process.argv[2], 'utf8')).then(e => { console.log(JSON.stringify(e)); });
"""


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    d = tmp_path_factory.mktemp("bom")
    for name, content in (("tracker", TRACKER), ("cve", BUSYBOX)):
        (d / f"{name}.json").write_text(json.dumps(content))
        subprocess.run([TOOLS / "feed_tool", d / "feed.db", "import", name, d / f"{name}.json"], check=True)
    subprocess.run([TOOLS / "bom_tool", d / "feed.db", d], check=True)
    first = {p.name: p.read_bytes() for p in d.glob("bom.*")}
    subprocess.run([TOOLS / "bom_tool", d / "feed.db", d], check=True)
    assert first == {p.name: p.read_bytes() for p in d.glob("bom.*")}, "equal input, other bytes"
    assert len(first) == 4
    return {"dir": d, **{name: json.loads(text) for name, text in first.items()}}


@pytest.fixture(scope="module")
def library():
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("npm is not installed: the CycloneDX schemas were not asked")
    if not (CACHE / "node_modules/@cyclonedx/cyclonedx-library").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        run = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES], cwd=CACHE,
                             capture_output=True, text=True, check=False, timeout=240)
        if run.returncode != 0:
            pytest.skip(f"npm could not fetch the CycloneDX library: {run.stderr.strip()[:200]}")
    return CACHE


def complaints(library, path):
    script = library / "validate.js"
    script.write_text(VALIDATE)
    run = subprocess.run(["node", script, path], cwd=library, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", ["bom.cyclonedx.json", "bom.cyclonedx.json.vex.json"])
def test_cyclonedx_schema_accepts(documents, library, name, tmp_path):
    assert documents[name]["specVersion"] == "1.6"
    assert complaints(library, documents["dir"] / name) is None
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({**documents[name], "serialNumber": "no uuid"}))
    assert complaints(library, broken), "the validator accepts everything"


def everything(components):
    for c in components:
        yield c
        yield from everything(c.get("components", []))


def reachable(who):
    return bool(who) and (any("@" in c["email"] for c in who.get("contact", []))
                          or any(u.startswith("http") for u in who.get("url", [])))


def test_guideline_fields_of_every_component(documents):
    bom = documents["bom.cyclonedx.json"]
    found = list(everything(bom["components"]))
    assert {c["name"] for c in found} >= {"openssl", "libssl3", "libc6", "busybox", "/usr/bin/openssl"}
    for c in found:
        assert reachable(c.get("manufacturer")), c["name"]
        assert c["version"], c["name"]
        assert [set(x) for x in c["licenses"]] == [{"expression", "acknowledgement"}]
        assert c["licenses"][0]["acknowledgement"] == "concluded"
    assert reachable(bom["metadata"]["manufacturer"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bom["metadata"]["timestamp"])


def test_guideline_fields_of_file_components(documents):
    files = [c for c in everything(documents["bom.cyclonedx.json"]["components"]) if c["type"] == "file"]
    assert len(files) == 4
    values = {"executable": {"executable", "non-executable"}, "archive": {"archive", "no archive"},
              "structured": {"structured", "unstructured"}}
    for f in files:
        properties = {p["name"]: p["value"] for p in f["properties"]}
        assert properties["bsi:component:filename"]
        for name, allowed in values.items():
            assert properties[f"bsi:component:{name}"] in allowed
        reference, = f["externalReferences"]
        assert reference["type"] == "distribution" and reference["url"].startswith("./")
        assert [h["alg"] for h in reference["hashes"]] == ["SHA-512"]
        assert re.fullmatch(r"[0-9a-f]{128}", reference["hashes"][0]["content"])


def test_files_lie_below_their_package(documents):
    by_name = {c["name"]: c for c in documents["bom.cyclonedx.json"]["components"]}
    assert [f["name"] for f in by_name["openssl"]["components"]] == ["/usr/bin/openssl"]
    assert [f["name"] for f in by_name["busybox"]["components"]] == ["/usr/bin/busybox"]
    assert by_name["busybox"]["cpe"] == "cpe:2.3:a:busybox:busybox:1.35.0:*:*:*:*:*:*:*"
    assert by_name["openssl"]["purl"] == "pkg:deb/debian/openssl@3.0.15-1~deb12u1?arch=armhf&distro=debian-12"
    assert "upstream=glibc%402.36-9%2Bdeb12u10" in by_name["libc6"]["purl"]
    assert by_name["openssl"]["licenses"][0]["expression"].startswith(
        "Apache-2.0 AND (Artistic-1.0-Perl OR GPL-1.0-or-later) AND LicenseRef-Strange")
    assert by_name["libc6"]["licenses"][0]["expression"] == "LGPL-2.1-or-later"


def test_every_component_has_one_dependency_entry(documents):
    bom = documents["bom.cyclonedx.json"]
    refs = [c["bom-ref"] for c in everything(bom["components"])] + ["firmware"]
    assert len(refs) == len(set(refs))
    assert sorted(d["ref"] for d in bom["dependencies"]) == sorted(refs)
    needs = {d["ref"]: d["dependsOn"] for d in bom["dependencies"]}
    names = {c["bom-ref"]: c["name"] for c in everything(bom["components"])}
    openssl = next(ref for ref, name in names.items() if name == "openssl")
    assert [names[r] for r in needs[openssl]] == ["libc6", "libssl3"]
    assert all(r in refs for refs_of in needs.values() for r in refs_of)
    assert {c["aggregate"] for c in bom["compositions"]} == {"complete", "unknown"}


def test_no_vulnerability_stands_in_the_sbom(documents):
    assert "CVE-" not in json.dumps(documents["bom.cyclonedx.json"])
    assert "vulnerabilities" not in documents["bom.cyclonedx.json"]


def test_vex_refers_to_the_sbom_and_gives_proofs(documents):
    bom, vex = documents["bom.cyclonedx.json"], documents["bom.cyclonedx.json.vex.json"]
    names = {c["bom-ref"]: c["name"] for c in everything(bom["components"])}
    serial = bom["serialNumber"].removeprefix("urn:uuid:")
    states = {}
    for v in vex["vulnerabilities"]:
        prefix, ref = v["affects"][0]["ref"].split("#")
        assert prefix == f"urn:cdx:{serial}/1" and ref in names
        states[v["id"]] = v["analysis"]
    assert states["CVE-2024-0001"]["state"] == "in_triage"
    assert states["CVE-2024-0002"]["state"] == "in_triage"
    assert states["CVE-2024-0003"]["state"] == "not_affected"
    assert states["CVE-2024-0004"]["state"] == "in_triage"
    applet = states["CVE-2022-48174"]
    assert (applet["state"], applet["justification"]) == ("not_affected", "code_not_present")
    assert re.search(r"proof: fw\.tar!/usr/bin/busybox bytes 30 to 41 sha256 [0-9a-f]{64}", applet["detail"])


def test_openvex_has_a_reason_for_every_status(documents):
    vex = documents["bom.spdx.json.openvex.json"]
    assert vex["@context"] == "https://openvex.dev/ns/v0.2.0"
    statements = {s["vulnerability"]["name"]: s for s in vex["statements"]}
    assert statements["CVE-2022-48174"]["justification"] == "vulnerable_code_not_present"
    assert statements["CVE-2024-0004"]["status"] == "under_investigation"
    for s in statements.values():
        assert s["products"][0]["@id"].startswith("pkg:")
        if s["status"] == "not_affected":
            assert "justification" in s or s["impact_statement"]
        if s["status"] == "affected":
            assert s["action_statement"]


def test_spdx_document_is_closed(documents):
    spdx = documents["bom.spdx.json"]
    ids = {p["SPDXID"] for p in spdx["packages"] + spdx["files"]} | {"SPDXRef-DOCUMENT"}
    assert spdx["spdxVersion"] == "SPDX-2.3" and len(spdx["packages"]) == 5
    for r in spdx["relationships"]:
        assert r["spdxElementId"] in ids and r["relatedSpdxElement"] in ids
    for f in spdx["files"]:
        assert {c["algorithm"] for c in f["checksums"]} == {"SHA1", "SHA256", "SHA512"}
    told = {x["licenseId"] for x in spdx["hasExtractedLicensingInfos"]}
    used = set(re.findall(r"LicenseRef-[0-9A-Za-z.-]+",
        json.dumps([p["licenseConcluded"] for p in spdx["packages"]])))
    assert used == told and used
