"""Explorers with models of any shape, which nobody had to train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentrack.corpus import Dataset
from latentrack.decoder.metadata import DecoderInfo
from latentrack.model import Run, Settings, load_run, save_run
from latentrack.model.autoencoder import new_autoencoder
from latentrack.model.feel import Feel, feel_shapes, with_feel_layers
from latentrack.model.training import Training
from latentrack.playing.kinds import Kind
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.workspace import Workspace


def made_up_run(
    kind: str,
    steps: int,
    voices: int,
    groups: tuple[int, ...] = (),
    latents: int = 3,
    seed: int = 0,
    feel: int = 0,
    **more: object,
) -> Run:
    """A model with random weights, large enough that its probabilities are all over the place.

    feel: how many latents its feel has; 0: it has none.
    """
    rng = np.random.default_rng(seed)
    info = DecoderInfo(Kind(kind).code, steps, voices, 3, groups)
    model = new_autoencoder(info, (24,), latents, (24,), rng)
    for layer in model.decoder:
        layer.weights[:] *= 2.5
        layer.bias[:] = rng.normal(0, 0.4, layer.bias.shape)
    names = tuple(f"voice {voice}" for voice in range(voices))
    given = {"voice_names": names, "groups": groups} | more
    sequences = (rng.random((40, steps, voices)) < 0.2).astype(np.uint8)
    dataset = Dataset(sequences, kind, **given)
    return Run(
        folder=Path("made up.run"),
        settings=Settings(),
        model=model,
        history=(),
        dataset=dataset,
        trained_on=np.arange(40),
        validated_on=np.arange(0),
        threshold=0.5,
        about={},
        feel=made_up_feel(steps * voices, latents, feel, rng) if feel else None,
    )


def made_up_feel(cells: int, latents: int, feel: int, rng: np.random.Generator) -> Feel:
    """A feel with random weights, by which velocities and timing are all over the place."""
    shapes = feel_shapes(cells, latents, feel, (8,), (12, 16))
    return with_feel_layers(3, 1, [rng.normal(0, 0.4, s).astype(np.float32) for s in shapes])


def explorer_of(run: Run, folder: Path, patch: pytest.MonkeyPatch) -> Explorer:
    """An explorer with this run open."""
    patch.setattr("latentrack.studio.explore.open_run.load_run", lambda _: run)
    explorer = Explorer(Workspace(folder))
    explorer.open(run.folder)
    return explorer


def save_with_feel(demo_run: Path, latents: int, folder: Path) -> Run:
    """The run of the demo corpus, with a feel that nobody had to train."""
    run = load_run(demo_run)
    feel = made_up_feel(16 * 12, run.model.latents, latents, np.random.default_rng(7))
    training = Training(
        run.model, run.history, run.trained_on, run.validated_on, False, run.settings, feel=feel
    )
    return save_run(folder, training, run.dataset)
