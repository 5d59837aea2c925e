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
    """Talk to a module that is connected by USB, or to a virtual one.

    It is a context manager; the port stays open until its end, or until `close`. Each method raises
    UserError if the module refuses.

    Parameters
    ----------
    port : str, default None
        Its port, such as "/dev/ttyACM0", or its name. None is the only module there is.

    Raises
    ------
    UserError
        If there is no module, or its port cannot be opened.

    Examples
    --------
    >>> import latentrack as lt
    >>> with lt.Module() as module:
    ...     module.push("groove.tflite", store=True)
    ...     module.models()
    'groove'
    ['groove']
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
        """The port that the module is at."""
        return self._link.port

    def close(self) -> None:
        """Give the port up; the module plays on."""
        self._link.close()

    def models(self) -> list[str]:
        """List the models in its library.

        Returns
        -------
        list of str
            Their names, in the order of their paths.
        """
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
        """Play a model file on a track from the next bar on.

        Parameters
        ----------
        model : str or path-like
            A `.tflite` file.
        track : int, default 1
            1 to 4.
        store : bool, default False
            Also keep the model in the module's library.
        progress : callable, default None
            Called with (bytes sent, of all).

        Returns
        -------
        str
            What the model is called on the module.

        Raises
        ------
        UserError
            If the file is not a model that the module can play, or the module has no room for it.
        """
        done = library.push(self._link, Path(model), progress, store=store, track=track - 1)
        return done.name

    def play(self, name: str, *, track: int = 1) -> None:
        """Play a model of its library from the next bar on.

        Parameters
        ----------
        name : str
            One of `models()`.
        track : int, default 1
            1 to 4.

        Raises
        ------
        UserError
            If it is not in the library, or the module has no room for it.
        """
        with needs_package(self._link), running_session(self._link, _say_nothing) as session:
            with refusals(f"The module cannot play {name}, and plays on as before"):
                files = FramedFiles(session, session.first)
                there = library.called(name, files, session.call("models"))
                session.call("play", there, track - 1)

    def run(self, code: str) -> str:
        """Run MicroPython at its prompt, where `track` and `knobs` are.

        Parameters
        ----------
        code : str
            One line or more.

        Returns
        -------
        str
            What it prints.

        Raises
        ------
        ModuleError
            With the last line of the traceback, if the code raises.
        """
        return self._link.run(code)

    def get(self, expression: str) -> Any:
        """Ask for the value of an expression at its prompt.

        Parameters
        ----------
        expression : str
            Such as "track.threshold".

        Returns
        -------
        object
            A number, a text, None, or a list, tuple or dict of these.

        Raises
        ------
        ModuleError
            With the last line of the traceback, if the expression raises.
        """
        return self._link.evaluate(expression)


def _say_nothing(_: str) -> None:
    pass
