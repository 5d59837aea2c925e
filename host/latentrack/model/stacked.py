"""Pretrain the stacked autoencoder: each layer learns on its own before all learn together.

The first layer and its mirror learn to squeeze the cells and to make them again, the second pair
does the same with what the first makes of the cells, and so on down to the latents. Then the
whole stack is trained as one (Bengio et al. 2007, greedy layer-wise training).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentrack.decoder.quiet import import_tensorflow
from latentrack.model.autoencoder import Autoencoder, Dense, pieces
from latentrack.model.optimiser import compiled_epoch, initial_state, weights_of
from latentrack.model.settings import LEARNING_RATE, Settings

SHARE = 0.05
"""The epochs each pair of layers gets, as a share of those of the whole."""


def layer_by_layer(
    model: Autoencoder, cells: NDArray[np.uint8], settings: Settings, rng: np.random.Generator
) -> Autoencoder:
    """The model with each encoder layer and its mirror in the decoder trained on their own.

    cells: (n, steps × voices). The decoder must mirror the encoder.
    """
    scale = model.info.latent_scale
    encoder, decoder = [*model.encoder, model.mean], list(model.decoder)
    values: NDArray[Any] = cells
    for depth, layer in enumerate(encoder):
        mirror, last = len(decoder) - 1 - depth, depth == len(encoder) - 1
        down, up = _pair(values, layer, decoder[mirror], scale if last else 0, settings, rng)
        encoder[depth], decoder[mirror] = down, up
        values = np.concatenate(
            [np.maximum(down(np.asarray(piece, np.float32)), 0) for piece in pieces(values)]
        )
    return Autoencoder(model.info, tuple(encoder[:-1]), encoder[-1], None, tuple(decoder))


def _pair(
    values: NDArray[Any],
    down: Dense,
    up: Dense,
    scale: int,
    settings: Settings,
    rng: np.random.Generator,
) -> tuple[Dense, Dense]:
    """One layer (bounded by `scale`, or ReLU for 0) and its mirror, trained on `values`.

    Cells are binary, and their loss is the cross-entropy; what layers make of them is not, and
    has the squared error.
    """
    tf = import_tensorflow()
    binary = values.dtype == np.uint8

    def loss(weights: Sequence[Any], wanted: Any) -> tuple[Any, Any]:
        code = tf.matmul(wanted, weights[0]) + weights[1]
        code = scale * tf.tanh(code) if scale else tf.nn.relu(code)
        made = tf.matmul(code, weights[2]) + weights[3]
        if binary:
            error = tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=made)
        else:
            error = tf.square(tf.nn.relu(made) - wanted)
        mean = tf.reduce_mean(tf.reduce_sum(error, axis=1))
        return mean, mean

    batch = settings.batch_size or 1
    batches = len(values) // batch
    weights = [down.weights, down.bias, up.weights, up.bias]
    state = initial_state(weights)
    epochs = max(5, round(SHARE * (settings.epochs or 1)))
    run = compiled_epoch(loss, values, weights, [], batches, steps=epochs * batches)
    rates = np.full(batches, settings.learning_rate or LEARNING_RATE, np.float32)
    for _ in range(epochs):
        order = rng.permutation(len(values))[: batches * batch].reshape(batches, batch)
        state, _mean = run(state, tf.constant(order.astype(np.int32)), tf.constant(rates))
    trained = weights_of(state, weights)
    return Dense(trained[0], trained[1]), Dense(trained[2], trained[3])
