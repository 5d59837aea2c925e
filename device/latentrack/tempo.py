"""The tempo of the own clock, typed or tapped: `tempo(128)`, `tempo.tap()`, `tempo.run()`.

What it is lies in the patch (`patch.tempo`, `patch.clock_from`, `patch.run`).
"""

from array import array
from time import ticks_diff, ticks_us

import latentcore

from latentrack.names import Part

# After a longer pause a tap is the first of new ones. The tempo is the mean of so many intervals.
PAUSE_US = 3_100_000
INTERVALS = 4
BEAT_US = 60_000_000


class Tempo(Part):
    """instrument.tempo, and `tempo` at the prompt."""

    def __init__(self, instrument):
        self._instrument = instrument
        self._taps = array("i", [0] * (INTERVALS + 1))
        self._count = 0
        self._seal()

    def __call__(self, bpm=None):
        """Sets the tempo, 20 to 400 beats a minute, or tells it. ValueError: out of that range."""
        if bpm is not None:
            self._instrument.patch.tempo = bpm
        return self._instrument.patch.tempo

    def tap(self, at_us=None):
        """A beat, tapped now or at a time of ticks_us(); from the second on they are a tempo."""
        now = ticks_us() if at_us is None else at_us
        if self._count and ticks_diff(now, self._taps[self._count - 1]) > PAUSE_US:
            self._count = 0
        if self._count > INTERVALS:
            for i in range(INTERVALS):
                self._taps[i] = self._taps[i + 1]
            self._count = INTERVALS
        self._taps[self._count] = now
        self._count += 1
        if self._count < 2:
            return
        whole = ticks_diff(now, self._taps[0])
        patch = self._instrument.patch
        entry = patch.parameter("tempo")
        bpm = BEAT_US * (self._count - 1) / max(whole, 1)
        patch.tempo = min(max(bpm, entry.least), entry.most)
        self._instrument.message(f"tempo {patch.tempo:.1f}")

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
