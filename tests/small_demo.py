"""A part of the demo drums that trains in a second or two."""

from __future__ import annotations

from dataclasses import replace

from latentrack.corpus import Dataset, demo_dataset


def small_demo() -> Dataset:
    """Every second bar of the demo drums, and nothing of velocity and timing: no feel is learnt."""
    whole = demo_dataset()
    return replace(whole.take(range(0, len(whole), 2)), velocities=None, offsets=None)
