"""A pattern as it is played here: which voices sound at which step, and what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Pattern:
    """One bar or more, in a loop.

    hits: 0 to 127, how hard each voice is struck (0 = not), shape (steps, voices).  kind: "drums",
    "notes" or "rhythm".  pitches: a MIDI note number for each voice; of a rhythm, whose one voice
    has no pitch of its own, the player's pitches, which its hits take in turn (at least one).
    steps_per_beat: a beat is a quarter note.
    """

    hits: npt.NDArray[np.uint8]
    kind: str
    voice_names: tuple[str, ...]
    pitches: tuple[int, ...]
    steps_per_beat: int = 4

    @property
    def steps(self) -> int:
        return int(self.hits.shape[0])

    @property
    def voices(self) -> int:
        return int(self.hits.shape[1])

    def struck(self, step: int, count: int = 0) -> list[tuple[int, int, int]]:
        """What sounds at a step (taken modulo the number of steps): (voice, MIDI pitch, velocity).

        `count` is how many hits of a rhythm have sounded since its first step: its pitches take
        turns.
        """
        row: npt.NDArray[Any] = self.hits[step % self.steps]
        found = []
        for voice in np.flatnonzero(row):
            place = count % len(self.pitches) if self.kind == "rhythm" else int(voice)
            found.append((int(voice), self.pitches[place], int(row[voice])))
        return found
