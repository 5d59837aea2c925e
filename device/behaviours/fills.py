"""Fills: every eighth bar since the reset has more hits.

jack reset        the next bar is the first of eight
knob threshold    the threshold of the other bars; in the eighth it is lower by a fifth
"""

on = False  # behaviours.switch("fills")


def frame(controls, track):
    """Lowers the threshold for every eighth bar."""
    # A modulation made while the seventh bar plays is heard in the eighth.
    if track.bar % 8 == 7:
        track.modulate("threshold", -0.2)
