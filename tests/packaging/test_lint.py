"""`make lint` refuses what it should, and the hooks for commits ask the same."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

BIN = Path(sys.executable).parent

REFUSED = {
    "unused import": (["ruff", "check", "--stdin-filename", "host/latentrack/new.py", "-"],
                      "import os\n"),
    "layout": (["ruff", "format", "--check", "--stdin-filename", "device/new.py", "-"],
               "x = {'a':1}\n"),
    "layout of C": (["clang-format", "--dry-run", "-Werror", "--assume-filename=firmware/new.c"],
                    "int f(void) {\n  return 1;\n}\n"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", REFUSED)
def test_what_is_refused(mistake: str):
    command, text = REFUSED[mistake]
    done = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=ROOT, input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr


def test_code_without_types_is_refused(tmp_path: Path):
    (tmp_path / "new.py").write_text("def double(x):\n    return 2 * x\n")
    mypy = [BIN / "mypy", "--cache-dir", tmp_path / "cache", tmp_path / "new.py"]
    done = subprocess.run(mypy, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "[no-untyped-def]" in done.stdout, done.stdout + done.stderr


def test_the_hooks_are_those_of_make_lint():
    lint = re.search(r"^lint: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert lint
    config = ROOT / ".pre-commit-config.yaml"
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", config], check=True)
    (repo,) = yaml.safe_load(config.read_text())["repos"]
    assert repo["repo"] == "local"  # nothing is fetched
    assert [hook["entry"] for hook in repo["hooks"]] == [
        f"make --silent {target}" for target in lint[1].split()
    ]


def test_all_c_is_compiled_with_all_warnings_as_errors():
    ini = configparser.ConfigParser(interpolation=None)
    ini.read(ROOT / "firmware" / "platformio.ini")
    common = ini["env"]["build_flags"]
    assert {"-Wall", "-Wextra", "-Werror"} <= set(common.split())
    for name in ini.sections():
        if name.startswith("env:"):
            flags = ini[name].get("build_flags", "${env.build_flags}")
            assert "${env.build_flags}" in flags, name
            assert "-Wno" not in flags + common
