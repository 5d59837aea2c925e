"""Small made-up music for these tests."""

import numpy as np

from latentrack.corpus.dataset import Dataset

STEPS, VOICES = 8, 3


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
