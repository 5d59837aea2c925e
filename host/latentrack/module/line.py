"""The line to a module for programs that go on for long: they share it with all other commands.

A program that is the first at the port keeps it open, and its broker hands it over between its own
conversations. One that finds it taken borrows it for each conversation, and becomes the holder when
the port is free.
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
    """Use it with `with`. `leave` is called in a turn before the port goes to another program.

    Raises what Link raises.
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
        """Gives the port up."""
        broker, self._broker = self._broker, None
        if broker is not None:
            broker.close()
        self.link.close()

    @contextlib.contextmanager
    def turn(self, patience_s: float | None = None) -> Iterator[Link]:
        """The link for one conversation, and nobody else's meanwhile.

        Raises UserError if the port is another program's, if its turn does not come in time, and
        for a module without Latentrack where the conversation needs it.
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
        """After a conversation: a borrowed port is given back, an own one has a broker."""
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
        # Where that fails the next conversation says why.
        with contextlib.suppress(UserError):
            self.link.open(ask=False, wait=False)
