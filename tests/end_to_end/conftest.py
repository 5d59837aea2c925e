"""A virtual module with Latentrack installed, for every test its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from latentrack.module.install import install
from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule


@pytest.fixture(scope="session")
def installed_flash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flash of a module right after `latentrack install`."""
    flash = tmp_path_factory.mktemp("installed") / "flash"
    with VirtualModule(flash) as module, Link(module.port) as link:
        install(link)
    return flash


@pytest.fixture
def start(installed_flash: Path, tmp_path: Path) -> Iterator[Callable[..., VirtualModule]]:
    """Starts an installed module, with models in its library; `manual_time` as VirtualModule's."""
    modules: list[VirtualModule] = []

    def start(*models: Path, manual_time: bool = False) -> VirtualModule:
        flash = tmp_path / f"flash{len(modules)}"
        shutil.copytree(installed_flash, flash)
        library = flash / "models" / "perc"
        library.mkdir(parents=True)
        for model in models:
            shutil.copy(model, library)
        module = VirtualModule(flash, manual_time=manual_time)
        modules.append(module)
        wait_until_playing(module)
        return module

    yield start
    for module in modules:
        module.stop()


def wait_until_playing(module: VirtualModule) -> None:
    """Returns when main.py has run: the answer to a Link comes after it."""
    with Link(module.port) as link:
        assert link.evaluate("'instrument' in globals()"), "main.py did not start the instrument"


def mpremote(module: VirtualModule, *arguments: str) -> str:
    """Real mpremote as a program of its own; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "mpremote", "connect", module.port, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def latentrack(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """The command line as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "latentrack.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
