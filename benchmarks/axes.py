"""What the knobs of a model mean, on Groove: density along X, syncopation along Y.

Music, files and split are those of model.py: the training files train, the validation files are
measured, the test split is not looked at. Default settings, the median of five seeds. Rank
correlations are Spearman's: over the bars of the validation files, of each bar's latent with its
attribute; and along the knob, of the knob's value with the attribute of what the decoder plays, the
mean over a hundred positions of the other knobs. The peers are the same model without axes, of one
seed.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
from model import groove
from result import Result

from latentrack.corpus import Dataset
from latentrack.decoder.quiet import import_tensorflow
from latentrack.model.axes_measures import measure_axes, smoothness
from latentrack.model.measures import natural_threshold
from latentrack.model.settings import Settings
from latentrack.model.training import cross_entropy, train

SEEDS = 5
AXES = ("density", "syncopation")


def measure(folder: Path) -> list[Result]:
    """The rows of the table that are about axes."""
    import_tensorflow()
    music, validation = groove()
    found = [
        figures(music, validation, Settings(seed=seed, axes=AXES, feel="none"))
        for seed in range(SEEDS)
    ]
    plain = figures(music, validation, Settings(axes=(), feel="none"))

    def median(name: str) -> float:
        return statistics.median(each[name] for each in found)

    density, syncopation = median("density"), median("syncopation")
    knob_density, knob_syncopation = median("knob density"), median("knob syncopation")
    bce, mean, worst = median("bce"), median("mean"), median("worst")
    unit = "correlation"
    return [
        Result("axes.density_rank", density, unit, None, 0.90, at_least=True),
        Result("axes.syncopation_rank", syncopation, unit, None, 0.85, at_least=True),
        Result("axes.knob_density_rank", knob_density, unit, None, 0.92, at_least=True),
        Result("axes.knob_syncopation_rank", knob_syncopation, unit, None, 0.85, at_least=True),
        Result("axes.bce", bce, "nats", plain["bce"], 0.126),
        Result("axes.smoothness_mean", mean, "gates", plain["mean"]),
        Result("axes.smoothness_worst", worst, "gates", plain["worst"]),
    ]


def figures(music: Dataset, validation: np.ndarray, settings: Settings) -> dict[str, float]:
    """The figures of one trained model, by name."""
    training = train(music, settings, validated_on=validation)
    model, unseen = training.model, music.sequences[validation]
    threshold = natural_threshold(model, music.sequences[training.trained_on])
    steps = smoothness(model, threshold)
    found = {"bce": cross_entropy(model, unseen), "mean": steps.mean, "worst": float(steps.worst)}
    for axis in measure_axes(model, settings.axes or (), music, unseen, threshold):
        found |= {axis.name: axis.music, f"knob {axis.name}": axis.knob}
    return found


if __name__ == "__main__":
    from result import show

    show(measure(Path()))
