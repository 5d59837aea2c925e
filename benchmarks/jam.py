"""How soon a model is heard: from `latentrack jam` to the first light on its panel.

A model of the default size that is there as a file: nothing is trained, and no factory model has to
be built. Seconds of the computer's own clock, the median of some runs.
"""

import statistics
import sys
import time
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.decoders import FOUR, write_four  # noqa: E402
from tests.terminals import Terminal  # noqa: E402

TIMES = 5
GOAL_S = 10
LIGHT = "●"


def measure(folder: Path) -> list[Result]:
    """The row of the table about the first beat."""
    write_four(folder)
    model = folder / f"{FOUR}.tflite"
    first = [_seconds(model) for _ in range(TIMES + 1)][1:]  # the first may have to compile
    return [Result("model.first_beat_s", statistics.median(first), "s", None, GOAL_S)]


def _seconds(model: Path) -> float:
    began = time.perf_counter()
    with Terminal("jam", str(model), "--no-sound", columns=120, lines=40) as terminal:
        terminal.read_until(LIGHT)
        took = time.perf_counter() - began
        terminal.interrupt()
    return took
