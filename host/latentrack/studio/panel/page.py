"""The page "Module"."""

from __future__ import annotations

from nicegui import ui

from latentrack.studio.studio import Studio


def build(studio: Studio) -> None:
    """Fills the page."""
    ui.label("Module")
