"""history.csv of a run: one line an epoch."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from latentrack.limits import TABLE_BYTES, check_file, lines
from latentrack.model.training import Epoch

HISTORY = "history.csv"

_MOST_EPOCHS = 100_000_000  # of a million each, trained on from a hundred times


def joined(earlier: tuple[Epoch, ...], later: tuple[Epoch, ...]) -> tuple[Epoch, ...]:
    """One history; what an earlier run ended with is counted as it was."""
    if not earlier:
        return later
    of = len(earlier) + later[-1].of
    moved = (
        replace(epoch, number=epoch.number + len(earlier), of=of) for epoch in later if epoch.number
    )
    return (*earlier, *moved)


def write_history(path: Path, history: tuple[Epoch, ...]) -> None:
    """Raises OSError."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("epoch", "of", "loss", "validation_loss", "best"))
        for epoch in history:
            held = "" if epoch.validation_loss is None else repr(epoch.validation_loss)
            table.writerow((epoch.number, epoch.of, repr(epoch.loss), held, int(epoch.best)))


def read_history(path: Path) -> tuple[Epoch, ...]:
    """OSError, or see limits.DAMAGE, where it is none, or tells of losses that are not numbers."""
    check_file(path, TABLE_BYTES)
    with path.open(newline="", encoding="utf-8") as file:
        history = tuple(_epoch(row) for row in csv.DictReader(lines(file)))
    if not any(epoch.number for epoch in history):
        raise ValueError("no epoch")
    return history


def _epoch(row: Mapping[str, str]) -> Epoch:
    number, of = int(row["epoch"]), int(row["of"])
    loss = float(row["loss"])
    held = float(row["validation_loss"]) if row["validation_loss"] else None
    # Of the model that a training went on from, the loss is not known.
    known = math.isfinite(loss) or number == 0
    if not (0 <= number <= _MOST_EPOCHS and of <= _MOST_EPOCHS and known):
        raise ValueError("a line that is not an epoch")
    if held is not None and not math.isfinite(held):
        raise ValueError("a validation loss that is not a number")
    return Epoch(number, of, loss, held, row["best"] == "1")
