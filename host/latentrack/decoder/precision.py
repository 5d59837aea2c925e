"""The precision of a model file's weights: how large each makes the file, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from latentrack.errors import UserError
from latentrack.words import listed


@dataclass(frozen=True)
class Precision:
    """One way to write weights.

    weight_bytes: size of a weight.  bias_bytes: size of a bias with its output's scales.
    tolerance: how far LiteRT's probabilities may lie from TensorFlow's before the export is
    faulty: float32 adds in another order, the others round, and a decoder that has overfitted is
    steep (half of 0.5 was seen, while two gates in a thousand changed).
    cost: what a musician gives up, in words.
    """

    weight_bytes: int
    bias_bytes: int
    tolerance: float
    cost: str


PRECISIONS = {
    "float32": Precision(4, 4, 1e-5, "exactly as trained; always right"),
    "float16": Precision(2, 2, 0.02, "half as large, hardly a hit differs"),
    "dynamic": Precision(1, 16, 0.5, "a quarter, a few hits differ"),
    "int8": Precision(1, 28, 0.5, "a quarter, made for small processors"),
}


AUTO = "auto"
"""Not a precision but the choice of one: see `model.sizes.chosen_precision`."""


def costs() -> dict[str, str]:
    """What each choice of a precision costs or means, in words: AUTO first."""
    auto = "float32 if a module holds two such files at once, else float16"
    return {AUTO: auto} | {name: each.cost for name, each in PRECISIONS.items()}


def check_precision(name: str, *, or_auto: bool = False) -> str:
    """Returns `name`. UserError: it is not in PRECISIONS, nor AUTO where that may be."""
    choices = (AUTO, *PRECISIONS) if or_auto else tuple(PRECISIONS)
    if name not in choices:
        raise UserError(f"Unknown precision {name!r}: choose {listed(choices, 'or')}.")
    return name
