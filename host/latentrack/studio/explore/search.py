"""Find the position whose pattern comes nearest to what was drawn, and take it over."""

from __future__ import annotations

import numpy as np

from latentrack.model.autoencoder import Array
from latentrack.model.run import Run
from latentrack.playing.cells import cut_offs
from latentrack.studio.explore.nearest import nearest
from latentrack.studio.explore.open_run import Cells
from latentrack.studio.explore.state import ExplorerState, Found

_STARTS = 8
_MOST_CANDIDATES = 4000  # sequences of the music that are looked through for a start
_TOUCHED = 6  # weight of a cell that was drawn; the others have 1


def found_nearest(state: ExplorerState) -> Found:
    """Search for what sounds now. Takes up to 50 ms. Raises ValueError if no run is open.

    The cells that were drawn weigh six times as much as the others, for else the nearest position
    is mostly the one where nothing is new.
    """
    drawn = np.zeros(state.hits.shape, bool) if state.layer is None else state.layer.drawn
    return searched(state, state.hits > 0, drawn)


def searched(state: ExplorerState, wanted: Cells, touched: Cells) -> Found:
    """Search for the position whose pattern comes nearest to a whole one. Raises ValueError."""
    opened = state.open_run
    if opened is None or wanted.shape != state.cells.shape:
        raise ValueError("no pattern of this shape is open")
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
    return Found(opened, tuple(map(float, found.latents)))


def shown(state: ExplorerState, found: Found) -> ExplorerState:
    """With what was found beside the drawing; the same state if another run was opened."""
    return state if state.open_run is not found.opened else state.sounding(found=found)


def taken_over(state: ExplorerState) -> ExplorerState:
    """With the puck at what was found, and what the model plays there in place of the drawing."""
    found = state.found
    if found is None or state.open_run is not found.opened:
        return state
    return state.sounding(layer=None).moved(found.latents)


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
