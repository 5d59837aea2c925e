"""Training: from a Dataset to a model, an epoch at a time in one compiled function.

The data lies in memory as one tensor and XLA compiles the loop over its batches, gradients
and Adam included, so an epoch of 16,000 bars takes a tenth of a second. The learning rate
falls along a cosine, the Kullback-Leibler term grows from nothing at the start (else a latent
may die before it has learnt anything), and the weights kept are those that serve music best
which the training has not seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentrack.decoder.metadata import KINDS, DecoderInfo
from latentrack.decoder.quiet import import_tensorflow
from latentrack.errors import UserError
from latentrack.model.vae import Array, Dense, Vae, linear_taper, new_vae

if TYPE_CHECKING:
    from latentrack.corpus.dataset import Dataset

FEWEST_SEQUENCES = 20
"""With fewer there is nothing to learn."""
FEWEST_TO_HOLD_OUT = 500
"""Below this every sequence is needed for training, and none is held back to check with."""
FEWEST_SOURCES_TO_HOLD_OUT = 10
_STEPS = 30_000
_MOST_EPOCHS = 3000


@dataclass(frozen=True)
class Settings:
    """How to train. The names are the ones of the reference's articles.

    epochs, batch_size: None chooses by the size of the dataset (about 30,000 steps in all).
    kl_warmup: the share of the training during which the KL term grows to its full weight.
    prior_width: the standard deviation the KL term pulls the latents towards, 1 in the
    articles; wider ones fill the space within ± latent_scale more evenly.
    held_out: the share of the sequences, by whole files, that only choose the best weights.
    """

    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float = 0.004
    latent_dim: int = 3
    hidden_layers: int = 2
    latent_scale: int = 3
    kl_warmup: float = 0.15
    prior_width: float = 1.4
    held_out: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        ranges = {
            "epochs": (1 if self.epochs is None else self.epochs, 1, 1_000_000),
            "batch_size": (1 if self.batch_size is None else self.batch_size, 1, 1_000_000),
            "latent_dim": (self.latent_dim, 1, 8),
            "hidden_layers": (self.hidden_layers, 1, 8),
            "latent_scale": (self.latent_scale, 1, 255),
            "kl_warmup": (self.kl_warmup, 0, 1),
            "held_out": (self.held_out, 0, 0.9),
        }
        for name, (value, low, high) in ranges.items():
            if not low <= value <= high:
                raise UserError(f"{name} is {value}: choose {low} to {high}.")
        for name, rate in (
            ("learning_rate", self.learning_rate),
            ("prior_width", self.prior_width),
        ):
            if not 0 < rate < 10:
                raise UserError(f"{name} is {rate}: choose a number above 0 and below 10.")


@dataclass(frozen=True)
class Epoch:
    """One epoch: its number (from 1), how many there will be, the mean loss of a sequence in
    nats (cross-entropy summed over the cells, plus KL), and the cross-entropy a cell of the
    held-out sequences decoded at their means (None without any)."""

    number: int
    of: int
    loss: float
    held_out: float | None
    best: bool


@dataclass(frozen=True)
class Training:
    """What came of it: the model with the best weights, and the sequences it was trained on
    and checked with, as indices into the dataset."""

    model: Vae
    history: tuple[Epoch, ...]
    trained_on: NDArray[np.intp]
    held_out: NDArray[np.intp]
    interrupted: bool

    @property
    def best(self) -> Epoch:
        """The epoch whose weights the model has."""
        return [epoch for epoch in self.history if epoch.best][-1]


def train(
    dataset: Dataset,
    settings: Settings | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Training:
    """Train a model on `dataset`; the same dataset, settings and machine give the same model.

    `on_epoch` hears of each epoch as it ends. KeyboardInterrupt ends the training and keeps
    the best so far (it goes on to the caller if no epoch had ended). UserError: fewer than 20
    sequences, nothing but silence, or more steps, voices or latents than a model file holds.
    """
    settings = settings or Settings()
    info = _info(dataset, settings)
    chosen, held = split_by_source(dataset.sources, settings.held_out)
    cells = info.steps * info.voices
    sequences = dataset.sequences[chosen].reshape(-1, cells)
    checks = dataset.sequences[held]

    batch = min(settings.batch_size or (32 if len(chosen) >= 1000 else 16), len(chosen))
    batches = len(chosen) // batch
    epochs = settings.epochs or max(60, min(_MOST_EPOCHS, round(_STEPS / batches)))
    rng = np.random.default_rng(settings.seed)
    model = new_vae(info, linear_taper(cells, settings.latent_dim, settings.hidden_layers), rng)
    warm_from = 1 + math.ceil(epochs * settings.kl_warmup)
    kept = model
    history: list[Epoch] = []
    interrupted = False
    try:
        # Networks this small gain nothing from a graphics card, and repeat exactly without.
        tf = import_tensorflow()
        with tf.device("/CPU:0"):
            state = _initial_state(model)
            shape = (batches, batch, settings.latent_dim)
            run = _compiled_epoch(model, sequences, state, shape, settings.prior_width)
            for number in range(1, epochs + 1):
                order = rng.permutation(len(chosen))[: batches * batch].reshape(batches, batch)
                noise = rng.standard_normal(shape, np.float32)
                rates, kl_weights = _schedule(number, epochs, batches, settings)
                inputs = (order.astype(np.int32), noise, rates, kl_weights)
                state, loss = run(state, *map(tf.constant, inputs))
                loss = float(loss)
                if not math.isfinite(loss):
                    raise UserError(
                        f"The training ran away (loss {loss}): try a learning rate below "
                        f"{settings.learning_rate}."
                    )
                current = _with_weights(model, [np.asarray(value) for value in state[0]])
                check = cross_entropy(current, checks) if len(held) else None
                best = _is_best(history, check, warm_from)
                if best:
                    kept = current
                history.append(Epoch(number, epochs, loss, check, best))
                if on_epoch:
                    on_epoch(history[-1])
    except KeyboardInterrupt:
        if not history:
            raise
        interrupted = True
    return Training(kept, tuple(history), chosen, held, interrupted)


def split_by_source(
    sources: Sequence[str], share: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices to train on and indices held out: about `share` of the sequences, by whole files.

    Bars of one file resemble each other, so a file is never on both sides. The choice depends
    on the names only. Nothing is held out of a small corpus (see FEWEST_…).
    """
    everything = np.arange(len(sources))
    names = sorted(set(sources))
    if len(sources) < FEWEST_TO_HOLD_OUT or len(names) < FEWEST_SOURCES_TO_HOLD_OUT:
        return everything, everything[:0]
    counts = {name: 0 for name in names}
    for name in sources:
        counts[name] += 1
    wanted, held = share * len(sources), set()
    for i in np.random.default_rng(0).permutation(len(names)):
        # Passing over a file that is too large keeps one long recording from being held out.
        if counts[names[i]] <= wanted:
            held.add(names[i])
            wanted -= counts[names[i]]
    mask = np.array([name in held for name in sources])
    return everything[~mask], everything[mask]


def cross_entropy(model: Vae, sequences: NDArray[np.uint8]) -> float:
    """The binary cross-entropy a cell, in nats, of sequences decoded at their own means."""
    probabilities = model.decode(model.encode(sequences))
    likelihood = np.where(sequences, probabilities, 1 - probabilities)
    return float(-np.log(np.maximum(likelihood, 1e-7)).mean())


def vae_loss(
    weights: Sequence[Any],
    layers: tuple[int, int],
    cells: Any,
    noise: Any,
    latent_scale: float,
    prior_width: float,
    kl_weight: Any,
) -> Any:
    """The loss of each sequence of a batch, in nats: cross-entropy + kl_weight × KL.

    The cross-entropy is summed over the cells. KL is that of a normal distribution N(m, s²)
    from N(0, p²), summed over the latents: ((s² + m²) / p² - 1 - ln(s² / p²)) / 2 (Kingma and
    Welling 2013, appendix B, for p = 1). The place decoded is m + s × noise.
    weights: as `flat_weights` orders them; layers: how many the encoder and the decoder have.
    """
    tf = import_tensorflow()

    pairs = iter(zip(weights[::2], weights[1::2], strict=True))

    def dense(values: Any) -> Any:
        matrix, bias = next(pairs)
        return tf.matmul(values, matrix) + bias

    values = cells
    for _ in range(layers[0]):
        values = tf.nn.relu(dense(values))
    mean = latent_scale * tf.tanh(dense(values))
    log_variance = latent_scale * tf.tanh(dense(values))
    values = mean + tf.exp(0.5 * log_variance) * noise
    for _ in range(layers[1] - 1):
        values = tf.nn.relu(dense(values))
    logits = dense(values)
    entropy = tf.reduce_sum(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=cells, logits=logits), axis=1
    )
    width = prior_width**2
    spread = (tf.exp(log_variance) + tf.square(mean)) / width
    kl = 0.5 * tf.reduce_sum(spread - 1.0 - log_variance + math.log(width), axis=1)
    return entropy + kl_weight * kl


def flat_weights(model: Vae) -> list[Array]:
    """Matrix, bias, matrix, bias, … of encoder, mean, log-variance, decoder."""
    layers = (*model.encoder, model.mean, model.log_variance, *model.decoder)
    return [array for layer in layers for array in (layer.weights, layer.bias)]


def _with_weights(model: Vae, weights: Sequence[Array]) -> Vae:
    """`model` with other weights, in the order of `flat_weights`."""
    layers: Iterator[Dense] = iter(
        Dense(a, b) for a, b in zip(weights[::2], weights[1::2], strict=True)
    )
    encoder = tuple(next(layers) for _ in model.encoder)
    mean, log_variance = next(layers), next(layers)
    return Vae(model.info, encoder, mean, log_variance, tuple(layers))


def _info(dataset: Dataset, settings: Settings) -> DecoderInfo:
    """What the model's cells will be; UserError where the dataset cannot be learnt."""
    count, steps, voices = dataset.sequences.shape
    if count < FEWEST_SEQUENCES:
        raise UserError(
            f"The dataset has {count} sequences, and a model needs at least {FEWEST_SEQUENCES}: "
            "add music, or filter less."
        )
    if not dataset.sequences.any():
        raise UserError("The dataset is silent, not one hit in it: make it of other music.")
    if steps > 255 or voices > 255:
        raise UserError(
            f"The dataset's sequences are {steps} steps × {voices} voices, and a model file "
            "has room for 255 × 255: make shorter ones."
        )
    groups = dataset.groups
    if dataset.kind == "rhythm":
        groups = (1,) * voices
    return DecoderInfo(
        KINDS[dataset.kind],
        steps,
        voices,
        settings.latent_scale,
        () if dataset.kind == "notes" else groups,
    )


def _schedule(number: int, epochs: int, batches: int, settings: Settings) -> tuple[Array, Array]:
    """Learning rate and weight of the KL term at each batch of an epoch."""
    progress = (np.arange(batches) + (number - 1) * batches) / (epochs * batches)
    rates = settings.learning_rate * 0.5 * (1 + np.cos(np.pi * progress))
    warm = np.ones(batches)
    if settings.kl_warmup:
        warm = np.minimum(1, progress / settings.kl_warmup)
    return rates.astype(np.float32), warm.astype(np.float32)


def _is_best(history: Sequence[Epoch], check: float | None, warm_from: int) -> bool:
    """Whether the epoch that has just ended serves the held-out sequences best so far.

    With none held out the latest is best. While the KL term is still growing it is too, for
    those epochs reproduce well what they are not yet made to order in space.
    """
    number = len(history) + 1
    if check is None or number <= warm_from:
        return True
    return all(check < e.held_out for e in history[warm_from - 1 :] if e.held_out is not None)


def _initial_state(model: Vae) -> tuple[Any, Any, Any, Any]:
    """Weights, Adam's two moments, and the number of steps done."""
    tf = import_tensorflow()

    weights = [tf.constant(value) for value in flat_weights(model)]
    zeros = [tf.zeros_like(value) for value in weights]
    return weights, zeros, list(zeros), tf.constant(0.0)


def _compiled_epoch(
    model: Vae,
    sequences: NDArray[np.uint8],
    state: Any,
    shape: tuple[int, int, int],
    prior_width: float,
) -> Any:
    """The function that runs one epoch: (state, order, noise, rates, kl weights) -> (state, loss).

    `shape` is (batches, batch, latents), that of the noise. order: (batches, batch) indices of
    sequences; rates, kl weights: one a batch.
    """
    tf = import_tensorflow()

    data = tf.constant(sequences)
    layers = (len(model.encoder), len(model.decoder))
    scale = float(model.info.latent_scale)
    decay, decay2, tiny = 0.9, 0.999, 1e-7  # Adam's, as Keras has them

    def run(state: Any, order: Any, noise: Any, rates: Any, kl_weights: Any) -> Any:
        def step(i: Any, total: Any, weights: Any, first: Any, second: Any, count: Any) -> Any:
            cells = tf.cast(tf.gather(data, order[i]), tf.float32)
            with tf.GradientTape() as tape:
                tape.watch(weights)
                loss = tf.reduce_mean(
                    vae_loss(weights, layers, cells, noise[i], scale, prior_width, kl_weights[i])
                )
            slopes = tape.gradient(loss, weights)
            count += 1.0
            first = [decay * m + (1 - decay) * g for m, g in zip(first, slopes, strict=True)]
            second = [
                decay2 * v + (1 - decay2) * g * g for v, g in zip(second, slopes, strict=True)
            ]
            rate = rates[i] * tf.sqrt(1 - decay2**count) / (1 - decay**count)
            weights = [
                w - rate * m / (tf.sqrt(v) + tiny)
                for w, m, v in zip(weights, first, second, strict=True)
            ]
            return i + 1, total + loss, weights, first, second, count

        _, total, *state = tf.while_loop(
            lambda i, *_: i < shape[0], step, (tf.constant(0), tf.constant(0.0), *state)
        )
        return tuple(state), total / shape[0]

    signature = (
        tf.nest.map_structure(lambda value: tf.TensorSpec(value.shape, value.dtype), state),
        tf.TensorSpec(shape[:2], tf.int32),
        tf.TensorSpec(shape, tf.float32),
        tf.TensorSpec(shape[:1], tf.float32),
        tf.TensorSpec(shape[:1], tf.float32),
    )
    compiled = tf.function(run, jit_compile=True, autograph=False)
    return compiled.get_concrete_function(*signature)
