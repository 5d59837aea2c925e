"""The voices of a pattern by their names: which instrument, and which of its hits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DRUM_CHANNEL = 9
"""Of MIDI, counted from 0: musicians call it channel 10."""
ACCENT_FROM = 96
"""The velocity, 1 to 127, that makes a hit an accent: a quarter of what the drummers of the Groove
MIDI Dataset play."""
_SUFFIX = " accent"
"""How the name of a voice says in a dataset or a model file that only accents belong to it."""


@dataclass(frozen=True)
class Voice:
    """One row of a pattern.

    instrument: what sounds, "snare".  accent: True: only its accents belong to this voice, and
    False: only its other hits; None: all of its hits, for its accents have no voice of their own.
    """

    instrument: str
    accent: bool | None = None


def accent_name(instrument: str) -> str:
    """The name of the voice that the accents of an instrument have."""
    return instrument + _SUFFIX


def voices_named(names: Iterable[str]) -> tuple[Voice, ...]:
    """The voices that names of a dataset or a model file mean, in the same order."""
    given = tuple(names)
    found = []
    for name in given:
        if name.endswith(_SUFFIX):
            found.append(Voice(name.removesuffix(_SUFFIX), accent=True))
        else:
            found.append(Voice(name, accent=False if accent_name(name) in given else None))
    return tuple(found)
