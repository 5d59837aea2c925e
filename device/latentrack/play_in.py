"""Play in: tap a bar, and the module finds a position at which its model plays it.

    play_in.begin()     taps count from now on, for the chosen track; several bars add up
    play_in.tap(2)      voice 2, counted as Density 1 to 8, at the step that is nearest
    play_in.end()       searches, and plays what it has found from the next bar on
    history.undo()      the position before: what was found is a gesture of its own

Meanwhile a trigger input taps by `patch.trigger_3 = "tap 1"`, at the step that was nearest when its
pulse came, and button n taps voice n. Voices that were not tapped are not judged. The search runs
in frames, a few milliseconds in each; the clock does not wait for it.
"""

import time
from array import array

import latentcore

from latentrack import locks
from latentrack.names import Part
from latentrack.search import Search

_NO_STEP = 255
_NO_GROUP = 255
# What the search takes of a frame: positions, and microseconds after which it stops earlier.
_POSITIONS = 16
_FRAME_US = 4000


class PlayIn(Part):
    """instrument.play_in.  track: the one that is tapped for.  recording: whether taps count."""

    def __init__(self, instrument):
        self._instrument = instrument
        self.track = instrument.tracks[0]
        self.recording = False
        # A byte for each step, bit n is voice n + 1.
        self._bar = bytearray(0)
        # The step of the last tap, and its byte before.
        self._last = None
        self._groups = b""
        self._search = None
        self._model = None
        self._latents = None
        self._result = array("f", (0, 0))
        self._seal()

    def begin(self, track=None):
        """Have taps count from now on, for a track (from 0); None: the one chosen at the panel.

        Raises ValueError if it has no model.
        """
        controls = self._instrument.controls
        if track is not None:
            self.track = self._instrument.tracks[track]
        elif controls is not None:
            self.track = controls.track
        model = self.track.model
        if model is None:
            raise ValueError("no model plays on the track; play one first")
        self._search = None
        self._model = model
        self._bar = bytearray(model.steps)
        self._last = None
        latentcore.tap_track(self.track.number)
        self.drop_pulses()
        self.recording = True
        self._instrument.message("play in: tap a bar")

    def tap(self, voice):
        """Tap a voice, 1 to 8 as Density 1 to 8, now. Raises ValueError for another one."""
        locks.check(voice)
        self.tap_at(voice, latentcore.nearest(self.track.number))

    def tap_at(self, voice, step):
        """Tap a voice at a step of the pattern, from 0; 255: nothing plays."""
        if not self.recording:
            return
        if step < len(self._bar):
            self._last = (step, self._bar[step])
            self._bar[step] |= 1 << (voice - 1)
        elif step == _NO_STEP:
            self._instrument.message("play in: no clock")

    def drop_last(self):
        """Take the last tap back."""
        if self._last is not None:
            step, byte = self._last
            self._bar[step] = byte
            self._last = None

    @property
    def bar(self):
        """What was tapped: for each step a tuple of voices, from 1."""
        return [tuple(v + 1 for v in range(8) if byte >> v & 1) for byte in self._bar]

    def drop_pulses(self):
        """Forget the pulses at the trigger inputs that no frame has read yet."""
        for number in (3, 4):
            while latentcore.tapped(number) >= 0:
                pass

    def end(self):
        """End the recording and search. Raises ValueError if nothing was tapped."""
        self.recording = False
        tapped = 0
        for byte in self._bar:
            tapped |= byte
        if not tapped:
            raise ValueError("nothing was tapped: play_in.begin(), and tap while a clock comes")
        track = self.track
        if track.model is not self._model:
            raise ValueError("another model plays now: begin again: play_in.begin()")
        groups = [track.knob_of(voice) for voice in range(track.model.voices)]
        self._groups = bytes(g if tapped >> g & 1 else _NO_GROUP for g in groups)
        count = track.model.latents - track.model.feel_latents
        scale = track.model.scale
        self._latents = None
        start = [value / scale for value in track.latents[:count]]
        self._search = Search(self._judge, start)
        self._instrument.message("play in: searching")

    def toggle(self):
        """Begin, or end what has begun; what cannot be is a message."""
        try:
            if self.recording:
                self.end()
            else:
                self.begin()
        except ValueError as error:
            self._instrument.message(f"play in: {error}")

    @property
    def searching(self):
        """Whether the search has not ended yet."""
        return self._search is not None

    def frame(self):
        """Search for a while; called once per frame."""
        search = self._search
        if search is None:
            return
        if self.track.model is not self._model:
            self._search = None
            self._instrument.message("play in: another model plays")
            return
        began = time.ticks_us()
        for _ in range(_POSITIONS):
            if not search.go_on():
                self._search = None
                self._play(search.best)
                return
            if time.ticks_diff(time.ticks_us(), began) > _FRAME_US:
                return

    def _judge(self, knob_values):
        """Return (loss, wrong steps) of a position: knob values of the latents of the hits."""
        self._latents = self.track.position_at(knob_values, self._latents)
        latentcore.fit(self.track.number, self._latents, self._groups, self._bar, self._result)
        return self._result[0], self._result[1]

    def _play(self, best):
        wrong, _, knob_values = best
        track = self.track
        scale = track.model.scale
        own = [value * scale for value in knob_values]
        history = self._instrument.history
        history.close()
        track.latents = tuple(own) + tuple(track.latents[len(own) :])
        history.close()
        track.decode()
        if self._instrument.controls is not None:
            self._instrument.controls.take_over()
        steps = len(self._bar)
        right = steps - int(wrong)
        self._instrument.message(f"found: {right} of {steps} steps as tapped")
