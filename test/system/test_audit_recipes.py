"""Rule: every recipe for a build system is well formed, and calls the auditor as it is.

SPDX-License-Identifier: Apache-2.0
"""
import re
import subprocess

import yaml

from auditlib import HOLDFAST, ROOT

CI = ROOT / "examples/ci"


def test_yaml_recipes_parse():
    for name in ("github.yml", "gitlab.yml"):
        assert isinstance(yaml.safe_load((CI / name).read_text()), dict)


def test_shell_recipes_parse():
    bbclass = (CI / "holdfast-audit.bbclass").read_text()
    body = re.search(r"(?ms)^do_holdfast_audit\(\) \{\n(.*?)^\}", bbclass).group(1)
    for text in (body, (CI / "buildroot-post-image.sh").read_text()):
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def test_meson_recipe_parses(tmp_path):
    (tmp_path / "meson.build").write_text("project('x', 'c')\napp = executable('app', 'a.c')\n"
                                          + (CI / "meson.build").read_text())
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["meson", "setup", tmp_path / "b", tmp_path], check=True, capture_output=True)


def test_recipes_use_options_that_exist():
    known = set(re.findall(r"(?m)^  (--?[a-z]+)", subprocess.run(
        [HOLDFAST, "audit", "--help"], capture_output=True, text=True, check=True).stdout))
    for path in CI.iterdir():
        for call in re.findall(r"holdfast audit ((?:[^\n]|\\\n)*)", path.read_text()):
            used = set(re.findall(r"(?<!\S)(--?[a-z]+)(?= )", call))
            assert used <= known, (path.name, used - known)
