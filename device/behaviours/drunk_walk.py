"""A drunk walk through the latent space, around the position that is set.

knobs, CV X, Y, Z, W    the middle of the walk; it goes at most a quarter of the range away
step                    at random, up to 0.01 of the range in each frame
"""

from random import uniform

on = False  # behaviours.switch("drunk_walk")
at = {"x": 0, "y": 0, "z": 0, "w": 0}


def frame(controls, track):
    """One step of the walk in each frame."""
    for name in at:
        at[name] = min(max(at[name] + uniform(-0.01, 0.01), -0.25), 0.25)
        track.modulate(name, at[name])
