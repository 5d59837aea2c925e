"""A backend for mido with cables of its own, in this process or between processes.

`mido.set_backend("tests.studio.midi_ports")`, or MIDO_BACKEND in the environment of a program.
Which ports there are stands in the folder that LATENTRACK_TEST_MIDI names: a file NAME.out or
NAME.in. What is sent to NAME goes into NAME.out as a line for each message: seconds, then mido's
text. What is appended to NAME.in is heard.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido

_POLL_SECONDS = 0.005


def _folder() -> Path:
    return Path(os.environ["LATENTRACK_TEST_MIDI"])


def get_devices(**_: Any) -> list[dict[str, Any]]:
    found = []
    for path in sorted(_folder().iterdir()):
        ends = {"is_input": path.suffix == ".in", "is_output": path.suffix == ".out"}
        if path.suffix in (".in", ".out"):
            found.append({"name": path.stem, **ends})
    return found


class Output:
    def __init__(self, name: str, virtual: bool = False, **_: Any) -> None:
        self._path = _folder() / f"{name}.out"
        if virtual:
            self._path.touch()
        if not self._path.exists():
            raise OSError(f"unknown port {name}")
        self._file = self._path.open("a", encoding="utf-8", buffering=1)
        self.closed = False

    def send(self, message: mido.Message) -> None:
        if not self._path.exists():
            raise OSError("the cable was pulled")
        self._file.write(f"{time.perf_counter():.6f} {message}\n")

    def close(self) -> None:
        self._file.close()
        self.closed = True


class Input:
    def __init__(
        self, name: str, virtual: bool = False, callback: Callable[[Any], None] = print, **_: Any
    ) -> None:
        self._path = _folder() / f"{name}.in"
        if virtual:
            self._path.touch()
        self._file = self._path.open(encoding="utf-8")
        self._file.seek(0, os.SEEK_END)
        self._callback = callback
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join(2)
        self._file.close()

    def _hear(self) -> None:
        while not self._closed.is_set():
            line = self._file.readline()
            if line:
                self._callback(mido.Message.from_str(line.strip()))
            else:
                self._closed.wait(_POLL_SECONDS)
