"""A command in a terminal: what it shows is read, keys are typed, the size is changed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable

from tests.waiting import PATIENCE_S


class Terminal:
    """A context manager: `latentrack` with some arguments, in a terminal of its own."""

    def __init__(self, *arguments: str, columns: int, lines: int, **environment: str) -> None:
        self._host, self._terminal = pty.openpty()
        self.resize(columns, lines)
        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "latentrack.cli", *arguments],
            stdin=self._terminal,
            stdout=self._terminal,
            stderr=self._terminal,
            env=inherited | {"TERM": "xterm-256color"} | environment,
        )
        self._seen = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._host)
        os.close(self._terminal)

    @property
    def text(self) -> str:
        """All that was shown so far."""
        return self._seen.decode(errors="replace")

    def resize(self, columns: int, lines: int) -> None:
        """Change the terminal's size."""
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)

    def type(self, keys: str) -> None:
        """Type keys."""
        os.write(self._host, keys.encode())

    def read(self, until: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
        """Read what is shown until a condition holds; False if it never does, or the command ends
        before."""
        end = time.monotonic() + patience_s
        while not until():
            ended = self.process.poll() is not None
            comes = bool(select.select([self._host], [], [], 0.1)[0])
            if comes:
                self._seen += os.read(self._host, 1 << 16)
            if time.monotonic() > end or (ended and not comes):
                return until()
        return True

    def read_until(self, words: str) -> None:
        """Read until these words were shown."""
        assert self.read(lambda: words in self.text), self.text

    def interrupt(self) -> int:
        """Send Ctrl-C's signal; the exit code."""
        self.process.send_signal(signal.SIGINT)
        assert self.read(lambda: self.process.poll() is not None), "it did not end"
        return self.process.wait()
