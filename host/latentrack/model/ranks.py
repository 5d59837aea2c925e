"""Compare two orders of the same things."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[np.floating] | NDArray[np.integer]


def rank_correlation(first: Numbers, second: Numbers) -> float:
    """Return Spearman's rank correlation of two sequences, -1 to 1; 0 if one is constant.

    Equal values have the mean of their ranks.
    """
    a, b = ranked(first), ranked(second)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def ranked(values: Numbers) -> NDArray[np.float64]:
    """Return the rank of each value, from 1; equal values have the mean of their ranks."""
    _, which, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[which.ravel()], np.float64)
