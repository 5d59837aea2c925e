"""Go along a path: where the puck is at each of its bars, and what plays there."""

from __future__ import annotations

from dataclasses import replace

from latentrack.playing.pattern import Pattern
from latentrack.studio.explore.paths import LatentPath
from latentrack.studio.explore.state import ExplorerState


def with_path(state: ExplorerState, path: LatentPath | None) -> ExplorerState:
    """With another path, which goes on where the old one was. Raises ValueError."""
    if path is not None and max(path.axes) >= max(2, len(state.latents)):
        raise ValueError("the path lies in latents that this model has not")
    return replace(state, path=path, path_bar=state.path_bar if path is not None else -1)


def begun(state: ExplorerState) -> ExplorerState:
    """At the beginning of the path; its first bar is the next one."""
    if state.path is None:
        return stopped(state)
    return replace(next_bar(replace(state, path_bar=0)), path_bar=0)


def stopped(state: ExplorerState) -> ExplorerState:
    """Where the puck is; the path is not played any more."""
    return replace(state, path_bar=-1)


def next_bar(state: ExplorerState) -> ExplorerState:
    """Where the bar is on the path whose turn it is; the same state if no path is played."""
    if not state.path_playing:
        return state
    path, bar = state.path, state.path_bar
    share = None if path is None else path.share(bar)
    if path is None or share is None:
        return stopped(state)
    latents = tuple(value * state.scale for value in _knob_values(state, path, share))
    return replace(state.moved(latents), path_bar=bar + 1)


def patterns(state: ExplorerState) -> list[Pattern]:
    """What plays along the path, a pattern for each bar until it begins anew."""
    path = state.path
    if path is None:
        return []
    shares = (path.share(bar) for bar in range(path.bars_in_all))
    places = [_knob_values(state, path, share) for share in shares if share is not None]
    found = [state.pattern_at(place) for place in places]
    return [pattern for pattern in found if pattern is not None]


def _knob_values(state: ExplorerState, path: LatentPath, share: float) -> list[float]:
    """Those at a share of the path's length; latents that it does not lie in stay."""
    values = list(state.knob_values)
    for axis, value in zip(path.axes, path.at(share), strict=True):
        if axis < len(values):
            values[axis] = value
    return values
