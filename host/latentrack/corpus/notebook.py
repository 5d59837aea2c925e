"""A Dataset as a notebook shows it: what it holds, a few sequences, what was left out."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from latentrack.corpus.dataset import Dataset

SHOWN = 4
"""Sequences that are drawn, from all over the dataset."""
_CELL, _NAMES, _GAP = 11, 100, 2  # pixels
_INK, _PAPER, _HIT = "#5a6b7a", "#eef2f5", "#1f6f8b"


def dataset_html(dataset: Dataset) -> str:
    """A piece of HTML that needs nothing else; names from the music are escaped."""
    chosen = sorted({(2 * i + 1) * len(dataset) // (2 * SHOWN) for i in range(SHOWN)})
    drawn = "".join(
        f"<figure style='display:inline-block;margin:0 1em 1em 0'><figcaption>{number}"
        f"{_text(' ' + dataset.sources[number])}</figcaption>"
        f"{cells_svg(dataset.sequences[number], dataset.voice_names, dataset.steps_per_beat)}"
        "</figure>"
        for number in chosen
        if number < len(dataset)
    )
    left_out = "".join(
        f"<tr><td>{_text(each.counted)}</td><td style='text-align:left'>{_text(each.reason)}</td>"
        "</tr>"
        for each in dataset.discarded
    )
    table = f"<table><caption>Left out, or worth a look</caption>{left_out}</table>"
    return f"<p>{_text(dataset.summary())}</p>{drawn}{table if left_out else ''}"


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
