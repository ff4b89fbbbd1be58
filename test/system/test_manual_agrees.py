"""The manual page, the help and the completion of `holdfast` come from one table.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re
import subprocess

import fleetlib

PAGE = pathlib.Path(__file__).resolve().parents[2] / "doc" / "man" / "holdfast.1"


def holdfast(*words):
    return subprocess.run([fleetlib.HOLDFAST, *words], capture_output=True, text=True, timeout=20,
            check=False)


def test_the_page_is_what_the_program_prints():
    assert holdfast("manual").stdout == PAGE.read_text()


def test_every_verb_of_the_page_has_help_and_completion():
    verbs = re.findall(r"^\.It Nm ([a-z ]+?)(?: Ar .*)?$", PAGE.read_text(), re.M)
    script = holdfast("completion").stdout
    assert len(verbs) > 30
    for verb in verbs:
        words = verb.split()
        assert all(word in script for word in words), verb
        if words[0] not in ("completion", "manual"):
            done = holdfast(*words, "--help")
            assert done.returncode == 0 and done.stdout.startswith(f"usage: holdfast {verb}"), verb


def test_the_completion_is_valid_bash():
    script = holdfast("completion").stdout
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=20)
