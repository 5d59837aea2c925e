"""The tempo of the own clock, typed or tapped: `tempo(128)`, `tempo.tap()`, `tempo.run()`.

What it is lies in the patch (`patch.tempo`, `patch.clock_from`, `patch.run`). A tap at a trigger
input has the time of its interrupt; a button, a MIDI note and the prompt are heard in a frame, up
to 20 ms later. The tempo is the least-squares slope of the last five taps, of such ones of the last
nine.
"""

from array import array

import latentcore

from latentrack.names import Part

# After a longer pause a tap is the first of new ones. The tempo is that of so many intervals; more
# where the time of a tap is only that of its frame.
PAUSE_US = 3_100_000
INTERVALS = 4
FRAME_INTERVALS = 8
BEAT_US = 60_000_000
# What latentcore.count() calls the time of the last pulse at input 3, and now, in microseconds;
# they wrap beyond the longest.
_PULSED, _NOW, _LONGEST_US = 13, 15, 0x3FFFFFFF


class Tempo(Part):
    """instrument.tempo, and `tempo` at the prompt."""

    def __init__(self, instrument):
        self._instrument = instrument
        self._taps = array("i", [0] * (FRAME_INTERVALS + 1))
        self._count = 0
        self._seal()

    def __call__(self, bpm=None):
        """Sets the tempo, 20 to 400 beats a minute, or tells it. ValueError: out of that range."""
        if bpm is not None:
            self._instrument.patch.tempo = bpm
        return self._instrument.patch.tempo

    def tap_at_pulse(self, number):
        """A beat, tapped by the last pulse at trigger input 3 or 4, when its interrupt came."""
        self.tap(latentcore.count(0, _PULSED + number - 3))

    def tap(self, at_us=None):
        """A beat, tapped now or at a time of latentcore; from the second on they are a tempo."""
        now = latentcore.count(0, _NOW) if at_us is None else at_us
        if self._count and now - self._taps[self._count - 1] & _LONGEST_US > PAUSE_US:
            self._count = 0
        if self._count > FRAME_INTERVALS:
            for i in range(FRAME_INTERVALS):
                self._taps[i] = self._taps[i + 1]
            self._count = FRAME_INTERVALS
        self._taps[self._count] = now
        self._count += 1
        taps = min(self._count, 1 + (FRAME_INTERVALS if at_us is None else INTERVALS))
        if taps < 2:
            return
        patch = self._instrument.patch
        entry = patch.parameter("tempo")
        bpm = BEAT_US / max(self._slope(taps), 1)
        patch.tempo = min(max(bpm, entry.least), entry.most)
        self._instrument.message(f"tempo {patch.tempo:.1f}")

    def _slope(self, taps):
        """Microseconds a beat by the last taps, two or more: least squares."""
        first = self._count - taps
        sum_of = squares = 0
        for i in range(taps):
            weight = 2 * i - taps + 1
            sum_of += weight * (self._taps[first + i] - self._taps[first] & _LONGEST_US)
            squares += weight * weight
        return 2 * sum_of / squares

    def run(self):
        """Starts the own clock from the first step, or stops it."""
        patch = self._instrument.patch
        if patch.clock_from == "own" and patch.run == "on" and not latentcore.paused():
            patch.run = "off"
        else:
            self.start()

    def start(self):
        """Plays by the own clock, from the first step."""
        self._instrument.reset()
        self._instrument.patch.clock_from = "own"
        self._instrument.patch.run = "on"
