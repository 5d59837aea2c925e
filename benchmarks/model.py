"""Training on Groove: how fast, and how good what comes of it.

The music: human drumming, beats in 4/4, 16 steps × 12 voices; the files of the official training
split train, those of the validation split choose the best epoch and measure. Cross-entropies are
in nats a cell, at the mean of each bar, the median of five seeds; everything with the default
settings but the sizes that the name says. The test split is not looked at.

The peer of the times is a plain Keras `fit` of the same network, loss and settings, in this run;
that of the time to the loss is its epoch times the 500 epochs that the reference project took to
get there. The other peers are what the reference project reached, measured once with its own code.

`model.small_corpus_recall` is of another music: 16 bars of the demo corpus, one each of 16 styles.

LATENTRACK_SEEDS=5 asks for fewer than the twenty seeds that are searched for collapsed latents.
"""

from __future__ import annotations

import csv
import os
import statistics
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from result import Result

from latentrack.corpus import Dataset, demo_dataset, read
from latentrack.decoder.quiet import import_tensorflow
from latentrack.model.measures import coverage, recall, saturation
from latentrack.model.settings import Settings
from latentrack.model.training import train

ROOT = Path(__file__).resolve().parents[1]
GROOVE = ROOT.parent / "shared" / "data" / "groove"

SEEDS = int(os.environ.get("LATENTRACK_SEEDS", "20"))
LOSS = 30.2
"""What the reference project reaches in 500 epochs, nats a bar on the training set."""
REFERENCE_EPOCHS = 500
# The reference project's network and settings, but for the cosine.
REFERENCE = Settings(
    axes=(),
    latent_dim=3,
    taper="geometric",
    encoder_layers=(48, 12),
    epochs=60,
    batch_size=32,
    learning_rate=0.005,
    kl_warmup=0.1,
    free_bits=0.0,
    prior_std=1.0,
    input_dropout=0.0,
    replay=0.0,
    weight_decay=0.0,
    boundary_penalty=0.0,
    validation_split=0.0,
)


@dataclass(frozen=True)
class Quality:
    """One trained model: cross-entropy on validation, coverage, saturation, collapsed latents."""

    bce: float
    coverage: float
    saturated: float
    collapsed: int


def measure(folder: Path) -> list[Result]:
    """The rows of the table that are about training and models."""
    import_tensorflow()
    music, validation = groove()
    known = music.take(np.setdiff1d(np.arange(len(music)), validation))
    epoch_s, to_loss_s = own_times(known)
    keras_s = keras_epoch(known)
    small = [quality(music, validation, seed, (12, 48), latents=3) for seed in range(5)]
    default = [quality(music, validation, seed) for seed in range(SEEDS)]
    bce = statistics.median(each.bce for each in small)
    return [
        Result("train.epoch_s", epoch_s, "s", keras_s, 0.09),
        Result("train.to_loss_s", to_loss_s, "s", keras_s * REFERENCE_EPOCHS, 7.0),
        Result("model.small.bce", bce, "nats", 0.142, 0.136),
        Result(
            "model.small_corpus_recall", small_corpus_recall(), "share", None, 0.9, at_least=True
        ),
        Result("model.dead_latents", sum(each.collapsed for each in default), "models", None, 0),
    ]


def small_corpus_recall() -> float:
    """The share of 16 bars that come back exactly at threshold 0.5."""
    music = demo_dataset()
    styles = sorted(set(music.styles))[::3][:16]
    few = music.take([music.styles.index(style) for style in styles])
    models = (train(few, Settings(seed=seed, feel="none")).model for seed in range(5))
    return statistics.median(recall(model, few.sequences).exact_share for model in models)


def groove() -> tuple[Dataset, np.ndarray]:
    """Training and validation files' bars, and which are validation."""
    if not GROOVE.is_dir():
        sys.exit(f"the Groove files are not on this machine ({GROOVE})")
    with (GROOVE / "info.csv").open(encoding="utf-8") as file:
        wanted = {
            row["midi_filename"]: row["split"]
            for row in csv.DictReader(file)
            if row["beat_type"] == "beat" and row["time_signature"] == "4-4"
        }
    music = read([GROOVE], cache=False)
    music = music.take([i for i, name in enumerate(music.sources) if name in wanted])
    splits = [wanted[name] for name in music.sources]
    assert set(splits) == {"train", "validation"}
    return music, np.flatnonzero([split == "validation" for split in splits])


def own_times(music: Dataset) -> tuple[float, float]:
    """Seconds an epoch, and to the loss that the reference reaches, compiling included."""
    times: list[float] = []
    reached: list[float] = []
    start = time.perf_counter()

    def on_epoch(epoch: Any) -> None:
        times.append(time.perf_counter() - start)
        warm = epoch.number > REFERENCE.kl_warmup * epoch.of + 1
        if warm and epoch.loss <= LOSS and not reached:
            reached.append(times[-1])

    train(music, REFERENCE, on_epoch=on_epoch)
    return statistics.median(np.diff(times)), reached[0] if reached else float("inf")


def keras_epoch(music: Dataset) -> float:
    """Seconds an epoch of a plain `fit` of the same network and loss: the median of three."""
    tf = import_tensorflow()
    keras = tf.keras
    cells = music.sequences.reshape(len(music), -1).astype(np.float32)
    dense = keras.layers.Dense

    class Sampled(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            mean, log_variance = (3 * tf.tanh(values) for values in inputs)
            kl = -0.5 * (1 + log_variance - mean**2 - tf.exp(log_variance))
            self.add_loss(tf.reduce_mean(tf.reduce_sum(kl, axis=1)))
            return mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))

    class Clock(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.times: list[float] = []

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.times.append(time.perf_counter() - self.start)

    bars = keras.Input((cells.shape[1],))
    hidden = dense(12, "relu")(dense(48, "relu")(bars))
    position = Sampled()([dense(3)(hidden), dense(3)(hidden)])
    answer = dense(cells.shape[1], "sigmoid")(dense(48, "relu")(dense(12, "relu")(position)))
    model = keras.Model(bars, answer)

    def loss(wanted: Any, got: Any) -> Any:
        return keras.losses.binary_crossentropy(wanted, got) * cells.shape[1]

    model.compile(keras.optimizers.Adam(0.005), loss)
    clock = Clock()
    model.fit(cells, cells, batch_size=32, epochs=4, verbose=0, callbacks=[clock])
    return statistics.median(clock.times[1:])


def quality(
    music: Dataset,
    validation: np.ndarray,
    seed: int,
    decoder: tuple[int, ...] | None = None,
    latents: int | None = None,
) -> Quality:
    """Of the default settings; with so many latents, and with these layers: without axes."""
    settings = Settings(feel="none", restarts=0, seed=seed)
    if latents is not None:
        settings = replace(settings, decoder_layers=decoder, latent_dim=latents, axes=())
    training = train(music, settings, validated_on=validation)
    means = training.model.encode(music.sequences[training.trained_on])
    scale = training.model.info.latent_scale
    bce = training.best.validation_loss
    assert bce is not None
    return Quality(
        bce, coverage(means, scale), saturation(means, scale), len(training.collapsed_latents) > 0
    )


if __name__ == "__main__":
    from result import show

    show(measure(Path()))
