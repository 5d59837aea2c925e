"""Scales: which steps they have, and the nearest one to any pitch. All in semitones."""

# In the order of parameters.SCALES; semitones above the root.
STEPS = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 1, 3, 5, 7, 8, 10),
    (0, 2, 4, 6, 7, 9, 11),
    (0, 2, 4, 5, 7, 9, 10),
    (0, 1, 3, 5, 6, 8, 10),
    (0, 2, 3, 5, 7, 8, 11),
    (0, 2, 4, 7, 9),
    (0, 3, 5, 7, 10),
    (0, 3, 5, 6, 7, 10),
    (0, 2, 4, 6, 8, 10),
    (0, 2, 3, 5, 6, 8, 9, 11),
)


def nearest(pitch, steps, base, period=12):
    """The pitch of a scale nearest to `pitch`; of two equally near the lower.

    steps: of one period, rising from 0 or more, less than `period`; base: the pitch of step 0.
    """
    first = base + (pitch - base) // period * period
    best = first - period + steps[-1]
    for step in steps:
        if abs(first + step - pitch) < abs(best - pitch):
            best = first + step
    if abs(first + period + steps[0] - pitch) < abs(best - pitch):
        best = first + period + steps[0]
    return best


def folded(pitch, lowest, octaves, period=12):
    """The pitch moved by whole periods into `octaves` octaves from C of octave `lowest` on.

    Octave 0 begins at MIDI note 0. What MIDI does not have (0 to 127) is folded back too. Where the
    range is smaller than a period, it may lie below.
    """
    first = 12 * lowest
    end = min(first + 12 * octaves, 128)
    if pitch < first:
        pitch -= (pitch - first) // period * period
    if pitch >= end:
        pitch -= ((pitch - end) // period + 1) * period
    return max(pitch, 0)
