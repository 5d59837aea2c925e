"""The puck's place as parameters of a module's track."""

from __future__ import annotations

from latentrack.errors import UserError
from latentrack.studio.explore.explorer import Explorer

# What a module's track has (device/latentrack/parameters.py).
_VOICES, _PITCHES, _NOTES = 8, 8, 4


def values_at(explorer: Explorer) -> dict[str, object]:
    """What makes the track play what is heard here: by name, as the module's `change` takes it.

    UserError if no model is open.
    """
    run = explorer.run
    if run is None:
        raise UserError("No model is open: open one on the page Explore.")
    values: dict[str, object] = {
        "latents": list(explorer.place),
        "threshold": explorer.threshold,
        # 0: as many as the model has.
        "length": explorer.steps if explorer.steps < run.dataset.steps else 0,
    }
    for number, density in enumerate(explorer.densities[:_VOICES], start=1):
        values[f"density{number}"] = density
    if run.dataset.kind == "rhythm":
        pitches = explorer.pitches[:_PITCHES]
        values["pitches"] = len(pitches)
        values |= {f"pitch{number}": pitch for number, pitch in enumerate(pitches, start=1)}
    if run.dataset.kind == "notes":
        values["notes"] = min(max(explorer.notes, 1), _NOTES)
    return values
