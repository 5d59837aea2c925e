"""The demo corpora: drums, notes and rhythms in many styles, written for this project.

Each style is a text file in the folder of its kind (`corpus/patterns.py` describes the form). They
are common idioms of their styles, not transcriptions of records. To add a style, add a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from latentrack.corpus.bars import STEPS, STEPS_PER_BEAT
from latentrack.corpus.dataset import OFFSET_UNITS, Dataset
from latentrack.corpus.harmony import pitch_name
from latentrack.corpus.patterns import WrittenHit, WrittenPattern, read_patterns
from latentrack.corpus.percussion import EXTENDED, RHYTHM, PercussionMap
from latentrack.playing.kinds import Kind
from latentrack.words import count


def demo_patterns(kind: str = Kind.DRUMS) -> dict[str, list[WrittenPattern]]:
    """All patterns of a kind, by the name of their file, in alphabetical order."""
    folder = resources.files(__name__) / str(kind)
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".txt")),
        key=lambda file: file.name,
    )
    return {
        file.name: read_patterns(file.read_text("utf-8"), file.name, Kind(kind)) for file in files
    }


def demo_dataset(percussion: PercussionMap = EXTENDED, *, kind: str = Kind.DRUMS) -> Dataset:
    """A demo corpus as a Dataset, with velocity and timing.

    Drums: bars of shape (16, voices of `percussion`).  Notes: (16, pitches), from the lowest that
    is played to the highest.  Rhythm: two bars, (32, 1).
    """
    by_file = demo_patterns(kind)
    found = [(file, pattern) for file, patterns in by_file.items() for pattern in patterns]
    patterns = [pattern for _, pattern in found]
    drums, notes = kind == Kind.DRUMS, kind == Kind.NOTES
    pitches = {hit.pitch for pattern in patterns for hit in pattern.hits}
    if notes:
        lowest, highest = min(pitches), max(pitches)
        names = tuple(pitch_name(pitch) for pitch in range(lowest, highest + 1))
        velocities, offsets = _cells(patterns, len(names), lambda hit: hit.pitch - lowest)
    else:
        places = percussion if drums else RHYTHM
        names = places.voice_names
        velocities, offsets = _cells(patterns, len(names), partial(_voice, places))
    bars = patterns[0].steps // STEPS
    struck = velocities > 0
    return Dataset(
        sequences=struck.astype(np.uint8),
        kind=str(kind),
        voice_names=names,
        groups=percussion.group_sizes if drums else (),
        sources=tuple(file for file, _ in found),
        styles=tuple(pattern.style for pattern in patterns),
        steps_per_beat=STEPS_PER_BEAT,
        files=len(by_file),
        recipe={
            "from": "the demo corpus",
            **({"map": percussion.name} if drums else {}),
            "steps": f"{bars * STEPS}, {'one bar' if bars == 1 else count(bars, 'bar')} of 4/4",
        },
        velocities=velocities[struck],
        offsets=offsets[struck],
        lowest_pitch=lowest if notes else None,
        bars=bars,
    )


def _voice(places: PercussionMap, hit: WrittenHit) -> int:
    return int(places.place(np.array([hit.pitch]), np.array([hit.velocity]))[0])


def _cells(
    patterns: Sequence[WrittenPattern], voices: int, voice_of: Callable[[WrittenHit], int]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Velocity (0 to 127) and timing (in steps), (n, steps, voices); of hits in a cell the loudest.

    Timing is rounded as a file of a dataset keeps it, so that both have the same digest.
    voice_of: the voice of a hit, -1 where no voice takes it.
    """
    shape = (len(patterns), patterns[0].steps, voices)
    velocities, offsets = np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
    for number, pattern in enumerate(patterns):
        for hit in pattern.hits:
            at = (number, hit.step, voice_of(hit))
            if at[2] >= 0 and hit.velocity > velocities[at]:
                velocities[at], offsets[at] = hit.velocity, hit.timing
    kept = np.rint(offsets * OFFSET_UNITS) / OFFSET_UNITS
    return velocities, kept.astype(np.float32)
