"""A model file as OSC plays it: a position in the latent space, and the pattern there."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.corpus.percussion import MAPS
from latentrack.corpus.voice_pitches import voice_pitches
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import Extras, read_extras
from latentrack.playing.cells import (
    FIRST_PITCHES,
    MOST_NOTES,
    MOST_PITCHES,
    NEUTRAL,
    cells_above,
    cut_offs,
    density_of_voices,
    thresholds,
)
from latentrack.playing.kinds import Kind
from latentrack.playing.parameters import DENSITIES, PITCHES, TRACK
from latentrack.playing.pattern import Pattern
from latentrack.playing.velocity import learned_velocities, velocities
from latentrack.playing.voices import voices_named
from latentrack.words import count

_LOWEST_PITCH = 36  # C2, of notes whose file does not say it
_SMALLEST = np.float32(1e-37)


class OpenFile:
    """The model that is open, and the file that it is called by."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.folder = Path(Path(path).stem)
        self.model = Decoder(path)


class OscInstrument:
    """A decoder with a position, a threshold, densities, pitches, dynamics and a length.

    Thread-safe.

    `pattern` is what plays now; `on_change` is called, in any thread, when anything is set. Values
    outside their range are clamped. Raises ValueError if a value is not a number or there are not
    as many as expected.
    """

    def __init__(self, path: str | os.PathLike[str], on_change: Callable[[], None]) -> None:
        """Raises UserError if the file is not a decoder that can be played."""
        self.run = OpenFile(path)
        self._on_change = on_change
        self._lock = threading.RLock()
        self._decoder = self.run.model
        extras = read_extras(path)
        info = self._decoder.info
        self.voices = _voices(self._decoder, extras)
        self._voice_pitches = voice_pitches(self.voices)
        self._density_of = density_of_voices(self.voices.kind, info.voices, info.groups)
        self._named_voices = voices_named(self.voices.voice_names)
        self.has_feel: bool = self._decoder.has_feel
        feel_latents = self._decoder.feel_latents
        self.knob_values: tuple[float, ...] = (0.0,) * (self._decoder.latents - feel_latents)
        self.feel_knob_values: tuple[float, ...] = (0.0,) * feel_latents
        threshold = extras.threshold
        self.threshold = TRACK["threshold"].default if threshold is None else threshold
        self.densities: tuple[float, ...] = (NEUTRAL,) * (max(self._density_of) + 1)
        self.pitches: tuple[int, ...] = FIRST_PITCHES
        self.steps = info.steps
        self.feel = 1.0
        self.dynamics = 1.0
        self._probabilities: NDArray[np.float32]
        self._felt: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        self.pattern: Pattern
        self._decode()

    def set_knob_values(self, values: Sequence[float]) -> None:
        """Move to a position, -1 to 1 for each latent but those of the feel."""
        with self._lock:
            self.knob_values = _as_many(values, self.knob_values)
            self._decode()
        self._on_change()

    def set_feel_knob_values(self, values: Sequence[float]) -> None:
        """Move the latents of the feel, -1 to 1 each: the same hits, harder or later."""
        with self._lock:
            self.feel_knob_values = _as_many(values, self.feel_knob_values)
            self._decode()
        self._on_change()

    def set_threshold(self, value: float) -> None:
        """How probable a hit must be to sound, 0 to 1."""
        self._set("threshold", TRACK["threshold"].clamped(value))

    def set_density(self, index: int, value: float) -> None:
        """How readily a group of voices sounds, 0 to 1; 0.5 is neutral. index: from 0."""
        if not 0 <= index < len(self.densities):
            raise ValueError(f"expected a group from 0 to {len(self.densities) - 1}, got {index}")
        with self._lock:
            densities = list(self.densities)
            densities[index] = DENSITIES[index].clamped(value)
            self._set("densities", tuple(densities))

    def set_pitches(self, pitches: Sequence[int]) -> None:
        """The MIDI notes, 0 to 127, that a rhythm's hits take in turn; one to eight."""
        if not 1 <= len(pitches) <= MOST_PITCHES:
            raise ValueError(f"expected 1 to {MOST_PITCHES} pitches, got {len(pitches)}")
        self._set("pitches", tuple(int(PITCHES[0].clamped(pitch)) for pitch in pitches))

    def set_feel(self, amount: float) -> None:
        """Share of the learned timing that is heard, 0 (all on the grid) to 2; 1: as learned."""
        self._set("feel", TRACK["feel"].clamped(100 * amount) / 100)

    def set_dynamics(self, amount: float) -> None:
        """Share of the learned dynamics, 0 (all hits alike) to 2; 1: as learned."""
        self._set("dynamics", TRACK["dynamics"].clamped(100 * amount) / 100)

    def set_steps(self, steps: int) -> None:
        """How many steps of the pattern are played, again and again."""
        self._set("steps", int(clamped(steps, 1, self._decoder.info.steps)))

    def next_bar(self) -> None:
        """See `sequencer.HasPattern`: nothing moves by itself here."""

    def _set(self, name: str, value: object) -> None:
        with self._lock:
            setattr(self, name, value)
            self._build()
        self._on_change()

    def _decode(self) -> None:
        scale = self._decoder.info.latent_scale
        latents = [[x * scale for x in (*self.knob_values, *self.feel_knob_values)]]
        self._probabilities = self._decoder.decode(latents)[0]
        if self.has_feel:
            velocity, timing = self._decoder.decode_feel(latents)
            self._felt = velocity[0], timing[0]
        self._build()

    def _build(self) -> None:
        """The pattern from the probabilities and what is set; nothing is decoded."""
        limits = thresholds(self.threshold, self.densities, self._density_of)
        # Above a threshold of 0 everything sounds, also what the decoder thinks impossible.
        probabilities = np.maximum(self._probabilities, _SMALLEST)
        kind = self.voices.kind
        cells = cells_above(probabilities, limits, MOST_NOTES if kind == Kind.NOTES else 0)
        timing = None
        if self._felt is None:
            logits = cut_offs(probabilities.astype(np.float64))
            hits = velocities(logits, cells, limits, self._named_voices)
        else:
            hits = learned_velocities(self._felt[0], cells, self._named_voices, self.dynamics)
            timing = self.feel * self._felt[1][: self.steps]
        self.pattern = Pattern(
            hits[: self.steps],
            kind,
            self.voices.voice_names,
            self.pitches if kind == Kind.RHYTHM else self._voice_pitches,
            self.voices.steps_per_beat,
            timing,
        )


def clamped(value: float, low: float, high: float) -> float:
    """The nearest number from `low` to `high`. Raises ValueError if it is not a number."""
    number = float(value)
    if math.isnan(number):
        raise ValueError("not a number")
    return min(max(number, low), high)


def _as_many(values: Sequence[float], before: tuple[float, ...]) -> tuple[float, ...]:
    """These knob values, clamped; ValueError unless there are as many as before."""
    if len(values) != len(before):
        raise ValueError(f"expected {count(len(before), 'latent')}, got {len(values)}")
    return tuple(clamped(value, -1, 1) for value in values)


def _voices(decoder: Decoder, extras: Extras) -> Dataset:
    """What the model's voices are, as a dataset without a sequence.

    Files of other programs do not name them: then the percussion map with the same groups does.
    """
    info = decoder.info
    kind = next((each for each in Kind if each.code[:3] == info.kind[:3]), Kind.DRUMS)
    names = extras.voices
    if len(names) != info.voices:
        like = [each for each in MAPS.values() if each.group_sizes == info.groups]
        fits = kind == Kind.DRUMS and like and len(like[0].voices) == info.voices
        names = (
            tuple(voice.name for voice in like[0].voices)
            if fits
            else tuple(f"voice {number + 1}" for number in range(info.voices))
        )
    lowest = extras.lowest_pitch if extras.lowest_pitch is not None else _LOWEST_PITCH
    return Dataset(
        np.zeros((0, info.steps, info.voices), np.uint8),
        kind,
        names,
        lowest_pitch=min(lowest, 128 - info.voices) if kind == Kind.NOTES else None,
    )
