#!/usr/bin/python3
"""make_list.py NAME IN OUT -- a text file as a C array `NAME`, each byte XOR 0xA5, ending in a line feed.

Comments and empty lines are left out. Disguised for the reason given in make_literals.py.
SPDX-License-Identifier: Apache-2.0
"""
import sys

name, source, target = sys.argv[1:]
with open(source, "rb") as src:
    lines = [line.rstrip(b"\n") for line in src if not line.startswith(b"#") and line.strip()]
data = b"".join(line + b"\n" for line in lines)
with open(target, "w", encoding="ascii") as out:
    out.write(f"static const uint8_t {name}[] = {{\n")
    for at in range(0, len(data), 16):
        out.write("\t" + ", ".join(str(b ^ 0xA5) for b in data[at:at + 16]) + ",\n")
    out.write("};\n")
