"""Bars that the page plays at once, and what it says that came out of the jacks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from latentrack.errors import UserError
from latentrack.virtual.panel import PlayedStep, Report, group_steps


@dataclass(frozen=True)
class Bar:
    """What is done before a bar.

    knobs: positions, 0 to 1, by name.  clicks: of the left encoder, to the right is positive.
    """

    knobs: dict[str, float]
    clicks: int


@dataclass(frozen=True)
class PlayedBar:
    """A bar that was played: where the module's latents and threshold were, and its steps."""

    latents: list[float]
    threshold: float
    steps: list[PlayedStep]


def read_bars(data: bytes) -> list[PlayedBar]:
    """Read what the page sends back. Raises UserError if it is something else."""
    try:
        return [_bar(bar["heard"], bar["reports"]) for bar in json.loads(data)]
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            "The page sent something else than the bars it was to play; reload the page."
        ) from error


def _bar(heard: list[Any], reports: list[list[object]]) -> PlayedBar:
    latents, threshold = heard
    # What happens at one time belongs to one edge.
    told = [
        Report(str(kind), int(str(number)), float(str(value)), int(str(time)), int(str(time)))
        for time, kind, number, value in reports
    ]
    return PlayedBar([float(each) for each in latents], float(threshold), list(group_steps(told)))
