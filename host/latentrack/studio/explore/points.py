"""What the map shows of a run: where its music lies, how densely, and what is what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from latentrack.model.autoencoder import Array
from latentrack.model.run import Run

MOST_POINTS = 3000
MOST_GROUPS = 21
"""The map has so many kinds of marks; all groups beyond are one."""
HEAT = 64
_BLUR = 2.2  # of a heat's cell
OTHERS = "all others"
UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Points:
    """axes: which latents lie along X and Y.  places: int8, -127 to 127, (n, 2).  groups: uint8, an
    index into titles.  which: their sequences.  heat: uint8, (HEAT, HEAT), the upper row first."""

    axes: tuple[int, int]
    places: npt.NDArray[np.int8]
    groups: npt.NDArray[np.uint8]
    which: npt.NDArray[np.intp]
    titles: list[str]
    counts: list[int]
    heat: npt.NDArray[np.uint8]


def points_of(run: Run, places: Array, axes: tuple[int, int], by: str) -> Points:
    """by: "style" or "file". The groups with most sequences come first."""
    names = run.dataset.styles if by == "style" else run.dataset.sources
    named = [name or UNKNOWN for name in names]
    titles, counts, groups = grouped(named)
    which = np.arange(len(places))
    if len(which) > MOST_POINTS:
        which = np.sort(np.random.default_rng(0).choice(which, MOST_POINTS, replace=False))
    plane = _plane(places, axes) / run.model.info.latent_scale
    return Points(
        axes,
        np.rint(np.clip(plane[which], -1, 1) * 127).astype(np.int8),
        groups[which],
        which,
        titles,
        counts,
        density(plane),
    )


def grouped(names: Sequence[str]) -> tuple[list[str], list[int], npt.NDArray[np.uint8]]:
    """Titles and sizes of the groups, the largest first, and for each name its group."""
    ordered = sorted(Counter(names).items(), key=lambda entry: (-entry[1], entry[0]))
    shown = ordered if len(ordered) <= MOST_GROUPS else ordered[:MOST_GROUPS]
    titles, counts = [name for name, _ in shown], [count for _, count in shown]
    index = {title: number for number, title in enumerate(titles)}
    groups = np.array([index.get(name, len(titles)) for name in names], np.uint8)
    if len(ordered) > len(shown):
        titles.append(OTHERS)
        counts.append(len(names) - sum(counts))
    return titles, counts, groups


def density(plane: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """How densely points of -1 to 1 lie: a histogram, blurred, 255 where most are."""
    edges = np.linspace(-1, 1, HEAT + 1)
    counts, _, _ = np.histogram2d(plane[:, 1], plane[:, 0], bins=(edges, edges))
    reach = np.arange(-8, 9)
    bell = np.exp(-0.5 * (reach / _BLUR) ** 2)
    for axis in (0, 1):
        counts = np.apply_along_axis(lambda row: np.convolve(row, bell, "same"), axis, counts)
    # The root shows thinly settled places, too.
    heat = np.sqrt(counts / max(counts.max(), 1e-9))[::-1]
    return np.asarray(np.rint(heat * 255), np.uint8)


def _plane(places: Array, axes: tuple[int, int]) -> npt.NDArray[np.floating]:
    """Two columns; of a space of one latent the second is 0."""
    if places.shape[1] == 1:
        return np.column_stack([places[:, 0], np.zeros(len(places))])
    return places[:, list(axes)]
