"""A model of eight drums, a jack each, and when its gates rise: for tests of what is performed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentrack.decoder.litert import Decoder
from tests.decoders import EIGHT
from tests.device.rig import DRUM_JACKS, Rig

PLACE = (1.5, -0.5, 2.0)
OTHER = (-2.0, 1.0, -1.0)
THRESHOLD = 0.3
STEP_US = 20_000
TICK_US = 1000


@dataclass(frozen=True)
class Eight:
    """The model, as a file, and what LiteRT decodes of it."""

    path: str
    decoder: Decoder

    @classmethod
    def read(cls, folder: Path) -> Eight:
        """As `write_eight` has made it there."""
        return cls(str(folder / EIGHT), Decoder(folder / f"{EIGHT}.tflite"))

    def probabilities(self, latents: tuple[float, ...] = PLACE) -> np.ndarray:
        """Shape (16 steps, 8 voices)."""
        return self.decoder.decode([latents])[0]

    def hits(self, latents: tuple[float, ...] = PLACE, threshold: float = THRESHOLD) -> np.ndarray:
        """The cells that sound, shape (16 steps, 8 voices)."""
        return self.probabilities(latents) > threshold


def set_up(module: Rig, more: str = "") -> None:
    """The place and the threshold of these tests, and some code."""
    module.run(f"track.latents = {PLACE}\ntrack.threshold = {THRESHOLD}\n{more}")


def begin_again(module: Rig) -> None:
    """The next edge plays the first step, and nothing of before is heard any more."""
    module.panel.advance(50_000)
    module.panel.trigger("reset")
    module.panel.advance(50_000)
    module.panel.settle()


def go_on(
    module: Rig, edges: int = 16, step_us: int = STEP_US, lost: int | None = None
) -> list[tuple[int, int]]:
    """Clocks the module; (microseconds since the first edge, voice) of each gate that rises.

    lost: the number of the edge, from 0, that does not come.
    """
    module.panel.settle()
    start_us = module.panel.now_us
    if lost is None:
        module.panel.clock(edges, spacing_us=step_us)
    else:
        module.panel.clock(lost, spacing_us=step_us)
        module.panel.advance(step_us)
        module.panel.clock(edges - lost - 1, spacing_us=step_us)
    rises = [
        (report.time_us - start_us, DRUM_JACKS.index(report.jack))
        for report in module.panel.settle()
        if report.kind == "rise"
    ]
    module.saw(("rises", edges, step_us, lost), rises)
    return rises


def play(module: Rig, edges: int = 16, step_us: int = STEP_US) -> list[tuple[int, int]]:
    """The same from the first step on."""
    begin_again(module)
    return go_on(module, edges, step_us)


def grid(rises: list[tuple[int, int]], steps: int = 16, step_us: int = STEP_US) -> np.ndarray:
    """How many gates of each voice rose within each step, (steps, 8)."""
    counts = np.zeros((steps, 8), int)
    for time_us, voice in rises:
        counts[(time_us + TICK_US // 2) // step_us, voice] += 1
    return counts
