"""An LFO on X: a sine of eight seconds.

knob and CV X    the middle of the oscillation; it reaches a quarter of the range to each side
"""

from math import pi, sin

on = False  # behaviours.switch("lfo_on_x")


def frame(controls, track):
    """Adds the sine to X."""
    track.modulate("x", 0.25 * sin(2 * pi * controls.seconds / 8))
