"""How well models know music that they have not heard, by default and with three latents.

Music, files and split are those of model.py. The median of five seeds.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from model import groove, quality
from result import Result

from latentrack.decoder.quiet import import_tensorflow

SEEDS = 5


def measure(folder: Path) -> list[Result]:
    """The rows of the table about the default model, and the one with three latents."""
    import_tensorflow()
    music, validation = groove()
    default = [quality(music, validation, seed) for seed in range(SEEDS)]
    three = [quality(music, validation, seed, latents=3) for seed in range(SEEDS)]
    bce = statistics.median(each.bce for each in default)
    coverage = statistics.median(each.coverage for each in default)
    saturated = statistics.median(each.saturated for each in default)
    return [
        Result("model.default.bce", bce, "nats", None, 0.126),
        Result("model.default.coverage", coverage, "share", 0.81, 0.90, at_least=True),
        Result("model.default.saturated", saturated, "share", None, 0.10),
        Result(
            "model.three_latents.bce", statistics.median(e.bce for e in three), "nats", None, 0.133
        ),
    ]


if __name__ == "__main__":
    from result import show

    show(measure(Path()))
