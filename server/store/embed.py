#!/usr/bin/python3
"""embed.py IN OUT -- a text file as the lines of a C string.

SPDX-License-Identifier: Apache-2.0
"""
import sys

with open(sys.argv[1], encoding="utf-8") as src, open(sys.argv[2], "w", encoding="utf-8") as out:
    for line in src:
        text = line.rstrip("\n").replace("\\", "\\\\").replace('"', '\\"').replace("\t", " ")
        if not text.lstrip().startswith("--"):
            out.write(f'"{text}\\n"\n')
