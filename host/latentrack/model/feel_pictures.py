"""Draw the feel of a run: the positions of the music, and the effect of its knobs on one bar."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from latentrack.model.autoencoder import Array
from latentrack.model.drawing import HIT, LIGHT, Picture, add_plain, new_picture, ramp
from latentrack.model.feel import FULL_VELOCITY, Feel, feel_latents, played
from latentrack.model.trained_run import Run

_ACROSS = 5
_MOST_DOTS = 5000


def feel_space(run: Run, feel: Feel) -> Picture:
    """Draw the sequences as dots at their feel latents, coloured by mean velocity and timing.

    At most about 5000 sequences are drawn.
    """
    which = np.arange(len(run.dataset))[:: 1 + len(run.dataset) // _MOST_DOTS]
    latents, music = feel_latents(run.model, feel, run.dataset, which), played(run.dataset, which)
    count = np.maximum(music.hits.sum(axis=1), 1)
    figure = new_picture(9, 3.6)
    for number, (title, values) in enumerate(
        (
            ("mean velocity of the bar", FULL_VELOCITY * music.velocity.sum(axis=1) / count),
            ("mean timing of the bar, in steps", music.timing.sum(axis=1) / count),
        ),
        start=1,
    ):
        axes = add_plain(figure, 1, 2, number)
        limit = 1.03 * feel.latent_scale
        upwards = latents[:, 1] if feel.latents > 1 else values
        size = float(np.clip(20_000 / len(which), 1.5, 25))
        dots = axes.scatter(latents[:, 0], upwards, s=size, c=values, cmap=ramp(), linewidths=0)
        axes.set_xlim(-limit, limit)
        if feel.latents > 1:
            axes.set_ylim(-limit, limit)
        axes.set_xlabel("feel X: " + ("louder →" if feel.tells[0] == "velocity" else "later →"))
        axes.set_ylabel("feel Y: later →" if feel.latents > 1 else title)
        axes.set_title(title, fontsize=9)
        figure.colorbar(dots, ax=axes).ax.tick_params(labelsize=7)
    return figure


def feel_map(run: Run, feel: Feel) -> Picture:
    """Draw one bar at several values of the feel's knobs: dark is loud, to the right is late."""
    position, hits = _a_full_bar(run)
    along = np.linspace(-0.9, 0.9, _ACROSS) * feel.latent_scale
    upwards = along[::2] if feel.latents > 1 else np.zeros(1)
    steps, voices = hits.shape
    rows = [voice for voice in range(voices) if hits[:, voice].any()]
    figure = new_picture(11, float(np.clip(0.14 * len(rows), 0.7, 2.5)) * len(upwards) + 0.5)
    for row, up in enumerate(upwards[::-1]):
        for column, right in enumerate(along):
            axes = figure.add_subplot(len(upwards), _ACROSS, row * _ACROSS + column + 1)
            at = np.array([*position, right, up][: len(position) + feel.latents])
            velocity, timing = (cells.reshape(steps, voices) for cells in feel.decode(at))
            _draw_played(axes, hits[:, rows], velocity[:, rows], timing[:, rows])
            if row == len(upwards) - 1:
                axes.set_xlabel(f"feel X {right:+.1f}", fontsize=8)
            if column == 0 and feel.latents > 1:
                axes.set_ylabel(f"feel Y {up:+.1f}", fontsize=8)
    return figure


def _a_full_bar(run: Run) -> tuple[Array, NDArray[np.bool_]]:
    """Return, of 200 sequences, the decoded pattern with the most hits, and its position.

    The position is (latents,), the hits (steps, voices).
    """
    positions = run.model.encode(run.checks[:200])
    hits = run.model.decode(positions) > run.threshold
    chosen = int(hits.sum(axis=(1, 2)).argmax())
    return positions[chosen], hits[chosen]


def _draw_played(axes: Any, hits: NDArray[np.bool_], velocity: Array, timing: Array) -> None:
    """Draw hits as squares, shaded by velocity and moved by timing; arrays are (steps, voices)."""
    steps, voices = hits.shape
    for step in range(steps + 1):
        strong = step % 4 == 0
        axes.axvline(step, color=LIGHT, linewidth=0.8 if strong else 0.3, zorder=0)
    for step, voice in np.argwhere(hits):
        corner = (step + 0.1 + timing[step, voice], voice + 0.1)
        shade = float(velocity[step, voice])
        axes.add_patch(Rectangle(corner, 0.8, 0.8, color=HIT, alpha=0.15 + 0.85 * shade, lw=0))
    axes.set_xlim(-0.6, steps + 0.6)
    axes.set_ylim(0, voices)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
