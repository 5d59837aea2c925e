"""What is drawn by hand, and the position whose pattern comes nearest to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from latentrack.decoder.litert import LATEST
from latentrack.model.autoencoder import Array
from latentrack.model.run import Run
from latentrack.playing.cells import cut_offs
from latentrack.playing.velocity import velocity_limits
from latentrack.studio.explore.nearest import nearest
from latentrack.studio.explore.open_run import Cells, OpenRun
from latentrack.studio.explore.state import Edit, ExplorerState, clamped

_STARTS = 8
_MOST_CANDIDATES = 4000  # sequences of the music that are looked through for a start
_TOUCHED = 6  # weight of a cell that was set; the others have 1


@dataclass(frozen=True, eq=False)
class Found:
    """Where the search has ended, for the run in which it was made."""

    opened: OpenRun
    latents: tuple[float, ...]
    wanted: Cells
    touched: Cells

    def applied(self, state: ExplorerState) -> ExplorerState:
        """With the puck there; the same state if another run was opened meanwhile."""
        if state.open_run is not self.opened:
            return state
        drawn = state.edit or Edit()
        edit = replace(drawn, wanted=self.wanted, touched=self.touched, kept=state.keep_drawn)
        return state.moved(self.latents, edit)


def cell_drawn(state: ExplorerState, step: int, voice: int, struck: bool) -> Found:
    """Set a cell of what was drawn since the puck was moved, and search for all of it.

    The cells that were set weigh six times as much as the others, for else the nearest position is
    mostly the one where nothing is new. Takes up to 50 ms. Raises ValueError.
    """
    _check_cell(state, step, voice)
    edit = state.edit or Edit()
    wanted = (state.cells if edit.wanted is None else edit.wanted).copy()
    touched = np.zeros_like(wanted) if edit.touched is None else edit.touched.copy()
    wanted[step, voice] = struck
    touched[step, voice] = True
    return searched(state, wanted, touched)


def hit_shaped(
    state: ExplorerState, step: int, voice: int, velocity: int | None, late: float | None
) -> ExplorerState:
    """Give a hit a velocity (1 to 127) or a timing (-0.5 to 0.5 of a step, + is late) of its own.

    Values beyond a range are clamped; a voice of accents, or of hits beside one, keeps within its
    velocities. None leaves it as it is. Raises ValueError.
    """
    opened = _check_cell(state, step, voice)
    edit = state.edit or Edit(kept=state.keep_drawn)
    shape = state.cells.shape
    if velocity is not None:
        low, high = velocity_limits(opened.voices)
        velocities = np.zeros(shape, np.uint8) if edit.velocities is None else edit.velocities
        velocities = velocities.copy()
        velocities[step, voice] = int(clamped(velocity, low[voice], high[voice]))
        edit = replace(edit, velocities=velocities)
    if late is not None:
        timing = np.full(shape, np.nan) if edit.timing is None else edit.timing.copy()
        timing[step, voice] = clamped(late, -LATEST, LATEST)
        edit = replace(edit, timing=timing)
    return state.sounding(edit=edit)


def _check_cell(state: ExplorerState, step: int, voice: int) -> OpenRun:
    shape = state.cells.shape
    if state.open_run is None or not (0 <= step < shape[0] and 0 <= voice < shape[1]):
        raise ValueError(f"there is no cell {step}, {voice}")
    return state.open_run


def searched(state: ExplorerState, wanted: Cells, touched: Cells) -> Found:
    """Search for the position whose pattern comes nearest to a whole one. Raises ValueError."""
    opened = state.open_run
    if opened is None or wanted.shape != state.cells.shape:
        raise ValueError("no pattern of this shape is open")
    wanted.flags.writeable = touched.flags.writeable = False
    weights = np.where(touched, np.float32(_TOUCHED), np.float32(1))
    limits = state.limits(opened)
    model = opened.run.model
    starts = [model.encode(wanted[np.newaxis])[0], np.asarray(state.latents, np.float32)]
    starts += list(_most_alike(opened.run, opened.positions, wanted, weights))
    found = nearest(
        model,
        wanted,
        weights,
        starts,
        cut_offs(limits),
        lambda logits: opened.cells_of(logits, limits, state.notes),
    )
    return Found(opened, tuple(map(float, found.latents)), wanted, touched)


def _most_alike(run: Run, positions: Array, wanted: Cells, weights: Array) -> Array:
    """Where those sequences of the run's music lie that differ least from `wanted`: half of them
    cell by cell, half by the weights of the cells."""
    every = max(1, len(positions) // _MOST_CANDIDATES)
    differing = run.dataset.sequences[::every] != wanted
    found = [
        np.argsort(by, kind="stable")[: _STARTS // 2]
        for by in (differing.sum(axis=(1, 2)), np.tensordot(differing, weights))
    ]
    return np.asarray(positions[::every][np.unique(np.concatenate(found))])
