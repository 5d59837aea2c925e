"""A run that is open, with what follows from it alone: how its logits become a pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.corpus.voice_pitches import voice_pitches
from latentrack.model.autoencoder import Array
from latentrack.model.run import Run, load_run
from latentrack.model.run_header import HEADER
from latentrack.playing.cells import cells_above, cut_offs, density_of_voices
from latentrack.playing.feel import Feel
from latentrack.playing.kinds import Kind
from latentrack.playing.midi_file import meter_of
from latentrack.playing.pattern import Pattern
from latentrack.playing.velocity import learned_velocities, velocities
from latentrack.playing.voices import Voice, voices_named
from latentrack.studio.explore.precise import PreciseDecoder

Cells = npt.NDArray[np.bool_]
"""Which cells sound, (steps, voices)."""
Velocities = npt.NDArray[np.uint8]
"""Of each cell, (steps, voices), 0 where none sounds."""
Timing = npt.NDArray[np.floating[Any]]
"""How late each cell's hit is, (steps, voices), in steps; below 0: early."""
Limits = npt.NDArray[np.float64]
"""The probability above which each voice sounds, see `playing.cells.thresholds`."""

_MOST_PLACES = 2000  # enough to know where the music lies, and looked through in a moment
_AT_ONCE = 256
_AROUND = 0.15  # of the space's half


@dataclass(frozen=True, eq=False)
class OpenRun:
    """What is worked out once when a run is opened. Two are the same only if they are one object.

    positions: where the sequences of the run's music lie, (n, latents), in units of the model.
    places, peaks: of some of the positions, spread over all, (places, latents), and how high the
    decoder's logits of each voice are there at the most, (places, voices).

    age: see `age_of`.  precision: of the model file that decodes, one of
    `decoder.precision.PRECISIONS`, and `decoder` is that; "": the run itself decodes, as it was
    trained.

    density_of: for each voice the group whose density it has.  pitches: a MIDI note for each voice,
    which a rhythm does not use.  voices: what is known of each by its name.
    """

    run: Run
    positions: Array
    density_of: tuple[int, ...]
    pitches: tuple[int, ...]
    voices: tuple[Voice, ...]
    places: Array
    peaks: Array
    age: int = 0
    precision: str = ""
    decoder: PreciseDecoder | None = None

    @classmethod
    def read(cls, folder: Path) -> OpenRun:
        """Read a run and encode its music, which takes a while. Raises UserError."""
        age = age_of(folder)
        run = load_run(folder)
        info, music = run.model.info, run.dataset
        positions = run.model.encode(music.sequences)
        places = positions[:: 1 + (len(positions) - 1) // _MOST_PLACES]
        return cls(
            run,
            positions,
            density_of_voices(music.kind, info.voices, info.groups),
            voice_pitches(music),
            voices_named(music.voice_names),
            places,
            _peaks(run, places),
            age,
        )

    def at_precision(self, precision: str, file: Path | None) -> OpenRun:
        """The same run as its model file plays, as a module does; "" and None: as it was trained.
        Raises UserError if the file cannot be played."""
        decoder = None if file is None else PreciseDecoder(file)
        return replace(self, precision=precision, decoder=decoder)

    @property
    def groups(self) -> int:
        """Number of groups of voices, each of which has a density."""
        return max(self.density_of) + 1

    # -- where there is music ---------------------------------------------------------------------

    def audible(self, limits: Limits) -> npt.NDArray[np.bool_]:
        """At which of the places anything sounds, (places,)."""
        return np.asarray((self.peaks > cut_offs(limits)).any(axis=1))

    def densest(self, limits: Limits) -> tuple[float, ...]:
        """The place around which most of the music lies, among those where anything sounds; if
        nothing sounds anywhere, among all."""
        heard = self.audible(limits)
        weights = self._crowds * heard if heard.any() else self._crowds
        return tuple(map(float, self.places[int(weights.argmax())]))

    @cached_property
    def _crowds(self) -> npt.NDArray[np.floating[Any]]:
        """How much music is around each place: a bell around each of the others."""
        wide = _AROUND * self.run.model.info.latent_scale
        scaled = self.places / wide
        square = (scaled**2).sum(axis=1)
        apart = square[:, np.newaxis] + square - 2 * scaled @ scaled.T
        return np.asarray(np.exp(-0.5 * np.maximum(apart, 0)).sum(axis=1))

    # -- what plays at a position -----------------------------------------------------------------

    def logits(self, latents: tuple[float, ...]) -> Array:
        """The decoder's logits at a position, (steps, voices); takes 0.1 ms."""
        if self.decoder is not None:
            return self.decoder.logits(latents)
        return np.asarray(self.run.model.logits([latents])[0])

    @property
    def feel_latents(self) -> int:
        """Number of latents of the feel, 1 or 2; 0: the run has no feel."""
        return 0 if self.run.feel is None else self.run.feel.latents

    def feel_at(self, latents: Sequence[float], feel_knob_values: Sequence[float]) -> Feel | None:
        """Velocity and timing of all cells, as the module keeps them; None: the run has no feel.

        latents: the puck's, in units of the model.  feel_knob_values: of the feel, -1 to 1 each.
        """
        learned = self.run.feel
        if learned is None:
            return None
        info = self.run.model.info
        at = [*latents, *(value * learned.latent_scale for value in feel_knob_values)]
        if self.decoder is not None:
            return self.decoder.feel(at)
        velocity, timing = (cells.reshape(info.steps, info.voices) for cells in learned.decode(at))
        return Feel(velocity, timing).as_kept()

    def cells_of(self, logits: Array, limits: Limits, notes: int) -> Cells:
        """The cells that sound. notes: how many at once at the most (0: all); it counts where the
        model plays notes."""
        most = notes if self.run.dataset.kind == Kind.NOTES else 0
        return cells_above(logits, cut_offs(limits), most)

    def velocities_of(
        self, logits: Array, cells: Cells, limits: Limits, learned: Feel | None, dynamics: float
    ) -> Velocities:
        """How hard the cells that sound are struck: as learned, or without a feel the harder the
        more probable they are. dynamics: contrast of learned velocities, 0 to 2."""
        if learned is not None:
            return learned_velocities(learned.velocity, cells, self.voices, dynamics)
        return velocities(logits, cells, limits, self.voices)

    def pattern_of(
        self, hits: Velocities, pitches: tuple[int, ...], timing: Timing | None
    ) -> Pattern:
        """What plays. pitches: of a rhythm.  timing: of more steps, or as many; None: on the
        grid."""
        music = self.run.dataset
        if music.kind != Kind.RHYTHM:
            pitches = self.pitches
        late = None if timing is None else timing[: len(hits)]
        return Pattern(hits, music.kind, music.voice_names, pitches, music.steps_per_beat, late)

    def meter(self, steps: int) -> str:
        """The time signature of a loop of so many steps: the music's own, if it has all steps."""
        music = self.run.dataset
        return music.meter if steps == music.steps else meter_of(steps, music.steps_per_beat)


def age_of(folder: Path) -> int:
    """When a run was written, in nanoseconds of the file system's clock; 0: it is not there."""
    try:
        return (folder / HEADER).stat().st_mtime_ns
    except OSError:
        return 0


def _peaks(run: Run, places: Array) -> Array:
    """The highest logit of each voice at each place, (places, voices)."""
    found = [
        run.model.logits(places[first : first + _AT_ONCE]).max(axis=1)
        for first in range(0, len(places), _AT_ONCE)
    ]
    return np.concatenate(found)
