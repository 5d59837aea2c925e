"""A Dataset as a notebook shows it: what it holds, a few sequences, what was left out."""

from __future__ import annotations

import html

from latentrack.corpus.dataset import Dataset
from latentrack.playing.svg import cells_svg

SHOWN = 4
"""Sequences that are drawn, from all over the dataset."""


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


def _text(words: str) -> str:
    return html.escape(words, quote=True)
