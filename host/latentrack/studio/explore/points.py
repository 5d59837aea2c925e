"""What a map of the latent space shows: where music lies, how densely, and what is what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from latentrack.corpus.dataset import Dataset

MOST_POINTS = 3000
"""So many points can be told apart, and sent several times a second."""
MOST_GROUPS = 21
"""The map has so many kinds of marks, seven colours and three shapes; all groups beyond are one."""
HEAT = 64
_BLUR = 2.2  # of a heat's cell
OTHERS = "all others"
UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups with most sequences come first.

    titles: what each is called.  counts: its sequences.  of_each: uint8, for each sequence of the
    dataset the index of its group.
    """

    titles: list[str]
    counts: list[int]
    of_each: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Points:
    """positions: (n, latents), each -1 to 1.  which: their sequences in the dataset, (n,).  axes:
    which latents lie along X and Y; one that the model has not is 0 for all.  heat: uint8, (HEAT,
    HEAT), the upper row first; None: none is shown."""

    positions: npt.NDArray[np.floating]
    which: npt.NDArray[np.intp]
    groups: Groups
    axes: tuple[int, int] = (0, 1)
    heat: npt.NDArray[np.uint8] | None = None


def shown(count: int) -> npt.NDArray[np.intp]:
    """Which of so many sequences a map shows: always the same ones, in order."""
    if count <= MOST_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MOST_POINTS, replace=False))


def groups_of(dataset: Dataset, by: str) -> Groups:
    """by: "style" or "file"."""
    names = dataset.styles if by == "style" else dataset.sources
    return grouped([name or UNKNOWN for name in names])


def grouped(names: Sequence[str]) -> Groups:
    """Of any names, one for each sequence."""
    ordered = sorted(Counter(names).items(), key=lambda entry: (-entry[1], entry[0]))
    marked = ordered[:MOST_GROUPS]
    titles, counts = [name for name, _ in marked], [count for _, count in marked]
    index = {title: number for number, title in enumerate(titles)}
    of_each = np.array([index.get(name, len(titles)) for name in names], np.uint8)
    if len(ordered) > len(marked):
        titles.append(OTHERS)
        counts.append(len(names) - sum(counts))
    return Groups(titles, counts, of_each)


def plane_of(
    positions: npt.NDArray[np.floating], axes: tuple[int, int]
) -> npt.NDArray[np.floating]:
    """Two columns of positions; of a space of one latent the second is 0."""
    if positions.shape[1] == 1:
        return np.column_stack([positions[:, 0], np.zeros(len(positions))])
    return positions[:, list(axes)]


def density(plane: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """How densely points of -1 to 1 lie: a histogram, blurred, 255 where most are."""
    edges = np.linspace(-1, 1, HEAT + 1)
    counts, _, _ = np.histogram2d(plane[:, 1], plane[:, 0], bins=(edges, edges))
    reach = np.arange(-8, 9)
    bell = np.exp(-0.5 * (reach / _BLUR) ** 2)
    for axis in (0, 1):
        counts = np.apply_along_axis(lambda row: np.convolve(row, bell, "same"), axis, counts)
    # The root makes sparse regions visible, too.
    heat = np.sqrt(counts / max(counts.max(), 1e-9))[::-1]
    return np.asarray(np.rint(heat * 255), np.uint8)
