"""The element of the page that shows curves; `training_curves.js` draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from nicegui.element import Element

from latentrack.model.training import Epoch

MOST_POINTS = 400
"""The most points of one curve: more would not be visible."""


@dataclass(frozen=True)
class Curve:
    """One curve.

    points: (epoch, value).  right: whether it uses the scale on the right.  colour: a variable of
    the style sheet; "" for an automatic colour.
    """

    name: str
    points: Sequence[tuple[int, float]]
    right: bool = False
    colour: str = ""


class Curves(Element, component="training_curves.js"):
    """A diagram of curves over the epochs."""

    def __init__(self) -> None:
        super().__init__()
        self.show([], "")

    def show(self, curves: Sequence[Curve], label: str, mark: int | None = None) -> None:
        """Draw the curves. label: what they show, for screen readers.  mark: an epoch to mark."""
        self._props["series"] = [
            {
                "name": curve.name,
                "x": [round(number, 1) for number, _ in points],
                "y": [float(f"{value:.5g}") for _, value in points],
                "right": curve.right,
                "colour": curve.colour,
            }
            for curve, points in ((curve, _thinned(curve.points)) for curve in curves)
        ]
        self._props["label"] = label
        self._props["mark"] = mark
        self.update()


def both_losses(epochs: Sequence[Epoch]) -> list[Curve]:
    """The curves of training loss and validation loss; of a very long training not every epoch."""
    epochs = epochs[:: 1 + len(epochs) // (20 * MOST_POINTS)]
    curves = [Curve("loss, nats a sequence", loss_of(epochs), colour="--lt-hit")]
    if held := validation_losses(epochs):
        curves.append(Curve("validation, nats a cell", held, right=True, colour="--lt-accent"))
    return curves


def loss_of(epochs: Sequence[Epoch]) -> list[tuple[int, float]]:
    """(epoch, training loss) of each epoch."""
    return [(epoch.number, epoch.loss) for epoch in epochs if epoch.number]


def validation_losses(epochs: Sequence[Epoch]) -> list[tuple[int, float]]:
    """(epoch, validation loss) of the epochs that have one."""
    return [
        (e.number, e.validation_loss) for e in epochs if e.number and e.validation_loss is not None
    ]


def _thinned(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """At most MOST_POINTS points: means of neighbours, and the last point itself."""
    if len(points) <= MOST_POINTS:
        return list(points)
    parts = np.array_split(np.asarray(points[:-1], np.float64), MOST_POINTS - 1)
    return [*((float(x), float(y)) for x, y in (part.mean(axis=0) for part in parts)), points[-1]]
