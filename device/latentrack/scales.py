"""Scales: which of the twelve notes they have, and the nearest one to any note."""

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


def nearest(note, scale, root):
    """The scale's note nearest to `note`; of two equally near the lower. Notes are MIDI's."""
    steps = STEPS[scale]
    for away in range(12):
        for near in (note - away, note + away):
            if (near - root) % 12 in steps:
                return near


def folded(note, lowest, octaves):
    """The note moved by octaves into `octaves` of them from C of octave `lowest` on.

    Octave 0 begins at MIDI note 0, 0 V. What MIDI does not have (0 to 127) is folded back too.
    """
    first = 12 * lowest
    end = min(first + 12 * octaves, 128)
    if note < first:
        note += (first - note + 11) // 12 * 12
    if note >= end:
        note -= (note - end + 12) // 12 * 12
    return max(note, 0)
