"""What a hand does to the layer that is drawn over the model's pattern: from a state to the next.

A cell that is drawn as the model has it already is drawn all the same, for the puck may move. But a
drawn cell that is set back to what the model has there is the model's again: a second click undoes
the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from latentrack.decoder.litert import LATEST
from latentrack.playing.velocity import velocity_limits
from latentrack.studio.explore.layer import Area, Content, Layer, every
from latentrack.studio.explore.open_run import OpenRun
from latentrack.studio.explore.state import ExplorerState, clamped

SHIFTS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
"""By how many steps and rows."""


def cells_drawn(state: ExplorerState, cells: Iterable[tuple[int, int, bool]]) -> ExplorerState:
    """Draw cells (step, voice, struck), in their order. Quick. Raises ValueError."""
    layer = _layer(state)
    for step, voice, struck in cells:
        _check_cell(state, step, voice)
        back = layer.drawn[step, voice] and bool(state.cells[step, voice]) == struck
        back = back and bool(layer.struck[step, voice]) != struck
        layer = layer.with_cell(step, voice, None if back else struck)
    return _with(state, layer)


def hit_shaped(
    state: ExplorerState, step: int, voice: int, velocity: int | None, late: float | None
) -> ExplorerState:
    """Give a hit a velocity (1 to 127) or a timing (-0.5 to 0.5 of a step, + is late) of its own,
    and keep it: the cell is drawn.

    Values beyond a range are clamped; a voice of accents, or of hits beside one, keeps within its
    velocities. None leaves it as it is. Raises ValueError.
    """
    opened = _check_cell(state, step, voice)
    if velocity is not None:
        low, high = velocity_limits(opened.voices)
        velocity = int(clamped(velocity, low[voice], high[voice]))
    if late is not None:
        late = clamped(late, -LATEST, LATEST)
    return _with(state, _layer(state).with_shape(step, voice, velocity, late))


def cleared(state: ExplorerState, area: Area) -> ExplorerState:
    """Nothing sounds in the area, whatever the model has there. Raises ValueError."""
    nothing = np.zeros_like(content_of(state, area).velocities)
    return _drawn(state, area, Content.of(_own(area), nothing, None))


def forgotten(state: ExplorerState, area: Area) -> ExplorerState:
    """The area sounds as the model has it. Raises ValueError."""
    _check(state, area)
    return _with(state, _layer(state).without(area))


def shifted(state: ExplorerState, area: Area, way: str) -> ExplorerState:
    """What sounds in the area, a step or a voice further, around its ends; way: one of SHIFTS.
    Raises ValueError."""
    if way not in SHIFTS:
        raise ValueError(f"a pattern is shifted {', '.join(SHIFTS)}, not {way}")
    return _drawn(state, area, content_of(state, area).rolled(*SHIFTS[way]))


def filled(state: ExplorerState, area: Area, stride: int, offset: int = 0) -> ExplorerState:
    """A hit at every `stride`-th step of the area, and no other. Raises ValueError."""
    _check(state, area)
    if not 1 <= stride <= len(state.cells):
        raise ValueError(f"there is no hit at each {stride}th step")
    return _drawn(state, area, every(area, stride, offset))


def pasted(state: ExplorerState, area: Area, content: Content) -> ExplorerState:
    """Put what was copied into the area, from its first step and its first voice on; what does not
    fit into the area is left out. Raises ValueError."""
    _check(state, area)
    fits = content.cut_to(area.last - area.first + 1, len(area.voices))
    steps, voices = fits.struck.shape
    into = Area(area.first, area.first + steps - 1, area.voices[:voices])
    return _drawn(state, into, fits)


def content_of(state: ExplorerState, area: Area) -> Content:
    """What sounds in the area, with the velocity and the timing that it has. Raises ValueError."""
    _check(state, area)
    return Content.of(area, state.hits, state.timing)


def _drawn(state: ExplorerState, area: Area, content: Content) -> ExplorerState:
    """With an area drawn; velocities are kept within those of the voices."""
    opened = _check(state, area)
    low, high = (limit[list(area.voices)] for limit in velocity_limits(opened.voices))
    own = content.velocities > 0
    loud = np.where(own, np.clip(content.velocities, low, high), 0).astype(np.uint8)
    return _with(state, _layer(state).with_area(area, replace(content, velocities=loud)))


def _layer(state: ExplorerState) -> Layer:
    return state.layer if state.layer is not None else Layer.empty(state.cells.shape)


def _with(state: ExplorerState, layer: Layer | None) -> ExplorerState:
    if layer is not None and not layer.drawn.any():
        layer = None
    return state.sounding(layer=layer)


def _own(area: Area) -> Area:
    """The same area of an array that has nothing else."""
    return Area(0, area.last - area.first, tuple(range(len(area.voices))))


def _check_cell(state: ExplorerState, step: int, voice: int) -> OpenRun:
    shape = state.cells.shape
    if state.open_run is None or not (0 <= step < shape[0] and 0 <= voice < shape[1]):
        raise ValueError(f"there is no cell {step}, {voice}")
    return state.open_run


def _check(state: ExplorerState, area: Area) -> OpenRun:
    return _check_cell(state, area.last, max(area.voices))
