"""Expected attributes of what a decoder plays, as functions of its logits, for the loss.

Cells count as independent, each sounding with its probability. `attributes` defines the attributes
of what does play; with probabilities of 0 and 1 both agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.decoder.quiet import import_tensorflow
from latentrack.model.attributes import ATTRIBUTES, Layout, layout_of, measured, ranks
from latentrack.model.axes_loss import AxisLoss

Expected = Callable[[Any], Any]
"""Of logits, (n, steps, voices), to (n,), both tensors."""

_FEWEST = 1e-3  # hits, by which others are divided at the least


def expected_attribute(name: str, layout: Layout) -> Expected:
    """Return the function of an attribute: the same one for equal layouts, as losses with equal
    functions are equal, and an equal loss is not compiled again."""
    weights = tuple(int(weight) for weight in layout.weights)
    return _made_once(name, weights, layout.groups, layout.kicks, layout.hats)


@lru_cache(maxsize=64)
def _made_once(name: str, weights: tuple[int, ...], *voices: tuple[int, ...]) -> Expected:
    makers: dict[str, Callable[[Layout], Expected]] = {
        "density": _density,
        "syncopation": _syncopation,
        "balance": _balance,
        "instruments": _instruments,
        "register": _register,
        "range": _range,
        "leaps": _leaps,
    }
    return makers[name](Layout(np.array(weights, np.int64), *voices))


@dataclass(frozen=True, eq=False)
class Order:
    """What orders the first latents of a model.

    ranks: of each sequence of a dataset by each attribute, (n, axes); see `attributes.ranks`.
    losses: one for each.
    """

    ranks: NDArray[np.float32]
    losses: tuple[AxisLoss, ...]


def order_by(names: Sequence[str], dataset: Dataset) -> Order:
    """Return the order by attributes that differ in a dataset."""
    layout = layout_of(dataset)
    spreads = np.nanstd(measured(names, dataset.sequences, layout), axis=0)
    losses = tuple(
        AxisLoss(ATTRIBUTES[name].weight, expected_attribute(name, layout), float(spread))
        for name, spread in zip(names, spreads, strict=True)
    )
    return Order(ranks(names, dataset), losses)


def _density(layout: Layout) -> Expected:
    tf = import_tensorflow()
    steps = len(layout.weights)
    return lambda logits: tf.reduce_sum(tf.sigmoid(logits), axis=(1, 2)) / steps


def _syncopation(layout: Layout) -> Expected:
    """A hit is syncopated by as many levels of metrical weight as have a step before the next hit.

    So the expected value is a sum over pairs of a step and a level: of the probability that the
    instrument sounds there, times that it is silent from then on to the next step of that level.
    """
    tf = import_tensorflow()
    starts, silent = _pairs(layout.weights)

    def syncopation(logits: Any) -> Any:
        ends = (*layout.groups[1:], logits.shape[2])
        log_silence = tf.stack(
            [
                tf.reduce_sum(-tf.nn.softplus(logits[:, :, begin:end]), axis=2)
                for begin, end in zip(layout.groups, ends, strict=True)
            ],
            axis=1,
        )
        sounds = tf.gather(1 - tf.exp(log_silence), starts, axis=2)
        return tf.reduce_sum(sounds * tf.exp(tf.matmul(log_silence, silent)), axis=(1, 2))

    return syncopation


def _pairs(weights: NDArray[np.int64]) -> tuple[list[int], NDArray[np.float32]]:
    """The pairs of a step and a level of greater weight that the loop has: the step of each, and
    which steps must be silent, (steps, pairs)."""
    steps, starts, silent = len(weights), [], []
    for step in range(steps):
        following = [(step + distance) % steps for distance in range(1, steps)]
        for level in range(int(weights[step]) + 1, 1):
            rests = np.zeros(steps, np.float32)
            for at in following:
                rests[at] = 1
                if weights[at] >= level:
                    starts.append(step)
                    silent.append(rests)
                    break
    return starts, np.array(silent, np.float32).reshape(-1, steps).T


def _balance(layout: Layout) -> Expected:
    tf = import_tensorflow()

    def balance(logits: Any) -> Any:
        kicks, hats = (
            tf.reduce_sum(tf.sigmoid(tf.gather(logits, voices, axis=2)), axis=(1, 2))
            for voices in (layout.kicks, layout.hats)
        )
        return (hats - kicks) / tf.maximum(hats + kicks, _FEWEST)

    return balance


def _instruments(layout: Layout) -> Expected:
    tf = import_tensorflow()

    def instruments(logits: Any) -> Any:
        silence = tf.exp(tf.reduce_sum(-tf.nn.softplus(logits), axis=1))
        return tf.reduce_sum(1 - silence, axis=1)

    return instruments


def _register(layout: Layout) -> Expected:
    tf = import_tensorflow()

    def register(logits: Any) -> Any:
        notes = tf.reduce_sum(tf.sigmoid(logits), axis=1)
        pitches = tf.range(logits.shape[2], dtype=tf.float32)
        return tf.reduce_sum(notes * pitches, axis=1) / tf.maximum(
            tf.reduce_sum(notes, axis=1), _FEWEST
        )

    return register


def _range(layout: Layout) -> Expected:
    tf = import_tensorflow()

    def range_of(logits: Any) -> Any:
        # Of each pitch over the whole pattern, and then of all pitches above it, or below.
        silence = tf.reduce_sum(-tf.nn.softplus(logits), axis=1)
        sounds = 1 - tf.exp(silence)
        pitches = tf.range(logits.shape[2], dtype=tf.float32)
        highest = sounds * tf.exp(tf.cumsum(silence, axis=1, exclusive=True, reverse=True))
        lowest = sounds * tf.exp(tf.cumsum(silence, axis=1, exclusive=True))
        return tf.reduce_sum(pitches * (highest - lowest), axis=1)

    return range_of


def _leaps(layout: Layout) -> Expected:
    """Mean distance of two steps' highest notes, by the chance that both sound and none between."""
    tf = import_tensorflow()
    steps = len(layout.weights)
    later = np.triu(np.ones((steps, steps), np.float32), 1)

    def leaps(logits: Any) -> Any:
        silence = -tf.nn.softplus(logits)
        above = tf.cumsum(silence, axis=2, exclusive=True, reverse=True)
        highest = tf.sigmoid(logits) * tf.exp(above)
        sounds = tf.reduce_sum(highest, axis=2)
        pitches = tf.range(logits.shape[2], dtype=tf.float32)
        apart = tf.abs(pitches[:, tf.newaxis] - pitches)
        distance = tf.matmul(tf.matmul(highest, apart), highest, transpose_b=True)
        # Up to each step, and to the one before it.
        so_far = tf.cumsum(tf.reduce_sum(silence, axis=2), axis=1)
        before = tf.concat([tf.zeros_like(so_far[:, :1]), so_far[:, :-1]], axis=1)
        between = before[:, tf.newaxis, :] - so_far[:, :, tf.newaxis]
        none = later * tf.exp(tf.minimum(between, 0.0))
        pairs = none * sounds[:, :, tf.newaxis] * sounds[:, tf.newaxis, :]
        return tf.reduce_sum(none * distance, axis=(1, 2)) / tf.maximum(
            tf.reduce_sum(pairs, axis=(1, 2)), _FEWEST
        )

    return leaps
