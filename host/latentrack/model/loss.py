"""The loss of a training: cross-entropy, and the KL divergence of the posteriors from the prior.

An encoder wider than the decoder's mirror costs nothing on the module, but soon knows the corpus
by heart and encodes other music badly. So it also trains on bars that the decoder makes up, new
ones at every step: each is drawn cell by cell from the probabilities at the position of a bar of
music. It trains the encoder alone; the decoder learns from music only. On Groove that lowers the
validation loss by 0.005 nats a cell (compare the sleep phase of Hinton et al. 1995).

The first latents can be ordered by attributes of the music; see `axes_loss`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from latentrack.decoder.quiet import import_tensorflow
from latentrack.model.axes_loss import AxisLoss, knob_loss, order_loss

BOUNDARY = 2.6 / 3
"""Where the boundary penalty begins, as a fraction of latent_scale."""


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
            objective += order_loss(self.axes, mean, next(draws), self.latent_scale)
            objective += knob_loss(
                self.axes,
                lambda positions: decoded(decoder, positions),
                noise,
                self.latent_scale,
                self.steps,
            )
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


def entropy(cells: Any, logits: Any) -> Any:
    """The cross-entropy summed over the cells, the mean over the batch."""
    tf = import_tensorflow()
    each = tf.nn.sigmoid_cross_entropy_with_logits(labels=cells, logits=logits)
    return tf.reduce_mean(tf.reduce_sum(each, axis=1))
