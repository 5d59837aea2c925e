"""What the page Explore plays, as parameters of a module's track, and what of it has none."""

from __future__ import annotations

from collections.abc import Sequence

from latentrack.errors import UserError
from latentrack.osc.controls import FEEL_AXES
from latentrack.playing.cells import MOST_NOTES
from latentrack.playing.kinds import Kind
from latentrack.playing.parameters import DENSITIES, PITCHES, TRACK
from latentrack.playing.schedule import STRAIGHT
from latentrack.studio.explore.open_run import OpenRun
from latentrack.studio.explore.state import ExplorerState
from latentrack.words import agree, count, listed

_MOST_NAMED = 3
_PERCENT = 100


def values_at(state: ExplorerState, swing: float = STRAIGHT) -> dict[str, object]:
    """What makes the track play what is heard here: by name, as the module's `change` takes it.

    swing: as Transport.swing has it.  A group of voices that are all muted gets a density of 0.
    UserError if no model is open.
    """
    opened = state.open_run
    if opened is None:
        raise UserError("No model is open: open one on the page Explore.")
    music = opened.run.dataset
    values: dict[str, object] = {
        "latents": [*state.knob_values, *state.feel_knob_values],
        "threshold": state.threshold,
        # 0: as many as the model has.
        "length": state.steps if state.steps < music.steps else 0,
        "swing": TRACK["swing"].clamped(_PERCENT * swing),
    }
    values |= feel_at(state)
    densities = [
        0.0 if silent == "all" else density
        for density, silent in zip(state.densities, _silent(state, opened), strict=True)
    ]
    values |= zip((density.name for density in DENSITIES), densities, strict=False)
    if music.kind == Kind.RHYTHM:
        pitches = state.pitches[: len(PITCHES)]
        values["pitches"] = len(pitches)
        values |= zip((pitch.name for pitch in PITCHES), pitches, strict=False)
    if music.kind == Kind.NOTES:
        values["notes"] = TRACK["notes"].clamped(state.notes or MOST_NOTES)
    return values


def left_out(state: ExplorerState) -> list[str]:
    """What is heard here and not on a module, a phrase each."""
    opened, found = state.open_run, []
    if opened is None:
        return []
    if state.layer is not None:
        found.append(f"the {count(state.layer.count, 'cell')} drawn by hand")
    names = opened.run.dataset.voice_names
    halves = [group for group, silent in enumerate(_silent(state, opened)) if silent == "some"]
    muted = [
        name
        for name, group, silent in zip(names, opened.density_of, state.silent, strict=True)
        if group in halves and silent
    ]
    if muted:
        found.append(f"that {listed(muted[:_MOST_NAMED])} {agree(len(muted), 'is', 'are')} muted")
    if opened.run.dataset.kind == Kind.NOTES and not state.notes:
        found.append(f"more than {MOST_NOTES} notes at once")
    return found


def said_of(phrases: Sequence[str]) -> str:
    """A sentence that ends what is said of a transfer; "" if all of it is played."""
    return f" The module does not play {listed(phrases)}." if phrases else ""


def _silent(state: ExplorerState, opened: OpenRun) -> list[str]:
    """For each density whether "all", "some" or "none" of its voices are muted."""
    silent = state.silent
    found = []
    for group in range(opened.groups):
        quiet = [bool(silent[voice]) for voice, of in enumerate(opened.density_of) if of == group]
        found.append("all" if all(quiet) else "some" if any(quiet) else "none")
    return found


def feel_at(state: ExplorerState) -> dict[str, object]:
    """What makes the track play as loud and as late as it is heard here; empty: the run has no
    feel."""
    if not state.feel_knob_values:
        return {}
    values: dict[str, object] = dict(zip(FEEL_AXES, state.feel_knob_values, strict=False))
    for name, amount in (("feel", state.feel), ("dynamics", state.dynamics)):
        values[name] = TRACK[name].clamped(_PERCENT * amount)
    return values
