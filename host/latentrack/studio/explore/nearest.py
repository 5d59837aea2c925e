"""The position in latent space whose pattern comes nearest to one that was drawn.

The decoder is made of dense layers and ReLUs, so its gradient is a few lines: from several starts
at once the latents go downhill on the cross-entropy between what was drawn and what sounds, which
becomes sharper on the way until only the threshold counts, and the position with the fewest wrong
cells is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from latentrack.model.autoencoder import Array, Autoencoder

ROUNDS = 60
_FIRST_STRIDE = 0.08  # of the space's half
_FAR = 30.0  # a logit that nothing comes above
_LOOK_EVERY = 4
_SHARPEST = 16


@dataclass(frozen=True)
class Nearest:
    """latents: the position.  wrong: the cells that sound otherwise there, by their weights."""

    latents: Array
    wrong: float


def nearest(
    model: Autoencoder,
    wanted: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float32],
    starts: npt.ArrayLike,
    cut: npt.NDArray[np.float32],
    sounding: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.bool_]],
    rounds: int = ROUNDS,
) -> Nearest:
    """wanted, and how much each cell weighs: (steps, voices).  starts: (n, latents).  cut: the
    logit above which each voice sounds.  sounding: what sounds of the logits (steps, voices) of
    one position.

    Adam (Kingma and Ba 2015) with strides that become shorter; latents stay within ± latent_scale.
    """
    scale = model.info.latent_scale
    positions = np.clip(np.atleast_2d(np.asarray(starts, np.float32)), -scale, scale)
    goal, weight = wanted.reshape(-1).astype(np.float32), weights.reshape(-1)
    offset = np.tile(np.clip(cut, -_FAR, _FAR), len(wanted))
    mean, square = np.zeros_like(positions), np.zeros_like(positions)
    best: Nearest | None = None
    best_loss = np.inf
    for number in range(rounds + 1):
        layers = forward(model, positions)
        sharp = 1 + (_SHARPEST - 1) * number / rounds
        above = sharp * (layers[-1] - offset)
        if number % _LOOK_EVERY == 0 or number == rounds:
            # Whole cells first, then the loss: it says how firmly they stand.
            losses = (np.logaddexp(0, above) - goal * above) @ weight / sharp
            rough = ((above > 0) != wanted.reshape(-1)) @ weight
            for index in np.lexsort((losses, rough))[:2]:
                sounds = sounding(layers[-1][index].reshape(wanted.shape))
                wrong = float(weights[sounds != wanted].sum())
                if best is None or (wrong, losses[index]) < (best.wrong, best_loss):
                    best = Nearest(positions[index].copy(), wrong)
                    best_loss = float(losses[index])
        if number == rounds:
            break
        error = np.asarray((0.5 + 0.5 * np.tanh(0.5 * above) - goal) * weight, np.float32)
        gradient = backward(model, layers, error)
        mean = 0.8 * mean + 0.2 * gradient
        square = 0.95 * square + 0.05 * gradient**2
        ahead = mean / (1 - 0.8 ** (number + 1))
        size = np.sqrt(square / (1 - 0.95 ** (number + 1))) + 1e-6
        stride = _FIRST_STRIDE * scale * (1 - number / rounds)
        positions = np.clip(positions - stride * ahead / size, -scale, scale).astype(np.float32)
    assert best is not None
    return best


def forward(model: Autoencoder, positions: Array) -> list[Array]:
    """What each layer of the decoder gives at latents (n, latents), the logits (n, cells) last."""
    given = []
    values = positions
    for layer in model.decoder[:-1]:
        values = np.maximum(layer(values), 0)
        given.append(values)
    return [*given, model.decoder[-1](values)]


def backward(model: Autoencoder, given: list[Array], error: Array) -> Array:
    """The gradient by the latents (n, latents), from that by the logits (n, cells).

    given: what `forward` gave there.
    """
    back = error
    for depth in range(len(model.decoder) - 1, -1, -1):
        back = back @ model.decoder[depth].weights.T
        if depth:
            back = back * (given[depth - 1] > 0)
    return np.asarray(back, np.float32)
