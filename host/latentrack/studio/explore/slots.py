"""Slots: eight places for what plays, with all that makes it sound; kept in the studio's folder."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.decoder.precision import PRECISIONS
from latentrack.files import atomic_write
from latentrack.limits import DAMAGE, TEXT_BYTES, read_file, read_json
from latentrack.studio.explore.layer import Layer
from latentrack.studio.explore.open_run import OpenRun, Velocities
from latentrack.studio.explore.state import ExplorerState
from latentrack.studio.explore.wire import packed
from latentrack.studio.workspace import Workspace

SLOTS = 8
_FORMAT = "latentrack slots"
_MOST_CELLS = 1 << 16


@dataclass(frozen=True, eq=False)
class Slot:
    """What makes a pattern sound. name: a person's; "": none.  run: its folder's name.  precision:
    of the model file that decodes; "": the run itself does.  hits: what plays, (steps, voices), for
    its picture, and `kind` says how that is drawn. The rest is as in ExplorerState."""

    name: str
    run: str
    precision: str
    kind: str
    knob_values: tuple[float, ...]
    threshold: float
    densities: tuple[float, ...]
    pitches: tuple[int, ...]
    steps: int
    notes: int
    feel_knob_values: tuple[float, ...]
    feel: float
    dynamics: float
    muted: frozenset[int]
    soloed: frozenset[int]
    layer: Layer | None
    hits: Velocities

    @property
    def model(self) -> str:
        """The name of the model, with its precision."""
        plain = self.run.removesuffix(".run")
        return f"{plain}, {self.precision}" if self.precision else plain


Slots = tuple[Slot | None, ...]
EMPTY: Slots = (None,) * SLOTS


def slot_of(state: ExplorerState, name: str = "") -> Slot:
    """What plays now. Raises ValueError if no run is open."""
    opened, pattern = state.open_run, state.pattern
    if opened is None or pattern is None:
        raise ValueError("no run is open")
    return Slot(
        name,
        opened.run.folder.name,
        opened.precision,
        str(opened.run.dataset.kind),
        state.knob_values,
        state.threshold,
        state.densities,
        state.pitches,
        state.steps,
        state.notes,
        state.feel_knob_values,
        state.feel,
        state.dynamics,
        state.muted,
        state.soloed,
        state.layer,
        pattern.velocities,
    )


def recalled(state: ExplorerState, slot: Slot, opened: OpenRun) -> ExplorerState:
    """The state in which the slot was kept, with its run open. What the run has not, as it may have
    been trained again, is left out."""
    if state.run is opened.run:
        made = replace(state, open_run=opened)
    else:
        made = state.with_run(opened)
    shape = made.cells.shape
    layer = slot.layer if slot.layer is None or slot.layer.drawn.shape == shape else None
    latents = _fitting(slot.knob_values, made.knob_values)
    made = replace(
        made,
        threshold=slot.threshold,
        densities=_fitting(slot.densities, made.densities),
        pitches=slot.pitches,
        steps=min(slot.steps, shape[0]),
        notes=slot.notes,
        feel_knob_values=_fitting(slot.feel_knob_values, made.feel_knob_values),
        feel=slot.feel,
        dynamics=slot.dynamics,
        muted=frozenset(voice for voice in slot.muted if voice < shape[1]),
        soloed=frozenset(voice for voice in slot.soloed if voice < shape[1]),
        layer=layer,
    )
    return made.moved(tuple(value * made.scale for value in latents))


def arrived(state: ExplorerState) -> ExplorerState:
    """With the slot that waited for its bar."""
    waiting, index = state.waiting, state.next_slot
    if waiting is None or index < 0:
        return state
    made = recalled(state, *waiting)
    return replace(made, slot=index, next_slot=-1, waiting=None)


def _fitting(values: Sequence[float], there: Sequence[float]) -> tuple[float, ...]:
    return (*values[: len(there)], *there[len(values) :])


# -- in the studio's folder -----------------------------------------------------------------------


def write_slots(workspace: Workspace, slots: Slots, pair: tuple[int, int]) -> None:
    """Keep them. Raises UserError."""
    told = {
        "format": _FORMAT,
        "slots": [None if slot is None else _told(slot) for slot in slots],
        "a and b": list(pair),
    }
    with atomic_write(workspace.slots, "the slots") as file:
        file.write(json.dumps(told).encode())


def read_slots(workspace: Workspace) -> tuple[Slots, tuple[int, int]]:
    """As they were kept; a slot that cannot be read is empty."""
    first = (0, 1)
    try:
        told = read_json(read_file(workspace.slots, TEXT_BYTES))
        if told["format"] != _FORMAT:
            return EMPTY, first
        slots = tuple(_read(each) for each in told["slots"][:SLOTS])
        a, b = (int(index) for index in told["a and b"])
    except (OSError, *DAMAGE):
        return EMPTY, first
    pair = (a, b) if a in range(SLOTS) and b in range(SLOTS) else first
    return (*slots, *EMPTY[len(slots) :]), pair


def _told(slot: Slot) -> dict[str, Any]:
    told = {name: getattr(slot, name) for name in (*_TEXTS, *_NUMBERS, *_LISTS)}
    told |= {name: list(told[name]) for name in _LISTS}
    told |= {"muted": sorted(slot.muted), "soloed": sorted(slot.soloed)}
    told |= {"hits": packed(slot.hits), "shape": list(slot.hits.shape), "layer": None}
    if slot.layer is not None:
        layer = slot.layer
        late = [
            [int(step), int(voice), float(layer.timing[step, voice])]
            for step, voice in np.argwhere(~np.isnan(layer.timing))
        ]
        told["layer"] = {
            "drawn": packed(layer.drawn),
            "struck": packed(layer.struck),
            "velocities": packed(layer.velocities),
            "timing": late,
            "steps": len(layer.drawn),
        }
    return told


_TEXTS = ("name", "run", "precision", "kind")
_NUMBERS = ("threshold", "feel", "dynamics", "steps", "notes")
_LISTS = ("knob_values", "densities", "pitches", "feel_knob_values")


def _read(told: Any) -> Slot | None:
    if told is None:
        return None
    try:
        return _read_slot(told)
    except DAMAGE:
        return None


def _read_slot(told: dict[str, Any]) -> Slot:
    steps, voices = (int(size) for size in told["shape"])
    hits = _array(told["hits"], steps, voices, np.uint8)
    layer = None if told["layer"] is None else _read_layer(told["layer"], voices)
    texts = [told[name] for name in _TEXTS]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("not text")
    if texts[2] and texts[2] not in PRECISIONS:
        raise ValueError("not a precision")
    return Slot(
        name=texts[0],
        run=texts[1],
        precision=texts[2],
        kind=texts[3],
        knob_values=_floats(told["knob_values"], -1, 1),
        threshold=_float(told["threshold"], 0, 1),
        densities=_floats(told["densities"], 0, 1),
        pitches=tuple(int(pitch) for pitch in _floats(told["pitches"], 0, 127)),
        steps=int(_float(told["steps"], 1, 255)),
        notes=int(_float(told["notes"], 0, 4)),
        feel_knob_values=_floats(told["feel_knob_values"], -1, 1),
        feel=_float(told["feel"], 0, 2),
        dynamics=_float(told["dynamics"], 0, 2),
        muted=frozenset(int(voice) for voice in _floats(told["muted"], 0, voices)),
        soloed=frozenset(int(voice) for voice in _floats(told["soloed"], 0, voices)),
        layer=layer,
        hits=hits,
    )


def _read_layer(told: dict[str, Any], voices: int) -> Layer:
    steps = int(told["steps"])
    timing = np.full((steps, voices), np.nan)
    for step, voice, late in told["timing"]:
        timing[int(step), int(voice)] = _float(late, -0.5, 0.5)
    drawn, struck = (_array(told[name], steps, voices, np.bool_) for name in ("drawn", "struck"))
    return Layer(drawn, struck, _array(told["velocities"], steps, voices, np.uint8), timing)


def _array(text: str, steps: int, voices: int, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    if not 0 < steps * voices <= _MOST_CELLS:
        raise ValueError("too many cells")
    values = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    return values.reshape(steps, voices).astype(kind)


def _floats(values: Sequence[Any], least: float, most: float) -> tuple[float, ...]:
    return tuple(_float(value, least, most) for value in values)


def _float(value: Any, least: float, most: float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a number")
    return min(max(number, least), most)
