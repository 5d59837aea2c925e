"""Draw the pictures of a report, each a PNG as bytes. Voices go upwards, steps to the right."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentrack.model.autoencoder import PIECE_CELLS
from latentrack.model.measures import TURNS
from latentrack.model.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, HIT, LIGHT, WARM = "#1b2a38", "#1f6f8b", "#c9d6df", "#d1495b"
MAP_PLACES = 7
PAIRS = 6
STYLES = 8
_LONGEST_NAME = 32


def history(run: Run) -> bytes:
    """Training and validation loss, epoch by epoch."""
    epochs = [epoch for epoch in run.history if epoch.number]
    numbers = [epoch.number for epoch in epochs]
    figure, axes = _figure(8, 3)
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
    return _png(figure)


def latents(run: Run) -> bytes:
    """Where the music lies: every pair of latents, coloured by style where styles are known."""
    places = run.model.encode(run.dataset.sequences)
    pairs = list(combinations(range(run.model.latents), 2)) or [(0, 0)]
    columns = min(3, len(pairs))
    rows = -(-len(pairs) // columns)
    figure, _ = _figure(3.6 * columns + 1.6, 3.5 * rows, empty=True)
    scale = run.model.info.latent_scale
    names, colours = _styles(run)
    order = np.random.default_rng(0).permutation(len(places))
    size = float(np.clip(20_000 / len(places), 1.5, 25))
    for number, (a, b) in enumerate(pairs, start=1):
        axes = figure.add_subplot(rows, columns, number)
        axes.set_aspect("equal")
        axes.set_xlim(-1.03 * scale, 1.03 * scale)
        axes.set_ylim(-1.03 * scale, 1.03 * scale)
        upwards = places[order, b]
        if a == b:  # of one latent only: spread upwards by chance, so that dots do not hide
            upwards = np.random.default_rng(1).normal(0, 0.3, len(order))
        axes.scatter(places[order, a], upwards, s=size, c=colours[order], linewidths=0)
        axes.set_xlabel(f"latent {a + 1}")
        axes.set_ylabel(f"latent {b + 1}" if a != b else "")
        _plain(axes)
    if names:
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], color=colour, marker="o", linestyle="", label=_short(name))
            for name, colour in names
        ]
        figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=8)
    return _png(figure)


def outputs(run: Run) -> bytes:
    """What the decoder answers where the music has a hit, and where it rests."""
    cells = run.checks.shape[1] * run.checks.shape[2]
    checks = run.checks[:: max(1, len(run.checks) * cells // PIECE_CELLS)]
    sequences = checks.astype(bool)
    probabilities = run.model.decode(run.model.encode(checks))
    figure, axes = _figure(8, 2.8)
    bins = np.linspace(0, 1, 41)
    axes.hist(probabilities[~sequences], bins, color=LIGHT, label="where the music rests")
    axes.hist(probabilities[sequences], bins, color=HIT, alpha=0.75, label="where it has a hit")
    axes.set_yscale("log")
    axes.axvline(run.threshold, color=WARM, label=f"threshold {run.threshold:.2f}")
    axes.set_xlabel("probability")
    axes.set_ylabel("cells")
    axes.legend(frameon=False, fontsize=8)
    _plain(axes)
    return _png(figure)


def pairs(run: Run) -> bytes:
    """Sequences as they are, what the decoder makes of them, and what sounds."""
    chosen = np.random.default_rng(2).choice(
        len(run.checks), min(PAIRS, len(run.checks)), replace=False
    )
    wanted = run.checks[np.sort(chosen)]
    probabilities = run.model.decode(run.model.encode(wanted))
    figure, _ = _figure(10, _height(run) * len(wanted) + 0.4, empty=True)
    for row, (cells, answer) in enumerate(zip(wanted, probabilities, strict=True)):
        gates = answer > run.threshold
        wrong = np.where(gates & (cells == 0), 2, np.where(~gates & (cells == 1), 1, 0))
        titles = ("music", "probabilities", f"what sounds at {run.threshold:.2f}")
        for column, picture in enumerate((cells, answer, gates)):
            axes = figure.add_subplot(len(wanted), 3, 3 * row + column + 1)
            _cells(axes, picture, run.dataset.voice_names if column == 0 else ())
            if row == 0:
                axes.set_title(titles[column], fontsize=9)
            if column == 2:
                for step, voice in np.argwhere(wrong == 1):
                    axes.plot(step, voice, "x", color=WARM, markersize=4)
                for step, voice in np.argwhere(wrong == 2):
                    axes.plot(step, voice, "o", color=WARM, markersize=2.5)
    return _png(figure)


def pattern_map(run: Run) -> bytes:
    """What plays as the first two knobs are turned, all others in the middle."""
    scale, latents = run.model.info.latent_scale, run.model.latents
    along = np.linspace(-0.9 * scale, 0.9 * scale, MAP_PLACES)
    upwards = along if latents > 1 else np.zeros(1)
    places = np.zeros((len(upwards), MAP_PLACES, latents))
    places[:, :, 0] = along
    if latents > 1:
        places[:, :, 1] = upwards[:, np.newaxis]
    gates = run.model.decode(places.reshape(-1, latents)) > run.threshold
    steps, voices = gates.shape[1:]
    gap = max(1, voices // 8)
    whole = np.full(
        (len(upwards) * (voices + gap) - gap, MAP_PLACES * (steps + 2) - 2), np.nan, np.float32
    )
    for number, pattern in enumerate(gates):
        row, column = divmod(number, MAP_PLACES)
        top, left = row * (voices + gap), column * (steps + 2)
        whole[top : top + voices, left : left + steps] = pattern.T
    high = 11 * whole.shape[0] / whole.shape[1] * min(1.5, max(1.0, 24 / (voices + gap)))
    figure, axes = _figure(11, float(np.clip(high, 1.5, 16)))
    _image(axes, whole)
    axes.set_xticks([column * (steps + 2) + steps / 2 for column in range(MAP_PLACES)])
    axes.set_xticklabels([f"{value:+.1f}" for value in along], fontsize=8)
    axes.set_yticks([row * (voices + gap) + voices / 2 for row in range(len(upwards))])
    axes.set_yticklabels([f"{value:+.1f}" for value in upwards], fontsize=8)
    axes.set_xlabel("latent 1")
    axes.set_ylabel("latent 2" if latents > 1 else "")
    return _png(figure)


def walk(run: Run) -> bytes:
    """Every cell of the pattern as one knob turns from end to end, the others in the middle."""
    scale, latents = run.model.info.latent_scale, run.model.latents
    along = np.linspace(-scale, scale, 4 * TURNS + 1)
    figure, _ = _figure(10, 2.6 * -(-latents // 3) + 0.3, empty=True)
    for latent in range(latents):
        places = np.zeros((len(along), latents))
        places[:, latent] = along
        answer = run.model.decode(places).transpose(0, 2, 1).reshape(len(along), -1)
        # Only cells that do something on this way.
        moving = answer[:, answer.max(axis=0) > 0.1]
        axes = figure.add_subplot(-(-latents // 3), min(3, latents), latent + 1)
        picture = moving.T if moving.size else np.zeros((1, len(along)))
        axes.imshow(
            picture,
            origin="lower",
            aspect="auto",
            cmap=_ramp(),
            vmin=0,
            vmax=1,
            extent=(-scale, scale, 0, len(picture)),
            interpolation="nearest",
        )
        axes.set_xlabel(f"latent {latent + 1}")
        axes.set_yticks([])
        if latent == 0:
            axes.set_ylabel("cells, by voice")
    return _png(figure)


def _styles(run: Run) -> tuple[list[tuple[str, Any]], NDArray[Any]]:
    """(name, colour) of the most frequent styles, and a colour for each sequence."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba

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


def _height(run: Run) -> float:
    """Inches for a row of patterns with so many voices."""
    return float(np.clip(0.09 * run.dataset.voices, 0.55, 2.4)) + 0.15


def _cells(axes: Any, picture: NDArray[Any], names: tuple[str, ...]) -> None:
    _image(axes, picture.T.astype(np.float32))
    axes.set_xticks([])
    if names and len(names) <= 16:
        axes.set_yticks(range(len(names)))
        axes.set_yticklabels([_short(name) for name in names], fontsize=5.5)
    else:
        axes.set_yticks([])


def _image(axes: Any, picture: NDArray[Any]) -> None:
    limits = {"vmin": 0, "vmax": 1}
    axes.imshow(
        picture, origin="lower", aspect="auto", cmap=_ramp(), interpolation="nearest", **limits
    )
    # A line between steps, else hits that follow one another look like one long one.
    for step in range(1, picture.shape[1]):
        axes.axvline(step - 0.5, color="white", linewidth=0.6)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)


def _ramp() -> Any:
    """From paper to ink; what is no number stays white."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("cells", ["#eef2f5", HIT, INK])


def _figure(width: float, height: float, empty: bool = False) -> tuple[Figure, Any]:
    """A figure that knows no window and no global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    if empty:
        return figure, None
    axes = figure.add_subplot()
    _plain(axes)
    return figure, axes


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def _short(name: str) -> str:
    """A name from the music, short enough to be beside a picture."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _png(figure: Figure) -> bytes:
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)  # "$" in a name is no formula
    buffer = io.BytesIO()
    with warnings.catch_warnings():  # about letters that the font has not
        warnings.simplefilter("ignore")
        figure.savefig(buffer, format="png")
    return buffer.getvalue()
