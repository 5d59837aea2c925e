"""The wires between a board's electronics and the chip's pins.

`FifoWires` connect to the virtual module's process by two FIFOs. The process's service thread does
what interrupts do on the Teensy. One FIFO carries events to it: pins, analog inputs, the passing of
time. The other carries reports back: what the chip does at its pins and on SPI, and when. The
records are those of firmware/virtual/board.h.
"""

from __future__ import annotations

import os
import select
import struct
import threading
import time
from pathlib import Path
from typing import Protocol

from latentrack.errors import UserError
from latentrack.virtual.chip import chip

_EVENT = struct.Struct("<QBBHI")  # time_us, kind, index, value, tag
_REPORT = struct.Struct("<QBBHI")  # time_us, kind, index, value, events and interrupts so far
_TIME, _PIN, _ANALOG, _MARK, _BYTE = range(5)
_PIN_MOVED, _SPI, _STEP, _MARKED, _FAULT, _RESET, _BYTE_SENT = range(7)
_BAUD_BYTES = 4

_NUMBERS = {name: port << 5 | bit for name, (port, bit) in chip().pins.items()}
_NAMES = {number: name for name, number in _NUMBERS.items()}


class Listener(Protocol):
    """Receives what the chip does, in its order; called in a thread of the wires."""

    def pin_moved(self, time_us: int, events: int, pin: str, level: bool) -> None:
        """The chip drove a pin.

        time_us: the module's time.  events: the number of events and interrupts until then.
        """

    def words_sent(self, time_us: int, events: int, words: list[int], bits: int, mode: int) -> None:
        """Words of `bits` bits left the chip's LPSPI4, in SPI mode 0 to 3."""

    def byte_sent(self, time_us: int, uart: str, byte: int, baud: int) -> None:
        """A UART ("LPUART6") sent a byte; time_us: when its start bit began."""

    def step_played(self, time_us: int, events: int, track: int, step: int) -> None:
        """latentcore played a step (from 0) of a track (from 0)."""


class Wires(Protocol):
    """What a panel needs of a chip. All times are the module's, in microseconds."""

    @property
    def bus_fault(self) -> str:
        """The access that would hang a Teensy, in one sentence; "" if there was none."""

    @property
    def now_us(self) -> int:
        """The module's time in microseconds."""

    def connect(self, listener: Listener) -> None:
        """Report to a listener, from now on, what the chip does."""

    def close(self) -> None:
        """Stop reporting, and close all files."""

    def set_pin(self, pin: str, drive: int) -> None:
        """Pull a pin LOW, drive it HIGH, or leave it to its own pull, FLOATS (boards/board.py)."""

    def set_analog(self, pin: str, code: int) -> None:
        """Set the code of an analog input, 0 to 4095."""

    def send_byte(self, uart: str, byte: int) -> None:
        """Send a byte to a UART ("LPUART6") at 31,250 baud, now or behind those on their way."""

    def skip(self, time_us: int) -> None:
        """Advance manual time with the next event; do nothing in real time."""

    def skip_to(self, time_us: int) -> None:
        """Advance manual time to a time with the next event; wait until then in real time."""

    def end_at(self, time_us: int) -> None:
        """Advance manual time to a time by an event; do nothing in real time."""

    def pass_time(self, time_us: int) -> None:
        """Advance manual time by an event; wait in real time."""

    def catch_up(self, timeout_s: float) -> None:
        """Wait until the chip has served all events so far. Raises UserError if it does not."""

    def hear(self) -> None:
        """Pass the reports that have arrived on to the listener."""


class FifoWires:
    """Wires to the process of a VirtualModule."""

    def __init__(self, folder: Path, *, manual_time: bool) -> None:
        self.events_path, self.reports_path = folder / "events", folder / "reports"
        for path in (self.events_path, self.reports_path):
            os.mkfifo(path)
        # Opened for reading and writing, so that opening does not wait for the module's process and
        # the FIFO does not end with it: each reset starts a new process.
        self._events = os.open(self.events_path, os.O_RDWR)
        self._reports = os.open(self.reports_path, os.O_RDWR)
        self._manual = manual_time
        self._now_us = 0
        self._tag = 0
        self._listener: Listener | None = None
        self._data = b""
        self._marked = -1
        self.bus_fault = ""
        # The register that keeps its value through a reset, but not without power.
        self.kept = 0
        self._changed = threading.Condition(threading.RLock())
        self._stop_read, self._stop_write = os.pipe()
        self._reader = threading.Thread(target=self._listen, daemon=True)

    def connect(self, listener: Listener) -> None:
        """Start the thread that reports to the listener what the chip does."""
        self._listener = listener
        self._reader.start()

    def close(self) -> None:
        """Stop the thread and close both FIFOs."""
        os.write(self._stop_write, b".")
        self._reader.join()
        for fd in (self._events, self._reports, self._stop_read, self._stop_write):
            os.close(fd)

    def environment(self, pins: dict[str, int], analog: dict[str, int]) -> dict[str, str]:
        """The environment variables of the module's process: its FIFOs and its inputs at power-on.

        pins: LOW, HIGH or FLOATS by pin.  analog: codes, 0 to 4095, by pin.
        """
        codes = {_analog_number(pin): code for pin, code in analog.items()}
        drives = {_NUMBERS[pin]: drive for pin, drive in pins.items()}
        return {
            "LATENTRACK_EVENTS": str(self.events_path),
            "LATENTRACK_REPORTS": str(self.reports_path),
            "LATENTRACK_KEPT": str(self.kept),
            "LATENTRACK_ANALOG": " ".join(f"{pin}:{code}" for pin, code in codes.items()),
            "LATENTRACK_PINS": " ".join(f"{pin}:{drive}" for pin, drive in drives.items()),
        }

    @property
    def now_us(self) -> int:
        """Manual time, or the computer's monotonic clock, in microseconds."""
        return self._now_us if self._manual else time.monotonic_ns() // 1000

    def skip(self, time_us: int) -> None:
        """Add to manual time without an event; do nothing in real time."""
        if self._manual:
            self._now_us += time_us

    def skip_to(self, time_us: int) -> None:
        """Set manual time without an event; wait in real time."""
        if self._manual:
            self._now_us = time_us
        else:
            time.sleep(max(0, time_us - self.now_us) / 1e6)

    def end_at(self, time_us: int) -> None:
        """Set manual time and send it as an event; do nothing in real time."""
        if self._manual:
            self._now_us = time_us
            self._send(_TIME)

    def pass_time(self, time_us: int) -> None:
        """Add to manual time and send it as an event; wait in real time."""
        if self._manual:
            self._now_us += time_us
            self._send(_TIME)
        else:
            time.sleep(time_us / 1e6)

    def set_pin(self, pin: str, drive: int) -> None:
        """Send what the board does at a pin: LOW, HIGH or FLOATS."""
        self._send(_PIN, _NUMBERS[pin], drive)

    def set_analog(self, pin: str, code: int) -> None:
        """Send an analog input's code, 0 to 4095."""
        self._send(_ANALOG, _analog_number(pin), code)

    def send_byte(self, uart: str, byte: int) -> None:
        """Send a byte that a UART receives."""
        self._send(_BYTE, int(uart[len("LPUART") :]), byte)

    def catch_up(self, timeout_s: float) -> None:
        """Wait until the chip has served all events sent so far.

        Raises UserError after a bus fault, or when `timeout_s` seconds have passed.
        """
        mark = (self._marked + 1) & 0xFFFF
        self._send(_MARK, 0, mark)
        with self._changed:
            self._changed.wait_for(lambda: self._marked == mark or self.bus_fault != "", timeout_s)
            if self.bus_fault:
                raise UserError(self.bus_fault)
            if self._marked != mark:
                raise UserError(
                    "The virtual module does not serve its inputs; restart `latentrack virtual`."
                )

    def hear(self) -> None:
        """Report to the listener what has arrived so far, without waiting."""
        with self._changed:
            self._take()

    def hear_the_last(self) -> None:
        """Report to the listener what a process that has ended had sent, but no half report."""
        with self._changed:
            self._take()
            self._data = b""

    def _send(self, kind: int, index: int = 0, value: int = 0) -> None:
        self._tag += 1
        tag = self._tag & 0xFFFFFFFF
        os.write(self._events, _EVENT.pack(self._now_us, kind, index, value, tag))

    def _listen(self) -> None:
        while True:
            readable, _, _ = select.select([self._reports, self._stop_read], [], [])
            if self._stop_read in readable:
                return
            with self._changed:
                self._take()
                self._changed.notify_all()

    def _take(self) -> None:
        while select.select([self._reports], [], [], 0)[0]:
            self._data += os.read(self._reports, 1 << 16)
        at = 0
        while len(self._data) - at >= _REPORT.size:
            time_us, kind, index, value, events = _REPORT.unpack_from(self._data, at)
            behind = {_SPI: value, _BYTE_SENT: _BAUD_BYTES}.get(kind, 0)
            end = at + _REPORT.size + behind
            if end > len(self._data):
                break
            self._note(time_us, kind, index, value, events, self._data[at + _REPORT.size : end])
            at = end
        self._data = self._data[at:]

    def _note(
        self, time_us: int, kind: int, index: int, value: int, events: int, data: bytes
    ) -> None:
        assert self._listener is not None
        if kind == _PIN_MOVED:
            if index in _NAMES:
                self._listener.pin_moved(time_us, events, _NAMES[index], value != 0)
        elif kind == _SPI:
            bits, mode = index & 0x3F, index >> 6
            words = list(data if bits == 8 else struct.unpack(f"<{len(data) // 4}I", data))
            self._listener.words_sent(time_us, events, words, bits, mode)
        elif kind == _BYTE_SENT:
            baud = int.from_bytes(data, "little")
            self._listener.byte_sent(time_us, f"LPUART{index}", value, baud)
        elif kind == _STEP:
            self._listener.step_played(time_us, events, index, value)
        elif kind == _MARKED:
            self._marked = value
        elif kind == _FAULT:
            self.bus_fault = (
                f"Bus fault: a {'write' if value else 'read'} of {events:#010x}, where the chip "
                "has no register; a Teensy would stand still here until it is switched off."
            )
        elif kind == _RESET:
            self.kept = events


def _analog_number(pin: str) -> int:
    adc, channel = chip().analog_input(pin)
    return (adc - 1) << 4 | channel
