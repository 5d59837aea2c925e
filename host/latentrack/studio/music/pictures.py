"""Draw bars as SVG paths in units of a cell, and describe them in words for screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from latentrack.playing.velocity import LOUD_FROM, SOFT_BELOW


def top_down(voice_names: Sequence[str], kind: str) -> list[int]:
    """Return the voices from the top row down: notes from high to low, others in their order."""
    order = range(len(voice_names))
    return list(reversed(order)) if kind == "notes" else list(order)


def picture(hits: Sequence[int], order: Sequence[int], most_rows: int = 999) -> dict[str, Any]:
    """Return the SVG paths of the soft, medium and loud hits; a cell is 1 × 1, the top row's y 0.

    hits: step, voice, velocity (0 to 127) of each hit, flat.  order: the voices from the top.
    most_rows: the number of rows that the picture is large enough for; with more voices, hits are
    drawn higher than their row.
    """
    high = 0.8 * max(1.0, len(order) / most_rows)
    row = {voice: number for number, voice in enumerate(order)}
    paths: dict[str, list[str]] = {"soft": [], "medium": [], "loud": []}
    for step, voice, velocity in _three(hits):
        loud = "loud" if velocity >= LOUD_FROM else "medium"
        paths["soft" if velocity < SOFT_BELOW else loud].append(
            f"M{step}.06 {row[voice] + 0.5 - high / 2:.3g}h.88v{high:.3g}h-.88z"
        )
    return {name: "".join(cells) for name, cells in paths.items()}


def in_words(hits: Sequence[int], voice_names: Sequence[str]) -> str:
    """List the steps, from 1, at which each voice sounds: "kick 1, 9; snare 5, 13"."""
    steps: dict[int, list[int]] = {}
    for step, voice, _ in _three(hits):
        steps.setdefault(voice, []).append(step + 1)
    return "; ".join(
        f"{voice_names[voice]} {', '.join(map(str, sorted(steps[voice])))}"
        for voice in sorted(steps)
    )


def _three(hits: Sequence[int]) -> zip[tuple[int, int, int]]:
    return zip(hits[0::3], hits[1::3], hits[2::3], strict=True)
