"""Validate meters, the lengths of bars, written as "4/4"."""

from __future__ import annotations

import re

from latentrack.errors import UserError

ANY_METER = "any"
"""Stands for the meter of most bars of a corpus."""


def check_meter(meter: str, steps_per_beat: int) -> None:
    """Raise UserError if a meter is invalid, or its bar is not a whole number of steps.

    meter: "4/4" or ANY_METER.  steps_per_beat: per quarter note.
    """
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
