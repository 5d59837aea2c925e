"""The sequences that a report shows beside what the model makes of them, to be heard."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from nicegui import ui

from latentrack.model.pictures import paired
from latentrack.model.run import load_run
from latentrack.playing.pattern import Pattern
from latentrack.studio.listen.audition import audition, bar_of
from latentrack.studio.page_parts import named

_VELOCITY = 100  # of what the model plays: its probabilities say nothing of it


def patterns(run: Path) -> list[tuple[Pattern, Pattern]]:
    """Each sequence of the report and what the model makes of it, in the report's order. Slow.

    Raises UserError if the run cannot be read.
    """
    opened = load_run(run)
    found = []
    for index in paired(opened):
        music = bar_of(opened.dataset, index)
        sounds = opened.reconstruct(index).pattern.astype(bool)
        hits = np.where(sounds, np.maximum(music.velocities, _VELOCITY), 0).astype(np.uint8)
        found.append((music, replace(music, velocities=hits, timing=None)))
    return found


def build(pairs: list[tuple[Pattern, Pattern]]) -> None:
    """Add the buttons: two for each pair."""
    with named(ui.element("div"), "Hear the pairs of the report").classes("lt-train-pairs") as row:
        row.props("role=group")
        ui.label("Hear each pair of the report:").classes("lt-muted")
        for number, (music, model) in enumerate(pairs, 1):
            with ui.element("span").classes("lt-train-pair"):
                ui.label(str(number)).classes("lt-muted")
                for word, pattern in (("music", music), ("model", model)):
                    button = ui.button(word, on_click=partial(audition, pattern))
                    named(button, f"Hear pair {number}: {word}").props("outline dense no-caps")
