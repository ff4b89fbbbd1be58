"""cosetool -- runs cose_tool, our COSE code on the command line.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(os.environ.get("HF_BUILD", ROOT / "build/release")) / "test/system"


def word(value):
    if isinstance(value, (bytes, bytearray)):
        return value.hex() or "-"
    return str(value)


def cose_tool(verb, *args, tool="cose_tool"):
    """The answer as a list of (name, bytes), errors as ("error", "CO3")."""
    command = [TOOLS / tool, verb, *map(word, args)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert run.returncode == 0, run.stderr
    answer = []
    for line in run.stdout.splitlines():
        name, value = line.split("=", 1)
        answer.append((name, value if name == "error" else bytes.fromhex(value)))
    return answer


def command_tool(verb, *args):
    return cose_tool(verb, *args, tool="command_tool")
