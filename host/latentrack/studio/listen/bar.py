"""The bar at the foot of every page: play, tempo, and whether this browser sounds."""

from __future__ import annotations

from latentrack.studio.studio import Studio


def build(studio: Studio) -> None:
    """Fills the bar."""
