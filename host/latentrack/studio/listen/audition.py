"""Have the browser of this page sound a bar by itself, once and at the studio's tempo."""

from __future__ import annotations

import numpy as np
from nicegui import ElementFilter

from latentrack.corpus.dataset import Dataset
from latentrack.corpus.voice_pitches import voice_pitches
from latentrack.playing.pattern import Pattern
from latentrack.sound.names import sound_of
from latentrack.studio.listen.bar import Bar

RHYTHM_PITCH = 60
"""MIDI note of the one voice of a rhythm, which has none of its own."""
_PLAIN = 100  # velocity where none is known


def pitches_of(dataset: Dataset) -> tuple[int, ...]:
    """A MIDI note for each voice of a dataset."""
    if dataset.kind == "rhythm":
        return (RHYTHM_PITCH,) * dataset.voices
    return voice_pitches(dataset)


def bar_of(dataset: Dataset, index: int) -> Pattern:
    """One sequence of the music, as it was played."""
    one = dataset.take([index])
    hits = one.sequences[0] * np.uint8(_PLAIN)
    if one.velocities is not None:
        hits = one.spread(one.velocities)[0]
    timing = None if one.offsets is None else one.spread(one.offsets)[0]
    return Pattern(hits, one.kind, one.voice_names, pitches_of(one), one.steps_per_beat, timing)


def audition(pattern: Pattern) -> None:
    """Sound one bar now; what plays in this browser is silent meanwhile, and a bar before it ends.

    Call it in the page's own thread.
    """
    hits = []
    count = 0
    for step in range(pattern.steps):
        struck = pattern.struck(step, count)
        count += len(struck)
        for (voice, pitch, velocity), late in zip(struck, pattern.offsets(step), strict=True):
            sound = sound_of(pattern.kind, pattern.voice_names[voice], pitch)
            hits.append((*sound, velocity, step + late))
    for bar in ElementFilter(kind=Bar):  # the one at the foot of this page
        bar.audition(hits, pattern.steps, pattern.steps_per_beat)
