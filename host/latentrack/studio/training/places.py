"""Where the music lies in latent space: what the map shows."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from latentrack.corpus.dataset import Dataset
    from latentrack.model.autoencoder import Autoencoder

MOST = 2000
"""So many dots can be told apart, and sent several times a second."""
MOST_NAMES = 24
"""The map has so many marks, of eight colours and three shapes."""

Places = npt.NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class Names:
    """What the marks mean: a name for each, and a mark's index for each sequence that is shown.

    The last name is "other" where there are more than marks.
    """

    names: tuple[str, ...] = ()
    of_each: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))


def shown(count: int) -> npt.NDArray[np.intp]:
    """Which of so many sequences the map shows: always the same ones."""
    if count <= MOST:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MOST, replace=False))


def places_of(model: Autoencoder, sequences: npt.NDArray[np.uint8]) -> Places:
    """The means of sequences, -1 to 1, shape (n, latents)."""
    return np.asarray(model.encode(sequences) / model.info.latent_scale, np.float16)


def names_of(dataset: Dataset, by: str) -> Names:
    """Of the sequences that are shown; `by` is "style" or "file". Empty where all are alike."""
    labels = dataset.styles if by == "style" else dataset.sources
    chosen = [labels[i] for i in shown(len(dataset))]
    counted = Counter(label for label in chosen if label)
    if len(set(chosen)) < 2:
        return Names()
    common = [name for name, _ in counted.most_common(MOST_NAMES)]
    index = {name: number for number, name in enumerate(common)}
    other = len(common)
    of_each = np.array([index.get(label, other) for label in chosen], np.uint8)
    return Names((*common, "other") if (of_each == other).any() else tuple(common), of_each)


def packed(places: Places) -> str:
    """As text, for the way from process to process."""
    return base64.b64encode(np.asarray(places, "<f2").tobytes()).decode()


def unpacked(text: str, latents: int) -> Places:
    """What `packed` made."""
    values = np.frombuffer(base64.b64decode(text), "<f2")
    return np.asarray(values, np.float16).reshape(-1, latents)
