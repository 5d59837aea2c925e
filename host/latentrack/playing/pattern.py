"""A pattern as it is played on this computer: which voices sound at which step, and how."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.playing.kinds import Kind
from latentrack.playing.svg import cells_svg
from latentrack.words import count


@dataclass(frozen=True, eq=False)
class Pattern:
    """One bar or more, in a loop.

    velocities: of each cell, (steps, voices), 1 to 127, and 0 where none sounds.  kind: a Kind, or
    its word.  voice_names: one for each voice.  pitches: a MIDI note number for each voice; of a
    rhythm, whose one voice has no pitch of its own, the player's pitches, which its hits take in
    turn (at least one).  steps_per_beat: a beat is a quarter note.  timing: of each cell, (steps,
    voices), in steps, + is late, as it is heard; None: all on the grid.
    """

    velocities: npt.NDArray[np.uint8]
    kind: str
    voice_names: tuple[str, ...]
    pitches: tuple[int, ...]
    steps_per_beat: int = 4
    timing: npt.NDArray[np.floating[Any]] | None = None

    def __repr__(self) -> str:
        hits = count(int(np.count_nonzero(self.velocities)), Kind(self.kind).note)
        shape = f"{count(self.steps, 'step')} × {count(self.voices, 'voice')}"
        return f"<Pattern: {shape}, {hits}>"

    def _repr_html_(self) -> str:
        return cells_svg(self.velocities, self.voice_names, self.steps_per_beat, self.timing)

    @property
    def cells(self) -> npt.NDArray[np.bool_]:
        """The cells that sound, (steps, voices)."""
        return self.velocities > 0

    @property
    def steps(self) -> int:
        """Steps of the loop."""
        return int(self.velocities.shape[0])

    @property
    def voices(self) -> int:
        """Number of voices."""
        return int(self.velocities.shape[1])

    def struck(self, step: int, count: int = 0) -> list[tuple[int, int, int]]:
        """What sounds at a step (taken modulo the number of steps): (voice, MIDI pitch, velocity).

        `count` is how many hits of a rhythm have sounded since its first step: its pitches take
        turns.
        """
        row: npt.NDArray[Any] = self.velocities[step % self.steps]
        found = []
        for voice in np.flatnonzero(row):
            row_index = count % len(self.pitches) if self.kind == Kind.RHYTHM else int(voice)
            found.append((int(voice), self.pitches[row_index], int(row[voice])))
        return found

    def offsets(self, step: int) -> list[float]:
        """How late each hit of `struck` is, in steps; below 0: early."""
        if self.timing is None:
            return [0.0] * int(np.count_nonzero(self.velocities[step % self.steps]))
        row = self.timing[step % self.steps]
        return [float(late) for late in row[self.velocities[step % self.steps] > 0]]

    @cached_property
    def earliest(self) -> float:
        """How far ahead of its step the earliest hit is, in steps; 0: none is early."""
        if self.timing is None or not self.cells.any():
            return 0.0
        return max(0.0, -float(self.timing[self.cells].min()))
