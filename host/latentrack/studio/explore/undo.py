"""Undo and redo: positions, drawings and paths that one may go back to."""

from __future__ import annotations

from dataclasses import replace

from latentrack.studio.explore.state import ExplorerState, Snapshot

_MOST = 200


def remembered(state: ExplorerState) -> ExplorerState:
    """Undo leads back to here; what could be done again is forgotten."""
    here, back = _snapshot(state), state.back
    if not back or back[-1] != here:
        back = (*back[1 - _MOST :], here)
    return replace(state, back=back, forth=())


def undone(state: ExplorerState) -> ExplorerState:
    """As it was before the last change."""
    made, back, forth = _exchanged(state, state.back, state.forth)
    return replace(made, back=back, forth=forth)


def redone(state: ExplorerState) -> ExplorerState:
    """As it was before the last `undone`."""
    made, forth, back = _exchanged(state, state.forth, state.back)
    return replace(made, back=back, forth=forth)


_Snapshots = tuple[Snapshot, ...]


def _exchanged(
    state: ExplorerState, source: _Snapshots, other: _Snapshots
) -> tuple[ExplorerState, _Snapshots, _Snapshots]:
    """The state of the last snapshot of `source` that is another, and what is left of both."""
    here = _snapshot(state)
    while source and source[-1] == here:
        source = source[:-1]
    if not source:
        return state, source, other
    there = source[-1]
    made = replace(
        state, path=there.path, feel_knob_values=there.feel_knob_values, layer=there.layer
    ).moved(there.latents)
    return made, source[:-1], (*other, here)


def _snapshot(state: ExplorerState) -> Snapshot:
    return Snapshot(state.latents, state.feel_knob_values, state.layer, state.path)
