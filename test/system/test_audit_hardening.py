"""The auditor's verdicts on ELF files are those of hardening-check, file by file, over programs and libraries
of this machine; every difference has its reason here. And a plain Debian system holds nothing that shouts.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "build/release/test/system/scan_try"
SAMPLE = 200
SIZE_MAX = 200_000  # hardening-check disassembles each file
ELF, ACCOUNT, KEY, SERVICE, HIT = 32, 33, 34, 35, 37
NX, PIE, RELRO, BINDNOW, CANARY, FORTIFY, CLASH, CFI = range(8)
NA, YES, NO, UNKNOWN = range(4)
DYNAMIC = 4


def facts(*args):
    run = subprocess.run([TOOL, *args], capture_output=True, text=True, errors="replace", check=True)
    for line in run.stdout.splitlines():
        head, *texts = line.split(" | ")
        kind, path, *numbers = head.split()
        yield int(kind), path, [int(n) for n in numbers], [t.strip() for t in texts]


def is_elf(path):
    with open(path, "rb") as f:
        return f.read(4) == b"\x7fELF"


def sample():
    """Every n-th ELF file of the usual folders: the same ones in every run on one machine."""
    files = [p for d in ("/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu")
             for p in sorted(pathlib.Path(d).glob("*"))
             if p.is_file() and not p.is_symlink() and p.stat().st_size < SIZE_MAX and is_elf(p)]
    return files[::max(1, len(files) // SAMPLE)]


def hardening_check(files):
    run = subprocess.run(["hardening-check", *map(str, files)], capture_output=True, text=True, check=False)
    verdicts, path = {}, None
    for line in run.stdout.splitlines():
        if not line.startswith(" "):
            path = line.rstrip(":")
            verdicts[path] = {}
            continue
        name, _, verdict = line.strip().partition(": ")
        verdicts[path][name] = verdict
    return verdicts


def state(states, prop):
    return states >> (4 * prop) & 15


@pytest.fixture(scope="module")
def both():
    if shutil.which("hardening-check") is None:
        pytest.skip("hardening-check (devscripts) is not here")
    files = sample()
    assert len(files) > 50
    theirs = hardening_check(files)
    ours = {path: numbers for kind, path, numbers, _ in facts("-e", *map(str, files)) if kind == ELF}
    assert set(ours) == {str(f) for f in files}
    assert set(theirs) == set(ours)
    return ours, theirs


def compare(both, name, prop, explained):
    """`explained(ours, theirs)` says why a difference is one, or None."""
    ours, theirs = both
    differ, agreed = [], 0
    for path, numbers in ours.items():
        mine, his = state(numbers[2], prop), theirs[path][name]
        said_yes = his.startswith("yes")
        if (mine == YES) == said_yes:
            agreed += 1
        elif explained(numbers, mine, his) is None:
            differ.append(f"{path}: {mine}, hardening-check says {his}")
    assert not differ
    assert agreed > len(ours) * 9 // 10


def test_relro_is_the_same(both):
    compare(both, "Read-only relocations", RELRO, lambda numbers, mine, his: None)


def test_immediate_binding_is_the_same(both):
    compare(both, "Immediate binding", BINDNOW, lambda numbers, mine, his: None)


def test_canaries_are_the_same(both):
    """It reads symbols of a static program only when it is not stripped; so do we."""
    compare(both, "Stack protected", CANARY, lambda numbers, mine, his: None)


def test_position_independence_is_the_same(both):
    """It takes PT_PHDR for the mark of a program; we take PT_INTERP and DF_1_PIE, which a library that can be
    run (libc.so.6, ld.so) has or lacks for other reasons."""
    def explained(numbers, mine, his):
        runnable_library = numbers[0] == 3 and {mine, YES} <= {YES, NA}
        return "a library that can be run" if runnable_library else None
    compare(both, "Position Independent Executable", PIE, explained)


def test_fortified_functions_are_the_same(both):
    """Its "yes" for some fortified function is ours. Nothing to fortify is neither yes nor no for both."""
    ours, theirs = both
    for path, numbers in ours.items():
        mine, his = state(numbers[2], FORTIFY), theirs[path]["Fortify Source functions"]
        assert (mine == YES) == his.startswith("yes"), f"{path}: {mine}, {his}"
        if mine == NO:
            assert his.startswith("no"), f"{path}: {his}"


def test_control_flow_is_the_same_on_x86(both):
    ours, theirs = both
    for path, numbers in ours.items():
        if numbers[1] == 62:
            said_yes = theirs[path]["Control flow integrity"].startswith("yes")
            assert (state(numbers[2], CFI) == YES) == said_yes, path


def test_stack_clash_is_never_claimed_without_its_instructions(both):
    """It disassembles; we look for one form of the probe. So ours may be fewer, never others' "unknown"."""
    ours, theirs = both
    claimed = [p for p, n in ours.items() if state(n[2], CLASH) == YES]
    wrong = [p for p in claimed if not theirs[p]["Stack clash protection"].startswith("yes")
             and not re.search(r"sub +\$?0x1000,%?rsp", disassembly(p))]
    assert not wrong


def disassembly(path):
    return subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True,
                          check=False).stdout


def test_plain_debian_programs_do_not_shout():
    """No token, password, bot or marker in what Debian ships; private keys only those that libraries test
    themselves with (flag 64)."""
    alarms = []
    places = ["/usr/sbin", "/etc/init.d", "/etc/systemd", "/etc/cron.d", "/etc/cron.daily",
              "/usr/lib/systemd"]
    programs = sorted(p for p in pathlib.Path("/usr/bin").iterdir() if p.is_file() and not p.is_symlink())
    places = [p for p in places if pathlib.Path(p).exists()] + [str(p) for p in programs[::4]]
    for kind, path, numbers, texts in facts(*places):
        if kind == KEY and numbers[0] in (1, 2, 5) and not numbers[6] & 64:
            alarms.append(f"{path}: key {texts}")
        if kind == HIT and numbers[0] in (1, 3, 6, 7, 8, 13):
            alarms.append(f"{path}: {texts}")
        if kind == SERVICE and numbers[1] & 16 and not numbers[1] & 12:
            alarms.append(f"{path}: {texts}")
    assert not alarms
