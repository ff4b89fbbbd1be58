"""make_signatures -- data/signatures.txt as rows of C for signature.c; refuses rows that cannot work.

usage: make_signatures SIGNATURES OUTPUT
SPDX-License-Identifier: Apache-2.0
"""
import sys

SHORTEST = 5  # bytes of the literal that is searched for; signature.c relies on it


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def row(number, line):
    cells = [c.strip() for c in line.split("|")]
    if len(cells) not in (5, 6) or cells[3] not in ("contains", "header"):
        sys.exit(f"line {number}: wants name | cpe | licence | contains or header | text [| witness]")
    # Blanks around the text are cut, except one that ends it.
    text = cells[4] + (" " if len(cells) == 5 and line.rstrip("\n").endswith(" ") else "")
    witness = cells[5] if len(cells) == 6 else ""
    before, found, after = text.partition("%v")
    anchored = max(len(before), len(after.partition("%d")[0]))
    if not found or anchored < SHORTEST or (witness and len(witness) < SHORTEST):
        sys.exit(f"line {number}: a literal of {SHORTEST} bytes must stand beside %v")
    if (cells[3] == "header") != bool(witness) or ":" not in cells[1]:
        sys.exit(f"line {number}: header wants a witness, contains has none; the CPE is vendor:product")
    how = {"contains": "HF_HOW_CONTAINS", "header": "HF_HOW_BUILT_AGAINST"}[cells[3]]
    words = [quoted(cells[0]), quoted("pkg:generic/" + cells[0]), quoted(cells[1]), quoted(cells[2]), how,
             quoted(before), quoted(after), quoted(witness)]
    return "{ " + ", ".join(words) + " },\n"


def main(source, output):
    with open(source, encoding="utf-8") as f:
        rows = [row(n, line) for n, line in enumerate(f, 1) if line.strip() and not line.startswith("#")]
    with open(output, "w", encoding="utf-8") as f:
        f.writelines(rows)


main(*sys.argv[1:])
