"""The feel's part of a report: measures, and two MIDI files to compare by ear."""

from __future__ import annotations

import numpy as np

from latentrack.corpus.voice_pitches import voice_pitches
from latentrack.model.feel import FULL_VELOCITY, Feel, feel_latents
from latentrack.model.feel_measures import FeelMeasures, axes, measure_feel
from latentrack.model.trained_run import Run
from latentrack.playing.midi_file import midi_file
from latentrack.playing.pattern import Pattern

FLAT_VELOCITY = 80
"""Velocity of each hit in the MIDI file without a feel."""
_BARS, _TEMPO = 8, 100.0


def measured(run: Run, feel: Feel) -> FeelMeasures:
    """Measure the feel on the validation set, or on the training set if there is none."""
    judged = run.validated_on if len(run.validated_on) else run.trained_on
    return measure_feel(run.model, feel, run.dataset, run.trained_on, judged)


def knobs(run: Run, feel: Feel) -> tuple[float, ...]:
    """Return for each feel latent the rank correlation of its knob with velocity or timing."""
    return axes(run.model, feel, run.model.encode(run.checks), run.threshold)


def before_and_after(run: Run, feel: Feel) -> tuple[bytes, bytes]:
    """Return two MIDI files of the same eight sequences: without and with the feel.

    Without it, all hits have FLAT_VELOCITY and are on the grid.
    """
    judged = run.validated_on if len(run.validated_on) else run.trained_on
    chosen = judged[np.linspace(0, len(judged) - 1, min(_BARS, len(judged))).astype(int)]
    positions = run.model.encode(run.dataset.sequences[chosen])
    latents = feel_latents(run.model, feel, run.dataset, chosen)
    hits = run.model.decode(positions) > run.threshold
    velocity, timing = (
        cells.reshape(hits.shape)
        for cells in feel.decode(np.concatenate([positions, latents], axis=1))
    )
    loud = np.clip(np.rint(FULL_VELOCITY * velocity), 1, FULL_VELOCITY)
    dataset = run.dataset
    pitches = voice_pitches(dataset)

    def file(velocities: np.ndarray, late: np.ndarray | None) -> bytes:
        patterns = [
            Pattern(
                np.where(hits[i], velocities[i], 0).astype(np.uint8),
                dataset.kind,
                dataset.voice_names,
                pitches,
                dataset.steps_per_beat,
                None if late is None else late[i],
            )
            for i in range(len(hits))
        ]
        return midi_file(patterns, _TEMPO, dataset.meter)

    return file(np.full(hits.shape, FLAT_VELOCITY), None), file(loud, timing)
