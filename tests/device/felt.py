"""A model with a feel: what LiteRT decodes, and what the rules of latentrack.playing make of it."""

from __future__ import annotations

from pathlib import Path

from latentrack.decoder.litert import Decoder
from latentrack.playing.feel import Feel
from latentrack.playing.jacks import JackStep, drum_steps
from tests.decoders import FELT

GROUPS = (1, 1, 6, 2, 2)
PLACE = (1.5, -0.5, 2.0, 0.5, -1.0)
"""Some latents of FELT, the feel's last."""
THRESHOLD = 0.3


class FeltModel:
    """What LiteRT decodes of a model with a feel."""

    def __init__(self, folder: Path, name: str = FELT) -> None:
        self.path = str(folder / name)
        self._decoder = Decoder(folder / f"{name}.tflite")

    def steps(self, latents, threshold: float = THRESHOLD, **how) -> list[JackStep]:
        """What each step puts out, by the rules of latentrack.playing."""
        feel = self.feel(latents)
        return drum_steps(self.probabilities(latents), GROUPS, threshold, feel=feel, **how)

    def feel(self, latents) -> Feel:
        """Velocity and timing of each cell."""
        return Feel(*(found[0] for found in self._decoder.decode_feel([latents])))

    def probabilities(self, latents):
        """Of the hits, (steps, voices)."""
        return self._decoder.decode([latents])[0]


def at(latents, threshold: float = THRESHOLD) -> str:
    """What is typed to play there."""
    return f"track.latents = {tuple(latents)}\ntrack.threshold = {threshold}"
