"""The programs that tests run as a user does: real mpremote, and our own command line."""

from __future__ import annotations

import subprocess
import sys

from latentrack.virtual.module import VirtualModule
from tests.waiting import PATIENCE_S


def mpremote(module: VirtualModule, *arguments: str) -> str:
    """Real mpremote as a program of its own; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "mpremote", "connect", module.port, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def latentrack(*arguments: str, timeout: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
    """The command line as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "latentrack.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def ok(*arguments: str) -> str:
    """What a command that ends well prints."""
    done = latentrack(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout
