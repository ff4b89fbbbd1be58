#!/usr/bin/python3
"""make_eol.py IN OUT -- data/audit/eol.txt as rows of a C table: name, branch, last day since 1970, its date.

SPDX-License-Identifier: Apache-2.0
"""
import datetime
import sys

source, target = sys.argv[1:]
with open(source, encoding="ascii") as lines, open(target, "w", encoding="ascii") as out:
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        name, branch, date = line.split()
        day = (datetime.date.fromisoformat(date) - datetime.date(1970, 1, 1)).days
        out.write(f'\t{{ "{name}", "{branch}", {day}, "{date}" }},\n')
