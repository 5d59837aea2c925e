"""The front panel of the virtual module: what one plugs in, turns, presses, and sees light up.

Two FIFOs lead to the module's service thread, which does what interrupts do on the Teensy: events
go in (an edge, a knob, the passing of time), every change of an output comes back with its time.
The records are those of firmware/virtual/virtualboard.c. Lamps and the display hang on wires of
their own (wires.py).
"""

from __future__ import annotations

import os
import select
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latentrack.errors import UserError
from latentrack.virtual.wires import Wires

# Pins as the device's board table has them (device/latentrack/boards/virtual.py); a test compares.
TRIGGER_PINS = {"clock": 36, "reset": 35}
INPUT_PINS = {"trigger_3": 34, "trigger_4": 33}
ANALOG_PINS = {"x": 7, "y": 2, "z": 3, "threshold": 6}
CV_PINS = {"x": 11, "y": 10, "z": 1, "threshold": 0, "5": 16, "6": 17, "7": 12, "8": 13}
BUTTON_PINS = {1: 28, 2: 38, 3: 39, 4: 29}
LED_PINS = {1: 30, 2: 31, 3: 32, 4: 37}
ENCODER_PINS = {"left": (22, 23, 7), "right": (3, 4, 2)}  # A, B, push

# The voltages that the converters behind the CV inputs take for their lowest and highest code.
CV_VOLTS = (-5.0, 5.0)
# Levels of A and B while an encoder turns one step to the right, from rest to rest.
_QUADRATURE = ((0, 1), (0, 0), (1, 0), (1, 1))

_EVENT = struct.Struct("<QBBHI")  # time_us, kind, index, value, tag
_REPORT = struct.Struct("<QBBHI")  # time_us, kind, index, value, events served
_TIME, _PIN, _ANALOG, _MARK = range(4)
_GATES, _LEVEL, _STEP, _MARKED, _LOST = range(5)


@dataclass
class Step:
    """One step that a track played: the channels whose gates rose with it, and the levels set."""

    track: int
    number: int
    time_us: int
    gates: frozenset[int] = frozenset()
    levels: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """One thing seen at the jacks, in the order in which it happened."""

    kind: str  # "rise", "fall", "level" or "step"
    channel: int  # of a step: the track
    value: int  # of a level: its 16-bit code; of a step: its number
    time_us: int
    events: int  # how many events the module had served by then


class Panel:
    """Plug, turn and listen. All times are microseconds.

    With manual time `now_us` is the module's time and moves only as the methods here move it;
    otherwise it is the computer's monotonic clock.
    """

    def __init__(self, folder: Path, *, manual_time: bool) -> None:
        self.events_path, self.reports_path = folder / "events", folder / "reports"
        for path in (self.events_path, self.reports_path):
            os.mkfifo(path)
        # Opened for both directions: a FIFO then neither waits for nor ends with the module,
        # which comes and goes with every reset.
        self._events = os.open(self.events_path, os.O_RDWR)
        self._reports = os.open(self.reports_path, os.O_RDWR)
        self._manual = manual_time
        self._now_us = 0
        self._tag = 0
        self._analog = {ANALOG_PINS[knob]: 0x8000 for knob in ANALOG_PINS}
        self._analog |= {CV_PINS[jack]: _cv_code(0.0) for jack in CV_PINS}
        # Buttons and encoders pull their pins down when they make contact.
        self._pins = dict.fromkeys(BUTTON_PINS.values(), True)
        self._pins |= {pin: True for pins in ENCODER_PINS.values() for pin in pins}
        self._wires = Wires(folder)
        self._seen: list[Report] = []
        self._marked = -1
        self.lost = 0
        self._changed = threading.Condition()
        self._stop_read, self._stop_write = os.pipe()
        self._reader = threading.Thread(target=self._read_reports, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Unplugs everything."""
        os.write(self._stop_write, b".")
        self._reader.join()
        for fd in (self._events, self._reports, self._stop_read, self._stop_write):
            os.close(fd)
        self._wires.close()

    def environment(self) -> dict[str, str]:
        """What the module finds at power-on: its wires, and every knob and switch as it stands."""
        return {
            "LATENTRACK_EVENTS": str(self.events_path),
            "LATENTRACK_REPORTS": str(self.reports_path),
            "LATENTRACK_WIRES": str(self._wires.path),
            "LATENTRACK_ANALOG": " ".join(f"{pin}:{code}" for pin, code in self._analog.items()),
            "LATENTRACK_PINS": " ".join(f"{pin}:{high:d}" for pin, high in self._pins.items()),
        }

    def power_cycled(self) -> None:
        """The power was gone for a moment."""
        self._wires.power_cycled()

    @property
    def now_us(self) -> int:
        """The module's time."""
        return self._now_us if self._manual else time.monotonic_ns() // 1000

    # -- in ---------------------------------------------------------------------------------

    def advance(self, time_us: int) -> None:
        """Lets time pass; without manual time, waits."""
        if self._manual:
            self._now_us += time_us
            self._send(_TIME)
        else:
            time.sleep(time_us / 1e6)

    def trigger(self, jack: str, *, width_us: int = 100) -> None:
        """One short pulse at a trigger input ("clock", "reset", "trigger_3", "trigger_4")."""
        pin = (TRIGGER_PINS | INPUT_PINS)[jack]
        self._set_pin(pin, True)
        if self._manual:
            self._now_us += width_us
        self._set_pin(pin, False)

    def clock(self, edges: int = 1, *, spacing_us: int = 1000) -> None:
        """Clock pulses, `spacing_us` from one rising edge to the next."""
        width_us = min(100, spacing_us // 2)
        start = time.monotonic_ns()
        for edge in range(edges):
            self.trigger("clock", width_us=width_us)
            if self._manual:
                self._now_us += spacing_us - width_us
            elif edge + 1 < edges:
                left = start + (edge + 1) * spacing_us * 1000 - time.monotonic_ns()
                if left > 0:
                    time.sleep(left / 1e9)
        if self._manual:
            self._send(_TIME)

    def turn(self, knob: str, position: float) -> None:
        """Turns a knob ("x", "y", "z", "threshold") to 0..1."""
        if not 0 <= position <= 1:
            raise ValueError(f"a knob turns from 0 to 1, not to {position}")
        self._set_analog(ANALOG_PINS[knob], round(position * 0xFFFF))

    def cv(self, jack: str, volts: float) -> None:
        """Puts a voltage on a CV input; what is beyond its range is cut off, as the inputs do."""
        self._set_analog(CV_PINS[jack], _cv_code(volts))

    def press(self, control: int | str) -> None:
        """Presses a button (1 to 4) or an encoder ("left", "right") and keeps it down."""
        self._set_pin(_switch(control), False)

    def release(self, control: int | str) -> None:
        """Lets it go."""
        self._set_pin(_switch(control), True)

    def turn_encoder(self, encoder: str, steps: int) -> None:
        """Turns an encoder ("left", "right") by so many clicks; right is positive."""
        a, b, _ = ENCODER_PINS[encoder]
        levels = _QUADRATURE if steps > 0 else (*_QUADRATURE[-2::-1], _QUADRATURE[-1])
        for _ in range(abs(steps)):
            for level_a, level_b in levels:
                for pin, level in ((a, level_a), (b, level_b)):
                    if self._pins[pin] != bool(level):
                        self._set_pin(pin, bool(level))

    def _set_pin(self, pin: int, high: bool) -> None:
        self._pins[pin] = high
        self._send(_PIN, pin, int(high))

    def _set_analog(self, pin: int, code: int) -> None:
        self._analog[pin] = code
        self._send(_ANALOG, pin, code)

    def _send(self, kind: int, index: int = 0, value: int = 0) -> None:
        self._tag += 1
        tag = self._tag & 0xFFFFFFFF
        os.write(self._events, _EVENT.pack(self._now_us, kind, index, value, tag))

    # -- out --------------------------------------------------------------------------------

    def catch_up(self, timeout_s: float = 5.0) -> None:
        """Waits until the module's interrupts have served all events so far."""
        mark = (self._marked + 1) & 0xFFFF
        self._send(_MARK, 0, mark)
        with self._changed:
            if not self._changed.wait_for(lambda: self._marked == mark, timeout_s):
                raise UserError(
                    "the virtual module does not serve its inputs; restart `latentrack virtual`"
                )

    def settle(self, timeout_s: float = 5.0) -> list[Report]:
        """Waits until the module has served all events so far; returns and forgets the reports."""
        self.catch_up(timeout_s)
        with self._changed:
            seen, self._seen = self._seen, []
        return seen

    def steps(self) -> list[Step]:
        """What was played since the last call, step by step."""
        return list(group_steps(self.settle()))

    def lamp(self, button: int) -> bool:
        """Whether the lamp of a button (1 to 4) is lit."""
        return self._wires.level(LED_PINS[button])

    def flashes(self, button: int) -> int:
        """How often the lamp of a button has been lit since the panel exists."""
        self._wires.level(LED_PINS[button])
        return self._wires.rises.get(LED_PINS[button], 0)

    def screen(self) -> NDArray[np.uint8]:
        """What the display shows: (80, 160, 3) bytes of red, green and blue, 0 to 255."""
        return self._wires.image()

    @property
    def display_faults(self) -> list[str]:
        """What a real display would not have understood, in words."""
        return list(self._wires.display.faults)

    @property
    def display_bytes(self) -> int:
        """How many bytes have gone over SPI."""
        self._wires.image()
        return self._wires.spi_bytes

    def _read_reports(self) -> None:
        data = b""
        while True:
            readable, _, _ = select.select([self._reports, self._stop_read], [], [])
            if self._stop_read in readable:
                return
            data += os.read(self._reports, 1 << 16)
            whole = len(data) - len(data) % _REPORT.size
            with self._changed:
                for record in _REPORT.iter_unpack(data[:whole]):
                    self._note(*record)
                self._changed.notify_all()
            data = data[whole:]

    def _note(self, time_us: int, kind: int, index: int, value: int, events: int) -> None:
        if kind == _GATES:
            for name, mask in (("fall", value >> 8), ("rise", value & 0xFF)):
                for channel in range(8):
                    if mask >> channel & 1:
                        self._seen.append(Report(name, channel, 0, time_us, events))
        elif kind == _LEVEL:
            self._seen.append(Report("level", index, value, time_us, events))
        elif kind == _STEP:
            self._seen.append(Report("step", index, value, time_us, events))
        elif kind == _MARKED:
            self._marked = value
        elif kind == _LOST:
            self.lost += value


def group_steps(reports: list[Report]) -> Iterator[Step]:
    """Puts the reports of one track's clock edges together: a step, its levels, its gates."""
    step: Step | None = None
    for report in reports:
        if report.kind == "step":
            if step is not None:
                yield step
            step = Step(report.channel, report.value, report.time_us)
        elif step is not None and report.kind == "rise":
            step.gates |= {report.channel}
        elif step is not None and report.kind == "level":
            step.levels[report.channel] = report.value
    if step is not None:
        yield step


def _cv_code(volts: float) -> int:
    low, high = CV_VOLTS
    return round(min(max((volts - low) / (high - low), 0.0), 1.0) * 0xFFFF)


def _switch(control: int | str) -> int:
    return ENCODER_PINS[control][2] if isinstance(control, str) else BUTTON_PINS[control]
