"""How many steps of rendered loops are right: kits, tempi, tails, formats and sample rates."""

import sys
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]


def measure(folder: Path) -> list[Result]:
    """The mean over all loops of hits on right steps, over hits of the pattern and wrong ones."""
    sys.path.insert(0, str(ROOT))
    from latentrack.corpus import read
    from tests.host.corpus.loops import loops, share_right

    shares = []
    for loop in loops():
        made = read([loop.write(folder)], kind="rhythm", minimum_notes=1, cache=False, processes=1)
        shares.append(share_right(loop, made.sequences[:, :, 0]))
        if shares[-1] < 1:
            print(f"{shares[-1]:.2f} {loop.name}")
    return [
        Result("audio.onsets_right", sum(shares) / len(shares), "share", goal=0.97, at_least=True)
    ]
