"""Train the feel of a model whose hits are trained; their weights do not change.

The loss of a sequence is the weighted squared errors of velocity and timing of its hits, plus the
KL divergence of the feel latents from the prior. A further term orders the latents: the first by
mean velocity, the second by mean timing (Pati and Lerch 2020). That teaches the encoder; another
teaches the decoder that the knob of timing brings later hits wherever the other knobs stand. That
of velocity does so by itself. The decoder is trained with more noise on the latents of the hits
than these were trained with, because the module also decodes positions between those of the music.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.decoder.litert import LATEST
from latentrack.decoder.quiet import import_tensorflow
from latentrack.errors import UserError
from latentrack.model.autoencoder import Array, Autoencoder
from latentrack.model.axes_loss import disorder
from latentrack.model.feel import (
    ENCODER,
    FULL_VELOCITY,
    TELLS,
    TIMING_WEIGHT,
    TRUNK,
    VELOCITY_WEIGHT,
    Feel,
    Played,
    feel_shapes,
    played,
    with_feel_layers,
)
from latentrack.model.optimiser import compiled_epoch, initial_state, weights_of
from latentrack.model.ranks import rank_correlation
from latentrack.model.settings import Settings

PRIOR_STD = 1.45
AXES_WEIGHTS = 15.0, 8.0
"""Weights of the terms that order the latents: by velocity and by timing."""
DECAY = 0.01
"""Weight of the sum of the squares of the decoder's matrices."""
KNOB_WEIGHT, KNOB_RISE = 50.0, 0.1
"""Weight of what the rise of timing lacks along its knob, and how much it is to rise at a TURN, in
standard deviations of the music's mean timing. Without it timing falls again near both ends of the
knob, as there is little music."""
TURN = 1 / 8
"""A small turn of the knob, as a fraction of latent_scale."""
NOISE = 2.0
"""Noise on the latents of the hits, in standard deviations of their posterior."""
RATE = 0.003
BATCH = 32
_STEPS = 30_000
"""The most; a training of the hits that is asked to be shorter makes that of the feel shorter."""
_MOST_EPOCHS = 1500
_MOST_JUDGED = 2000  # sequences by which the latents are ordered
_OFFSET_UNITS = 127  # half a step; a timing byte is 127 on the grid


@dataclass(frozen=True)
class FeelLoss:
    """The loss of a feel, for `optimiser.compiled_epoch`.

    encoder, trunk: numbers of hidden layers.  tells: of each latent, "velocity" or "timing".
    cells: steps × voices.  spread: standard deviation of the sequences' mean timing, in units of
    LATEST; 0 if they have none.
    """

    encoder: int
    trunk: int
    tells: tuple[str, ...]
    cells: int
    latent_scale: float
    spread: float = 0.0

    def __call__(
        self, weights: Sequence[Any], rows: Any, positions: Any, noise: Any
    ) -> tuple[Any, Any]:
        """Return the objective, and the loss: without ordering terms and weight decay.

        weights: as `flat_feel` orders them.  rows: (batch, 3 × cells), as `_rows` encodes hits,
        velocities and timing.  positions: latents of the hits, (batch, pattern latents).  noise:
        standard normal, (batch, feel latents).
        """
        tf = import_tensorflow()
        hits, velocity, timing = tf.split(rows, 3, axis=1)
        velocity /= FULL_VELOCITY
        late = (timing - _OFFSET_UNITS) / _OFFSET_UNITS
        layers = [(weights[i], weights[i + 1]) for i in range(0, len(weights), 2)]
        encoder, rest = layers[: self.encoder], layers[self.encoder :]
        (mean, log_variance), trunk, last = rest[:2], rest[2:-2], rest[-2:]
        values = tf.concat([hits, velocity * hits, late * hits], axis=1)
        for matrix, bias in encoder:
            values = tf.nn.relu(tf.matmul(values, matrix) + bias)
        means, log_variances = (
            self.latent_scale * tf.tanh(tf.matmul(values, matrix) + bias)
            for matrix, bias in (mean, log_variance)
        )
        values = _before_last(trunk, positions, means + tf.exp(0.5 * log_variances) * noise)
        loud = tf.sigmoid(tf.matmul(values, last[0][0]) + last[0][1])
        lateness = tf.tanh(tf.matmul(values, last[1][0]) + last[1][1])
        loss = (
            VELOCITY_WEIGHT * _mean_square(hits, loud - velocity)
            + TIMING_WEIGHT * LATEST**2 * _mean_square(hits, lateness - late)
            + self._kl(means, log_variances)
        )
        objective = loss + DECAY * sum(tf.reduce_sum(matrix**2) for matrix, _ in (*trunk, *last))
        count = tf.reduce_sum(hits, axis=1) + 1e-6
        for axis, name in enumerate(self.tells):
            cells, weight = {
                "velocity": (velocity, AXES_WEIGHTS[0]),
                "timing": (late, AXES_WEIGHTS[1]),
            }[name]
            told = tf.reduce_sum(hits * cells, axis=1) / count
            objective += weight * disorder(means[:, axis], told)
            if name == "timing" and self.spread:
                objective += KNOB_WEIGHT * self._knob_loss(
                    lambda latents: _before_last(trunk, positions, latents),
                    last[1],
                    hits,
                    noise,
                    axis,
                )
        return objective, loss

    def _knob_loss(
        self, before_last: Callable[[Any], Any], last: Any, hits: Any, noise: Any, axis: int
    ) -> Any:
        """Return how far small turns of the knob of timing are from bringing later hits.

        Latents all over the space are compared with the same ones a small turn further.
        """
        tf = import_tensorflow()
        turn = 0.5 * TURN * tf.one_hot(axis, len(self.tells))
        here = (1 - turn) * tf.math.erf(noise / math.sqrt(2))
        count = tf.reduce_sum(hits, axis=1) + 1e-6
        before, after = (
            tf.reduce_sum(hits * tf.tanh(tf.matmul(before_last(at), last[0]) + last[1]), axis=1)
            / count
            for at in (self.latent_scale * (here - turn), self.latent_scale * (here + turn))
        )
        return tf.reduce_mean(tf.nn.relu(KNOB_RISE - (after - before) / self.spread))

    def _kl(self, means: Any, log_variances: Any) -> Any:
        """As `loss.VaeLoss.kl`, without free bits."""
        tf = import_tensorflow()
        width = PRIOR_STD**2
        spread = (tf.exp(log_variances) + means**2) / width
        each = 0.5 * (spread - 1.0 - log_variances + math.log(width))
        return tf.reduce_mean(tf.reduce_sum(each, axis=1))


def wanted_latents(dataset: Dataset, settings: Settings) -> int:
    """Return the number of feel latents, 0 to 2; 0 means that the model gets no feel.

    Raises UserError if the settings ask for a feel and the dataset has no dynamics.
    """
    found = dataset.dynamics
    known = found.has_velocity + found.has_timing
    if settings.feel in ("auto", "none"):
        return known if settings.feel == "auto" else 0
    if not known:
        raise UserError(
            "There are no dynamics in this corpus: all hits have one velocity and are on the grid. "
            "Train the hits only (--feel none), or add music that was played."
        )
    return int(settings.feel)


def train_feel(
    dataset: Dataset,
    model: Autoencoder,
    chosen: NDArray[np.intp],
    settings: Settings,
    latents: int,
    on_part: Callable[[float], None] | None = None,
) -> Feel:
    """Train a feel on the sequences `chosen` of a dataset that has velocities or timing.

    The result is reproducible with the same dataset, model, settings and machine. KeyboardInterrupt
    ends the training and propagates.

    model: the autoencoder of the hits.  chosen: indices of sequences.  latents: 1 or 2.  on_part:
    called with the fraction that is done, 0 to 1.
    """
    tf = import_tensorflow()
    rng = np.random.default_rng(settings.seed)
    cells = dataset.steps * dataset.voices
    means = model.encode(dataset.sequences[chosen])
    spread = np.exp(0.5 * model.log_variances(dataset.sequences[chosen]))
    music = played(dataset, chosen)
    weights = _untrained(cells, model.latents, latents, music, rng)
    batch = min(BATCH, len(chosen))
    batches = len(chosen) // batch
    epochs = max(1, min(_MOST_EPOCHS, _steps(settings, len(chosen)) // batches))
    tells = TELLS if latents == len(TELLS) or dataset.dynamics.has_velocity else TELLS[1:]
    loss = FeelLoss(
        len(ENCODER),
        len(TRUNK),
        tells[:latents],
        cells,
        float(settings.latent_scale),
        _spread(music) if dataset.dynamics.has_timing else 0.0,
    )
    state = initial_state(weights)
    with tf.device("/CPU:0"):
        rows = tf.constant(_rows(music))
        run: Any = None
        for number in range(epochs):
            order = rng.permutation(len(chosen))[: batches * batch].reshape(batches, batch)
            done = (np.arange(batches) + number * batches) / (epochs * batches)
            rates = np.asarray(RATE * 0.5 * (1 + np.cos(np.pi * done)), np.float32)
            moved = means[order] + NOISE * spread[order] * rng.standard_normal(
                (*order.shape, model.latents), np.float32
            )
            noise = rng.standard_normal((*order.shape, latents), np.float32)
            inputs = [np.asarray(moved, np.float32), noise]
            if run is None:
                run = compiled_epoch(loss, rows, weights, inputs, batches, steps=epochs * batches)
            state, _ = run(state, *map(tf.constant, (order.astype(np.int32), rates, *inputs)))
            if on_part:
                on_part((number + 1) / epochs)
    feel = with_feel_layers(settings.latent_scale, len(ENCODER), weights_of(state, weights))
    return _in_order(feel, tells[:latents], means, music)


def _steps(settings: Settings, sequences: int) -> int:
    """Return the number of steps: that of the hits, at most _STEPS.

    settings: as they were used, with numbers for epochs and batch_size.
    """
    if settings.epochs is None or settings.batch_size is None:
        return _STEPS
    return min(_STEPS, settings.epochs * max(1, sequences // settings.batch_size))


def _in_order(feel: Feel, tells: Sequence[str], positions: Array, music: Played) -> Feel:
    """Return the feel with its latents in the order of `tells`, and with signs such that more is
    louder and more is later.

    The loss orders them, but cannot turn a latent round that has begun the other way.
    """
    some = slice(None, None, 1 + len(positions) // _MOST_JUDGED)
    heard = music.take(some)
    count = np.maximum(heard.hits.sum(axis=1), 1)
    means = {"velocity": heard.velocity.sum(axis=1), "timing": heard.timing.sum(axis=1)}
    latents = feel.encode(positions[some], heard)
    truth = np.array(
        [[rank_correlation(latent, means[name] / count) for latent in latents.T] for name in tells]
    )
    order = list(range(feel.latents))
    if np.trace(np.abs(truth)) < np.trace(np.abs(truth[:, ::-1])):
        order.reverse()
    return feel.reordered(order, [np.sign(truth[i, j]) or 1.0 for i, j in enumerate(order)])


def _before_last(trunk: Sequence[Any], positions: Any, latents: Any) -> Any:
    """Return the values before the last two layers of the decoder, (batch, units)."""
    tf = import_tensorflow()
    values = tf.concat([positions, latents], axis=1)
    for matrix, bias in trunk:
        values = tf.nn.relu(tf.matmul(values, matrix) + bias)
    return values


def _spread(music: Played) -> float:
    """Return the standard deviation of the sequences' mean timing, in units of LATEST."""
    count = np.maximum(music.hits.sum(axis=1), 1)
    return float((music.timing.sum(axis=1) / count / LATEST).std())


def _mean_square(hits: Any, error: Any) -> Any:
    """Return the sum of the squared errors of a sequence's hits, averaged over the batch."""
    tf = import_tensorflow()
    return tf.reduce_mean(tf.reduce_sum(hits * error**2, axis=1))


def _rows(music: Played) -> NDArray[np.uint8]:
    """Encode hits, velocities (0 to 127) and timing (0 to 254, 127 is on the grid) as uint8.

    Returns (n, 3 × cells). Bytes, so that 200,000 bars fit into memory.
    """
    return np.concatenate(
        [
            np.rint(values).astype(np.uint8)
            for values in (
                music.hits,
                music.velocity * FULL_VELOCITY,
                music.timing / LATEST * _OFFSET_UNITS + _OFFSET_UNITS,
            )
        ],
        axis=1,
    )


def _untrained(
    cells: int, pattern_latents: int, latents: int, music: Played, rng: np.random.Generator
) -> list[Array]:
    """Return initial weights in the order of `flat_feel`.

    Matrices are Glorot uniform; the output layers' biases make each cell's mean the output.
    """
    weights: list[Array] = []
    for shape in feel_shapes(cells, pattern_latents, latents, ENCODER, TRUNK):
        limit = math.sqrt(6 / sum(shape)) if len(shape) == 2 else 0.0
        weights.append(np.asarray(rng.uniform(-limit, limit, shape), np.float32))
    count = np.maximum(music.hits.sum(axis=0), 1)
    loud = np.clip(music.velocity.sum(axis=0) / count, 0.05, 0.95)
    late = np.clip(music.timing.sum(axis=0) / count / LATEST, -0.9, 0.9)
    weights[-3] = np.asarray(np.log(loud / (1 - loud)), np.float32)
    weights[-1] = np.asarray(np.arctanh(late), np.float32)
    return weights
