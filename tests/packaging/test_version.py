"""One version: what the package says is what the wheel, the module and the changelog say."""

from __future__ import annotations

import re
import subprocess
import sys

import latentrack
from tests.conftest import ROOT


def test_the_module_says_the_same():
    text = (ROOT / "device" / "latentrack" / "__init__.py").read_text()
    assert f'__version__ = "{latentrack.__version__}"\n' in text


def test_the_changelog_begins_with_it():
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert newest is not None and newest[1].rstrip(",") == latentrack.__version__


def test_it_is_written_nowhere_else():
    number = re.escape(latentrack.__version__)
    found = subprocess.run(
        ["grep", "-rlE", "--include=*.py", "--include=*.toml", "--include=*.json",
         "--exclude-dir=.*", "--exclude-dir=build", rf"(__version__|version).*\b{number}\b",
         "host", "device", "firmware", "benchmarks", "pyproject.toml", "setup.py"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    assert sorted(found) == ["device/latentrack/__init__.py", "host/latentrack/__init__.py"]


def test_the_command_says_it():
    command = [sys.executable, "-m", "latentrack.cli", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == f"latentrack {latentrack.__version__}\n"
