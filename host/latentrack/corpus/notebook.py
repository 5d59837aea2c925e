"""A Dataset as a notebook shows it: what it holds, a few sequences, what was left out."""

from __future__ import annotations

import html

import numpy as np
import numpy.typing as npt

from latentrack.corpus.dataset import Dataset
from latentrack.playing.svg import cells_svg

SHOWN = 4
"""Sequences that are drawn, from all over the dataset."""


def dataset_html(dataset: Dataset) -> str:
    """A piece of HTML that needs nothing else; names from the music are escaped."""
    played = dataset.dynamics
    cells = dataset.sequences
    if dataset.velocities is not None and played.has_velocity:
        cells = dataset.spread(dataset.velocities)
    offsets = None
    if dataset.offsets is not None and played.has_timing:
        offsets = dataset.spread(dataset.offsets)
    chosen = sorted({(2 * i + 1) * len(dataset) // (2 * SHOWN) for i in range(SHOWN)})
    drawn = "".join(
        f"<figure style='display:inline-block;margin:0 1em 1em 0'><figcaption>{number}"
        f"{_text(' ' + dataset.sources[number])}</figcaption>"
        f"{_drawn(dataset, cells, offsets, number)}"
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
    said = f"{_text(dataset.summary())}<br>{_text(str(played))}"
    return f"<p>{said}</p>{drawn}{table if left_out else ''}"


def _drawn(
    dataset: Dataset,
    cells: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.float32] | None,
    number: int,
) -> str:
    late = None if offsets is None else offsets[number]
    return cells_svg(cells[number], dataset.voice_names, dataset.steps_per_beat, late)


def _text(words: str) -> str:
    return html.escape(words, quote=True)
