"""Draw cells as an SVG picture, which a notebook shows."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_CELL, _NAMES, _GAP = 11, 100, 2  # pixels
_INK, _PAPER, _HIT = "#5a6b7a", "#eef2f5", "#1f6f8b"


def cells_svg(cells: npt.NDArray[np.uint8], names: Sequence[str], steps_per_beat: int = 4) -> str:
    """One sequence as an SVG picture, the first voice at the bottom.

    `cells` has shape (steps, voices), and anything but 0 is a hit; `names` has one name a voice.
    A narrow gap stands between beats.
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
        parts += [
            f"<rect x='{_NAMES + _left(step, steps_per_beat)}' y='{row * _CELL}' "
            f"width='{_CELL - 1}' height='{_CELL - 1}' fill='{_HIT if hit else _PAPER}'/>"
            for step, hit in enumerate(cells[:, voice])
        ]
    return "".join([*parts, "</svg>"])


def _left(step: int, steps_per_beat: int) -> int:
    return step * _CELL + step // steps_per_beat * _GAP


def _text(words: str) -> str:
    return html.escape(words, quote=True)
