"""The module's prompt, line by line: what is typed is edited here and runs there."""

from __future__ import annotations

import time
from collections.abc import Callable

from latentrack.errors import UserError
from latentrack.module.line import Line
from latentrack.module.link import Link, ModuleError
from latentrack.module.session import NoPackage, Session

# How often the module is asked what it has said.
_ASK_EVERY_S = 0.5


class Prompt:
    """Used from one thread or several; between lines the line to the module is free for others."""

    def __init__(self, line: Link | Line) -> None:
        self._turn = line.turn
        self._asked = 0.0
        self._heard = self._start()

    def _start(self) -> int | None:
        """The number of the next message there is; None where Latentrack does not run."""
        try:
            with self._turn() as link, Session(link) as session:
                return int(session.call("logs", 1 << 30)[0]) if session.first["runs"] else None
        except (NoPackage, UserError):
            return None

    def run(self, source: str, show: Callable[[str], None]) -> None:
        """Runs a line or a block as if typed there; `show` gets what it prints, as it comes.

        Ctrl-C interrupts it there. Raises UserError when the module is gone.
        """
        code = f"exec(compile({source!r}, '<prompt>', 'single'))"
        with self._turn() as link:
            try:
                link.run_shown(code, show)
            except ModuleError as error:
                show(error.trace or f"{error}\n")

    def complete(self, text: str, number: int) -> str | None:
        """The names that a half-typed one can become, for readline."""
        owner, dot, start = text.rpartition(".")
        try:
            with self._turn() as link:
                names = link.evaluate(f"dir({owner})" if dot else "dir()")
        except (ModuleError, UserError):
            return None
        fitting = [f"{owner}{dot}{n}" for n in names if n.startswith(start) and n[:2] != "__"]
        return fitting[number] if number < len(fitting) else None

    def said(self) -> list[str]:
        """What the module has said since it was asked last; it is not asked every time."""
        if self._heard is None or time.monotonic() - self._asked < _ASK_EVERY_S:
            return []
        with self._turn() as link, Session(link, "logs", str(self._heard)) as session:
            self._heard, lines = session.first
        self._asked = time.monotonic()
        return [text for _, text in lines]
