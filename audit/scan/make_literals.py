#!/usr/bin/python3
"""make_literals.py IN OUT -- data/audit/literals.txt as C tables, each byte XOR 0xA5.

The auditor scans programs, itself among them: a table in plain text would be found by itself.
SPDX-License-Identifier: Apache-2.0
"""
import re
import sys

ACTIONS = {
    "bot": "HF_HITC_BOT", "botweak": "HF_HITC_BOTWEAK", "botxor": "HF_HITC_BOTXOR",
    "watchdog": "HF_HITC_WATCHDOG", "telscan": "HF_HITC_TELSCAN", "backdoor": "HF_HITC_BACKDOOR",
    "password": "HF_HITC_PASSWORD", "mcudebug": "HF_HITC_MCUDEBUG", "hash": "HF__ACT_HASH",
    "pem": "HF__ACT_PEM", "der": "HF__ACT_DER", "token": "HF__ACT_TOKEN", "banner": "HF__ACT_BANNER",
        "uboot": "HF__ACT_UBOOT",
    "bootdelay": "HF__ACT_BOOTDELAY", "bootargs": "HF__ACT_BOOTARGS", "bootstop": "HF__ACT_BOOTSTOP",
    "date": "HF__ACT_DATE",
    "path": "HF__ACT_PATH", "url": "HF__ACT_URL",
}
DISGUISE = 0xA5


def literal_bytes(text):
    short = {"r": b"\r", "n": b"\n", "s": b" "}

    def one(match):
        body = match.group(1)
        return bytes([int(body[1:], 16)]) if body[0] == "x" else short[body]
    out, at = b"", 0
    for match in re.finditer(r"\\(x[0-9a-f]{2}|[rns])", text):
        out += text[at:match.start()].encode() + one(match)
        at = match.end()
    return out + text[at:].encode()


def rows(path):
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            cells = line.split(" ", 3)
            if len(cells) != 4 or cells[0] not in ACTIONS:
                raise SystemExit(f"{path}:{number}: needs 'action name flags literal'")
            yield cells[0], cells[1], cells[2], literal_bytes(cells[3])


def main(source, target):
    table, arrays = [], []
    for i, (action, name, flags, data) in enumerate(rows(source)):
        if "x" in flags:
            data = bytes(b ^ 0x22 for b in data)
        alone = "HF__ALONE_NUL" if "n" in flags else "HF__ALONE_22" if "k" in flags else "0"
        arrays.append(f"static const uint8_t lit_{i}[] = {{ "
                      + ", ".join(str(b ^ DISGUISE) for b in data) + " };")
        table.append(f'\t{{ {ACTIONS[action]}, {alone}, {len(data)}, "{name}", lit_{i} }},')
    with open(target, "w", encoding="ascii") as out:
        out.write("\n".join(arrays) + "\nstatic const struct hf__scan_literal literals[] = {\n")
        out.write("\n".join(table) + "\n};\n")


main(sys.argv[1], sys.argv[2])
