"""What a training makes small: cross-entropy, and how far the blurs lie from the prior."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from latentrack.decoder.quiet import import_tensorflow


def vae_loss(
    weights: Sequence[Any],
    layers: tuple[int, int],
    cells: Any,
    noise: Any,
    latent_scale: float,
    prior_width: float,
    kl_weight: Any,
    free_bits: float = 0.0,
    seen: Any = None,
) -> Any:
    """The mean loss of a batch of sequences, in nats: cross-entropy + kl_weight × KL.

    The cross-entropy is summed over the cells. KL is that of a normal distribution N(m, s²)
    from N(0, p²): ((s² + m²) / p² - 1 - ln(s² / p²)) / 2 (Kingma and Welling 2013, appendix B,
    for p = 1), the mean over the batch of each latent, but no less than free_bits (Kingma et al.
    2016, appendix C), summed over the latents. The place decoded is m + s × noise.

    weights: as `flat_weights` orders them; layers: how many the encoder and the decoder have.
    seen: what the encoder gets, if not the cells themselves.
    """
    tf = import_tensorflow()
    dense = _layers(weights)
    values = cells if seen is None else seen
    for _ in range(layers[0]):
        values = tf.nn.relu(dense(values))
    mean = latent_scale * tf.tanh(dense(values))
    log_variance = latent_scale * tf.tanh(dense(values))
    entropy = _decoded(dense, layers[1], mean + tf.exp(0.5 * log_variance) * noise, cells)
    width = prior_width**2
    spread = (tf.exp(log_variance) + tf.square(mean)) / width
    kl = tf.reduce_mean(0.5 * (spread - 1.0 - log_variance + math.log(width)), axis=0)
    if free_bits:
        kl = tf.maximum(kl, free_bits)
    return entropy + kl_weight * tf.reduce_sum(kl)


def plain_loss(
    weights: Sequence[Any], layers: tuple[int, int], cells: Any, latent_scale: float
) -> Any:
    """The mean cross-entropy of a batch, in nats a sequence, of an autoencoder without blur."""
    tf = import_tensorflow()
    dense = _layers(weights)
    values = cells
    for _ in range(layers[0]):
        values = tf.nn.relu(dense(values))
    return _decoded(dense, layers[1], latent_scale * tf.tanh(dense(values)), cells)


def _layers(weights: Sequence[Any]) -> Any:
    """Each call applies the next layer."""
    tf = import_tensorflow()
    pairs = iter(zip(weights[::2], weights[1::2], strict=True))

    def dense(values: Any) -> Any:
        matrix, bias = next(pairs)
        return tf.matmul(values, matrix) + bias

    return dense


def _decoded(dense: Any, layers: int, values: Any, cells: Any) -> Any:
    tf = import_tensorflow()
    for _ in range(layers - 1):
        values = tf.nn.relu(dense(values))
    logits = dense(values)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=cells, logits=logits)
    return tf.reduce_mean(tf.reduce_sum(entropy, axis=1))
