"""faultlib -- small disks that can be filled. Needs root; skips where mounting is not allowed.

SPDX-License-Identifier: Apache-2.0
"""
import errno
import pathlib
import shutil
import subprocess

import pytest


class SmallDisk:
    """A tmpfs in the place of a folder, with what the folder held; fill() leaves not one block."""

    def __init__(self, folder, size):
        self.folder, self.before = pathlib.Path(folder), pathlib.Path(f"{folder}.before")
        facts = self.folder.stat()
        self.folder.rename(self.before)
        self.folder.mkdir(0o700)
        options = f"size={size},mode={facts.st_mode & 0o7777:o},uid={facts.st_uid},gid={facts.st_gid}"
        run = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.folder], check=False,
                             capture_output=True, text=True)
        if run.returncode != 0:
            self.folder.rmdir()
            self.before.rename(self.folder)
            pytest.skip(f"a file system may not be mounted here: {run.stderr.strip()}")
        subprocess.run(["cp", "-a", f"{self.before}/.", self.folder], check=True)
        shutil.rmtree(self.before)

    def fill(self):
        with open(self.folder / "filler", "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"\xff" * 4096)
            except OSError as why:
                assert why.errno == errno.ENOSPC

    def make_room(self):
        (self.folder / "filler").unlink()

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=True)
