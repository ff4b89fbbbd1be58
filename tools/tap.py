"""tap.py -- how every check script reports: TAP on stdout, details as '# ' lines under a failure.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Tap:
    """Counts cases while it prints them; done() gives the exit status."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def case(self, text, problems=()):
        """One case: it passed when the list of problems is empty."""
        problems = list(problems)
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {text}")
        for problem in problems:
            print(f"# {problem}")

    def skip(self, text, why):
        self.count += 1
        print(f"ok {self.count} - {text} # SKIP {why}")

    def note(self, text):
        print(f"# {text}")

    def done(self):
        print(f"1..{self.count}")
        sys.stdout.flush()
        return 1 if self.failed or not self.count else 0


def project_files(*suffixes, under=("",)):
    """Files that git tracks or would track, relative to the root, sorted; all files where git is absent."""
    run = None
    if (ROOT / ".git").exists():  # else a copy, perhaps below another project's folder
        run = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT,
                             capture_output=True, check=False)
    if run and run.returncode == 0:
        names = [n for n in run.stdout.decode().split("\0") if n]
    else:
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()]
        names = [n for n in names if not n.startswith(("build/", ".git/"))]
    names = [n for n in names if n.startswith(tuple(under)) and (ROOT / n).is_file()]
    return sorted({n for n in names if not suffixes or n.endswith(suffixes)})


def table(path):
    """Rows of a 'a : b : c' file, blank lines and '#' comments dropped."""
    rows = []
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if line:
            rows.append((number, [cell.strip() for cell in line.split(" : ")]))
    return rows
