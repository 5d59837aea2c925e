"""One conversation at a time, in the order of asking."""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """A lock that is given in the order in which threads asked for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        # Who waits, by name; the first has the turn.
        self._queue: deque[list[str]] = deque()

    @property
    def whose(self) -> str:
        """The name of the one whose turn it is; "" if it is nobody's."""
        with self._changed:
            return self._queue[0][0] if self._queue else ""

    @property
    def waiting(self) -> int:
        """How many have asked for the turn, the one who has it among them."""
        with self._changed:
            return len(self._queue)

    def take(self, name: str, patience_s: float | None = None) -> bool:
        """Waits for the turn; False if it did not come in time. Ctrl-C gets through."""
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
        """The turn is the next one's."""
        with self._changed:
            self._leave(self._queue[0])

    def _leave(self, ticket: list[str]) -> None:
        # By identity: two may wait under one name.
        self._queue = deque(other for other in self._queue if other is not ticket)
        self._changed.notify_all()
