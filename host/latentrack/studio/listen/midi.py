"""MIDI: send notes and clock, and follow an external clock.

Ports may be unplugged and plugged in at any time. While one is chosen, a worker lists the ports
every two seconds, closes a chosen port that has vanished and opens one that is back. The transport
keeps playing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

from latentrack import midi_ports
from latentrack.midi_ports import NoMidi, find
from latentrack.playing.sequencer import DueStep
from latentrack.studio.listen.conductor import Action
from latentrack.studio.listen.memory import Memory
from latentrack.studio.listen.midi_notes import MidiNotes
from latentrack.studio.listen.midi_state import MidiState, MidiStore
from latentrack.studio.worker import Worker

POLL_S = 2.0
"""Seconds between two listings of the ports, while one is chosen."""


class Follows(Protocol):
    """The parts of the transport that an external clock controls."""

    def play(self) -> None:
        """Play from the first step."""

    def resume(self) -> None:
        """Play on from where playing stopped."""

    def stop(self) -> None:
        """Stop playing."""

    def follow(self, follows: bool) -> None:
        """Follow the external clock, or (False) use the studio's own again."""

    def tick(self, now: float) -> None:
        """Take one tick of the external clock, 24 per quarter note, at time `now` in seconds."""

    def now(self) -> float:
        """The transport's time in seconds."""


class Midi(MidiStore):
    """Sends and receives MIDI. Thread-safe; slow actions run in the worker and then update `state`.

    memory: stores the chosen ports and settings.  transport: is controlled by the external clock.
    """

    def __init__(self, memory: Memory, transport: Follows) -> None:
        channel = memory.kept("midi channel", 1)
        super().__init__(
            MidiState(
                output=str(memory.kept("midi out", "")),
                input=str(memory.kept("midi clock in", "")),
                sends_clock=memory.kept("midi clock out", False) is True,
                channel=channel if isinstance(channel, int) and 1 <= channel <= 16 else 1,
            )
        )
        self._memory = memory
        self._transport = transport
        self._notes = MidiNotes(self._send)
        # Sending to a port while it is closed is undefined behaviour on some systems.
        self._lock = threading.Lock()
        self._output: Any = None
        self._input: Any = None
        self._listed_at = 0.0
        self._worker = Worker("midi", poll=self._poll)

    def open(self) -> None:
        """Open the ports that were chosen the last time."""
        if self.state.input:
            self._transport.follow(True)
        if self.state.input or self.state.output:
            self.refresh()

    def close(self) -> None:
        """End all notes, and close the ports."""

        def close_ports() -> None:
            self._close_output()
            self._close_input()

        self._worker.do(close_ports)
        self._worker.close(5)

    def refresh(self) -> None:
        """List the ports again, and open the chosen ones."""
        self._worker.do(self._list_ports)

    def choose_output(self, name: str) -> None:
        """Choose the port for notes and clock; "" for none."""

        def choose() -> None:
            self._close_output()
            self._memory.keep("midi out", name)
            self._list_ports(output=name)

        self._worker.do(choose)

    def choose_input(self, name: str) -> None:
        """Choose the port whose clock the transport follows; "" for the studio's own clock."""

        def choose() -> None:
            self._close_input()
            self._memory.keep("midi clock in", name)
            if bool(self.state.input) != bool(name):
                self._transport.follow(bool(name))
            self._list_ports(input=name)

        self._worker.do(choose)

    def set_sends_clock(self, sends: bool) -> None:
        """Set whether the studio's clock is sent with the notes, 24 ticks per quarter note."""
        self._memory.keep("midi clock out", sends)
        self.update(sends_clock=sends)

    def set_channel(self, channel: int) -> None:
        """Set the channel of notes and rhythms, clamped to 1 to 16."""
        channel = min(max(channel, 1), 16)
        self._memory.keep("midi channel", channel)
        self.update(channel=channel)

    def ahead(self, step: DueStep) -> Iterable[tuple[float, Action]]:
        """See `conductor.Hearer`."""
        if self._output is None:
            return []
        state = self.state
        return self._notes.ahead(step, state.channel, state.sends_clock)

    def halted(self) -> None:
        """See `conductor.Hearer`."""
        self._notes.halted()

    def _send(self, kind: str, **values: int) -> None:
        with self._lock:
            if self._output is None:
                return
            from mido import Message

            try:
                self._output.send(Message(kind, **values))
                return
            except Exception:  # the type for a vanished port depends on the system
                pass
        self._worker.do(self._lose_output)

    def _heard(self, message: Any) -> None:
        """Handle a message from the port that is followed. Called in that port's thread."""
        now = self._transport.now()
        if message.type == "clock":
            self._transport.tick(now)
        elif message.type == "start":
            self._transport.stop()
            self._transport.play()
        elif message.type == "continue":
            self._transport.resume()
        elif message.type == "stop":
            self._transport.stop()

    # -- the worker -------------------------------------------------------------------------------

    def _poll(self) -> float | None:
        """List the ports if it is time; return the seconds to the next call, None for never."""
        state = self.state
        if state.problem or not (state.output or state.input):
            return None
        left = self._listed_at + POLL_S - time.monotonic()
        if left <= 0:
            self._list_ports()
            left = POLL_S
        return left

    def _list_ports(self, **chosen: Any) -> None:
        """List the ports, close vanished ones, open chosen ones, and update the state.

        chosen: a new value of the state's `output` or `input`.
        """
        self._listed_at = time.monotonic()
        wanted = replace(self.state, **chosen)
        problem = ""
        outputs: tuple[str, ...] = ()
        inputs: tuple[str, ...] = ()
        try:
            outputs, inputs = midi_ports.port_names()
        except NoMidi as error:
            problem = str(error)
        if self._output is not None and find(wanted.output, outputs) is None:
            self._close_output()
        if self._input is not None and find(wanted.input, inputs) is None:
            self._close_input()
            self._transport.stop()
        if wanted.output and self._output is None and not problem:
            opened = midi_ports.open_output(wanted.output, outputs)
            with self._lock:
                self._output = opened
        if wanted.input and self._input is None and not problem:
            self._input = midi_ports.open_input(wanted.input, inputs, self._heard)
        self.update(
            problem=problem,
            outputs=outputs,
            inputs=inputs,
            output=wanted.output,
            input=wanted.input,
            output_open=self._output is not None,
            input_open=self._input is not None,
        )

    def _lose_output(self) -> None:
        self._close_output()
        self.update(output_open=False)

    def _close_output(self) -> None:
        if self._output is not None:
            self._notes.silence()
        with self._lock:
            port, self._output = self._output, None
        midi_ports.close(port)

    def _close_input(self) -> None:
        port, self._input = self._input, None
        midi_ports.close(port)
