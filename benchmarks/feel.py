"""The feel on Groove: how near velocity and timing come to a drummer's, and what its knobs do.

Music, files and split are those of model.py: the training files train, the validation files are
measured, the test split is not looked at. Default settings with a feel of two latents, the median
of five seeds. Velocity and timing of each hit are decoded at the bar's own latents; R² is the share
of their variance that is explained.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from model import groove
from result import Result

from latentrack.decoder.quiet import import_tensorflow
from latentrack.model.feel_measures import axes, measure_feel
from latentrack.model.measures import natural_threshold
from latentrack.model.settings import Settings
from latentrack.model.training import cross_entropy, train

SEEDS = 5


def measure(folder: Path) -> list[Result]:
    """The rows of the table that are about the feel."""
    import_tensorflow()
    music, validation = groove()
    found = []
    for seed in range(SEEDS):
        training = train(music, Settings(seed=seed, feel="2"), validated_on=validation)
        model, feel, known = training.model, training.feel, training.trained_on
        assert feel is not None
        near = measure_feel(model, feel, music, known, validation)
        threshold = natural_threshold(model, music.sequences[known])
        positions = model.encode(music.sequences[validation])
        louder, later = axes(model, feel, positions, threshold)
        bce = cross_entropy(model, music.sequences[validation])
        found.append((near.velocity.r2, near.timing.r2, bce, louder, later))
    velocity, timing, hits, louder, later = map(statistics.median, zip(*found, strict=True))
    return [
        Result("groove.velocity_r2", velocity, "R²", None, 0.52, at_least=True),
        Result("groove.timing_r2", timing, "R²", None, 0.42, at_least=True),
        Result("groove.hits_bce", hits, "nats", None, 0.133),
        Result("groove.axis_velocity", louder, "correlation", None, 0.95, at_least=True),
        Result("groove.axis_timing", later, "correlation", None, 0.95, at_least=True),
    ]
