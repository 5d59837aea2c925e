"""What a kill of either side costs, in the midst of whatever changes a module."""

import sys
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]
KILLS = 500
_WORKERS = 2
_SEED = 1


def measure(folder: Path) -> list[Result]:
    """The row of the table about kills; which case did not hold is printed."""
    sys.path.insert(0, str(ROOT))
    from tests.decoders import DRUMS, decoders_or_stand_ins
    from tests.end_to_end.kills import run_shared

    model = decoders_or_stand_ins(folder) / f"{DRUMS}.tflite"
    kinds, broken = run_shared(model, KILLS, _SEED, _WORKERS)
    print(*(f"{number} times: {kind}" for kind, number in sorted(kinds.items())), sep="\n")
    return [Result("robust.kills", len(broken), "kills", None, 0)]
