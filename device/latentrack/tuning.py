"""Tunings: the pitches of a scale of one's own, and which of them a note of a model becomes.

A pitch is in semitones above MIDI note 0, a fraction in general; MIDI note 60 is the middle, which
boards put out as 0 V. A degree is a whole number: 0 is the first step, -1 the one below it.
"""

from math import log2

from latentrack import scales

MIDDLE = 60


class Mapping:
    """A keyboard mapping, as Scala's .kbm has it.

    size: keys after which it repeats, 0: one degree a key.  first, last: keys that it moves; the
    others keep their usual pitch.  middle: the key of the mapping's first entry.  reference: the
    key whose frequency is `hertz`.  octave: the degree that `size` keys are apart, 0: the period.
    degrees: of each key from `middle` on, None: the key is not mapped, and plays as the next one
    below that is.
    """

    def __init__(self, size, first, last, middle, reference, hertz, octave, degrees):
        self.size = size
        self.first = first
        self.last = last
        self.middle = middle
        self.reference = reference
        self.hertz = hertz
        self.octave = octave
        self.degrees = degrees

    def degree(self, key):
        """(degree, repetitions of the mapping) of a key."""
        key -= self.middle
        if not self.size:
            return key, 0
        while self.degrees[key % self.size] is None:
            key -= 1
        return self.degrees[key % self.size], key // self.size


class Tuning:
    """Steps and a period, in semitones.

    degrees: the steps as they were written down, from degree 0 on, usually rising from 0.  keyed:
    whether notes are keys of it, one degree each, if nobody says otherwise; else they move to the
    nearest pitch.  mapping: a Mapping or None.
    """

    def __init__(self, degrees, period, keyed=False, mapping=None):
        self.degrees = degrees
        self.period = period
        self.keyed = keyed
        self.mapping = mapping
        self.steps = sorted(degree % period for degree in degrees)
        self._shift = 0
        if mapping is not None:
            hertz = MIDDLE + 9 + 12 * log2(mapping.hertz / 440)
            self._shift = hertz - self._mapped(mapping.reference)

    def above(self, degree):
        """Semitones of a degree above degree 0."""
        count = len(self.degrees)
        return self.degrees[degree % count] + degree // count * self.period

    def nearest(self, pitch, root):
        """The nearest pitch of the tuning, with degree 0 at `root` semitones above the middle."""
        return scales.nearest(pitch, self.steps, MIDDLE + root, self.period)

    def of_key(self, key, root):
        """The pitch of a key (a MIDI note); without a mapping key MIDDLE + root is degree 0."""
        mapping = self.mapping
        if mapping is None:
            return MIDDLE + root + self.above(key - MIDDLE - root)
        if mapping.first <= key <= mapping.last:
            return self._shift + self._mapped(key)
        return key

    def _mapped(self, key):
        mapping = self.mapping
        degree, times = mapping.degree(key)
        return self.above(degree) + times * self.above(mapping.octave or len(self.degrees))

    def place(self, note, keys, root):
        """What a note plays; keys: "auto", "degrees" or "nearest"."""
        if keys == "degrees" or (keys == "auto" and (self.keyed or self.mapping is not None)):
            return self.of_key(note, root)
        return self.nearest(note, root)
