#!/usr/bin/python3
"""embed.py IN OUT -- a text file as the numbers of a C array, ending in 0.

SPDX-License-Identifier: Apache-2.0
"""
import sys

with open(sys.argv[1], "rb") as src, open(sys.argv[2], "w", encoding="ascii") as out:
    for line in src:
        out.write(",".join(str(b) for b in line) + ",\n")
    out.write("0\n")
