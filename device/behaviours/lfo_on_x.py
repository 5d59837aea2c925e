"""An LFO on X: it oscillates once in eight seconds."""

from math import pi, sin

on = False  # behaviours.switch("lfo_on_x")


def frame(controls, track):
    track.modulate("x", 0.25 * sin(2 * pi * controls.seconds / 8))
