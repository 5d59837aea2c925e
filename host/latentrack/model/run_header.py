"""run.toml of a run: its settings, where the music came from, and what came of it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from latentrack import __version__
from latentrack.corpus.dataset import Dataset
from latentrack.declared import declarations
from latentrack.errors import UserError
from latentrack.limits import read_toml
from latentrack.model.settings import Settings
from latentrack.model.toml import to_toml
from latentrack.model.training import Epoch, Training
from latentrack.model.variations import material
from latentrack.words import listed

HEADER = "run.toml"

_FORMAT = "latentrack run"
_VERSION, _WITH_FEEL, _WITH_AXES = 1, 2, 3
_VERSIONS = (_VERSION, _WITH_FEEL, _WITH_AXES)


@dataclass(frozen=True)
class FeelSizes:
    """The layers of a feel: number of latents, hidden layers of its encoder, those of its trunk."""

    latents: int
    encoder: tuple[int, ...]
    trunk: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class RunHeader:
    """What the header says, as far as it is read again.

    written_settings: as TOML has them.  threshold: 0 to 1.  about: see `Run`.  encoder, decoder:
    sizes of the hidden layers.  digest: of the dataset.  epochs, loss, validation_loss: how many
    there were, and of the epoch that was kept (validation_loss: None without a validation set).
    interrupted: whether it was ended early.  abandoned: see `Training`.  feel: its layers, or None.
    """

    settings: Settings
    written_settings: dict[str, Any]
    threshold: float
    about: dict[str, str | int | float]
    encoder: tuple[int, ...]
    latents: int
    decoder: tuple[int, ...]
    digest: str
    epochs: int
    loss: float
    validation_loss: float | None
    interrupted: bool
    abandoned: tuple[int, ...]
    feel: FeelSizes | None


def write_header(
    path: Path,
    training: Training,
    dataset: Dataset,
    *,
    history: tuple[Epoch, ...],
    music: str,
    threshold: float,
) -> None:
    """history: with that of the run that was trained on from.  music: what the dataset is called.
    threshold: the model's own, 0 to 1. Raises OSError."""
    best = training.best
    digest = dataset.digest
    about: dict[str, str | int | float] = {
        "program": f"latentrack {__version__}",
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "music": music,
        "sequences": len(dataset),
        "dataset": digest[:16],
        "seed": training.settings.seed,
    }
    header: dict[str, Mapping[str, Any]] = {
        "": {"format": _FORMAT, "version": _version(training), "threshold": threshold},
        "about": about,
        "settings": _settings(training.settings),
        "model": {
            "encoder": training.model.encoder_sizes[1:-1],
            "latents": training.model.latents,
            "decoder": training.model.sizes[1:-1],
        },
        "dataset": {
            "digest": digest,
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
            "variations": material(dataset, training.trained_on, training.settings).variations,
            "abandoned_seeds": training.abandoned,
            "collapsed_latents": [latent + 1 for latent in training.collapsed_latents],
        },
    }
    if feel := training.feel:
        header["feel"] = {
            "latents": feel.latents,
            "encoder": tuple(layer.bias.size for layer in feel.encoder),
            "trunk": tuple(layer.bias.size for layer in feel.trunk),
        }
    path.write_text(to_toml(header), encoding="utf-8")


def read_header(path: Path) -> RunHeader:
    """Cheap: a few thousandths of a second. UserError for a version that this program does not
    read, or settings that cannot be; OSError; see limits.DAMAGE for what else it raises."""
    found = read_toml(path)
    if found["format"] != _FORMAT:
        raise ValueError("another format")
    if found["version"] not in _VERSIONS:
        raise UserError(
            f"The run {path.parent} has format version {found['version']}, and this program reads "
            f"versions {listed(_VERSIONS)}: train again from {path.parent / 'dataset.npz'}."
        )
    model, result = found["model"], found["result"]
    # Runs of earlier versions have no axes, and none is what their model has.
    settings = settings_of({"axes": (), **found["settings"]})
    if len(settings.axes or ()) > int(model["latents"]):
        raise ValueError("more axes than latents")
    held = result.get("validation_loss")
    return RunHeader(
        settings=settings,
        written_settings=dict(found["settings"]),
        threshold=_within(found["threshold"], 0, 1),
        about=_told(found["about"]),
        encoder=tuple(model["encoder"]),
        latents=int(model["latents"]),
        decoder=tuple(model["decoder"]),
        digest=str(found["dataset"]["digest"]),
        epochs=int(result["epochs"]),
        loss=float(result["loss"]),
        validation_loss=None if held is None else float(held),
        interrupted=bool(result["interrupted"]),
        abandoned=tuple(map(int, result.get("abandoned_seeds", ()))),
        feel=_feel(found["feel"]) if "feel" in found else None,
    )


def _version(training: Training) -> int:
    """A program that knows of no feel or no axes must not read a run with them."""
    if training.settings.axes:
        return _WITH_AXES
    return _WITH_FEEL if training.feel else _VERSION


def _settings(settings: Settings) -> dict[str, Any]:
    """The settings to write: no axes where there are none, and no default variations, so that
    earlier programs read the run."""
    varied = None if settings.variations == "auto" else settings.variations
    return {**asdict(settings), "axes": settings.axes or None, "variations": varied}


def _feel(given: Mapping[str, Any]) -> FeelSizes:
    return FeelSizes(int(given["latents"]), tuple(given["encoder"]), tuple(given["trunk"]))


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


def _within(value: Any, low: float, high: float) -> float:
    """`value` as a number; ValueError if it is none from `low` to `high`."""
    if not low <= float(value) <= high:
        raise ValueError(f"{value} is not from {low} to {high}")
    return float(value)


def _told(about: Mapping[str, Any]) -> dict[str, str | int | float]:
    told = {str(n): v for n, v in about.items() if isinstance(v, str | int | float)}
    if any(isinstance(v, float) and not math.isfinite(v) for v in told.values()):
        raise ValueError("values that are not numbers")
    return told
