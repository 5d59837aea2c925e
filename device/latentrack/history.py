"""Undo and redo of what is turned, typed or recalled, and mutation, which it takes back too.

What is set within a second is one gesture: one step back takes all of it back. Models that were
chosen, locked voices, and the position that playing in has found come back with it.
"""

from time import ticks_diff, ticks_ms

from latentrack.names import Part
from latentrack.parameters import TRACKS
from latentrack.values import Values

STATES = 32
GESTURE_MS = 1000
# What is noted of a track beside its parameters. A latent without one is noted by its number.
_MODEL = ""
_LOCKS = "locks"
# What mutate moves, as far as the model has it: by its amount, of the whole way.
_MOVED = ("x", "y", "z", "w", "feel_x", "feel_y")


class History(Part):
    """instrument.history: the last 32 gestures, forth and back."""

    def __init__(self, instrument):
        self._instrument = instrument
        # The gesture that goes on: (track from 0 or PATCH, parameter) -> what it was before.
        self._open = {}
        self._noted_ms = 0
        # Gestures that can be taken back, and those that were; the newest last.
        self._done = []
        self._undone = []
        # True while what is set is not a gesture: a behaviour sets it, or it is being taken back.
        self.ignores = False
        self._seal()
        Values.history = self

    # -- what is noted ----------------------------------------------------------------------------

    def note(self, values, name, number):
        """Keeps that a parameter had this number until now; `values` is whose it is."""
        # Once a gesture: frames that set the same again must not allocate.
        row = values.ENTRIES[name].row
        if not self.ignores:
            self._noted_ms = ticks_ms()
            if not values.noted[row]:
                values.noted[row] = 1
                self._open[(self._owner(values), name)] = number

    def note_model(self, track, name):
        """Keeps that a track, from 0, had the model of this name, or None."""
        if not self.ignores:
            self._noted_ms = ticks_ms()
            self._open.setdefault((track, _MODEL), name)

    def note_locks(self, track, locked):
        """Keeps that a track, from 0, had this table of locked voices."""
        if not self.ignores:
            self._noted_ms = ticks_ms()
            self._open.setdefault((track, _LOCKS), locked)

    def note_latent(self, track, latent, value):
        """Keeps the knob value of a latent, from 0, that has no parameter."""
        if not self.ignores:
            self._noted_ms = ticks_ms()
            self._open.setdefault((track, latent), value)

    def _owner(self, values):
        if values is self._instrument.quantiser:
            return TRACKS + 1
        return getattr(values, "number", TRACKS)

    def _values(self, owner):
        instrument = self._instrument
        if owner < TRACKS:
            return instrument.tracks[owner]
        return instrument.patch if owner == TRACKS else instrument.quantiser

    def _present(self, key):
        values = self._values(key[0])
        if key[1] is _MODEL:
            return None if values.model is None else values.model.name
        if key[1] is _LOCKS:
            return values.locks
        if not isinstance(key[1], str):
            return values.latent_value(key[1])
        return values.numbers[key[1]]

    def forget(self):
        """Nothing can be taken back from now on."""
        self.close()
        self._done.clear()
        self._undone.clear()

    def frame(self):
        """Ends the gesture when nothing has been set for a second. Called once per frame."""
        if self._open and ticks_diff(ticks_ms(), self._noted_ms) > GESTURE_MS:
            self.close()

    def close(self):
        """The gesture has ended: what is set from now on is another one."""
        noted, self._open = self._open, {}
        gesture = {}
        for key in noted:
            if key[1] in self._values(key[0]).ENTRIES:
                values = self._values(key[0])
                values.noted[values.ENTRIES[key[1]].row] = 0
            if self._present(key) != noted[key]:
                gesture[key] = noted[key]
        if gesture:
            self._done.append(gesture)
            self._undone.clear()
            if len(self._done) > STATES:
                self._done.pop(0)

    # -- there and back ---------------------------------------------------------------------------

    def undo(self):
        """Takes the last gesture back. False: there is none."""
        self.close()
        return self._swap(self._done, self._undone, "undo")

    def redo(self):
        """Brings back what was taken back last. False: there is none."""
        self.close()
        return self._swap(self._undone, self._done, "redo")

    def _swap(self, taken, given, what):
        if not taken:
            self._instrument.message(f"nothing to {what}")
            return False
        gesture = taken.pop()
        given.append({key: self._present(key) for key in gesture})
        self.ignores = True
        try:
            for key in gesture:
                self._put(key, gesture[key])
        finally:
            self.ignores = False
        if self._instrument.controls is not None:
            self._instrument.controls.take_over()
        self._instrument.message(f"{what}, {len(self._done)} left")
        return True

    def _put(self, key, before):
        values = self._values(key[0])
        if key[1] is _MODEL:
            self._put_model(values, before)
        elif key[1] is _LOCKS:
            self._put_locks(values, before)
        elif not isinstance(key[1], str):
            values.set_latent_value(key[1], before)
        else:
            # Not set(): what was typed may lie beyond the range.
            values.numbers[key[1]] = before
            values.edits += 1
            values.changed(key[1])

    def _put_model(self, track, name):
        try:
            if name is None:
                track.stop()
            else:
                self._instrument.library.play(name, track.number)
        except (OSError, ValueError, MemoryError) as error:
            self._instrument.message(f"model {name}: {error}")

    def _put_locks(self, track, locked):
        try:
            track.set_locked(locked)
        except MemoryError as error:
            self._instrument.message(f"locks: {error}")

    # -- mutation ---------------------------------------------------------------------------------

    def mutate(self, amount=None):
        """Moves what the chosen track plays by up to `amount` of the way, or patch.mutation's.

        The position, the densities (half as far) and, with that probability, the throw of the dice.
        """
        from random import random

        self.close()
        controls = self._instrument.controls
        track = self._instrument.chosen_track()
        if amount is None:
            amount = self._instrument.patch.mutation
        if not amount:
            return
        for entry in track.TABLE:
            if entry.name in _MOVED and track.has_latent(entry.name):
                by = amount
            elif entry.name[:7] == "density":
                by = amount / 2
            else:
                continue
            position = entry.to_position(track.numbers[entry.name])
            # The sum of two throws: small moves are more probable than large ones.
            track.set(entry.name, entry.from_position(position + by * (random() + random() - 1)))
        if random() < amount:
            track.advance("draw")
        if controls is not None:
            controls.take_over()
        self.close()
