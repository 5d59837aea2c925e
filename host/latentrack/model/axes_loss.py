"""The terms of the loss that give the first latents a meaning, and keep all knobs steady.

The order of the music teaches the encoder where bars lie: those with more of an attribute further
along (Pati and Lerch 2020, attribute-based regularisation). A knob also leads to positions between
and beyond the music, so that the decoder learns besides, at positions all over the space, that what
plays has more of the attribute further along, and that a small turn changes little.

The constants were found on Groove's validation files, with four latents.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from latentrack.decoder.quiet import import_tensorflow

SHARPNESS = 5.0
"""How sharply the order of the music is told: the tanh takes so many times the difference of two
latents, as a share of latent_scale. A sharper one costs more likelihood for the same order."""
KNOB_WEIGHT = 2.0
"""Weight of the attribute's rise along a knob. A larger one leaves more of the space empty."""
KNOB_RANGE = 0.95
"""Positions all over the space are within this fraction of latent_scale."""
KNOB_SLOPE = 3.0
"""So many times its spread the attribute is to grow along latent_scale, roughly: the tanh of both
is compared."""
CONTRAST = 2.0
"""What logits are multiplied by: a cell plays or it does not, so that probabilities in between
count for less."""
TURN = 1 / 16
"""A small turn, as a fraction of latent_scale."""
TURN_WEIGHT = 0.5
"""Weight of each cell that a small turn changes. Up to here it costs no likelihood."""


@dataclass(frozen=True)
class AxisLoss:
    """How a latent is ordered by an attribute.

    weight: of the order of the music.  expected: the attribute of what the decoder plays, (n,) of
    logits (n, steps, voices).  spread: the attribute's standard deviation in the music.
    """

    weight: float
    expected: Callable[[Any], Any]
    spread: float


def order_loss(axes: Sequence[AxisLoss], means: Any, told: Any, latent_scale: float) -> Any:
    """Return the sum over the axes of their weight × `disorder`.

    means: latents of a batch, (batch, latents).  told: the rank of each sequence by each attribute,
    (batch, axes).
    """
    sharpness = SHARPNESS / latent_scale
    return sum(
        axis.weight * disorder(means[:, latent], told[:, latent], sharpness)
        for latent, axis in enumerate(axes)
    )


def disorder(latent: Any, told: Any, sharpness: float = 1.0) -> Any:
    """Return how much the order of a batch by a latent differs from its order by an attribute.

    latent, told: (batch,) each.  sharpness: what differences of the latent are multiplied by.  The
    mean over all pairs of |tanh(sharpness × difference) - sign of the attribute's difference|, 0
    to 2 (Pati and Lerch 2020).
    """
    tf = import_tensorflow()
    apart = tf.tanh(sharpness * (latent[:, tf.newaxis] - latent[tf.newaxis]))
    order = tf.sign(told[:, tf.newaxis] - told[tf.newaxis])
    return tf.reduce_mean(tf.abs(apart - order))


def knob_loss(
    axes: Sequence[AxisLoss],
    decode: Callable[[Any], Any],
    noise: Any,
    latent_scale: float,
    steps: int,
) -> Any:
    """Return how far knobs are from bringing more of their attribute, and from turning steadily.

    decode: logits (n, cells) of positions (n, latents).  noise: normal, (batch, latents), which
    becomes positions that are spread evenly.  Each is compared with the same one at another value
    of an axis, that of the position before, and with the same one a small turn of a latent further.
    """
    tf = import_tensorflow()
    batch, latents = noise.shape
    here = KNOB_RANGE * latent_scale * tf.math.erf(noise / math.sqrt(2))
    values = tf.roll(here, 1, axis=0)
    others = [tf.where(tf.range(latents) == axis, values, here) for axis in range(len(axes))]
    turn = TURN * latent_scale * tf.one_hot(tf.range(batch) % latents, latents)
    logits = CONTRAST * decode(tf.concat([here, *others, here + turn], axis=0))
    first, *moved, last = tf.split(logits, len(others) + 2)
    changed = tf.abs(tf.sigmoid(last) - tf.sigmoid(first))
    loss = TURN_WEIGHT * tf.reduce_mean(tf.reduce_sum(changed, axis=1))
    slopes = tf.tanh(KNOB_SLOPE / latent_scale * (values - here))
    for latent, (axis, cells) in enumerate(zip(axes, moved, strict=True)):
        after, before = (axis.expected(tf.reshape(x, (batch, steps, -1))) for x in (cells, first))
        rises = tf.tanh((after - before) / axis.spread)
        loss += KNOB_WEIGHT * tf.reduce_mean(tf.abs(rises - slopes[:, latent]))
    return loss
