"""The demo corpus: one-bar drum patterns in many styles, written for this project.

Each style is a text file in `drums/` (the form is described in `corpus/patterns.py`).
They are common idioms of their styles, not transcriptions of records. Swing is left to the
clock. To add a style, add a file.
"""

from __future__ import annotations

from importlib import resources

import numpy as np

from latentrack.corpus.bars import STEPS, STEPS_PER_BEAT
from latentrack.corpus.dataset import Dataset
from latentrack.corpus.patterns import DrumPattern, read_patterns
from latentrack.corpus.percussion import EXTENDED, PercussionMap


def demo_patterns() -> dict[str, list[DrumPattern]]:
    """All patterns, by the name of their file, in alphabetical order."""
    files = sorted(
        (file for file in (resources.files(__name__) / "drums").iterdir() if file.name.endswith(".txt")),
        key=lambda file: file.name,
    )
    return {file.name: read_patterns(file.read_text("utf-8"), file.name) for file in files}


def demo_dataset(percussion: PercussionMap = EXTENDED) -> Dataset:
    """The demo corpus as a Dataset of one-bar drum sequences, shape (n, 16, voices)."""
    by_file = demo_patterns()
    found = [(file, pattern) for file, patterns in by_file.items() for pattern in patterns]
    loud = np.stack([pattern.velocities(percussion) for _, pattern in found])
    return Dataset(
        sequences=(loud > 0).astype(np.uint8),
        kind="drums",
        voice_names=percussion.voice_names,
        groups=percussion.group_sizes,
        sources=tuple(file for file, _ in found),
        styles=tuple(pattern.style for _, pattern in found),
        steps_per_beat=STEPS_PER_BEAT,
        files=len(by_file),
        recipe={
            "from": "the demo corpus",
            "map": percussion.name,
            "steps": f"{STEPS}, one bar of 4/4",
        },
        velocities=loud[loud > 0],
        offsets=np.zeros(int((loud > 0).sum()), np.float32),
    )
