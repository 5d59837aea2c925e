"""The front panel of a virtual module: jacks, knobs, buttons, encoders, lamps, the display.

The board's electronics (boards/) connect the panel to the chip's pins (wires.py), so that the
panel's values are volts at jacks and colours on the display.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentrack.errors import UserError
from latentrack.virtual.boards import FLOATS, LOW, Board
from latentrack.virtual.boards.board import GATE_VOLTS, Volts
from latentrack.virtual.midi_cable import MidiCable
from latentrack.virtual.wires import Wires

# The voltage of a pulse at a trigger input; an unplugged jack is at 0 V.
PULSE_VOLTS = 5.0
# Contacts A and B while an encoder turns one step to the right, from rest to rest; 0 is closed.
_QUADRATURE = ((0, 1), (0, 0), (1, 0), (1, 1))
# How long each state of the contacts lasts: the module reads its encoders every millisecond.
CONTACT_US = 2000
# A module that serves its inputs does so at once; a busy computer may leave it waiting for seconds.
_SERVED_S = 30.0
# One that serves nothing can still be turned at.
_TICK_S = 5.0


@dataclass
class PlayedStep:
    """A step that a track played, and the writes to jacks at its clock edge.

    track, number: of the track and of the step, from 0.  volts: of each jack (from 0) written at
    that edge.  gates: the jacks that rose above 1 V.  Tracks that play at one edge have the same
    volts and gates.
    """

    track: int
    number: int
    time_us: int
    gates: frozenset[int] = frozenset()
    volts: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """An event at the jacks.

    kind: "rise" or "fall" where a jack's voltage crosses 1 V, "volts" for any other write to a
    jack, "step" for a step that a track plays.
    """

    kind: str
    jack: int  # from 0; of a step: the track
    value: float  # volts; of a step: its number
    time_us: int
    events: int  # the number of events that the module had served


class Panel:
    """The panel. All times are the module's, in microseconds.

    board: the electronics behind the panel.  wires: to the chip's pins.  midi: the cables at its
    MIDI jacks. Manual time advances only by the methods of this class; otherwise time is real.
    """

    def __init__(self, board: Board, wires: Wires) -> None:
        self.board = board
        self._wires = wires
        self._analog = dict.fromkeys(board.KNOBS.values(), board.knob(0.5) if board.KNOBS else 0)
        self._analog |= {pin: board.cv(0.0) for pin in board.CV.values()}
        self._pins = board.rest()
        self._cables: dict[int, str] = {}
        self._seen: list[Report] = []
        self.midi = MidiCable(board, wires)
        # Held while the electronics process what the chip does.
        self._lock = threading.RLock()
        wires.connect(self)

    def close(self) -> None:
        """Close the wires."""
        self._wires.close()

    def plug_in(self) -> None:
        """Set the chip's pins to the present state of all knobs and switches."""
        for pin, drive in self._pins.items():
            self._wires.set_pin(pin, drive)
        for pin, code in self._analog.items():
            self._wires.set_analog(pin, code)

    @property
    def standing(self) -> tuple[dict[str, int], dict[str, int]]:
        """The drive of each input pin (LOW, HIGH, FLOATS), and the code of each analog input."""
        return dict(self._pins), dict(self._analog)

    @property
    def bus_fault(self) -> str:
        """The access that would hang a Teensy, in one sentence; "" if there was none."""
        return self._wires.bus_fault

    def power_cycled(self) -> None:
        """Reset the electronics as after a power cut."""
        with self._lock:
            self.board.power_cycled()

    @property
    def now_us(self) -> int:
        """The module's time in microseconds."""
        return self._wires.now_us

    # -- in ---------------------------------------------------------------------------------

    def advance(self, time_us: int) -> None:
        """Advance manual time; wait in real time."""
        self._wires.pass_time(time_us)

    def trigger(self, jack: str, *, width_us: int = 100) -> None:
        """Send a pulse of 5 V to a trigger input ("clock", "reset", "trigger_3", "trigger_4")."""
        pin = self.board.TRIGGERS[jack]
        self._set_pin(pin, self.board.trigger(PULSE_VOLTS))
        self._wires.skip(width_us)
        self._set_pin(pin, self.board.trigger(0.0))

    def gate(self, jack: str, high: bool) -> None:
        """Put 5 V at a trigger input, or 0 V, and leave it there."""
        volts = PULSE_VOLTS if high else 0.0
        self._set_pin(self.board.TRIGGERS[jack], self.board.trigger(volts))

    def clock(self, edges: int = 1, *, spacing_us: int = 1000) -> None:
        """Send clock pulses, `spacing_us` from one rising edge to the next."""
        width_us = min(100, spacing_us // 2)
        start_us = self.now_us
        for edge in range(edges):
            self.trigger("clock", width_us=width_us)
            if edge + 1 < edges:
                self._wires.skip_to(start_us + (edge + 1) * spacing_us)
        self._wires.end_at(start_us + edges * spacing_us)

    def turn(self, knob: str, position: float) -> None:
        """Turn a knob ("x", "y", "z", "threshold") to 0 (anticlockwise) to 1 (clockwise).

        A board may have "w" as well. Raises ValueError beyond that range.
        """
        if not 0 <= position <= 1:
            raise ValueError(f"a knob turns from 0 to 1, not to {position}")
        self._set_analog(self.board.KNOBS[knob], self.board.knob(position))

    def cv(self, jack: str, volts: float) -> None:
        """Set the voltage at a CV input ("x" to "8"); the electronics limit it to their range."""
        self._set_analog(self.board.CV[jack], self.board.cv(volts))

    def press(self, control: int | str) -> None:
        """Press a button (1 to 4) or an encoder ("left", "right") until `release`."""
        self._set_pin(self._switch(control), LOW)

    def release(self, control: int | str) -> None:
        """Release a button (1 to 4) or an encoder ("left", "right")."""
        self._set_pin(self._switch(control), FLOATS)

    def contact(self, encoder: str, which: str, closed: bool) -> None:
        """Close or open one contact ("a" or "b") of an encoder ("left", "right")."""
        pin = self.board.ENCODERS[encoder]["ab".index(which)]
        self._set_pin(pin, LOW if closed else FLOATS)

    def turn_encoder(self, encoder: str, steps: int) -> None:
        """Turn an encoder ("left", "right") by a number of clicks; to the right is positive."""
        a, b, _ = self.board.ENCODERS[encoder]
        contacts = _QUADRATURE if steps > 0 else (*_QUADRATURE[-2::-1], _QUADRATURE[-1])
        for _ in range(abs(steps)):
            for opened_a, opened_b in contacts:
                for pin, opened in ((a, opened_a), (b, opened_b)):
                    drive = FLOATS if opened else LOW
                    if self._pins[pin] != drive:
                        self._set_pin(pin, drive)
                self._wait_for_tick()

    def _wait_for_tick(self) -> None:
        """Wait until the module has read its encoders, however busy it is."""
        with contextlib.suppress(UserError):
            self.catch_up(_TICK_S)
        self.advance(CONTACT_US)

    def plug(self, output: int, into: str | None) -> None:
        """Patch an output (from 0) into a CV input ("x" to "8") or a trigger input ("clock").

        None unplugs the output's cable.
        """
        self._cables.pop(output, None)
        if into is not None:
            self._cables[output] = into
            self._carry(output, self.volts()[output])

    def _carry(self, output: int, volts: float) -> None:
        """Set the input to which the output's cable leads to its voltage."""
        into = self._cables[output]
        if into in self.board.TRIGGERS:
            self._set_pin(self.board.TRIGGERS[into], self.board.trigger(volts))
        else:
            self.cv(into, volts)

    def _switch(self, control: int | str) -> str:
        return (
            self.board.ENCODERS[control][2]
            if isinstance(control, str)
            else self.board.BUTTONS[control]
        )

    def _set_pin(self, pin: str, drive: int) -> None:
        self._pins[pin] = drive
        self._wires.set_pin(pin, drive)

    def _set_analog(self, pin: str, code: int) -> None:
        self._analog[pin] = code
        self._wires.set_analog(pin, code)

    # -- out --------------------------------------------------------------------------------

    def catch_up(self, timeout_s: float = _SERVED_S) -> None:
        """Wait until the module has served all events so far. Raises UserError."""
        self._wires.catch_up(timeout_s)

    def settle(self, timeout_s: float = _SERVED_S) -> list[Report]:
        """Wait as `catch_up`; return the reports since the last call."""
        self.catch_up(timeout_s)
        with self._lock:
            seen, self._seen = self._seen, []
        return seen

    def steps(self) -> list[PlayedStep]:
        """The steps played since the last call of `steps` or `settle`."""
        return list(group_steps(self.settle()))

    def lamp(self, button: int) -> bool:
        """Whether the lamp of a button (1 to 4) is lit."""
        self._wires.hear()
        return self.board.levels.get(self.board.LAMPS[button], False)

    def flashes(self, button: int) -> int:
        """The number of times that the lamp of a button (1 to 4) was lit since power-on."""
        self._wires.hear()
        return self.board.rises.get(self.board.LAMPS[button], 0)

    def volts(self) -> list[float]:
        """The voltages at the eight output jacks."""
        self._wires.hear()
        return list(self.board.volts)

    def screen(self) -> NDArray[np.uint8]:
        """The picture on the display: (80, 160, 3) bytes of red, green and blue.

        Black on a board without a display.
        """
        self._wires.hear()
        with self._lock:
            if self.board.display is None:
                return np.zeros((80, 160, 3), np.uint8)
            return self.board.display.image()

    @property
    def faults(self) -> list[str]:
        """Accesses that real electronics would not have served right, each in a sentence."""
        display = self.board.display
        return self.board.faults + ([] if display is None else display.faults)

    @property
    def display_bytes(self) -> int:
        """The number of bytes sent to the display."""
        self._wires.hear()
        return self.board.display_bytes

    # -- what the wires say -----------------------------------------------------------------

    def pin_moved(self, time_us: int, events: int, pin: str, level: bool) -> None:
        """Receive a pin that the chip drives; see Listener."""
        self._written(self.board.pin, time_us, events, pin, level)

    def words_sent(self, time_us: int, events: int, words: list[int], bits: int, mode: int) -> None:
        """Receive words of `bits` bits sent on SPI, in SPI mode 0 to 3; see Listener."""
        self._written(self.board.spi, time_us, events, words, bits, mode)

    def byte_sent(self, time_us: int, uart: str, byte: int, baud: int) -> None:
        """Receive a byte that a UART sends, at a baud rate; see Listener."""
        self.midi.byte_sent(time_us, uart, byte, baud)

    def step_played(self, time_us: int, events: int, track: int, step: int) -> None:
        """Receive a step that a track plays; its writes to jacks follow. See Listener."""
        with self._lock:
            self._seen.append(Report("step", track, step, time_us, events))

    def _written(self, board: Callable[..., Volts], time_us: int, events: int, *what: Any) -> None:
        with self._lock:
            before = list(self.board.volts)
            for jack, volts in board(*what):
                was, kind = before[jack], "volts"
                if (was < GATE_VOLTS) != (volts < GATE_VOLTS):
                    kind = "fall" if volts < GATE_VOLTS else "rise"
                before[jack] = volts
                self._seen.append(Report(kind, jack, volts, time_us, events))
                if jack in self._cables:
                    self._carry(jack, volts)


def group_steps(reports: list[Report]) -> Iterator[PlayedStep]:
    """Yield the played steps of reports, each with the writes to jacks at its clock edge."""
    steps: list[PlayedStep] = []
    events = -1
    for report in reports:
        if report.kind == "step":
            if report.events != events:
                yield from steps
                steps, events = [], report.events
            steps.append(PlayedStep(report.jack, int(report.value), report.time_us))
        elif report.events == events:
            for step in steps:
                step.volts[report.jack] = report.value
                if report.kind == "rise":
                    step.gates |= {report.jack}
    yield from steps
