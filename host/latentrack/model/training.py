"""Train a model on a Dataset.

The learning rate falls along a cosine, the Kullback-Leibler term grows from nothing at the start
(else a latent may collapse before it has learnt anything), and the weights kept are those with the
lowest validation loss. A latent that has collapsed all the same is noticed at the end, and another
seed is tried. `optimiser` runs the epochs, `loss` says what they make small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentrack.declared import declarations
from latentrack.decoder.metadata import DecoderInfo
from latentrack.decoder.quiet import import_tensorflow
from latentrack.errors import UserError
from latentrack.model.attributes import wanted_axes
from latentrack.model.autoencoder import (
    Array,
    Autoencoder,
    flat_weights,
    new_autoencoder,
    pieces,
    weight_count,
    weight_shapes,
    with_weights,
)
from latentrack.model.expected import Order, order_by
from latentrack.model.feel import Feel
from latentrack.model.feel_training import train_feel, wanted_latents
from latentrack.model.loss import PlainLoss, VaeLoss
from latentrack.model.optimiser import compiled_epoch, initial_state, weights_of
from latentrack.model.plan import plan
from latentrack.model.settings import LEARNING_RATE, Settings
from latentrack.model.stacked import layer_by_layer
from latentrack.model.tapers import hidden_sizes, with_taper
from latentrack.model.variations import FEW_SEQUENCES, material
from latentrack.playing.kinds import Kind
from latentrack.words import agree, count, listed

if TYPE_CHECKING:
    from latentrack.corpus.dataset import Dataset

FEWEST_TO_HOLD_OUT = 500
"""Below this every sequence is needed for training, and none is held back to check with."""
FEWEST_SOURCES_TO_HOLD_OUT = 10
IN_LARGE_CORPORA = {
    name: declared.large
    for name, declared in declarations(Settings).items()
    if declared.large is not None
}
"""What these settings of a variational autoencoder are by default from 500 sequences on, found on
Groove's validation files. Below, a corpus is to be learnt by heart: the encoder is the decoder's
mirror, and the others are 0."""
RATE_OF_FEW = 0.002
"""The learning rate for fewer than FEW_SEQUENCES. With LEARNING_RATE, 2 of 5 models with three
latents lost more than a tenth of 16 bars, one of them almost all."""
COLLAPSED_SPREAD = 0.05
"""A latent is collapsed when its means spread (standard deviation) over less than this share of
latent_scale: whatever is encoded, it says the same. Living ones reach 0.4 and more."""
PART_CELLS = 1 << 25
_PART_WORK = 1 << 36
"""An epoch is run in parts of at most so many cells of random bytes, and so many weights times
sequences, some seconds: so memory stays small, and a long epoch can be watched and ended."""
PACKED_CELLS = 1 << 26
"""Where the music has more cells than these, a byte has eight of them: less memory, and slower."""
STEPS = 30_000
"""A training takes about so many batches, where nobody says how many epochs."""
_MOST_EPOCHS = 3000


@dataclass(frozen=True)
class Epoch:
    """One epoch: its number (from 1), how many there will be, the mean loss of a sequence in
    nats (cross-entropy summed over the cells, plus KL), and the cross-entropy a cell of the
    validation set decoded at its means (None without any). Where a training goes on from a
    model, that model is number 0, and its loss is not known (NaN)."""

    number: int
    of: int
    loss: float
    validation_loss: float | None
    best: bool

    @property
    def judged(self) -> str:
        """The loss that judges it, with its name and unit, as words."""
        if self.validation_loss is None:
            return f"loss {self.loss:.2f} nats a sequence"
        return f"validation loss {self.validation_loss:.4f} nats a cell"


@dataclass(frozen=True)
class Training:
    """What came of it: the model with the best weights, and the sequences it was trained on
    and checked with, as indices into the dataset.

    settings: as they were used, with the numbers of epochs and so on that None left open, and
    the seed that gave the model.  abandoned: seeds tried before that left a collapsed latent.
    collapsed_latents: those of the model, where every restart had some.  feel: how hard and how
    early or late hits are played, where the settings ask for it.
    """

    model: Autoencoder
    history: tuple[Epoch, ...]
    trained_on: NDArray[np.intp]
    validated_on: NDArray[np.intp]
    interrupted: bool
    settings: Settings
    abandoned: tuple[int, ...] = ()
    collapsed_latents: tuple[int, ...] = ()
    feel: Feel | None = None

    @property
    def best(self) -> Epoch:
        """The epoch whose weights the model has."""
        return [epoch for epoch in self.history if epoch.best][-1]

    def __repr__(self) -> str:
        known = sum(1 for epoch in self.history if epoch.number)
        return (
            f"<Training of {self.settings.model}: {count(len(self.trained_on), 'sequence')}, "
            f"{count(known, 'epoch')}, best {self.best.number} with {self.best.judged}"
            f"{', interrupted' if self.interrupted else ''}>"
        )


OnModel = Callable[[Autoencoder, Callable[[], Training]], None]
"""Hears after each epoch of the model as it is now, and of a function that gives the training as
it would be if it ended here. To look at either costs time, to be told of them does not."""


def train(
    dataset: Dataset,
    settings: Settings | None = None,
    *,
    on_epoch: Callable[[Epoch], None] | None = None,
    on_restart: Callable[[str], None] | None = None,
    validated_on: Sequence[int] | NDArray[np.integer[Any]] | None = None,
    start: Autoencoder | None = None,
    on_model: OnModel | None = None,
    on_part: Callable[[float], None] | None = None,
    on_feel: Callable[[float], None] | None = None,
) -> Training:
    """Train a model on a dataset.

    The same dataset, settings and machine give the same model. KeyboardInterrupt (Ctrl-C) ends the
    training and keeps the best so far; it goes on to the caller if no epoch had ended. Listeners
    may raise it too.

    Parameters
    ----------
    dataset : Dataset
        At least one sequence, not all silent. Of fewer than 20 to train on, variations are learnt
        beside them, unless `settings.variations` is "none".
    settings : Settings, default None
        How to train. None is `Settings()`.
    on_epoch : callable, default None
        Called with each `Epoch` as it ends.
    on_restart : callable, default None
        Called with a sentence when a latent has collapsed and another seed is tried.
    validated_on : sequence of int, default None
        Indices of the validation set. None takes `settings.validation_split` of the sequences, by
        whole files.
    start : Autoencoder, default None
        A model to train on from, with the sizes that the settings say.
    on_model : callable, default None
        Called after `on_epoch`; see `OnModel`.
    on_part : callable, default None
        Called with the share of the training that is done, 0 to 1, in a long epoch more than once.
    on_feel : callable, default None
        The same while the feel is trained, which comes after that.

    Returns
    -------
    Training
        The model with the best weights, its history, and the settings as they were used.

    Raises
    ------
    UserError
        If the dataset is too small or silent, or has more steps, voices or latents than a model
        file holds, or if the model does not fit into this computer's memory; if a feel is asked for
        of music without dynamics, or an axis that the model or the music does not have.

    Examples
    --------
    >>> import latentrack as lt
    >>> music = lt.Dataset.load("groove.npz")
    >>> lt.train(music, lt.Settings(epochs=2, hidden_layers=1))
    <Training of vae: 473 sequences, 2 epochs, best 2 with loss ... nats a sequence>
    """
    settings = settings or Settings()
    info = decoder_info(dataset, settings.latent_scale)
    cells = dataset.steps * dataset.voices
    feels, axes = wanted_latents(dataset, settings), wanted_axes(dataset, settings)
    plan(len(dataset), cells, settings, feel=feels).check_memory()
    if validated_on is None:
        chosen, held = split_by_source(dataset.sources, settings.validation_split)
    else:
        mask = np.zeros(len(dataset), bool)
        mask[np.asarray(validated_on, np.intp)] = True
        chosen, held = np.flatnonzero(~mask), np.flatnonzero(mask)
    learnt = material(dataset, chosen, settings)
    used = replace(_resolved(settings, len(learnt.drawn), cells, len(chosen)), axes=axes)
    abandoned: list[int] = []

    def heard(current: Autoencoder, kept: Autoencoder, history: list[Epoch]) -> None:
        if on_model:
            on_model(current, lambda: outcome(kept, tuple(history), True))

    def outcome(
        model: Autoencoder,
        history: tuple[Epoch, ...],
        interrupted: bool,
        collapsed: tuple[int, ...] = (),
    ) -> Training:
        return Training(
            model, history, chosen, held, interrupted, used, tuple(abandoned), collapsed
        )

    # Networks this small gain nothing from a graphics card, and repeat exactly without.
    with import_tensorflow().device("/CPU:0"):
        order = order_by(axes, learnt.music) if axes else None
        trainer = _Trainer(info, learnt.music.sequences, learnt.drawn, held, used, on_part, order)
        while True:
            model, history, interrupted = trainer.attempt(used, start, on_epoch, heard)
            collapsed = collapsed_latents(model, rows(learnt.music.sequences, learnt.drawn))
            done = not collapsed or interrupted or start or len(abandoned) >= used.restarts
            if done:
                break
            abandoned.append(used.seed)
            used = replace(used, seed=used.seed + 1)
            if on_restart:
                on_restart(
                    f"{named_latents(collapsed)} {agree(len(collapsed), 'has', 'have')} collapsed, "
                    f"{agree(len(collapsed), 'a knob', 'knobs')} that would change nothing: "
                    f"beginning again with seed {used.seed}."
                )
        ended = outcome(model, history, interrupted, collapsed)
        if not feels or interrupted:
            return ended
        try:
            feel = train_feel(learnt.music, model, learnt.drawn, used, feels, on_feel)
        except KeyboardInterrupt:
            return replace(ended, interrupted=True)
        return replace(ended, feel=feel)


class _Trainer:
    """A compiled epoch with its data, for as many attempts as it takes."""

    def __init__(
        self,
        info: DecoderInfo,
        sequences: NDArray[np.uint8],
        chosen: NDArray[np.intp],
        held: NDArray[np.intp],
        settings: Settings,
        on_part: Callable[[float], None] | None = None,
        order: Order | None = None,
    ) -> None:
        self.order = order
        self.info, self.chosen, self.checks = info, chosen, sequences[held]
        self.cells = sequences.reshape(len(sequences), -1)
        self.batch = settings.batch_size or 1
        cells = self.cells.shape[1]
        self.sizes = hidden_sizes(settings, cells)
        weights = weight_count(weight_shapes(cells, self.sizes[0], settings.latents, self.sizes[1]))
        most = min(PART_CELLS // cells, _PART_WORK // weights) // self.batch
        # All parts have as many batches, for each other number would have to be compiled.
        batches = len(chosen) // self.batch
        self.parts = -(-batches // max(1, most))
        self.batches = batches // self.parts * self.parts
        self.on_part = on_part
        # TensorFlow makes copies. The validation set is never drawn of it.
        packed = self.cells.size > PACKED_CELLS
        self.bits = cells if packed else 0
        music = np.packbits(self.cells, axis=1) if packed else self.cells
        self.music = import_tensorflow().constant(music)
        self.run: Any = None

    def attempt(
        self,
        settings: Settings,
        start: Autoencoder | None,
        on_epoch: Callable[[Epoch], None] | None,
        on_model: Callable[[Autoencoder, Autoencoder, list[Epoch]], None],
    ) -> tuple[Autoencoder, tuple[Epoch, ...], bool]:
        """One training with one seed: the best model, the history, whether it was interrupted."""
        tf = import_tensorflow()
        rng = np.random.default_rng(settings.seed)
        epochs = settings.epochs or 1
        history: list[Epoch] = []
        try:
            kept = current = start or self._untrained(settings, rng)
            weights = flat_weights(current)
            state = initial_state(weights)
            schedule = Schedule(settings, self.batches, warm=start is not None)
            if start:
                known = cross_entropy(start, self.checks) if len(self.checks) else None
                history.append(Epoch(0, epochs, math.nan, known, True))
            for number in range(1, epochs + 1):
                order = rng.permutation(len(self.chosen))[: self.batches * self.batch]
                order = self.chosen[order].reshape(self.batches, self.batch).astype(np.int32)
                each: list[NDArray[Any]] = [order, schedule.rates(number)]
                if settings.model == "vae":
                    each.append(schedule.kl_weights(number))
                    noise = (self.batches, self.batch, settings.latents)
                    each.append(rng.standard_normal(noise, np.float32))
                losses = []
                for part in range(self.parts):
                    first, *others = (np.split(array, self.parts)[part] for array in each)
                    inputs = [*others[1:], *self._random_bytes(settings, rng)]
                    if self.order:
                        inputs.append(self.order.ranks[first])
                    if self.run is None:
                        loss = _loss(settings, current, self.order)
                        batches = self.batches // self.parts
                        self.run = compiled_epoch(
                            loss,
                            self.music,
                            weights,
                            inputs,
                            batches,
                            self.bits,
                            steps=epochs * self.batches,
                        )
                    state, mean = self.run(state, *map(tf.constant, (first, others[0], *inputs)))
                    losses.append(float(mean))
                    if self.on_part:
                        self.on_part((number - 1 + (part + 1) / self.parts) / epochs)
                mean = sum(losses) / self.parts
                if not math.isfinite(mean):
                    raise UserError(
                        f"The training ran away (loss {mean}): try a learning rate below "
                        f"{settings.learning_rate}."
                    )
                current = with_weights(current, weights_of(state, weights))
                check = cross_entropy(current, self.checks) if len(self.checks) else None
                best = _is_best(history, check, schedule.warm_from)
                if best:
                    kept = current
                history.append(Epoch(number, epochs, mean, check, best))
                if on_epoch:
                    on_epoch(history[-1])
                on_model(current, kept, history)
                if schedule.has_ended(mean if check is None else check):
                    break
        except KeyboardInterrupt:
            if not history or (start and len(history) == 1):
                raise
            return kept, tuple(history), True
        return kept, tuple(history), False

    def _untrained(self, settings: Settings, rng: np.random.Generator) -> Autoencoder:
        encoder, decoder = self.sizes
        variational = settings.model == "vae"
        model = new_autoencoder(self.info, encoder, settings.latents, decoder, rng, variational)
        if variational:
            return model
        return layer_by_layer(model, rows(self.cells, self.chosen), settings, rng)

    def _random_bytes(
        self, settings: Settings, rng: np.random.Generator
    ) -> list[NDArray[np.uint8]]:
        """Random bytes of a part of an epoch, for what the encoder does not see or replay."""
        if settings.model != "vae":
            return []
        shape = (self.batches // self.parts, self.batch, self.cells.shape[1])
        uses = [share for share in (settings.input_dropout, settings.replay) if share]
        return [rng.integers(0, 256, shape, np.uint8) for _ in uses]


class Schedule:
    """Learning rate and weight of the KL term, batch by batch."""

    def __init__(self, settings: Settings, batches: int, warm: bool) -> None:
        self.settings, self.batches = settings, batches
        self.warmup = 0.0 if warm or settings.model != "vae" else settings.kl_warmup
        self.warm_from = 1 + math.ceil((settings.epochs or 1) * self.warmup)
        self._rate = settings.learning_rate or LEARNING_RATE
        self._heard = self._waited = 0
        self._lowest_loss = math.inf

    def rates(self, number: int) -> Array:
        """Of the batches of an epoch, counted from 1."""
        lowest = self.settings.min_learning_rate
        highest = self.settings.learning_rate or LEARNING_RATE
        if self.settings.patience:
            return np.full(self.batches, self._rate, np.float32)
        falling = 0.5 * (1 + np.cos(np.pi * self._progress(number)))
        return np.asarray(lowest + max(0.0, highest - lowest) * falling, np.float32)

    def kl_weights(self, number: int) -> Array:
        """The factor of the KL weight for each batch of epoch `number`, 0 to 1: (batches,)."""
        if not self.warmup:
            return np.ones(self.batches, np.float32)
        return np.minimum(1, self._progress(number) / self.warmup).astype(np.float32)

    def has_ended(self, loss: float) -> bool:
        """Hears of each epoch's loss; True when patience and learning rate are both at an end."""
        if not self.settings.patience:
            return False
        self._heard += 1
        # While the KL term grows, so does the loss.
        if self._heard < self.warm_from or loss < self._lowest_loss:
            self._lowest_loss = loss
            self._waited = 0
            return False
        self._waited += 1
        if self._waited < self.settings.patience:
            return False
        lowest = max(self.settings.min_learning_rate, 1e-6)
        if self._rate <= lowest:
            return True
        self._rate, self._waited = max(lowest, self._rate * self.settings.factor), 0
        return False

    def _progress(self, number: int) -> NDArray[np.float64]:
        """How much of the training each batch has behind it, 0 to 1."""
        batch = np.arange(self.batches) + (number - 1) * self.batches
        return np.asarray(batch / ((self.settings.epochs or 1) * self.batches), np.float64)


def can_hold_out(sources: Sequence[str]) -> bool:
    """Whether a corpus is large enough for a validation set."""
    few_files = len(set(sources)) < FEWEST_SOURCES_TO_HOLD_OUT
    return len(sources) >= FEWEST_TO_HOLD_OUT and not few_files


def split_by_source(
    sources: Sequence[str], share: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the training set and of the validation set.

    The validation set has about `share` of the sequences, by whole files.

    Bars of one file resemble each other, so a file is never on both sides. The choice depends
    on the names only. A small corpus has no validation set (see FEWEST_…).
    """
    everything = np.arange(len(sources))
    names = sorted(set(sources))
    if not can_hold_out(sources):
        return everything, everything[:0]
    counts = {name: 0 for name in names}
    for name in sources:
        counts[name] += 1
    wanted, held = share * len(sources), set()
    for i in np.random.default_rng(0).permutation(len(names)):
        # Passing over a file that is too large keeps one long recording out of the validation set.
        if counts[names[i]] <= wanted:
            held.add(names[i])
            wanted -= counts[names[i]]
    mask = np.array([name in held for name in sources])
    return everything[~mask], everything[mask]


def rows(sequences: NDArray[np.uint8], which: NDArray[np.intp]) -> NDArray[np.uint8]:
    """The sequences at these indices, which ascend; not copied where they are all."""
    return sequences if len(which) == len(sequences) else sequences[which]


def cross_entropy(model: Autoencoder, sequences: NDArray[np.uint8]) -> float:
    """The binary cross-entropy a cell, in nats, of sequences decoded at their own means."""
    total = 0.0
    for piece in pieces(sequences):
        logits = model.logits(model.encode(piece))
        # ln(1 + e^x) - x·cell, in a form that overflows nowhere and loses no small probability.
        entropy = np.maximum(logits, 0) - logits * piece + np.log1p(np.exp(-np.abs(logits)))
        total += float(entropy.sum(dtype=np.float64))
    return total / max(1, sequences.size)


def collapsed_latents(model: Autoencoder, sequences: NDArray[np.uint8]) -> tuple[int, ...]:
    """The latents (from 0) whose means are the same whatever is encoded; see COLLAPSED_SPREAD.

    None of them where there is only one sequence, once or several times.
    """
    spread = model.encode(sequences).std(axis=0) / model.info.latent_scale
    if (spread < COLLAPSED_SPREAD).all() and (sequences == sequences[0]).all():
        return ()
    return tuple(int(latent) for latent in np.flatnonzero(spread < COLLAPSED_SPREAD))


def named_latents(latents: Sequence[int]) -> str:
    """Latents (from 0) as people number them: "Latent 1", "Latents 1, 2 and 3"."""
    return f"{agree(len(latents), 'Latent')} {listed(latent + 1 for latent in latents)}"


def decoder_info(dataset: Dataset, latent_scale: int) -> DecoderInfo:
    """What the model's cells will be; UserError where the dataset cannot be learnt."""
    number, steps, voices = dataset.sequences.shape
    if not number:
        raise UserError("The dataset has no sequence to learn from: add music, or filter less.")
    if not dataset.sequences.any():
        raise UserError("The dataset is silent, not one hit in it: make it of other music.")
    if steps > 255 or voices > 255:
        raise UserError(
            f"The dataset's sequences are {count(steps, 'step')} × {count(voices, 'voice')}, and a "
            "model file has room for 255 × 255: make shorter ones."
        )
    # The module wants to know of drums which share a trigger: where nothing is said, none do.
    kind = Kind(dataset.kind)
    groups = (dataset.groups or (1,) * voices) if kind.grouped else ()
    return DecoderInfo(kind.code, steps, voices, latent_scale, groups)


def _resolved(settings: Settings, count: int, cells: int, own: int) -> Settings:
    """The settings with a number for each None that depends on the music.

    count: how many sequences an epoch draws.  own: how many of the dataset are learnt from.
    """
    settings = with_taper(settings, cells)
    batch = min(settings.batch_size or (32 if count >= 1000 else 16), count)
    epochs = settings.epochs or max(60, min(_MOST_EPOCHS, round(STEPS / (count // batch))))
    chosen: dict[str, Any] = {}
    if settings.model == "vae" and count >= FEWEST_TO_HOLD_OUT:
        chosen = {n: v for n, v in IN_LARGE_CORPORA.items() if getattr(settings, n) is None}
    if settings.learning_rate is None:
        few = own < FEW_SEQUENCES
        chosen["learning_rate"] = RATE_OF_FEW if few else LEARNING_RATE
    return replace(settings, batch_size=batch, epochs=epochs, latent_dim=settings.latents, **chosen)


def _loss(settings: Settings, model: Autoencoder, order: Order | None) -> VaeLoss | PlainLoss:
    scale = float(settings.latent_scale)
    if settings.model != "vae":
        return PlainLoss(len(model.encoder), scale)
    return VaeLoss(
        encoder=len(model.encoder),
        decoder=len(model.decoder),
        latent_scale=scale,
        prior_std=settings.prior_std,
        free_bits=settings.free_bits,
        dropout=settings.input_dropout or 0.0,
        replay=settings.replay or 0.0,
        decay=settings.weight_decay or 0.0,
        boundary_penalty=settings.boundary_penalty or 0.0,
        axes=order.losses if order else (),
        steps=model.info.steps,
    )


def _is_best(history: Sequence[Epoch], check: float | None, warm_from: int) -> bool:
    """Whether the epoch that has just ended has the lowest validation loss so far.

    Without a validation set the latest is best. While the KL term is still growing it is too, for
    those epochs reproduce well what they are not yet made to order in space.
    """
    if check is None or len(history) < warm_from:
        return True
    return all(
        check < e.validation_loss for e in history[warm_from - 1 :] if e.validation_loss is not None
    )
