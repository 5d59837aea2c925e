"""What broken things do: each figure has a function of its own."""

import sys
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]
MODELS = 20_000


def measure(folder: Path) -> list[Result]:
    """The rows of the table about what is broken."""
    return [wrong_models(folder)]


def wrong_models(folder: Path) -> Result:
    """Models broken by meaning that we accept, and LiteRT does not or decodes otherwise."""
    sys.path.insert(0, str(ROOT / "firmware" / "fuzz"))
    from seeds import small_models
    from wrong_models import count_wrong

    found = count_wrong(small_models(), folder, MODELS)
    print(*found.wrong, sep="\n", end="\n" if found.wrong else "")
    return Result("robust.wrong_models", len(found.wrong), "models", None, 0)
