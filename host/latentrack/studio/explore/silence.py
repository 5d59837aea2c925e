"""Why nothing sounds, in a sentence, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latentrack.playing.cells import NEUTRAL
from latentrack.studio.explore.state import ExplorerState
from latentrack.words import count

_MOST_TRIED = 40


@dataclass(frozen=True)
class Silence:
    """words: why nothing sounds.  way: what ends it, as on a button.  ended: the state after that.
    latents: the position of the nearest music, in units of the model; None: it is not a matter of
    position."""

    words: str
    way: str
    ended: Callable[[], ExplorerState]
    latents: tuple[float, ...] | None = None


def silence_of(state: ExplorerState) -> Silence | None:
    """None: something sounds, or no run is open. Quick: at most some places are decoded."""
    if state.open_run is None or state.pattern is None or state.pattern.cells.any():
        return None
    loop = state.hits[: state.steps]
    if loop.any():
        return Silence(
            "All that sounds here is muted, or other voices are soloed.",
            "Unmute all",
            lambda: state.sounding(muted=frozenset(), soloed=frozenset()),
        )
    if state.hits.any():
        steps = len(state.hits)
        return Silence(
            f"What sounds here comes after the first {count(state.steps, 'step')}.",
            f"Play all {steps}",
            lambda: state.sounding(steps=steps),
        )
    if state.cells[: state.steps].any():
        return Silence(
            "All that the model plays here was erased by hand.",
            "Back to the model",
            lambda: state.sounding(layer=None),
        )
    return _below_the_threshold(state)


def _below_the_threshold(state: ExplorerState) -> Silence:
    there = nearest_music(state)
    if there is not None:
        return Silence(
            "Nothing is above the threshold here.",
            "Nearest music this way",
            lambda: state.moved(there),
            there,
        )
    return Silence(
        "Nothing is above the threshold here, nor anywhere else on the map.",
        "Back to the model's own threshold",
        lambda: _by_itself(state),
    )


def nearest_music(state: ExplorerState) -> tuple[float, ...] | None:
    """The position of the nearest of the run's music that sounds by what is set; None: nothing of
    it does."""
    opened = state.open_run
    if opened is None:
        return None
    places = opened.places[opened.audible(state.limits(opened))]
    apart = np.linalg.norm(places - np.asarray(state.latents), axis=1)
    for index in np.argsort(apart, kind="stable")[:_MOST_TRIED]:
        place = tuple(map(float, places[index]))
        pattern = state.pattern_at([value / state.scale for value in place])
        # A voice above its threshold may be muted, or sound beyond the steps that are played.
        if pattern is not None and pattern.cells.any():
            return place
    return None


def _by_itself(state: ExplorerState) -> ExplorerState:
    """With the run's own threshold, neutral densities and all of its steps, where it sounds."""
    opened = state.open_run
    assert opened is not None
    made = state.sounding(
        threshold=opened.run.threshold,
        densities=(NEUTRAL,) * opened.groups,
        steps=len(state.cells),
    )
    return made if made.cells.any() else made.moved(opened.densest(made.limits(opened)))
