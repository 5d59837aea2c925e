"""Meters: how long a bar is, written as 4/4."""

from __future__ import annotations

import re

from latentrack.errors import UserError

ANY_METER = "any"
"""The meter that most bars of a corpus are in."""


def check_meter(meter: str, steps_per_beat: int) -> None:
    """UserError: not a meter, or its bars are not a whole number of steps; a beat is a quarter."""
    if meter == ANY_METER:
        return
    match = re.fullmatch(r"(\d{1,2})/(1|2|4|8|16|32)", meter)
    if not match or not int(match[1]):
        raise UserError(f"{meter} is not a supported meter: write one such as 4/4 or 7/8, or any.")
    if 4 * steps_per_beat * int(match[1]) % int(match[2]):
        raise UserError(
            f"A bar of {meter} is not a whole number of steps at {steps_per_beat} per beat (a "
            "quarter note): ask for 4 or 12 steps per beat."
        )
