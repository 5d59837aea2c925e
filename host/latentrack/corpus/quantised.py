"""Quantised bars of one file: hits in sequences, and what was left out. The cache stores them.

Hits are a table, not cells: which voices there will be is known only when all files are read.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_HITS = np.dtype(
    [
        ("sequence", "<i4"),
        ("step", "<i2"),
        ("voice", "<i2"),
        ("velocity", "u1"),
        ("offset", "i1"),  # from its step, in 1/254 of a step, later is above 0
    ]
)


def hits_table(count: int) -> npt.NDArray[Any]:
    """An empty table; its rows are in order of sequence, step and voice."""
    return np.zeros(count, _HITS)


@dataclass(frozen=True, eq=False)
class QuantisedBars:
    """The sequences of one file."""

    meters: tuple[str, ...]  # per sequence
    hits: npt.NDArray[Any]  # see hits_table
    discarded: Counter[tuple[str, str]]  # by (what, reason)
    tempo: str = ""  # what told it, of audio: "the name"

    def __len__(self) -> int:
        return len(self.meters)


def join(each: Sequence[QuantisedBars]) -> QuantisedBars:
    """Several after one another."""
    meters: list[str] = []
    tables = [hits_table(0)]
    discarded: Counter[tuple[str, str]] = Counter()
    for bars in each:
        table = bars.hits.copy()
        table["sequence"] += len(meters)
        tables.append(table)
        meters += bars.meters
        discarded += bars.discarded
    return QuantisedBars(tuple(meters), np.concatenate(tables), discarded)


def to_bytes(result: QuantisedBars | str) -> bytes:
    """What a file gave, or why it gave nothing, as bytes."""
    if isinstance(result, str):
        return json.dumps(result).encode() + b"\n"
    runs: list[list[Any]] = []
    for meter in result.meters:
        if runs and runs[-1][0] == meter:
            runs[-1][1] += 1
        else:
            runs.append([meter, 1])
    left_out = [[what, why, count] for (what, why), count in result.discarded.items()]
    head = json.dumps([runs, left_out, result.tempo]).encode() + b"\n"
    return head + zlib.compress(result.hits.tobytes(), 1)


def from_bytes(data: bytes) -> QuantisedBars | str:
    """Back again. Raises ValueError on bytes that are not of `to_bytes`."""
    head, _, body = data.partition(b"\n")
    try:
        told = json.loads(head)
        if isinstance(told, str):
            return told
        runs, left_out, tempo = told
        meters = tuple(meter for meter, count in runs for _ in range(count))
        hits = np.frombuffer(zlib.decompress(body), _HITS)
        discarded = Counter({(what, why): count for what, why, count in left_out})
    except (TypeError, zlib.error) as error:
        raise ValueError("not what it was") from error
    if len(hits) and not 0 <= int(hits["sequence"].max()) < len(meters):
        raise ValueError("not what it was")
    return QuantisedBars(meters, hits, discarded, str(tempo))
