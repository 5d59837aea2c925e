"""Describe the rules that a dataset was made by."""

from __future__ import annotations

from latentrack.corpus.meter import ANY_METER
from latentrack.corpus.rules import Rules
from latentrack.words import count


def recipe(rules: Rules) -> dict[str, str]:
    """What differs from one dataset to the next, for people to read."""
    steps = count(rules.steps_per_beat, "step")
    told = {
        "meter": rules.meter if rules.meter != ANY_METER else "whichever most bars are in",
        "grid": {
            "nearest": f"the nearest of {steps} per beat",
            "drop": f"only what is on one of {steps} per beat",
            "discard": f"only sequences wholly on {steps} per beat",
        }[rules.off_grid],
        "bars per sequence": str(rules.sequence_bars),
        f"minimum {rules.noun}": str(rules.minimum_notes),
    }
    if rules.kind == "drums":
        told = {"map": rules.percussion.name, **told}
    if rules.limit != rules.usual_limit:
        told["largest offset"] = f"{rules.limit:g} of a step"
    if rules.kind == "drums" and rules.transpose:
        told["transposed"] = f"{rules.transpose:+d} semitones"
    if rules.kind == "notes":
        told["parts"] = "together" if rules.together else "each for itself"
    for name in ("include", "exclude"):
        if patterns := getattr(rules, name):
            told[name] = ", ".join(patterns)
    for name in ("octaves", "common_key", "unique"):
        if getattr(rules, name):
            told[name.replace("_", " ")] = "yes"
    for name in ("bpm", "loop_bars"):
        if (number := getattr(rules, name)) is not None:
            told[name.replace("_", " ")] = f"{number:g}"
    return told
