"""Draw cells as an SVG picture, which a notebook shows."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_CELL, _NAMES, _GAP = 11, 100, 2  # pixels
_INK, _PAPER, _HIT = "#5a6b7a", "#eef2f5", "#1f6f8b"
_PALEST, _LOUDEST = 0.25, 127


def cells_svg(
    cells: npt.NDArray[np.uint8],
    names: Sequence[str],
    steps_per_beat: int = 4,
    offsets: npt.NDArray[np.floating[Any]] | None = None,
) -> str:
    """One sequence as an SVG picture, the first voice at the bottom.

    cells: (steps, voices), 0 a rest, 1 a hit of unknown velocity, 2 to 127 a velocity: the softer,
    the paler.  names: one a voice.  offsets: how early or late each hit is, (steps, voices), in
    steps, + is late; None: on the grid.  A narrow gap stands between beats.
    """
    steps, voices = cells.shape
    rows = [voice for voice in reversed(range(voices)) if voices <= 16 or cells[:, voice].any()]
    wide = _NAMES + _left(steps, steps_per_beat)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{wide}' height='{len(rows) * _CELL}' "
        "font-family='sans-serif' font-size='9'>"
    ]
    for row, voice in enumerate(rows):
        parts.append(
            f"<text x='{_NAMES - 4}' y='{row * _CELL + 8}' text-anchor='end' fill='{_INK}'>"
            f"{_text(names[voice][:18])}</text>"
        )
        top = f"y='{row * _CELL}' width='{_CELL - 1}' height='{_CELL - 1}'"
        lefts = [_NAMES + _left(step, steps_per_beat) for step in range(steps)]
        parts += [f"<rect x='{left}' {top} fill='{_PAPER}'/>" for left in lefts]
        for step in np.flatnonzero(cells[:, voice]):
            late = 0.0 if offsets is None else float(offsets[step, voice])
            parts.append(
                f"<rect x='{lefts[step] + late * _CELL:g}' {top} fill='{_HIT}'"
                f"{_opacity(int(cells[step, voice]))}/>"
            )
    return "".join([*parts, "</svg>"])


def _opacity(velocity: int) -> str:
    if velocity == 1:
        return ""
    return f" fill-opacity='{_PALEST + (1 - _PALEST) * velocity / _LOUDEST:.2f}'"


def _left(step: int, steps_per_beat: int) -> int:
    return step * _CELL + step // steps_per_beat * _GAP


def _text(words: str) -> str:
    return html.escape(words, quote=True)
