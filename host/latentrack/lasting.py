"""A thread whose end can be waited for while Ctrl-C may come."""

from __future__ import annotations

import threading
from collections.abc import Callable


class LastingThread:
    """A daemon thread that runs a function.

    `Thread.join` is not safe here: if Ctrl-C interrupts it, CPython up to 3.12 takes the thread for
    ended although it runs, and whatever it uses is then closed under it.
    """

    def __init__(self, run: Callable[[], object], name: str) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(run,), name=name, daemon=True)

    def _run(self, run: Callable[[], object]) -> None:
        try:
            run()
        finally:
            self._ended.set()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether the function has returned."""
        return self._ended.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the function has returned, or for so many seconds; whether it has.

        KeyboardInterrupt may come out of it; it can be called again then.
        """
        return self._ended.wait(seconds)
