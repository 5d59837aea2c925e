"""The line to a module: shared with other programs while it is held, and given up afterwards."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from latentrack.errors import UserError
from latentrack.module.line import Line
from latentrack.module.link import Link
from latentrack.module.session import NoPackage, Session

# Another command has the line for a moment; a transfer takes longer, and is said.
_PATIENCE_S = 2.0


class Talk:
    """One thread's. Raises what Link and Session raise: UserError when the module is gone or held
    by another program, NoPackage without Latentrack on it, ModuleError when it refuses."""

    def __init__(self, port: str) -> None:
        self.port = port
        self._line: Line | None = None
        self._session: Session | None = None
        self.used = time.monotonic()
        self.broken = False
        """Whether the cable itself has failed, and not only a request."""

    @property
    def held(self) -> bool:
        """Whether the port is in use here."""
        return self._line is not None

    def call(self, name: str, *arguments: object) -> Any:
        """Asks the module; what it answers."""
        return self._ask(lambda session: session.call(name, *arguments))

    def head(self, path: str, size: int) -> bytes:
        """The first `size` bytes of a file there."""
        return bytes(self._ask(lambda session: session.fetch(path, most=size)))

    def _ask(self, question: Callable[[Session], Any]) -> Any:
        self.used = time.monotonic()
        try:
            with self._open().turn(_PATIENCE_S) as link:
                if self._session is None:
                    with self._without_package():
                        session = Session(link)
                        session.__enter__()
                        self._session = session
                return question(self._session)
        except UserError:
            self.broken = True
            raise
        except _Bare as error:
            raise NoPackage(str(error)) from None
        finally:
            self.used = time.monotonic()

    @contextlib.contextmanager
    def link(self) -> Iterator[Link]:
        """The bare link, for what begins conversations of its own."""
        self.used = time.monotonic()
        try:
            with self._open().turn(_PATIENCE_S) as link:
                self._quit()
                yield link
        except BaseException:
            # Wherever that was left: who talks next begins anew.
            self.close()
            raise
        finally:
            self.used = time.monotonic()

    def close(self) -> None:
        """Lets go of the port."""
        self.broken = False
        line, self._line = self._line, None
        if line is not None:
            self._quit()
            line.close()

    def _open(self) -> Line:
        if self._line is None:
            self._line = Line(self.port, self._quit)
        return self._line

    def _quit(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.__exit__(None)

    @contextlib.contextmanager
    def _without_package(self) -> Iterator[None]:
        """A module without Latentrack has a page of its own, not a sentence."""
        try:
            yield
        except NoPackage as error:
            raise _Bare(str(error)) from error


class _Bare(Exception):
    pass
