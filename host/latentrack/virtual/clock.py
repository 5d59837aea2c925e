"""A clock that is plugged into a module's clock input, in a thread of its own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latentrack.virtual.panel import Panel

STEPS_PER_BEAT = 4
_LATEST_S = 0.1


class Clock:
    """A context manager: sends an edge for each sixteenth until it is left.

    Drawing a picture takes longer than an edge may be late, so the edges do not wait for it.
    """

    def __init__(self, panel: Panel, bpm: float) -> None:
        """bpm: beats a minute of four steps."""
        self._panel, self._spacing_s = panel, 60 / bpm / STEPS_PER_BEAT
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def __enter__(self) -> Clock:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._ends.wait(max(due - time.monotonic(), 0)):
            self._panel.trigger("clock")
            # What a busy computer has missed by more than this is not made up for.
            due = max(due + self._spacing_s, time.monotonic() - _LATEST_S)
