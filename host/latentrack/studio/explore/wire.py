"""Arrays as text, small enough to be sent for each move of the puck."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt


def packed(array: npt.NDArray[Any]) -> str:
    """Base64 of its elements, one byte each, the last axis fastest."""
    if array.dtype.itemsize != 1:
        raise ValueError(f"{array.dtype} is not one byte")
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
