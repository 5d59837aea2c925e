"""Count the cells that a model file's precision changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentrack.decoder.litert import Decoder
from latentrack.words import agree, count


@dataclass(frozen=True)
class GateCount:
    """Patterns decoded twice, and compared gate by gate at one threshold.

    size: bytes of the file.  patterns, gates: how many were compared.  open: how many are open as
    they should be decoded.  differing: how many came out otherwise.  touched: in how many patterns.
    """

    size: int
    patterns: int
    gates: int
    open: int
    differing: int
    touched: int

    @property
    def words(self) -> str:
        """The count as a part of a sentence."""
        if not self.differing:
            return f"all {count(self.gates, 'gate')} the same"
        share = self.differing / max(1, self.open)
        return (
            f"{self.differing:,} of {count(self.gates, 'gate')} "
            f"{agree(self.differing, 'differs', 'differ')} ({share:.1%} of the hits), "
            f"in {self.touched:,} of {count(self.patterns, 'pattern')}"
        )


def count_gates(
    data: bytes, wanted: NDArray[np.bool_], latents: ArrayLike, threshold: float
) -> GateCount:
    """Decode a model file with LiteRT at `latents` (n, latents); `wanted` is what should sound,
    (n, steps, voices)."""
    differing = Decoder(data).pattern(latents, threshold) != wanted
    return GateCount(
        size=len(data),
        patterns=len(wanted),
        gates=wanted.size,
        open=int(wanted.sum()),
        differing=int(differing.sum()),
        touched=int(differing.any(axis=(1, 2)).sum()),
    )
