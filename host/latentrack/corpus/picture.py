"""Draw a bar in the terminal, in the notation of `corpus/patterns.py`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt
from rich.text import Text

from latentrack.playing.velocity import LOUD_FROM, SOFT_BELOW
from latentrack.words import count


def draw_bar(
    cells: npt.ArrayLike,
    names: Sequence[str],
    *,
    steps_per_beat: int = 4,
    silent: bool = True,
) -> Text:
    """Draw cells of shape (steps, voices), as one line a voice.

    A cell of 0 is a rest, 1 a hit of unknown velocity, 2 to 127 a velocity: `x` is a hit, `X` a
    loud one, `o` a soft one. `names` has one name a voice. With `silent` False, voices without a
    hit get no line. For plain text take `.plain` of the result. Raises ValueError if names and
    voices do not agree.
    """
    import numpy as np

    hits = np.asarray(cells)
    if hits.ndim != 2 or hits.shape[1] != len(names):
        raise ValueError(f"{count(len(names), 'name')} for cells of shape {hits.shape}")
    width = max(map(len, names), default=0)
    picture = Text(no_wrap=True)
    for name, voice in zip(names, hits.T, strict=True):
        if not silent and not voice.any():
            continue
        if picture:
            picture.append("\n")
        picture.append(f"{name:{width}} ")
        for step, hit in enumerate(voice):
            if step % steps_per_beat == 0:
                picture.append("|", "dim")
            picture.append(*_mark(int(hit)))
        picture.append("|", "dim")
    return picture


def _mark(velocity: int) -> tuple[str, str]:
    """A cell's letter and its style."""
    if not velocity:
        return ".", "dim"
    if 1 < velocity < SOFT_BELOW:
        return "o", "cyan"
    return ("X" if velocity >= LOUD_FROM else "x"), "bold cyan"
