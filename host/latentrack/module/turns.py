"""A fair lock: one holder at a time, in the order of asking."""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """A lock that threads get in the order in which they asked for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        # A ticket, [name], for each thread that waits; the first one has the turn.
        self._queue: deque[list[str]] = deque()

    @property
    def whose(self) -> str:
        """The name under which the turn was taken; "" if it is free."""
        with self._changed:
            return self._queue[0][0] if self._queue else ""

    @property
    def waiting(self) -> int:
        """The number of threads that wait for the turn or have it."""
        with self._changed:
            return len(self._queue)

    def take(self, name: str, patience_s: float | None = None) -> bool:
        """Wait for the turn; False if it does not come within `patience_s` seconds.

        None waits without a limit. Ctrl-C interrupts the wait.
        """
        ticket = [name]
        with self._changed:
            self._queue.append(ticket)
            mine = False
            try:
                mine = self._changed.wait_for(lambda: self._queue[0] is ticket, patience_s)
            finally:
                if not mine:
                    self._leave(ticket)
        return mine

    def give_back(self) -> None:
        """End the turn: the next thread gets it."""
        with self._changed:
            self._leave(self._queue[0])

    def _leave(self, ticket: list[str]) -> None:
        # Compared by identity: two threads may use the same name.
        self._queue = deque(other for other in self._queue if other is not ticket)
        self._changed.notify_all()
