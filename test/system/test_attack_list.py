"""Rule: every row of doc/attacks.md names tests that exist, and codes that the table of errors has.

SPDX-License-Identifier: Apache-2.0
"""
import re

from brokerlib import ROOT

ROWS = [line for line in (ROOT / "doc/attacks.md").read_text().splitlines() if line.startswith("| ")][1:]


def names():
    """Tests that run: rows of a group in C, functions in Python."""
    found = set()
    for folder, pattern in (("unit", r"cmocka_unit_test\((\w+)\)"), ("sim", r"cmocka_unit_test\((\w+)\)"),
                            ("system", r"^def (test_\w+)\(")):
        for file in (ROOT / "test" / folder).iterdir():
            if file.suffix in (".c", ".py"):
                found |= set(re.findall(pattern, file.read_text(), re.M))
    return found


def test_every_attack_has_a_test_that_exists():
    known, missing = names(), []
    for row in ROWS:
        tests = re.findall(r"`(\w+)`", row.split(" | ")[2])
        assert tests, row
        missing += [test for test in tests if test not in known]
    assert len(ROWS) > 40 and not missing, missing


def test_every_answer_is_a_code_that_exists():
    text = (ROOT / "core/update/reason.c").read_text()
    text += (ROOT / "include/holdfast/errors.h").read_text()
    codes = set(re.findall(r'"(E_\w+)"', text))
    codes |= {"".join(parts) for parts in re.findall(r"X\(\w+, '(.)', '(.)', (\d+),", text)}
    for row in ROWS:
        for word in re.findall(r"`(\w+)`", row.split(" | ")[1]):
            assert word in codes or word == "stale", row
