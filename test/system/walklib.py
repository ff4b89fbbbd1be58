"""walklib -- a small root tree, the real makers of images, and what walk_try says about an image.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import os
import pathlib
import subprocess

from cosetool import ROOT

BUILD = pathlib.Path(os.environ.get("HF_BUILD", ROOT / "build/release"))
WALK = BUILD / "test/system/walk_try"
ENV = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}


def run(command, cwd):
    done = subprocess.run(command, cwd=cwd, env=ENV, shell=isinstance(command, str), capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


class Walk:
    """What the walk said. files: path behind the input's name -> (size, digest, mode); digest "-": unread."""

    def __init__(self, image, *options):
        done = subprocess.run([WALK, *options, image], capture_output=True, text=True, timeout=240,
                              check=False)
        assert done.returncode == 0, f"walk_try {image}: {done.returncode} {done.stderr}"
        self.lines = done.stdout.splitlines()
        self.files, self.others, self.links, self.boxes, self.problems = {}, {}, {}, [], []
        for line in self.lines:
            self.take(line.split(" "), len(pathlib.Path(image).name))

    def take(self, words, skip):
        kind = words[0]
        if kind == "BOX":
            self.boxes.append((words[1][skip:], words[2], int(words[3]), int(words[4])))
        elif kind == "PROBLEM":
            self.problems.append((int(words[1]), words[2][skip:], words[5].replace("%20", " ")))
        elif kind == "F":
            self.files[words[1][skip:]] = (int(words[2]), words[3], words[4])
            self.links[words[1][skip:]] = words[8]
        else:
            self.others[words[1][skip:]] = (kind, words[2], words[6] if len(words) > 6 else "")

    def digests(self, below="!"):
        """Contents by name below a container, without hard links."""
        return {path[len(below):]: (size, digest) for path, (size, digest, _) in self.files.items()
                if path.startswith(below) and digest != "-"}

    def formats(self):
        return [name for _, name, _, _ in self.boxes]


def make_tree(folder):
    """Files small, large, sparse and empty, names that need escapes, a link, a pipe, a setuid bit."""
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("root:x:0:0\n")
    (root / "etc/empty").write_bytes(b"")
    (root / "etc/n\u00e4me with spaces!").write_text("odd\n")
    (root / "bin/large").write_text("".join(hashlib.sha256(b"%d" % i).hexdigest() for i in range(9000)))
    (root / "bin/tool").write_text("#!/bin/sh\n" * 300)
    (root / "bin/tool").chmod(0o4755)
    (root / "bin/sh").symlink_to("tool")
    os.mkfifo(root / "etc/pipe")
    with open(root / "sparse", "wb") as sparse:
        sparse.truncate(3_000_000)
        sparse.seek(1_000_000)
        sparse.write(b"in the middle")
    return root


def escaped(name):
    return "".join(chr(b) if 0x21 <= b <= 0x7e and chr(b) not in "!%" else f"%{b:02X}" for b in name.encode())


def expected(root):
    """What every image of the tree must list: name -> (size, digest)."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        found["/" + "/".join(map(escaped, path.relative_to(root).parts))] = (
            len(content), hashlib.sha256(content).hexdigest())
    return found
