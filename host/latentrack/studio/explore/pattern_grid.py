"""The pattern as an element of the page that can be edited; `pattern_grid.js` shows it.

Events: "draw" {cells: [step, voice, struck] each, number, first: a gesture begins}; "select"
{first, last, voices} or None; "act" {act, step, voice: of the cell that has the focus}; "voice"
{act: "mute" or "solo", voice, on}; "shape" {step, voice, velocity or late, first} and "density"
{index, value}, which wait for their answers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from nicegui.element import Element

from latentrack.corpus.dataset import Dataset
from latentrack.sound.names import sound_of
from latentrack.studio.explore.state import ExplorerState
from latentrack.studio.explore.wire import packed

DRAWN, ERASED, DIFFERS = 1, 2, 4
"""Bits of the marks: a drawn hit; a drawn silence where the model has a hit; what was found for the
drawing has it otherwise."""


class PatternGrid(
    Element, component="pattern_grid.js", dependencies=["one_in_flight.js", "grid_hands.js"]
):
    """Lanes are in the order of the voices, but of notes the highest comes first."""

    def set_up(
        self, dataset: Dataset, knobs: Sequence[int], pitches: Sequence[int], felt: bool
    ) -> None:
        """Lanes and steps for the patterns of a model. pitches: a MIDI note for each voice.  felt:
        the model has a feel."""
        rows = []
        seen: set[int] = set()
        for voice in shown_order(dataset):
            knob = knobs[voice]
            names = [n for n, k in zip(dataset.voice_names, knobs, strict=True) if k == knob]
            rows.append(
                {
                    "voice": voice,
                    "name": dataset.voice_names[voice],
                    "knob": knob,
                    "slider": "" if knob in seen else _title(names),
                    "sound": sound_of(dataset.kind, dataset.voice_names[voice], pitches[voice]),
                }
            )
            seen.add(knob)
        self.run_method(
            "setup",
            {
                "rows": rows,
                "steps": dataset.steps,
                "voices": dataset.voices,
                "beat": dataset.steps_per_beat,
                "felt": felt,
            },
        )

    def show(
        self,
        state: ExplorerState,
        number: int = 0,
        drawn: int = 0,
        answers: Collection[str] = (),
    ) -> None:
        """Show all steps and what was drawn. number: of the move of the puck that led here.  drawn:
        of the newest drawing that is in it.  answers: the events that this answers."""
        self.run_method(
            "show",
            {
                "hits": packed(state.hits),
                "timing": "" if state.timing is None else packed(_in_bytes(state.timing)),
                "marks": packed(marks_of(state)),
                "silent": np.flatnonzero(state.silent).tolist(),
                "muted": sorted(state.muted),
                "soloed": sorted(state.soloed),
                "played": state.steps,
                "densities": [round(value, 3) for value in state.densities],
                "number": number,
                "drawn": drawn,
                "answers": sorted(answers),
            },
        )

    def show_step(self, step: int) -> None:
        """The step that sounds; -1: none."""
        self.run_method("setStep", step)


def shown_order(dataset: Dataset) -> list[int]:
    """The voices from the upper row to the lowest."""
    order = list(range(dataset.voices))
    return order[::-1] if dataset.kind == "notes" else order


def marks_of(state: ExplorerState) -> npt.NDArray[np.uint8]:
    """The bits of each cell, (steps, voices)."""
    marks = np.zeros(state.hits.shape, np.uint8)
    layer, there = state.layer, state.found_there
    if layer is not None:
        marks[layer.drawn & layer.struck] |= DRAWN
        marks[layer.drawn & ~layer.struck & state.cells] |= ERASED
    if there is not None:
        marks[(there.hits > 0) != (state.hits > 0)] |= DIFFERS
    return marks


def _in_bytes(timing: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int8]:
    """Parts of 127 of a step."""
    return np.asarray(np.rint(127 * np.clip(timing, -1, 1)), np.int8)


def _title(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
