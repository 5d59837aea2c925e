"""The pattern as an element of the page that can be edited; `pattern_grid.js` shows it.

Events: "draw" {step, voice, struck}; "shape" {step, voice, velocity or late, first: a gesture
begins} and "density" {index, value}, which wait for their answers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from nicegui.element import Element

from latentrack.corpus.dataset import Dataset
from latentrack.studio.explore.wire import packed


class PatternGrid(Element, component="pattern_grid.js", dependencies=["one_in_flight.js"]):
    """Lanes are in the order of the voices, but of notes the highest comes first."""

    def set_up(self, dataset: Dataset, knobs: Sequence[int]) -> None:
        """Lanes and steps for the patterns of a model."""
        order = list(range(dataset.voices))
        if dataset.kind == "notes":
            order.reverse()
        rows = []
        seen: set[int] = set()
        for voice in order:
            knob = knobs[voice]
            names = [n for n, k in zip(dataset.voice_names, knobs, strict=True) if k == knob]
            rows.append(
                {
                    "voice": voice,
                    "name": dataset.voice_names[voice],
                    "knob": knob,
                    "slider": "" if knob in seen else _title(names),
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
            },
        )

    def show(
        self,
        hits: npt.NDArray[np.uint8],
        timing: npt.NDArray[np.floating[Any]] | None,
        played: int,
        densities: Sequence[float],
        wrong: npt.NDArray[np.bool_] | None = None,
        kept: bool = False,
        number: int = 0,
        answers: Collection[str] = (),
    ) -> None:
        """hits: of all steps, (steps, voices), of which the first `played` are played.  timing: how
        late each is, in steps; None: all are on the grid.  wrong: the cells that are not as they
        were drawn.  kept: they sound as drawn all the same.  number: of the move that led here.
        answers: the events that this answers."""
        self.run_method(
            "show",
            {
                "hits": packed(hits),
                "timing": "" if timing is None else packed(_in_bytes(timing)),
                "wrong": "" if wrong is None else packed(wrong),
                "played": played,
                "densities": [round(value, 3) for value in densities],
                "kept": kept,
                "number": number,
                "answers": sorted(answers),
            },
        )

    def show_step(self, step: int) -> None:
        """The step that sounds; -1: none."""
        self.run_method("setStep", step)


def _in_bytes(timing: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int8]:
    """Parts of 127 of a step."""
    return np.asarray(np.rint(127 * np.clip(timing, -1, 1)), np.int8)


def _title(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
