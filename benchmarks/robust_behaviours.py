"""What hostile behaviours break: tests/end_to_end/hostile.py by the hundred."""

import sys
from itertools import islice
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]
COUNT = 200
WORKERS = 2


def measure(folder: Path) -> list[Result]:
    """Of the hostile behaviours those after which a push was late or failed, or edges were lost."""
    sys.path.insert(0, str(ROOT))
    from tests.end_to_end.hostile import cases, run_all, summary

    outcomes = run_all(list(islice(cases(seed=1), COUNT)), WORKERS, lambda outcome: None)
    print(summary(outcomes))
    bad = sum(not outcome.in_time for outcome in outcomes)
    return [Result("robust.behaviours", bad, "behaviours", None, 0)]
