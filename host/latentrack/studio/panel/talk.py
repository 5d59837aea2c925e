"""The cable to a module: held while somebody talks, and let go for other programs afterwards."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from latentrack.errors import UserError
from latentrack.module.link import Link
from latentrack.module.session import Session


class Talk:
    """One thread's. Raises what Link and Session raise: UserError when the module is gone or held
    by another program, NoPackage without Latentrack on it, ModuleError when it refuses."""

    def __init__(self, port: str) -> None:
        self.port = port
        self._link: Link | None = None
        self._session: Session | None = None
        self.used = time.monotonic()
        self.broken = False
        """Whether the cable itself has failed, and not only a request."""

    @property
    def held(self) -> bool:
        """Whether the port is in use here."""
        return self._link is not None

    def call(self, name: str, *arguments: object) -> Any:
        """Asks the module; what it answers."""
        self.used = time.monotonic()
        try:
            if self._session is None:
                session = Session(self._open())
                session.__enter__()
                self._session = session
            return self._session.call(name, *arguments)
        except UserError:
            self.broken = True
            raise
        finally:
            self.used = time.monotonic()

    @contextlib.contextmanager
    def link(self) -> Iterator[Link]:
        """The bare link, for what begins conversations of its own."""
        self._quit()
        self.used = time.monotonic()
        try:
            yield self._open()
        except BaseException:
            # Wherever that was left: who talks next begins anew.
            self.close()
            raise
        finally:
            self.used = time.monotonic()

    def close(self) -> None:
        """Lets go of the port."""
        self._quit()
        self.broken = False
        link, self._link = self._link, None
        if link is not None:
            link.__exit__()

    def _open(self) -> Link:
        if self._link is None:
            self._link = Link(self.port)
        return self._link

    def _quit(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.__exit__(None)
