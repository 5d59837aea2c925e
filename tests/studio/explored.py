"""Explorers with models of any shape, which nobody had to train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentrack.corpus import Dataset
from latentrack.decoder.metadata import DecoderInfo
from latentrack.model import Run, Settings
from latentrack.model.autoencoder import new_autoencoder
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
    **more: object,
) -> Run:
    """A model with random weights, large enough that its probabilities are all over the place."""
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
    )


def explorer_of(run: Run, folder: Path, patch: pytest.MonkeyPatch) -> Explorer:
    """An explorer with this run open."""
    patch.setattr("latentrack.studio.explore.open_run.load_run", lambda _: run)
    explorer = Explorer(Workspace(folder))
    explorer.open(run.folder)
    return explorer
