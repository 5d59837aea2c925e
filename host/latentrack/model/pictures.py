"""Draw the pictures of a run, each a matplotlib figure. Voices go upwards, steps to the right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from latentrack.model.autoencoder import PIECE_CELLS
from latentrack.model.drawing import (
    HIT,
    INK,
    LIGHT,
    WARM,
    Picture,
    add_plain,
    draw_cells,
    draw_image,
    new_picture,
    ramp,
    shortened,
)
from latentrack.model.measures import TURNS
from latentrack.model.reconstruction import Reconstruction
from latentrack.model.trained_run import Run

MAP_POSITIONS = 7
PAIRS = 6
STYLES = 8


def history(run: Run) -> Picture:
    """Training and validation loss, epoch by epoch."""
    epochs = [epoch for epoch in run.history if epoch.number]
    numbers = [epoch.number for epoch in epochs]
    figure = new_picture(8, 3)
    axes = add_plain(figure)
    axes.plot(numbers, [epoch.loss for epoch in epochs], color=HIT)
    axes.set_xlabel("epoch")
    axes.set_ylabel("training loss (nats a sequence)", color=HIT)
    held = [
        (epoch.number, epoch.validation_loss)
        for epoch in epochs
        if epoch.validation_loss is not None
    ]
    if held:
        other = axes.twinx()
        other.plot(*zip(*held, strict=True), color=WARM)
        other.set_ylabel("validation loss (nats a cell)", color=WARM)
        # The first epochs are far above everything that is interesting.
        tail = [value for _, value in held[len(held) // 10 :]]
        other.set_ylim(min(tail) * 0.98, max(tail) * 1.05)
    losses = [epoch.loss for epoch in epochs][len(epochs) // 10 :]
    axes.set_ylim(min(losses) * 0.97, max(losses) * 1.05)
    best = max((epoch.number for epoch in run.history if epoch.best), default=0)
    axes.axvline(best, color=INK, linewidth=0.8, linestyle=":")
    return figure


def latents(run: Run) -> Picture:
    """Where the music lies: every pair of latents, coloured by style where styles are known."""
    positions = run.model.encode(run.dataset.sequences)
    pairs = list(combinations(range(run.model.latents), 2)) or [(0, 0)]
    columns = min(3, len(pairs))
    rows = -(-len(pairs) // columns)
    figure = new_picture(3.6 * columns + 1.6, 3.5 * rows)
    scale = run.model.info.latent_scale
    names, colours = _styles(run)
    order = np.random.default_rng(0).permutation(len(positions))
    size = float(np.clip(20_000 / len(positions), 1.5, 25))
    for number, (a, b) in enumerate(pairs, start=1):
        axes = add_plain(figure, rows, columns, number)
        axes.set_aspect("equal")
        axes.set_xlim(-1.03 * scale, 1.03 * scale)
        axes.set_ylim(-1.03 * scale, 1.03 * scale)
        upwards = positions[order, b]
        if a == b:  # of one latent only: spread upwards by chance, so that dots do not hide
            upwards = np.random.default_rng(1).normal(0, 0.3, len(order))
        axes.scatter(positions[order, a], upwards, s=size, c=colours[order], linewidths=0)
        axes.set_xlabel(f"latent {a + 1}")
        axes.set_ylabel(f"latent {b + 1}" if a != b else "")
    if names:
        handles = [
            Line2D([], [], color=colour, marker="o", linestyle="", label=shortened(name))
            for name, colour in names
        ]
        figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=8)
    return figure


def outputs(run: Run) -> Picture:
    """What the decoder answers where the music has a hit, and where it rests."""
    cells = run.checks.shape[1] * run.checks.shape[2]
    checks = run.checks[:: max(1, len(run.checks) * cells // PIECE_CELLS)]
    sequences = checks.astype(bool)
    probabilities = run.model.decode(run.model.encode(checks))
    figure = new_picture(8, 2.8)
    axes = add_plain(figure)
    bins = np.linspace(0, 1, 41)
    axes.hist(probabilities[~sequences], bins, color=LIGHT, label="where the music rests")
    axes.hist(probabilities[sequences], bins, color=HIT, alpha=0.75, label="where it has a hit")
    axes.set_yscale("log")
    # The axis's own labels are formulas, and a picture draws none.
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.axvline(run.threshold, color=WARM, label=f"threshold {run.threshold:.2f}")
    axes.set_xlabel("probability")
    axes.set_ylabel("cells")
    axes.legend(frameon=False, fontsize=8)
    return figure


def pair(reconstruction: Reconstruction) -> Picture:
    """One sequence as it is, what the decoder makes of it, and what sounds."""
    one = reconstruction
    figure = _rows([one], 0.16)
    latents = ", ".join(f"{value:+.2f}" for value in one.latents)
    where = f"sequence {one.index}, {one.source}" if one.source else f"sequence {one.index}"
    figure.suptitle(f"{shortened(where)}, at {latents}", fontsize=9)
    return figure


def pairs(run: Run) -> Picture:
    """Sequences as they are, what the decoder makes of them, and what sounds."""
    return _rows([run.reconstruct(index) for index in paired(run)])


def paired(run: Run) -> list[int]:
    """The sequences that `pairs` shows, by their index in the dataset."""
    judged = run.validated_on if len(run.validated_on) else run.trained_on
    chosen = np.random.default_rng(2).choice(len(judged), min(PAIRS, len(judged)), replace=False)
    return [int(judged[each]) for each in np.sort(chosen)]


def _rows(shown: Sequence[Reconstruction], voice_inches: float = 0.09) -> Picture:
    """A row for each: the music, the probabilities, and the pattern with its mistakes."""
    high = float(np.clip(voice_inches * len(shown[0].voice_names), 0.55, 2.4)) + 0.15
    figure = new_picture(10, high * len(shown) + 0.4)
    titles = ("music", "probabilities", f"what sounds at {shown[0].threshold:.2f}")
    for row, one in enumerate(shown):
        shown_cells: tuple[NDArray[Any], ...] = (one.sequence, one.probabilities, one.pattern)
        for column, cells in enumerate(shown_cells):
            axes = figure.add_subplot(len(shown), 3, 3 * row + column + 1)
            draw_cells(axes, cells, one.voice_names if column == 0 else ())
            if row == 0:
                axes.set_title(titles[column], fontsize=9)
            if column == 2:
                for step, voice in np.argwhere(one.missing):
                    axes.plot(step, voice, "x", color=WARM, markersize=4)
                for step, voice in np.argwhere(one.extra):
                    axes.plot(step, voice, "o", color=WARM, markersize=2.5)
    return figure


def pattern_map(run: Run) -> Picture:
    """What plays as the first two knobs are turned, all others in the middle."""
    scale, latents = run.model.info.latent_scale, run.model.latents
    along = np.linspace(-0.9 * scale, 0.9 * scale, MAP_POSITIONS)
    upwards = along if latents > 1 else np.zeros(1)
    positions = np.zeros((len(upwards), MAP_POSITIONS, latents))
    positions[:, :, 0] = along
    if latents > 1:
        positions[:, :, 1] = upwards[:, np.newaxis]
    gates = run.model.decode(positions.reshape(-1, latents)) > run.threshold
    steps, voices = gates.shape[1:]
    gap = max(1, voices // 8)
    whole = np.full(
        (len(upwards) * (voices + gap) - gap, MAP_POSITIONS * (steps + 2) - 2), np.nan, np.float32
    )
    for number, pattern in enumerate(gates):
        row, column = divmod(number, MAP_POSITIONS)
        top, left = row * (voices + gap), column * (steps + 2)
        whole[top : top + voices, left : left + steps] = pattern.T
    high = 11 * whole.shape[0] / whole.shape[1] * min(1.5, max(1.0, 24 / (voices + gap)))
    figure = new_picture(11, float(np.clip(high, 1.5, 16)))
    axes = add_plain(figure)
    draw_image(axes, whole)
    axes.set_xticks([column * (steps + 2) + steps / 2 for column in range(MAP_POSITIONS)])
    axes.set_xticklabels([f"{value:+.1f}" for value in along], fontsize=8)
    axes.set_yticks([row * (voices + gap) + voices / 2 for row in range(len(upwards))])
    axes.set_yticklabels([f"{value:+.1f}" for value in upwards], fontsize=8)
    axes.set_xlabel("latent 1")
    axes.set_ylabel("latent 2" if latents > 1 else "")
    return figure


def walk(run: Run) -> Picture:
    """Every cell of the pattern as one knob turns from end to end, the others in the middle."""
    scale, latents = run.model.info.latent_scale, run.model.latents
    along = np.linspace(-scale, scale, 4 * TURNS + 1)
    figure = new_picture(10, 2.6 * -(-latents // 3) + 0.3)
    for latent in range(latents):
        positions = np.zeros((len(along), latents))
        positions[:, latent] = along
        answer = run.model.decode(positions).transpose(0, 2, 1).reshape(len(along), -1)
        # Only cells that do something on this way.
        moving = answer[:, answer.max(axis=0) > 0.1]
        axes = figure.add_subplot(-(-latents // 3), min(3, latents), latent + 1)
        picture = moving.T if moving.size else np.zeros((1, len(along)))
        axes.imshow(
            picture,
            origin="lower",
            aspect="auto",
            cmap=ramp(),
            vmin=0,
            vmax=1,
            extent=(-scale, scale, 0, len(picture)),
            interpolation="nearest",
        )
        axes.set_xlabel(f"latent {latent + 1}")
        axes.set_yticks([])
        if latent == 0:
            axes.set_ylabel("cells, by voice")
    return figure


def _styles(run: Run) -> tuple[list[tuple[str, Any]], NDArray[Any]]:
    """(name, colour) of the most frequent styles, and a colour for each sequence."""
    styles = run.dataset.styles
    common = [name for name, _ in Counter(s for s in styles if s).most_common(STYLES)]
    if len(common) < 2:
        return [], np.array([to_rgba(HIT, 0.6)] * len(styles))
    palette = {name: colormaps["tab10"](i) for i, name in enumerate(common)}
    other = to_rgba(LIGHT)
    named = [(name, palette[name]) for name in common]
    if len(set(styles)) > len(common):
        named.append(("other", other))
    return named, np.array([palette.get(style, other) for style in styles])
