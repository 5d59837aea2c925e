"""Save and load a run: the folder with all that a training knows.

    run.toml      settings, where the music came from, what came of it; for reading, too
    weights.npz   encoder and decoder
    history.csv   one line an epoch
    dataset.npz   the music itself, so that one can train on or look closer when all else has moved

A run is written whole or not at all, and replaces an earlier one of the same name.
"""

from __future__ import annotations

import csv
import datetime
import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentrack import __version__
from latentrack.corpus.dataset import Dataset
from latentrack.declared import declarations
from latentrack.decoder.metadata import DecoderInfo
from latentrack.errors import UserError
from latentrack.limits import DAMAGE, TABLE_BYTES, Arrays, check_file, lines, read_toml
from latentrack.limits import WEIGHTS as MOST_WEIGHTS
from latentrack.model.autoencoder import (
    Autoencoder,
    flat_weights,
    weight_count,
    weight_shapes,
    with_layers,
)
from latentrack.model.measures import natural_threshold
from latentrack.model.settings import Settings
from latentrack.model.toml import to_toml
from latentrack.model.trained_run import Run as Run
from latentrack.model.training import Epoch, Training, decoder_info, rows

HEADER, WEIGHTS, HISTORY, DATASET = "run.toml", "weights.npz", "history.csv", "dataset.npz"

_FORMAT = "latentrack run"
_VERSION = 1
_MOST_EPOCHS = 100_000_000  # of a million each, trained on from a hundred times
BYTES_OF_A_WEIGHT = 4


def save_run(
    folder: str | os.PathLike[str],
    training: Training,
    dataset: Dataset,
    *,
    music: str = "",
    earlier: tuple[Epoch, ...] = (),
) -> Run:
    """Write a training to its folder, whole or not at all.

    An earlier run of the same name is replaced.

    Parameters
    ----------
    folder : str or path-like
        Where the run goes; folders above it are made.
    training : Training
        What `train` returned.
    dataset : Dataset
        What it was trained on. It is kept in the run.
    music : str, default ""
        A name for the dataset, for people to read.
    earlier : tuple of Epoch, default ()
        The history of the run that was trained on from.

    Returns
    -------
    Run
        As `load_run` reads it.

    Raises
    ------
    UserError
        If the folder cannot be written, or something that is not a run lies there.

    Examples
    --------
    >>> import latentrack as lt
    >>> music = lt.Dataset.load("groove.npz")
    >>> lt.save_run("small.run", lt.train(music, lt.Settings(epochs=2, latent_dim=2)), music)
    <Run small.run: vae, 2 latents to 16 steps × 12 voices, trained on 199 sequences, threshold ...>
    """
    target = Path(folder)
    check_place(target)
    threshold = natural_threshold(training.model, rows(dataset.sequences, training.trained_on))
    best = training.best
    history = _joined(earlier, training.history)
    about: dict[str, str | int | float] = {
        "program": f"latentrack {__version__}",
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "music": music,
        "sequences": len(dataset),
        "dataset": dataset.digest[:16],
        "seed": training.settings.seed,
    }
    header: dict[str, Mapping[str, Any]] = {
        "": {"format": _FORMAT, "version": _VERSION, "threshold": threshold},
        "about": about,
        "settings": asdict(training.settings),
        "model": {
            "encoder": training.model.encoder_sizes[1:-1],
            "latents": training.model.latents,
            "decoder": training.model.sizes[1:-1],
        },
        "dataset": {
            "digest": dataset.digest,
            "summary": dataset.summary(),
            "validation_files": sorted({dataset.sources[i] for i in training.validated_on}),
        },
        "recipe": dataset.recipe,
        "result": {
            "epochs": len(history),
            "best_epoch": max(epoch.number for epoch in history if epoch.best),
            "loss": best.loss,
            "validation_loss": best.validation_loss,
            "interrupted": training.interrupted,
            "abandoned_seeds": training.abandoned,
            "collapsed_latents": [latent + 1 for latent in training.collapsed_latents],
        },
    }
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        (temporary / HEADER).write_text(to_toml(header), encoding="utf-8")
        weights = {f"w{i:03}": array for i, array in enumerate(flat_weights(training.model))}
        np.savez(temporary / WEIGHTS, validated_on=training.validated_on, **weights)  # type: ignore[arg-type]
        _write_history(temporary / HISTORY, history)
        dataset.save(temporary / DATASET)
        _replace(temporary, target)
    except OSError as error:
        raise UserError(
            f"Could not write the run {target} ({error.strerror or error}): "
            "name a folder that you may write to."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return load_run(target)


def load_run(folder: str | os.PathLike[str]) -> Run:
    """Read a run back from its folder.

    Parameters
    ----------
    folder : str or path-like
        What `save_run` or `latentrack train` wrote.

    Returns
    -------
    Run
        With its model, music and history.

    Raises
    ------
    UserError
        If there is no run, or it is damaged.

    Examples
    --------
    >>> import latentrack as lt
    >>> run = lt.load_run("groove.run")
    >>> run.model.decode([[0.0, 0.0, 0.0]]).shape
    (1, 16, 12)
    """
    source = Path(folder)
    if not (source / HEADER).is_file():
        raise UserError(f"{source} is not a run: `latentrack train` makes one beside each model.")
    dataset = Dataset.load(source / DATASET)
    try:
        header = read_toml(source / HEADER)
        if header["format"] != _FORMAT:
            raise ValueError("another format")
        if header["version"] != _VERSION:
            raise UserError(
                f"The run {source} has format version {header['version']}, and this program reads "
                f"version {_VERSION}: train again from {source / DATASET}."
            )
        settings = settings_of(header["settings"])
        # Runs of version 0.1 hashed the hits alone.
        if header["dataset"]["digest"] not in (dataset.digest, dataset.digest_of_hits):
            raise UserError(
                f"The dataset in {source} is not the one that the model was trained on: "
                "train again."
            )
        info = decoder_info(dataset, settings.latent_scale)
        with Arrays(source / WEIGHTS) as arrays:
            model = read_model(arrays, info, header["model"], settings.model == "vae")
            held = read_indices(arrays, "validated_on", len(dataset))
        mask = np.ones(len(dataset), bool)
        mask[held] = False
        return Run(
            folder=source,
            settings=settings,
            model=model,
            history=read_history(source / HISTORY),
            dataset=dataset,
            trained_on=np.flatnonzero(mask),
            validated_on=held,
            threshold=within(header["threshold"], 0, 1),
            about=_told(header["about"]),
        )
    except OSError as error:
        raise UserError(
            f"Could not read the run {source} ({error.strerror or error}): train again."
        ) from error
    except DAMAGE as error:
        raise UserError(
            f"The run {source} is damaged: train again from {source / DATASET}."
        ) from error


def settings_of(given: Mapping[str, Any]) -> Settings:
    """Settings as TOML or JSON has them. TypeError or ValueError for what is none; UserError."""
    values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in given.items()}
    table = declarations(Settings)
    for name, value in values.items():
        if table[name].kind is int and not isinstance(value, int | None):
            raise ValueError("a setting that is not a whole number")
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, float) and not math.isfinite(number):
                raise ValueError("a setting that is not a number")
    return Settings(**values)


def read_model(
    arrays: Arrays, info: DecoderInfo, sizes: Mapping[str, Any], variational: bool
) -> Autoencoder:
    """The model whose layers are told by `sizes`, from the arrays w000, w001, … of a file.

    See limits.DAMAGE for what it raises where they do not fit, before weights are read.
    """
    encoder, decoder = list(sizes["encoder"]), list(sizes["decoder"])
    cells = info.steps * info.voices
    shapes = weight_shapes(cells, encoder, sizes["latents"], decoder, variational)
    names = [name for name in arrays.names if name[1:].isdigit()]
    if [arrays.shape(name) for name in names] != shapes:
        raise ValueError("weights of other sizes")
    if weight_count(shapes) > MOST_WEIGHTS:
        raise ValueError("more weights than are read")
    weights = [
        np.array(arrays.read(name, BYTES_OF_A_WEIGHT * math.prod(shape)), np.float32)
        for name, shape in zip(names, shapes, strict=True)
    ]
    if not all(np.isfinite(array).all() for array in weights):
        raise ValueError("weights that are not numbers")
    return with_layers(info, len(encoder), variational, weights)


def read_indices(arrays: Arrays, name: str, count: int) -> NDArray[np.intp]:
    """Some of the sequences 0 to count - 1; ValueError for others."""
    found = arrays.read(name, 8 * count)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        # An empty list has no type of its own.
        if found.size:
            raise ValueError("indices that are not sequences")
    if found.size and not (0 <= found.min() and found.max() < count):
        raise ValueError("sequences that are not there")
    return np.asarray(found.reshape(-1), np.intp)


def within(value: Any, low: float, high: float) -> float:
    """`value` as a number; ValueError if it is none from `low` to `high`."""
    if not low <= float(value) <= high:
        raise ValueError(f"{value} is not from {low} to {high}")
    return float(value)


def check_place(target: Path) -> None:
    """UserError if something lies at `target` that is not a run, and so must not be replaced."""
    if target.exists() and not (target / HEADER).is_file():
        raise UserError(f"{target} exists and is not a run: name another folder for the run.")


def _joined(earlier: tuple[Epoch, ...], later: tuple[Epoch, ...]) -> tuple[Epoch, ...]:
    """One history; what an earlier run ended with is counted as it was."""
    if not earlier:
        return later
    of = len(earlier) + later[-1].of
    moved = (
        replace(epoch, number=epoch.number + len(earlier), of=of) for epoch in later if epoch.number
    )
    return (*earlier, *moved)


def _write_history(path: Path, history: tuple[Epoch, ...]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("epoch", "of", "loss", "validation_loss", "best"))
        for epoch in history:
            held = "" if epoch.validation_loss is None else repr(epoch.validation_loss)
            table.writerow((epoch.number, epoch.of, repr(epoch.loss), held, int(epoch.best)))


def read_history(path: Path) -> tuple[Epoch, ...]:
    """OSError, or see limits.DAMAGE, where it is none, or tells of losses that are not numbers."""
    check_file(path, TABLE_BYTES)
    with path.open(newline="", encoding="utf-8") as file:
        history = tuple(_epoch(row) for row in csv.DictReader(lines(file)))
    if not any(epoch.number for epoch in history):
        raise ValueError("no epoch")
    return history


def _epoch(row: Mapping[str, str]) -> Epoch:
    number, of = int(row["epoch"]), int(row["of"])
    loss = float(row["loss"])
    held = float(row["validation_loss"]) if row["validation_loss"] else None
    # Of the model that a training went on from, the loss is not known.
    known = math.isfinite(loss) or number == 0
    if not (0 <= number <= _MOST_EPOCHS and of <= _MOST_EPOCHS and known):
        raise ValueError("a line that is not an epoch")
    if held is not None and not math.isfinite(held):
        raise ValueError("a validation loss that is not a number")
    return Epoch(number, of, loss, held, row["best"] == "1")


def _told(about: Mapping[str, Any]) -> dict[str, str | int | float]:
    told = {str(n): v for n, v in about.items() if isinstance(v, str | int | float)}
    if any(isinstance(v, float) and not math.isfinite(v) for v in told.values()):
        raise ValueError("values that are not numbers")
    return told


def _replace(new: Path, target: Path) -> None:
    """Put the folder `new` in the place of `target`; a folder cannot be replaced in one go."""
    if not target.exists():
        os.replace(new, target)
        return
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    os.replace(target, old)
    try:
        os.replace(new, target)
    except OSError:
        os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
