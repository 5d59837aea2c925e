"""Does what is said of a file's notes add up?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from latentrack.corpus import read
from latentrack.errors import UserError


def account_gap(path: Path, notes: int) -> int:
    """How many notes of a file are neither kept nor left out for a reason, as drums and as notes.

    A file that is left out as a whole is a reason for all of its notes.
    """
    gap = 0
    for kind in ("drums", "notes"):
        left_out: Counter[str] = Counter()

        def count(_name, reasons, left_out=left_out) -> None:
            for (what, _), number in reasons.items():
                left_out[what] += number

        try:
            kept = len(read([path], kind=kind, cache=False, on_discard=count).velocities)
        except UserError:
            kept = 0
        if not left_out["files"]:
            gap += abs(notes - kept - left_out["hits"] - left_out["notes"])
    return gap
