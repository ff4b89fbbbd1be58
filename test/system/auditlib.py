"""Images with planted faults, and `holdfast audit` over them.
SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOLDFAST = ROOT / "build/bin/holdfast"


class Lab:
    def __init__(self, folder):
        self.dir = folder
        subprocess.run(["/usr/bin/python3", ROOT / "tools/mkseeded.py", folder], check=True,
                       timeout=300)
        self.planted = json.loads((folder / "planted.json").read_text())
        for source in ("feed/osv.json", "kev.json"):
            self.run("feed", "import", "--feed", "feed.db", source, status=0)

    def run(self, *args, status=None, prefix=()):
        done = subprocess.run([*prefix, HOLDFAST, "audit", *map(str, args)], cwd=self.dir,
            capture_output=True,
                              text=True, timeout=300, check=False)
        assert status is None or done.returncode == status, (args, done)
        return done

    def report(self, *args, status=None, policy="policy.toml"):
        done = self.run("--policy", policy, "--feed", "feed.db", "--format", "json", *args, status=status)
        return json.loads(done.stdout)

    def images(self, name):
        return sorted(p.name for p in self.dir.glob(f"{name}.*"))


def found(report):
    """Rule and place inside the tree of every finding."""
    return {(f["id"], f["path"].split("!")[-1]) for f in report["findings"]}
