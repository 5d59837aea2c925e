"""The puck's position as parameters of a module's track."""

from __future__ import annotations

from latentrack.errors import UserError
from latentrack.osc.controls import FEEL_AXES
from latentrack.playing.kinds import Kind
from latentrack.playing.parameters import DENSITIES, PITCHES, TRACK
from latentrack.studio.explore.state import ExplorerState

_PERCENT = 100


def values_at(state: ExplorerState) -> dict[str, object]:
    """What makes the track play what is heard here: by name, as the module's `change` takes it.

    UserError if no model is open.
    """
    run = state.run
    if run is None:
        raise UserError("No model is open: open one on the page Explore.")
    values: dict[str, object] = {
        "latents": [*state.knob_values, *state.feel_knob_values],
        "threshold": state.threshold,
        # 0: as many as the model has.
        "length": state.steps if state.steps < run.dataset.steps else 0,
    }
    values |= feel_at(state)
    values |= zip((density.name for density in DENSITIES), state.densities, strict=False)
    if run.dataset.kind == Kind.RHYTHM:
        pitches = state.pitches[: len(PITCHES)]
        values["pitches"] = len(pitches)
        values |= zip((pitch.name for pitch in PITCHES), pitches, strict=False)
    if run.dataset.kind == Kind.NOTES:
        values["notes"] = TRACK["notes"].clamped(state.notes)
    return values


def feel_at(state: ExplorerState) -> dict[str, object]:
    """What makes the track play as loud and as late as it is heard here; empty: the run has no
    feel."""
    if not state.feel_knob_values:
        return {}
    values: dict[str, object] = dict(zip(FEEL_AXES, state.feel_knob_values, strict=False))
    for name, amount in (("feel", state.feel), ("dynamics", state.dynamics)):
        values[name] = TRACK[name].clamped(_PERCENT * amount)
    return values
