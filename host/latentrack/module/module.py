"""A module for programs in Python: its models, and its prompt."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from latentrack.module import library
from latentrack.module.files import FramedFiles, refusals
from latentrack.module.link import Link, Progress
from latentrack.module.ports import find_port
from latentrack.module.session import needs_package, running_session


class Module:
    """A module that is connected by USB, or a virtual one; also a context manager.

    port: its port or its name; None: the only module there is. The port stays open until `close`.
    Raises UserError if there is no module or its port cannot be opened; each method raises it if
    the module refuses.
    """

    def __init__(self, port: str | None = None) -> None:
        self._link = Link(find_port(port)).__enter__()

    def __enter__(self) -> Module:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Module({self.port!r})"

    @property
    def port(self) -> str:
        return self._link.port

    def close(self) -> None:
        """Gives the port up; the module plays on."""
        self._link.close()

    def models(self) -> list[str]:
        """The names of the models in its library, in the order of their paths."""
        with needs_package(self._link), running_session(self._link, _say_nothing) as session:
            return [Path(path).stem for path, _ in sorted(session.call("models"))]

    def push(
        self,
        model: str | os.PathLike[str],
        *,
        track: int = 1,
        store: bool = False,
        progress: Progress | None = None,
    ) -> str:
        """Plays a `.tflite` file on a track, 1 to 4, from the next bar on; `store` keeps it.

        Returns what the model is called on the module. `progress` hears of (bytes sent, of all).
        """
        done = library.push(self._link, Path(model), progress, store=store, track=track - 1)
        return done.name

    def play(self, name: str, *, track: int = 1) -> None:
        """Plays a model of its library on a track, 1 to 4, from the next bar on."""
        with needs_package(self._link), running_session(self._link, _say_nothing) as session:
            with refusals(f"The module cannot play {name}, and plays on as before"):
                files = FramedFiles(session, session.first)
                there = library.called(name, files, session.call("models"))
                session.call("play", there, track - 1)

    def run(self, code: str) -> str:
        """Runs MicroPython at its prompt, where `track` and `knobs` are; returns what it prints.

        Raises ModuleError with the last line of the traceback.
        """
        return self._link.run(code)

    def get(self, expression: str) -> Any:
        """The value of an expression at its prompt, such as "track.threshold"."""
        return self._link.evaluate(expression)


def _say_nothing(_: str) -> None:
    pass
