"""The picture of the bare board, and the table beside it, say what the board's own table says."""

from __future__ import annotations

import re

from latentrack.virtual.boards.bare import Bare
from tests.docs import wiring
from tests.docs.pages import DOCS

# PJRC's card of the Teensy 4.1: which pins are on which edge.
LEFT_EDGE = {*map(str, range(13)), *map(str, range(24, 33))}
RIGHT_EDGE = {*map(str, range(13, 24)), *map(str, range(33, 42))}


def test_the_picture_is_drawn_from_the_board_of_today() -> None:
    drawn = wiring.PICTURE.read_text(encoding="utf-8")
    assert drawn == wiring.draw(), "draw it anew: python -m tests.docs --write"


def test_every_pin_is_once_on_the_card() -> None:
    assert {name for name in wiring.LEFT if name.isdigit()} == LEFT_EDGE
    assert {name for name in wiring.RIGHT if name.isdigit()} == RIGHT_EDGE
    assert len(wiring.LEFT) == len(wiring.RIGHT) == 24


def test_the_table_of_getting_started_is_that_of_the_board() -> None:
    """Outputs, inputs and knobs in one table: what | pin, with analog pins by both names."""
    page = (DOCS / "getting-started.md").read_text(encoding="utf-8")
    rows = dict(
        re.findall(r"^\| ((?:output|MIDI|clock|reset|trigger|knob).*?) \| (\d+)\b", page, re.M)
    )
    assert rows == {what: pin for pin, (what, _) in wiring.pins().items()}
    # And what the virtual breadboard has there.
    outputs = {f"D{pin}" for what, pin in rows.items() if what.startswith("output")}
    assert outputs == set(Bare.OUTPUTS)
