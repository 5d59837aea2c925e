"""MIDI: notes and clock out, and a clock that is followed.

Ports come and go with cables. A worker lists them every two seconds while one is chosen, closes
those that have vanished and opens those that have come back; the transport goes on meanwhile.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from latentrack.playing.sequencer import DueStep
from latentrack.studio.listen.conductor import Action
from latentrack.studio.listen.memory import Memory
from latentrack.studio.signals import Signal
from latentrack.studio.worker import Worker

DRUM_CHANNEL = 9  # the tenth, as General MIDI has it; counted from 0
# Sounds until this part of the time to the next step has gone by.
GATE = 0.8
VIRTUAL = "Latentrack (a port of our own)"
_OWN_NAME = "Latentrack"
POLL_S = 2.0
"""Between two listings of the ports, while one is chosen."""
_ALL_NOTES_OFF = 123

MISSING = (
    "MIDI ports need python-rtmidi, which is not installed here: pip install python-rtmidi (for "
    "Python 3.13 and later it is built from source). Everything else works without it."
)
NO_SYSTEM = (
    "This computer gives no access to MIDI ports. On Linux that is the ALSA sequencer: "
    "sudo modprobe snd-seq, then look again."
)


class Follows(Protocol):
    """What a clock from elsewhere does to the transport."""

    def play(self) -> None: ...
    def resume(self) -> None: ...
    def stop(self) -> None: ...
    def follow(self, follows: bool) -> None: ...
    def tick(self, now: float) -> None: ...
    def now(self) -> float: ...


class Midi:
    """Everything may be called from any thread; what takes time is done by the worker.

    `changed`: ports were listed, opened or lost, or a choice was made.
    """

    def __init__(self, memory: Memory, transport: Follows) -> None:
        self.changed = Signal()
        self.problem = ""
        """Why there are no ports at all; empty: there may be."""
        self.outputs: tuple[str, ...] = ()
        self.inputs: tuple[str, ...] = ()
        self._memory = memory
        self._transport = transport
        self._output_name = str(memory.kept("midi out", ""))
        self._input_name = str(memory.kept("midi clock in", ""))
        self._sends_clock = memory.kept("midi clock out", False) is True
        channel = memory.kept("midi channel", 1)
        self._channel = channel if isinstance(channel, int) and 1 <= channel <= 16 else 1
        # A port that is being closed must not be sent to: what that does is up to the system.
        self._lock = threading.Lock()
        self._output: Any = None
        self._input: Any = None
        self._sounding: dict[tuple[int, int], DueStep] = {}
        self._clock_runs = False
        self._listed_at = 0.0
        self._worker = Worker("midi", poll=self._poll)

    @property
    def output(self) -> str:
        """The port chosen for notes; empty: none."""
        return self._output_name

    @property
    def input(self) -> str:
        """The port whose clock is followed; empty: our own clock."""
        return self._input_name

    @property
    def sends_clock(self) -> bool:
        return self._sends_clock

    @property
    def channel(self) -> int:
        """Of notes and rhythms, 1 to 16; drums go to 10."""
        return self._channel

    @property
    def state(self) -> str:
        """What is wrong with the ports chosen, in sentences; empty: nothing."""
        lost = [
            name
            for name, port in ((self.output, self._output), (self.input, self._input))
            if name and port is None
        ]
        if self.problem or not lost:
            return self.problem
        return " ".join(
            f"“{plain(name)}” is not there, or another program has it: it is used as soon as it "
            "can be."
            for name in lost
        )

    def open(self) -> None:
        """Begins, with the ports that were chosen the last time."""
        if self._input_name:
            self._transport.follow(True)
        if self._input_name or self._output_name:
            self.refresh()

    def close(self) -> None:
        """Ends all notes, and closes the ports."""

        def close_ports() -> None:
            self._close_output()
            self._close_input()

        self._worker.do(close_ports)
        self._worker.close(5)

    def refresh(self) -> None:
        """Lists the ports again, and opens those that are chosen."""
        self._worker.do(self._list_again)

    def choose_output(self, name: str) -> None:
        """Notes go to this port from now on; empty: nowhere."""

        def choose() -> None:
            self._close_output()
            self._output_name = name
            self._memory.keep("midi out", name)
            self._list_again()

        self._worker.do(choose)

    def choose_input(self, name: str) -> None:
        """The transport follows this port's clock from now on; empty: its own."""

        def choose() -> None:
            self._close_input()
            followed, self._input_name = bool(self._input_name), name
            self._memory.keep("midi clock in", name)
            if followed != bool(name):
                self._transport.follow(bool(name))
            self._list_again()

        self._worker.do(choose)

    def set_sends_clock(self, sends: bool) -> None:
        """Whether our clock goes out with the notes, 24 ticks a quarter note."""
        self._sends_clock = sends
        self._memory.keep("midi clock out", sends)
        self.changed.emit()

    def set_channel(self, channel: int) -> None:
        self._channel = min(max(channel, 1), 16)
        self._memory.keep("midi channel", self._channel)
        self.changed.emit()

    def ahead(self, step: DueStep) -> Iterable[tuple[float, Action]]:
        """See `conductor.Hearer`."""
        if self._output is None or step.pattern is None:
            return []
        found: list[tuple[float, Action]] = []
        if self._sends_clock:
            if not self._clock_runs:
                self._clock_runs = True
                how = "start" if step.number == 0 else "continue"
                found.append((step.due, lambda: self._send(how)))
            found += [(tick, lambda: self._send("clock")) for tick in step.ticks]
        channel = DRUM_CHANNEL if step.pattern.kind == "drums" else self._channel - 1
        loudest: dict[int, int] = {}
        for _, pitch, velocity in step.hits:
            loudest[pitch] = max(velocity, loudest.get(pitch, 0))
        for pitch, velocity in loudest.items():
            found += [
                (step.due, self._note_on(step, channel, pitch, velocity)),
                (step.due + GATE * step.seconds, self._note_off(step, channel, pitch)),
            ]
        return found

    def halted(self) -> None:
        """See `conductor.Hearer`."""
        self._silence()
        if self._clock_runs:
            self._clock_runs = False
            self._send("stop")

    def _note_on(self, step: DueStep, channel: int, note: int, velocity: int) -> Action:
        def act() -> None:
            if (channel, note) in self._sounding:
                self._send("note_off", channel=channel, note=note)
            self._sounding[channel, note] = step
            self._send("note_on", channel=channel, note=note, velocity=velocity)

        return act

    def _note_off(self, step: DueStep, channel: int, note: int) -> Action:
        def act() -> None:
            # Not if the note has been struck anew since.
            if self._sounding.get((channel, note)) is step:
                self._sounding.pop((channel, note), None)
                self._send("note_off", channel=channel, note=note)

        return act

    def _silence(self) -> None:
        sounding, self._sounding = self._sounding, {}
        for channel, note in sounding:
            self._send("note_off", channel=channel, note=note)
        for channel in sorted({channel for channel, _ in sounding}):
            self._send("control_change", channel=channel, control=_ALL_NOTES_OFF, value=0)

    def _send(self, kind: str, **values: int) -> None:
        with self._lock:
            if self._output is None:
                return
            from mido import Message

            try:
                self._output.send(Message(kind, **values))
                return
            except Exception:  # each system has its own way to say that a port is gone
                pass
        self._worker.do(self._lose_output)

    def _heard(self, message: Any) -> None:
        """A message from the port that is followed, in that port's thread."""
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

    def _poll(self) -> float | None:
        """Lists the ports if it is time; the seconds until it is again."""
        if self.problem or not (self._output_name or self._input_name):
            return None
        left = self._listed_at + POLL_S - time.monotonic()
        if left <= 0:
            self._list_ports()
            left = POLL_S
        return left

    def _list_again(self) -> None:
        self.problem = ""
        self._list_ports(asked=True)

    def _list_ports(self, asked: bool = False) -> None:
        self._listed_at = time.monotonic()
        before = (self.outputs, self.inputs, self.state)
        try:
            import mido

            self.outputs = _others(mido.get_output_names())
            self.inputs = _others(mido.get_input_names())
        except ImportError:
            self.problem = MISSING
        except Exception:  # of no type that all systems share
            self.problem = NO_SYSTEM
        if self.problem:
            self.outputs = self.inputs = ()
        self._match()
        if asked or before != (self.outputs, self.inputs, self.state):
            self.changed.emit()

    def _match(self) -> None:
        """Closes what is gone and opens what is there."""
        if self._output is not None and find(self._output_name, self.outputs) is None:
            self._close_output()
        if self._input is not None and find(self._input_name, self.inputs) is None:
            self._close_input()
            self._transport.stop()
        if self.problem:
            return
        if self._output_name and self._output is None:
            opened = self._opened(self._output_name, self.outputs, "open_output")
            with self._lock:
                self._output = opened
        if self._input_name and self._input is None:
            self._input = self._opened(
                self._input_name, self.inputs, "open_input", callback=self._heard
            )

    @staticmethod
    def _opened(name: str, there: tuple[str, ...], how: str, **more: Callable[[Any], None]) -> Any:
        """The port of that name; None if it is not there, or another program has it."""
        import mido

        try:
            if name == VIRTUAL:
                return getattr(mido, how)(_OWN_NAME, virtual=True, client_name=_OWN_NAME, **more)
            found = find(name, there)
            return None if found is None else getattr(mido, how)(found, **more)
        except Exception:  # of no type that all systems share
            return None

    def _lose_output(self) -> None:
        self._close_output()
        self.changed.emit()

    def _close_output(self) -> None:
        if self._output is not None:
            self._silence()
        with self._lock:
            port, self._output = self._output, None
            self._sounding = {}
        _close(port)

    def _close_input(self) -> None:
        port, self._input = self._input, None
        _close(port)


def has_virtual_ports() -> bool:
    """Whether programs may make ports of their own: ALSA and CoreMIDI can, Windows cannot."""
    return os.name != "nt"


def plain(name: str) -> str:
    """A port's name without the numbers that ALSA gives it anew each time it is plugged in."""
    return re.sub(r" \d+:\d+$", "", name)


def find(name: str, there: tuple[str, ...]) -> str | None:
    """What a port that was chosen is called now; None if it is not there."""
    if name == VIRTUAL:
        return name
    if name in there:
        return name
    return next((each for each in there if plain(each) == plain(name)), None)


def _others(names: Iterable[str]) -> tuple[str, ...]:
    """Without the ports that we ourselves have opened."""
    own = (_OWN_NAME, "RtMidi")
    return tuple(dict.fromkeys(name for name in names if not name.startswith(own)))


def _close(port: Any) -> None:
    if port is not None:
        try:
            port.close()
        except Exception:  # of no type that all systems share
            pass
