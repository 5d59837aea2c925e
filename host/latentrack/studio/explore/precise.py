"""A run as its model file plays, in the precision of a module."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from latentrack.decoder.litert import Decoder
from latentrack.model.autoencoder import Array
from latentrack.playing.feel import Feel

_SUREST = 1e-9  # a probability of 0 or 1 has no logit


class PreciseDecoder:
    """For any thread: LiteRT's interpreter is one thread's at a time. Raises UserError if the file
    cannot be played."""

    def __init__(self, file: Path) -> None:
        self._decoder = Decoder(file)
        self._lock = threading.Lock()

    def logits(self, latents: Sequence[float]) -> Array:
        """The logits at a position, in units of the model, (steps, voices)."""
        with self._lock:
            probabilities = self._decoder.decode(latents)[0].astype(np.float64)
        clear = np.clip(probabilities, _SUREST, 1 - _SUREST)
        return np.asarray(np.log(clear) - np.log1p(-clear), np.float32)

    def feel(self, latents: Sequence[float]) -> Feel:
        """Velocity and timing at a position, with the latents of the feel behind the others."""
        with self._lock:
            velocity, timing = self._decoder.decode_feel(latents)
        return Feel(velocity[0], timing[0]).as_kept()
