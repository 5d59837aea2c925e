"""Small made-up music for these tests."""

from dataclasses import replace

import numpy as np

from latentrack.corpus.dataset import Dataset
from latentrack.model.settings import Settings

STEPS, VOICES = 8, 3
FEEL_SETTINGS = Settings(epochs=300, encoder_layers=(24, 16), decoder_layers=(12, 16))


def music(count: int, sources: int, kind: str = "drums", seed: int = 0) -> Dataset:
    """Bars made of a few figures a voice, each with a chance of one hit more or less."""
    rng = np.random.default_rng(seed)
    figures = rng.random((4, STEPS, VOICES)) < 0.4
    cells = np.empty((count, STEPS, VOICES), np.uint8)
    for cell in cells:
        for voice in range(VOICES):
            cell[:, voice] = figures[rng.integers(4), :, voice]
        cell[rng.integers(STEPS), rng.integers(VOICES)] ^= 1
    return Dataset(
        sequences=cells,
        kind=kind,
        voice_names=("low", "mid", "high"),
        groups=(1, 2) if kind == "drums" else (),
        sources=tuple(f"file {i % sources}" for i in range(count)),
        lowest_pitch=60 if kind == "notes" else None,
    )


def drummed(count: int = 800, sources: int = 20, late: bool = True) -> Dataset:
    """Bars that are played louder or softer, and earlier or later, each as a whole.

    The hits say nothing of that: it is drawn anew for each bar. Every voice has a loudness of its
    own, and a little of each hit is chance.
    """
    plain = music(count, sources)
    rng = np.random.default_rng(11)
    bar, _, voice = np.nonzero(plain.sequences)
    loud = rng.uniform(40, 110, count)[bar] + np.array([12, 0, -12])[voice]
    offsets = rng.uniform(-0.3, 0.3, count)[bar] + np.array([0.05, 0, -0.05])[voice]
    offsets += rng.normal(0, 0.02, len(bar))
    return replace(
        plain,
        velocities=np.clip(loud + rng.normal(0, 3, len(bar)), 1, 127).astype(np.uint8),
        offsets=np.clip(offsets, -0.5, 0.5) if late else np.zeros(len(bar)),
    )
