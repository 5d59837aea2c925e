"""What a training makes small: cross-entropy, and how far the blurs lie from the prior.

An encoder wider than the decoder's mirror costs nothing on the module, but soon knows the corpus by
heart and places other music badly. So it practises on bars that the decoder makes up, new ones at
every step: a dream is drawn cell by cell from the probabilities at the place of a bar of music. It
is the encoder's exercise alone; the decoder learns from music only. On Groove that lowers the
validation loss by 0.005 nats a cell (compare the sleep phase of Hinton et al. 1995).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from latentrack.decoder.quiet import import_tensorflow

BOUNDARY = 2.6 / 3
"""Where the boundary penalty begins, as a fraction of latent_scale."""


@dataclass(frozen=True)
class VaeLoss:
    """The loss of a variational autoencoder, and how its parts are weighed.

    encoder, decoder: how many layers each has (the encoder's without mean and log-variance).
    latent_scale: bound of mean and log-variance.  prior_std, free_bits: see `kl`.
    dropout: the share of the hits that the encoder does not see.  replay: the weight of its
    practice on what the decoder makes up.  decay: the weight of the sum of the squares of all
    matrices, which keeps both from learning by heart.  boundary_penalty: the weight of
    the squares of what the means lie beyond BOUNDARY.
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

    def __call__(
        self, weights: Sequence[Any], cells: Any, kl_weight: Any, noise: Any, *dice: Any
    ) -> tuple[Any, Any]:
        """What to make small, and the mean loss of a sequence (cross-entropy over its cells +
        kl_weight × KL, in nats).

        weights: as `flat_weights` orders them.  cells: (batch, cells).  noise: (batch, latents),
        normal; the place decoded is mean + standard deviation × noise.  dice: random bytes of
        the shape of cells, one set each for dropout and replay where they are wanted.
        """
        tf = import_tensorflow()
        throws = iter(dice)
        seen = cells
        if self.dropout:
            seen *= tf.cast(next(throws) >= round(256 * self.dropout), tf.float32)
        encoder, decoder = self._split(weights)
        mean, log_variance = self.encoded(encoder, seen)
        logits = decoded(decoder, mean + tf.exp(0.5 * log_variance) * noise)
        loss = entropy(cells, logits) + kl_weight * self.kl(mean, log_variance)
        wanted = loss
        if self.replay:
            wanted += self.replay * self._replay_loss(encoder, decoder, logits, noise, next(throws))
        if self.decay:
            wanted += self.decay * sum(tf.reduce_sum(matrix**2) for matrix in weights[::2])
        if self.boundary_penalty:
            over = tf.nn.relu(tf.abs(mean) - BOUNDARY * self.latent_scale)
            wanted += self.boundary_penalty * tf.reduce_mean(tf.reduce_sum(over**2, axis=1))
        return wanted, loss

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
        """How far the blurs N(m, s²) lie from the prior N(0, p²), in nats, summed over the latents:
        ((s² + m²) / p² - 1 - ln(s² / p²)) / 2 (Kingma and Welling 2013, appendix B, for p = 1), the
        mean over the batch of each, but no less than free_bits (Kingma et al. 2016, appendix C)."""
        tf = import_tensorflow()
        width = self.prior_std**2
        spread = (tf.exp(log_variance) + tf.square(mean)) / width
        each = tf.reduce_mean(0.5 * (spread - 1.0 - log_variance + math.log(width)), axis=0)
        return tf.reduce_sum(tf.maximum(each, self.free_bits) if self.free_bits else each)

    def _replay_loss(
        self, encoder: Sequence[Any], decoder: Sequence[Any], logits: Any, noise: Any, dice: Any
    ) -> Any:
        """The loss of what the decoder makes up, which the encoder alone can do something about."""
        tf = import_tensorflow()
        chance = 256 * tf.sigmoid(logits)
        cells = tf.stop_gradient(tf.cast(tf.cast(dice, tf.float32) + 0.5 < chance, tf.float32))
        mean, log_variance = self.encoded(encoder, cells)
        # Reversed, each dream gets other noise than the bar that it comes from.
        place = mean + tf.exp(0.5 * log_variance) * tf.reverse(noise, [0])
        fixed = [tf.stop_gradient(values) for values in decoder]
        return entropy(cells, decoded(fixed, place)) + self.kl(mean, log_variance)

    def _split(self, weights: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        encoder = 2 * (self.encoder + 2)
        return weights[:encoder], weights[encoder:]


@dataclass(frozen=True)
class PlainLoss:
    """The mean cross-entropy of a sequence, in nats, of an autoencoder without blur."""

    encoder: int
    latent_scale: float

    def __call__(self, weights: Sequence[Any], cells: Any) -> tuple[Any, Any]:
        """What to make small, and the loss, which is the same here; see VaeLoss."""
        tf = import_tensorflow()
        values, split = cells, 2 * (self.encoder + 1)
        for i in range(0, split - 2, 2):
            values = tf.nn.relu(tf.matmul(values, weights[i]) + weights[i + 1])
        place = tf.tanh(tf.matmul(values, weights[split - 2]) + weights[split - 1])
        loss = entropy(cells, decoded(weights[split:], self.latent_scale * place))
        return loss, loss


def decoded(weights: Sequence[Any], values: Any) -> Any:
    """The logits at the places `values`."""
    tf = import_tensorflow()
    for i in range(0, len(weights) - 2, 2):
        values = tf.nn.relu(tf.matmul(values, weights[i]) + weights[i + 1])
    return tf.matmul(values, weights[-2]) + weights[-1]


def entropy(cells: Any, logits: Any) -> Any:
    """The cross-entropy summed over the cells, the mean over the batch."""
    tf = import_tensorflow()
    each = tf.nn.sigmoid_cross_entropy_with_logits(labels=cells, logits=logits)
    return tf.reduce_mean(tf.reduce_sum(each, axis=1))
