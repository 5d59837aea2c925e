"""What stands around the chip: the electronics of the boards, as their schematics have them.

A board turns volts at its jacks, hands at its knobs and switches into what the chip's pins see, and
what the chip does at its pins and on SPI into volts at jacks and light at the glass. It knows
nothing of the device code: the device's board table (device/latentrack/boards) is held against it.

A board is one file of its name in this folder, with one subclass of Board; no other file lists it.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from latentrack.errors import UserError
from latentrack.virtual.boards.board import FLOATS, HIGH, LOW, Board

DEFAULT = "xen"
"""What a module takes itself for without a board.txt (device/latentrack/boards/__init__.py)."""

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
    """The electronics of a board by its name. Raises UserError if there is no such board."""
    if name not in BOARDS:
        raise UserError(
            f"There are no electronics for a board called {name!r}; name one of "
            f"{', '.join(BOARDS)} (`latentrack virtual --board bare`)."
        )
    return BOARDS[name]()
