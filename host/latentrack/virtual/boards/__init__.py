"""What stands around the chip: the electronics of the boards, as their schematics have them.

A board turns volts at its jacks, hands at its knobs and switches into what the chip's pins see, and
what the chip does at its pins and on SPI into volts at jacks and light at the glass. It knows
nothing of the device code: the device's board table (device/latentrack/boards) is held against it.
"""

from __future__ import annotations

from latentrack.errors import UserError
from latentrack.virtual.boards.bare import Bare
from latentrack.virtual.boards.board import FLOATS, HIGH, LOW, Board
from latentrack.virtual.boards.xen import Xen

BOARDS: dict[str, type[Board]] = {"xen": Xen, "bare": Bare}

__all__ = ["BOARDS", "FLOATS", "HIGH", "LOW", "Board", "make_board"]


def make_board(name: str) -> Board:
    """The electronics of a board by its name. Raises UserError if there is no such board."""
    if name not in BOARDS:
        raise UserError(
            f"There are no electronics for a board called {name!r}; name one of "
            f"{', '.join(BOARDS)} (`latentrack virtual --board bare`)."
        )
    return BOARDS[name]()
