"""Convert steps to MIDI messages: notes, each ended before it is repeated, and the clock."""

from __future__ import annotations

from collections.abc import Callable

from latentrack.playing.sequencer import DueStep
from latentrack.playing.voices import DRUM_CHANNEL
from latentrack.studio.listen.conductor import Action

GATE = 0.8
"""Length of a note as a fraction of the step."""
_ALL_NOTES_OFF = 123

Send = Callable[..., None]
"""Sends a message, given as the arguments of `mido.Message`."""


class MidiNotes:
    """Makes messages for steps and tracks the sounding notes.

    Call `ahead`, its actions and `halted` in the transport's thread only; `silence` in any thread.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._sounding: dict[tuple[int, int], DueStep] = {}
        self._clock_runs = False

    def ahead(self, step: DueStep, channel: int, clock: bool) -> list[tuple[float, Action]]:
        """Return the (time in seconds, action) pairs that send a step's messages.

        channel: for notes and rhythms, 1 to 16; drums use 10.  clock: whether to send clock ticks,
        too, 24 per quarter note.
        """
        if step.pattern is None:
            return []
        found: list[tuple[float, Action]] = []
        if clock:
            if not self._clock_runs:
                self._clock_runs = True
                how = "start" if step.number == 0 else "continue"
                found.append((step.due, lambda: self._send(how)))
            found += [(tick, lambda: self._send("clock")) for tick in step.ticks]
        number = DRUM_CHANNEL if step.pattern.kind == "drums" else channel - 1
        loudest: dict[int, tuple[int, float]] = {}
        for time, (_, pitch, velocity) in step.timed_hits:
            if velocity > loudest.get(pitch, (0, 0.0))[0]:
                loudest[pitch] = velocity, time
        for pitch, (velocity, time) in loudest.items():
            found += [
                (time, self._note_on(step, number, pitch, velocity)),
                (time + GATE * step.seconds, self._note_off(step, number, pitch)),
            ]
        return found

    def halted(self) -> None:
        """End all notes, and stop the clock."""
        self.silence()
        if self._clock_runs:
            self._clock_runs = False
            self._send("stop")

    def silence(self) -> None:
        """End all notes."""
        sounding, self._sounding = self._sounding, {}
        for channel, note in sounding:
            self._send("note_off", channel=channel, note=note)
        for channel in sorted({channel for channel, _ in sounding}):
            self._send("control_change", channel=channel, control=_ALL_NOTES_OFF, value=0)

    def _note_on(self, step: DueStep, channel: int, note: int, velocity: int) -> Action:
        def act() -> None:
            if (channel, note) in self._sounding:
                self._send("note_off", channel=channel, note=note)
            self._sounding[channel, note] = step
            self._send("note_on", channel=channel, note=note, velocity=velocity)

        return act

    def _note_off(self, step: DueStep, channel: int, note: int) -> Action:
        def act() -> None:
            # Only if the note has not been repeated since.
            if self._sounding.get((channel, note)) is step:
                self._sounding.pop((channel, note), None)
                self._send("note_off", channel=channel, note=note)

        return act
