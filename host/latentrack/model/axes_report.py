"""The axes' part of a report: their measures in words, and a picture of each along its knob."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentrack.model.attributes import ATTRIBUTES, layout_of, measured
from latentrack.model.axes_measures import (
    Axis,
    axes_in_words,
    knobs_in_words,
    latent_name,
    smoothness,
)
from latentrack.model.drawing import HIT, INK, LIGHT, WARM, Picture, add_plain, new_picture
from latentrack.model.report_parts import escaped, image, remedy
from latentrack.model.trained_run import Run
from latentrack.words import count

_MOST_DOTS = 3000


def section(run: Run, axes: Sequence[Axis]) -> list[str]:
    """The section's HTML."""
    judged = "validation set" if len(run.validated_on) else "its own music"
    smooth = smoothness(run.model, run.threshold)
    return [
        "<h2>What the knobs mean</h2>",
        image(axes_along(run, axes), "each attribute along its knob"),
        f"<p>{escaped(knobs_in_words(run.axes))} Dots are the {judged}, each at its own latent. "
        "The line is what plays as the knob turns, the mean over a hundred positions of the other "
        "knobs, with the middle half of them in grey. Good is a line that rises all the way.</p>",
        f"<p>Rank correlations, 1 is always: {escaped(axes_in_words(axes))}.</p>",
        f"<p>A step of 1/64 of a knob's range changes {count(round(smooth.mean, 2), 'gate')} on "
        f"average, and {smooth.worst} at the most.</p>",
        remedy(
            "If a line is flat or falls, the music has too little of it to learn from: name other "
            "axes (--axes), or fewer."
        ),
    ]


def axes_along(run: Run, axes: Sequence[Axis]) -> Picture:
    """Draw each attribute over its knob: the music as dots, what plays as a line."""
    names = [axis.name for axis in axes]
    checks = run.checks[:: 1 + len(run.checks) // _MOST_DOTS]
    told = measured(names, checks, layout_of(run.dataset))
    scale = run.model.info.latent_scale
    positions = run.model.encode(checks) / scale
    figure = new_picture(4.5 * len(axes) + 0.5, 3.2)
    for number, axis in enumerate(axes):
        plain = add_plain(figure, 1, len(axes), number + 1)
        size = float(np.clip(8000 / len(checks), 2, 20))
        at = positions[:, axis.latent]
        plain.scatter(at, told[:, number], s=size, color=LIGHT, linewidths=0)
        knob = np.linspace(-1, 1, axis.along.shape[1])
        # Silence has no register; a knob value at which nothing ever plays has no line.
        played = np.isfinite(axis.along).any(axis=0)
        along = axis.along[:, played]
        low, high = np.nanpercentile(along, (25, 75), axis=0)
        plain.fill_between(knob[played], low, high, color=INK, alpha=0.15, linewidth=0)
        plain.plot(knob[played], np.nanmean(along, axis=0), color=HIT, linewidth=2)
        attribute = ATTRIBUTES[axis.name]
        plain.set_xlabel(f"{attribute.low}  ←  {latent_name(axis.latent)}  →  {attribute.high}")
        plain.set_ylabel(axis.name)
        words = f"{axis.music:.2f} in music, {axis.knob:.2f} along the knob"
        plain.set_title(words, fontsize=9, color=INK if axis.good else WARM)
    return figure
