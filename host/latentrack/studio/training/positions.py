"""The music's positions in latent space during a training, as numbers and as text."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from latentrack.model.autoencoder import Autoencoder

Positions = npt.NDArray[np.float16]


def positions_of(model: Autoencoder, sequences: npt.NDArray[np.uint8]) -> Positions:
    """The posterior means of sequences, as knob values of -1 to 1: (n, latents), float16."""
    return np.asarray(model.encode(sequences) / model.info.latent_scale, np.float16)


def packed(positions: Positions) -> str:
    """Positions as base64 text, to be sent between processes."""
    return base64.b64encode(np.asarray(positions, "<f2").tobytes()).decode()


def unpacked(text: str, latents: int) -> Positions:
    """The positions, (n, latents), of a text that `packed` made."""
    values = np.frombuffer(base64.b64decode(text), "<f2")
    return np.asarray(values, np.float16).reshape(-1, latents)
