"""Where the virtual module cannot run, that is said, and nothing else is asked for."""

from __future__ import annotations

import platform
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement

from latentrack import assets
from latentrack.errors import UserError
from tests.conftest import ROOT

MACHINES = {
    "a PC": ("linux", "x86_64", True),
    "a Raspberry Pi": ("linux", "aarch64", False),
    "a Mac": ("darwin", "arm64", False),
    "an older Mac": ("darwin", "x86_64", False),
    "Windows": ("win32", "AMD64", False),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_micropython_is_installed_where_it_is_used(machine: str, monkeypatch: pytest.MonkeyPatch):
    system, processor, runs = MACHINES[machine]
    written = re.search(r'"(.*micropython-unix.*)"', (ROOT / "pyproject.toml").read_text())
    assert written is not None
    wanted = Requirement(written[1])
    assert wanted.marker is not None
    there = {"sys_platform": system, "platform_machine": processor}
    assert wanted.marker.evaluate(there) is runs

    monkeypatch.setattr(assets.sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    monkeypatch.delenv("LATENTRACK_MICROPYTHON", raising=False)
    if runs:
        assert assets.micropython()
    else:
        with pytest.raises(UserError, match="x86-64 Linux only"):
            assets.micropython()


# Stands in for a Python on Windows, as far as this goes: what only Unix has cannot be imported.
WINDOWS = """
import platform, sys
for name in ("termios", "tty", "fcntl", "pwd", "grp"):
    sys.modules[name] = None
platform.machine = lambda: "AMD64"
import latentrack.studio.studio
from latentrack.cli import main
sys.argv = ["latentrack", "virtual"]
main()
"""


def test_without_unix_the_rest_is_there_and_the_virtual_module_says_that_it_is_not() -> None:
    done = subprocess.run([sys.executable, "-c", WINDOWS], capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("latentrack: The virtual module runs on x86-64 Linux only")
