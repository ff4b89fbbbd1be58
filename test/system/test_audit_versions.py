"""Orders of versions against those who define them: dpkg, rpm, and the fixtures of another scanner.

SPDX-License-Identifier: Apache-2.0
"""
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(os.environ.get("HOLDFAST_VECTORS", ROOT.parent / "shared/vectors")) / "audit/versions"
TOOL = Path(os.environ.get("HF_BUILD", ROOT / "build/release")) / "test/system/version_tool"
DPKG, APK, RPM = 1, 2, 3
SIGN = {-1: "<", 0: "=", 1: ">"}
PAIRS = 10_000


def ours(scheme, pairs):
    text = "".join(f"{scheme}\t{a}\t{b}\n" for a, b in pairs)
    run = subprocess.run([TOOL], input=text, capture_output=True, text=True, check=True)
    answers = [SIGN[int(n)] for n in run.stdout.split()]
    assert len(answers) == len(pairs)
    return answers


def fixture(name):
    path = FIXTURES / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    lines = (line.split() for line in path.read_text().splitlines() if line and line[0] != "#")
    return [line for line in lines if len(line) == 3 and line[1] in "<=>"]


@pytest.mark.parametrize("name, scheme", [
    ("debian-versions.txt", DPKG), ("debian-versions-generated.txt", DPKG),
    ("alpine-versions.txt", APK), ("alpine-versions-generated.txt", APK)])
def test_fixtures_agree(name, scheme):
    rows = fixture(name)
    assert len(rows) > 20
    answers = ours(scheme, [(a, b) for a, _, b in rows])
    wrong = [f"{a} {sign} {b}: we say {got}" for (a, sign, b), got in zip(rows, answers) if sign != got]
    assert not wrong, f"{len(wrong)}: " + "\n".join(wrong[:20])


def random_part(rng, signs, first=""):
    pieces = [str(rng.choice([0, 1, 2, 9, 10, 11, 99, 100, "00", "007", 2**70])), rng.choice("abzAZ"),
              rng.choice(signs), rng.choice(["rc", "alpha", "deb", "el", "git"])]
    return first + "".join(rng.choice(pieces) for _ in range(rng.randrange(1, 6)))


def random_evr(rng, signs):
    epoch = rng.choice(["", "", "", "0:", "1:", "2:", "10:"])
    release = rng.choice(["", "", "-" + random_part(rng, signs, "1")])
    return epoch + random_part(rng, signs, str(rng.randrange(3))) + release


def random_pairs(signs, seed):
    rng = random.Random(seed)
    pairs = []
    for _ in range(PAIRS):
        a = random_evr(rng, signs)
        b = random_evr(rng, signs) if rng.random() < 0.5 else a + rng.choice(["", "0", ".1", "a", signs[0]])
        pairs.append((a, b))
    return pairs


def test_dpkg_agrees_on_random_pairs():
    """dpkg's own module answers ten thousand in a second; the program, a process a pair, the first ones."""
    pairs = random_pairs("~+.", 1)
    perl = r'use Dpkg::Version; while (<>) { my @v = split; print version_compare($v[0], $v[1]), "\n" }'
    run = subprocess.run(["perl", "-e", perl], input="".join(f"{a} {b}\n" for a, b in pairs),
                         capture_output=True, text=True, check=True)
    theirs = [SIGN[int(n)] for n in run.stdout.split()]
    assert run.stderr == "" and len(theirs) == PAIRS and len(set(theirs)) == 3
    assert [p for p, t, o in zip(pairs, theirs, ours(DPKG, pairs)) if t != o] == []
    words = {"<": "lt", "=": "eq", ">": "gt"}
    for (a, b), sign in list(zip(pairs, theirs))[:200]:
        assert subprocess.run(["dpkg", "--compare-versions", a, words[sign], b], check=False).returncode == 0


def test_rpm_agrees_on_random_pairs(tmp_path):
    if not shutil.which("rpm"):
        pytest.skip("rpm is not installed")
    pairs = random_pairs("~^+._", 2)
    words = tmp_path / "pairs"
    words.write_text("".join(f"{a} {b}\n" for a, b in pairs))
    script = f"""for line in io.lines("{words}") do
        local a, b = string.match(line, "(%S+) (%S+)") io.stdout:write(rpm.vercmp(a, b), "\\n") end"""
    program = tmp_path / "compare.lua"
    program.write_text(script)
    run = subprocess.run(["rpm", "--eval", '%{lua:dofile("' + str(program) + '")}'], capture_output=True,
                         text=True, check=True)
    theirs = [SIGN[int(n)] for n in run.stdout.split()]
    assert len(theirs) == PAIRS and len(set(theirs)) == 3
    assert [p for p, t, o in zip(pairs, theirs, ours(RPM, pairs)) if t != o] == []
