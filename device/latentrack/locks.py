"""Locked voices: each keeps the position at which it was locked, while the others move.

A voice is counted as Density 1 to 8 are. In settings and presets a lock is a line, such as
`1.lock3` and the numbers of position.py.
"""

from array import array

import latentcore

from latentrack import position
from latentrack.parameters import VOICES


def check(voice):
    """Return the voice if it is 1 to 8. Raises ValueError."""
    if voice not in range(1, VOICES + 1):
        raise ValueError(f"voices are numbered 1 to {VOICES}, as Density 1 to {VOICES}")
    return voice


def apply(track, locked, layout):
    """Tell latentcore which voices of the track are locked, and where: one decode a position.

    locked: position by voice.  layout: position.layout of its models, which have locks.
    """
    of = [locked.get(track.knob_of(voice) + 1) for voice in range(track.model.voices)]
    latentcore.lock(track.number, bytes(each is None for each in of), None)
    places, scales = layout
    for values in set(locked.values()):
        if values in of:
            latents = array("f", [values[places[i]] * scales[i] for i in range(len(places))])
            latentcore.lock(track.number, bytes(each == values for each in of), latents)


def lines(name, locked):
    """Return the lines for settings and presets, for a track called `name` there."""
    text = ""
    for voice in sorted(locked):
        numbers = " ".join(str(value) for value in locked[voice])
        text += f"{name}.lock{voice} {numbers}\n"
    return text


def read(said):
    """Return what is locked by the words of such lines (name -> value); damaged ones are not."""
    locked = {}
    for voice in range(1, VOICES + 1):
        try:
            values = tuple(float(word) for word in said.get(f"lock{voice}", "").split())
        except ValueError:
            continue
        if len(values) == position.PLACES and all(-1e3 < value < 1e3 for value in values):
            locked[voice] = values
    return locked
