"""The line to a module, for long-running programs that share the port with all other commands.

The first program at the port, the holder, keeps it open, and its broker lends it to others between
the holder's own turns. A program that finds the port taken borrows it for each turn, and becomes
the holder when the port is free.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from latentrack.errors import UserError
from latentrack.module.broker import OWN, Broker, is_served
from latentrack.module.link import Link
from latentrack.module.session import needs_package
from latentrack.module.turns import Turns


class Line:
    """A context manager that closes the line.

    leave: called during a turn, before the port is handed to another program. Raises what Link
    raises.
    """

    def __init__(self, port: str, leave: Callable[[], None] = lambda: None) -> None:
        self.port = port
        self.link = Link(port)
        self._leave = leave
        self._turns = Turns()
        self._broker: Broker | None = None
        self._settle()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port and the broker."""
        broker, self._broker = self._broker, None
        if broker is not None:
            broker.close()
        self.link.close()

    @contextlib.contextmanager
    def turn(self, patience_s: float | None = None) -> Iterator[Link]:
        """Hold the link for one turn; no other thread or program uses the port meanwhile.

        patience_s: seconds to wait for the turn; None: no limit. Raises UserError if another
        program keeps the port, if the turn does not come in time, or if the block needs Latentrack
        and the module has none.
        """
        if not self._turns.take(OWN, patience_s):
            raise UserError(
                f"{self._turns.whose or 'another program'} has the module at {self.port} just now; "
                "try again when it is done."
            )
        try:
            self.link.open(ask=self._broker is None)
            with needs_package(self.link):
                yield self.link
        finally:
            self._settle()
            self._turns.give_back()

    def _settle(self) -> None:
        """After a turn: give a borrowed port back, or start the broker of an own one."""
        if self._broker is not None or not self.link.is_open:
            return
        if self.link.is_borrowed or is_served(self.port):
            self._release()
        else:
            self._broker = Broker(self.port, self._turns, self._release, self._resume)

    def _release(self) -> None:
        with contextlib.suppress(Exception):
            self._leave()
        self.link.close()

    def _resume(self) -> None:
        # If that fails, the next turn raises the reason.
        with contextlib.suppress(UserError):
            self.link.open(ask=False, wait=False)
