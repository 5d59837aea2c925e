"""The electronics around the chip, a class for each board, after the boards' schematics.

A board converts volts at jacks and the state of knobs and switches to levels and codes at the
chip's pins, and the chip's pins and SPI to volts at jacks and pixels of the display. It does not
use the device code: tests compare it with the device's board table (device/latentrack/boards).

A board is one file of its name in this folder, with one subclass of Board; no other file lists it.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from latentrack.errors import UserError
from latentrack.virtual.boards.board import FLOATS, HIGH, LOW, Board

DEFAULT = "xen"
"""The board of a module without a board.txt (device/latentrack/boards/__init__.py)."""

__all__ = ["BOARDS", "DEFAULT", "FLOATS", "HIGH", "LOW", "Board", "make_board"]


def _boards() -> dict[str, type[Board]]:
    files = (file.name for file in pkgutil.iter_modules(__path__) if file.name != "board")
    modules = {
        name: import_module(f"{__name__}.{name}")
        for name in sorted(files, key=lambda name: (name != DEFAULT, name))
    }
    return {
        name: thing
        for name, module in modules.items()
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, Board)
        and thing.__module__ == module.__name__
    }


BOARDS = _boards()
"""The electronics of each board by its name, the default's first."""


def make_board(name: str) -> Board:
    """Make the electronics of a board. Raises UserError if there is no board of that name."""
    if name not in BOARDS:
        raise UserError(
            f"There are no electronics for a board called {name!r}; name one of "
            f"{', '.join(BOARDS)} (`latentrack virtual --board bare`)."
        )
    return BOARDS[name]()
