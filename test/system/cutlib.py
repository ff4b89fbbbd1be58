"""cutlib -- end a program at a chosen write: the page shared with cut_shim, which is preloaded into it.

SPDX-License-Identifier: Apache-2.0
"""
import mmap
import os
import struct

from brokerlib import BUILD

BEFORE, INSIDE, AFTER, FULL = 1, 2, 3, 4
# Files written whole and renamed, and a database.
FILES, DATABASE = 0b00111, 0b11000
SHIM = BUILD / "test/system/cut_shim.so"


class Cutter:
    """armed, count, cut_at, how, cuts, role, the kinds that count, calls of each kind."""

    def __init__(self, path, kinds):
        path.write_bytes(b"\0" * 4096)
        self.path, self.kinds, self.file = path, kinds, open(path, "r+b")
        self.page = mmap.mmap(self.file.fileno(), 4096)

    def env(self):
        return {"HF_CUT_FILE": str(self.path), "LD_PRELOAD": str(SHIM)}

    def arm(self, role, cut_at, how):
        self.page[:60] = struct.pack("<5I16s6I", 1, 0, cut_at, how, 0, role.encode(), self.kinds, *[0] * 5)

    def set_role(self, role):
        self.page[20:36] = struct.pack("16s", role.encode())

    def rest(self):
        self.page[:4] = struct.pack("<I", 0)

    def read(self):
        v = struct.unpack("<5I16s6I", self.page[:60])
        return {"count": v[1], "cuts": v[4], "writes": v[7], "fsyncs": v[8], "renames": v[9]}


def places(calls):
    """After a call is before the next one, so only the last needs its own. Torn ones: every third, or each
    with HF_CUTS=all."""
    step = 1 if os.environ.get("HF_CUTS") == "all" else 3
    return ([(BEFORE, n) for n in range(1, calls + 1)] + [(INSIDE, n) for n in range(1, calls + 1, step)] +
            [(AFTER, calls)])
