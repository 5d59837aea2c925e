"""Where the music lies in latent space while a model learns, and how a process tells of it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from latentrack.model.autoencoder import Autoencoder

Positions = npt.NDArray[np.float16]


def positions_of(model: Autoencoder, sequences: npt.NDArray[np.uint8]) -> Positions:
    """The means of sequences, -1 to 1, shape (n, latents)."""
    return np.asarray(model.encode(sequences) / model.info.latent_scale, np.float16)


def packed(positions: Positions) -> str:
    """As text, for the way from process to process."""
    return base64.b64encode(np.asarray(positions, "<f2").tobytes()).decode()


def unpacked(text: str, latents: int) -> Positions:
    """What `packed` made."""
    values = np.frombuffer(base64.b64decode(text), "<f2")
    return np.asarray(values, np.float16).reshape(-1, latents)
