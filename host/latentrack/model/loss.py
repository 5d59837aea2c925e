"""The loss of a training: cross-entropy, and the KL divergence of the posteriors from the prior.

An encoder wider than the decoder's mirror costs nothing on the module, but soon knows the corpus
by heart and encodes other music badly. So it also trains on bars that the decoder makes up, new
ones at every step: each is drawn cell by cell from the probabilities at the position of a bar of
music. It trains the encoder alone; the decoder learns from music only. On Groove that lowers the
validation loss by 0.005 nats a cell (compare the sleep phase of Hinton et al. 1995).

The first latents can be ordered by attributes of the music (`attributes`), so that a knob has a
meaning (Pati and Lerch 2020, attribute-based regularisation). That teaches the encoder where bars
of music lie. A knob also leads to positions between and beyond them, so the decoder learns besides
that turning the knob anywhere brings more of the attribute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from latentrack.decoder.quiet import import_tensorflow

BOUNDARY = 2.6 / 3
"""Where the boundary penalty begins, as a fraction of latent_scale."""
AXES_SHARPNESS = 5.0
"""How sharply a latent's order is told from that of an attribute: the tanh takes so many times the
difference of two latents, as a share of latent_scale. Found on Groove's validation files, as the
weights (`attributes`): a sharper one costs more likelihood for the same order."""

KNOB_WEIGHT = 3.0
"""Weight of the term by which a knob of the decoder brings more of an attribute."""
KNOB_RANGE = 0.9
"""It is learnt at positions all over the space, up to this fraction of latent_scale."""
KNOB_SLOPE = 3.0
"""So many times its spread the attribute should grow along latent_scale, roughly; the tanh of both
is compared."""
KNOB_CONTRAST = 2.0
"""What logits are multiplied by in this term: what plays is above a threshold or not, so that
probabilities in between count for less."""


@dataclass(frozen=True)
class AxisLoss:
    """How a latent is ordered by an attribute.

    weight: of the order of the music.  expected: the attribute of what the decoder plays, of logits
    (n, steps, voices); None where it is not reckoned.  spread: the attribute's standard deviation
    in the music.
    """

    weight: float
    expected: Callable[[Any], Any] | None
    spread: float


@dataclass(frozen=True)
class VaeLoss:
    """The loss of a variational autoencoder, and how its parts are weighed.

    encoder, decoder: how many layers each has (the encoder's without mean and log-variance).
    latent_scale: bound of mean and log-variance.  prior_std, free_bits: see `kl`.
    dropout: fraction of the hits that the encoder does not see.  replay: weight of training it on
    what the decoder makes up.  decay: the weight of the sum of the squares of all
    matrices, which keeps both from learning by heart.  boundary_penalty: the weight of
    the squares of what the means lie beyond BOUNDARY.  axes: of the first latents, which
    are ordered by an attribute each.  steps: of a sequence, which axes need.
    """

    encoder: int
    decoder: int
    latent_scale: float
    prior_std: float = 1.0
    free_bits: float = 0.0
    dropout: float = 0.0
    replay: float = 0.0
    decay: float = 0.0
    boundary_penalty: float = 0.0
    axes: tuple[AxisLoss, ...] = ()
    steps: int = 1

    def __call__(
        self, weights: Sequence[Any], cells: Any, kl_weight: Any, noise: Any, *others: Any
    ) -> tuple[Any, Any]:
        """The objective to minimise, and the mean loss of a sequence in nats: the cross-entropy of
        its cells + kl_weight × KL.

        weights: as `flat_weights` orders them.  cells: (batch, cells).  noise: (batch, latents),
        normal; the position decoded is mean + standard deviation × noise.  others: random bytes
        of the shape of cells, one array each for dropout and replay where they are on; then, where
        there are axes, the rank of each sequence by each attribute, (batch, axes).
        """
        tf = import_tensorflow()
        draws = iter(others)
        seen = cells
        if self.dropout:
            seen *= tf.cast(next(draws) >= round(256 * self.dropout), tf.float32)
        encoder, decoder = self._split(weights)
        mean, log_variance = self.encoded(encoder, seen)
        logits = decoded(decoder, mean + tf.exp(0.5 * log_variance) * noise)
        loss = entropy(cells, logits) + kl_weight * self.kl(mean, log_variance)
        objective = loss
        if self.replay:
            objective += self.replay * self._replay_loss(
                encoder, decoder, logits, noise, next(draws)
            )
        if self.decay:
            objective += self.decay * sum(tf.reduce_sum(matrix**2) for matrix in weights[::2])
        if self.boundary_penalty:
            over = tf.nn.relu(tf.abs(mean) - BOUNDARY * self.latent_scale)
            objective += self.boundary_penalty * tf.reduce_mean(tf.reduce_sum(over**2, axis=1))
        if self.axes:
            told, sharpness = next(draws), AXES_SHARPNESS / self.latent_scale
            for latent, axis in enumerate(self.axes):
                order = disorder(mean[:, latent], told[:, latent], sharpness)
                objective += axis.weight * order
                if axis.expected:
                    objective += KNOB_WEIGHT * self._knob_loss(decoder, latent, axis, noise)
        return objective, loss

    def encoded(self, weights: Sequence[Any], cells: Any) -> tuple[Any, Any]:
        """Mean and log-variance, (batch, latents) each."""
        tf = import_tensorflow()
        values = cells
        for i in range(0, 2 * self.encoder, 2):
            values = tf.nn.relu(tf.matmul(values, weights[i]) + weights[i + 1])
        means, mean_bias, variances, variance_bias = weights[2 * self.encoder :]
        mean = self.latent_scale * tf.tanh(tf.matmul(values, means) + mean_bias)
        return mean, self.latent_scale * tf.tanh(tf.matmul(values, variances) + variance_bias)

    def kl(self, mean: Any, log_variance: Any) -> Any:
        """KL divergence of the posteriors N(m, s²) from the prior N(0, p²), in nats.

        Summed over the latents: ((s² + m²) / p² - 1 - ln(s² / p²)) / 2 (Kingma and Welling 2013,
        appendix B, for p = 1), the mean over the batch of each, but no less than free_bits
        (Kingma et al. 2016, appendix C).
        """
        tf = import_tensorflow()
        width = self.prior_std**2
        spread = (tf.exp(log_variance) + tf.square(mean)) / width
        each = tf.reduce_mean(0.5 * (spread - 1.0 - log_variance + math.log(width)), axis=0)
        return tf.reduce_sum(tf.maximum(each, self.free_bits) if self.free_bits else each)

    def _knob_loss(self, decoder: Sequence[Any], latent: int, axis: AxisLoss, noise: Any) -> Any:
        """How far the attribute is from rising along a latent of the decoder, 0 to 2.

        Of each position of a batch, and the same position with another value of the latent: the
        difference of tanh of the difference of the expected attributes, in units of its spread, and
        of tanh of the difference of the values.
        """
        tf = import_tensorflow()
        # Normal noise becomes positions all over the space, and those of the others other values.
        here = KNOB_RANGE * self.latent_scale * tf.math.erf(noise / math.sqrt(2))
        value = tf.roll(here[:, latent], 1, axis=0)
        there = tf.concat([here[:, :latent], value[:, tf.newaxis], here[:, latent + 1 :]], axis=1)
        logits = decoded(decoder, tf.concat([here, there], axis=0))
        cells = tf.reshape(KNOB_CONTRAST * logits, (-1, self.steps, logits.shape[1] // self.steps))
        assert axis.expected is not None
        before, after = tf.split(axis.expected(cells), 2)
        rises = tf.tanh((after - before) / axis.spread)
        wanted = tf.tanh(KNOB_SLOPE / self.latent_scale * (value - here[:, latent]))
        return tf.reduce_mean(tf.abs(rises - wanted))

    def _replay_loss(
        self,
        encoder: Sequence[Any],
        decoder: Sequence[Any],
        logits: Any,
        noise: Any,
        random_bytes: Any,
    ) -> Any:
        """The loss of what the decoder makes up; its gradient reaches the encoder only."""
        tf = import_tensorflow()
        chance = 256 * tf.sigmoid(logits)
        cells = tf.stop_gradient(
            tf.cast(tf.cast(random_bytes, tf.float32) + 0.5 < chance, tf.float32)
        )
        mean, log_variance = self.encoded(encoder, cells)
        # Reversed, each gets other noise than the bar that it comes from.
        position = mean + tf.exp(0.5 * log_variance) * tf.reverse(noise, [0])
        fixed = [tf.stop_gradient(values) for values in decoder]
        return entropy(cells, decoded(fixed, position)) + self.kl(mean, log_variance)

    def _split(self, weights: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        encoder = 2 * (self.encoder + 2)
        return weights[:encoder], weights[encoder:]


@dataclass(frozen=True)
class PlainLoss:
    """The mean cross-entropy of a sequence, in nats, of an autoencoder without variance."""

    encoder: int
    latent_scale: float

    def __call__(self, weights: Sequence[Any], cells: Any) -> tuple[Any, Any]:
        """The objective to minimise, and the loss, which is the same here; see VaeLoss."""
        tf = import_tensorflow()
        values, split = cells, 2 * (self.encoder + 1)
        for i in range(0, split - 2, 2):
            values = tf.nn.relu(tf.matmul(values, weights[i]) + weights[i + 1])
        position = tf.tanh(tf.matmul(values, weights[split - 2]) + weights[split - 1])
        loss = entropy(cells, decoded(weights[split:], self.latent_scale * position))
        return loss, loss


def decoded(weights: Sequence[Any], values: Any) -> Any:
    """The logits at the positions `values`."""
    tf = import_tensorflow()
    for i in range(0, len(weights) - 2, 2):
        values = tf.nn.relu(tf.matmul(values, weights[i]) + weights[i + 1])
    return tf.matmul(values, weights[-2]) + weights[-1]


def disorder(latent: Any, told: Any, sharpness: float = 1.0) -> Any:
    """How much the order of a batch by a latent differs from its order by an attribute.

    latent, told: (batch,) each.  sharpness: what differences of the latent are multiplied by.  The
    mean over all pairs of |tanh(sharpness × difference) - sign of the attribute's difference|, 0
    to 2 (Pati and Lerch 2020).
    """
    tf = import_tensorflow()
    apart = tf.tanh(sharpness * (latent[:, tf.newaxis] - latent[tf.newaxis]))
    order = tf.sign(told[:, tf.newaxis] - told[tf.newaxis])
    return tf.reduce_mean(tf.abs(apart - order))


def entropy(cells: Any, logits: Any) -> Any:
    """The cross-entropy summed over the cells, the mean over the batch."""
    tf = import_tensorflow()
    each = tf.nn.sigmoid_cross_entropy_with_logits(labels=cells, logits=logits)
    return tf.reduce_mean(tf.reduce_sum(each, axis=1))
