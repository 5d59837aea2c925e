"""The panel's wires to a Teensy in software: its pins and SPI, in the machine's time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from latentrack.errors import UserError

if TYPE_CHECKING:
    from latentrack.teensy.module import TeensyModule
    from latentrack.virtual.wires import Listener

_POLL_S = 0.002
_MIDI_BYTE_US = 320


class TeensyWires:
    """The Wires (latentrack.virtual.wires) of a TeensyModule."""

    def __init__(self, module: TeensyModule) -> None:
        self._module = module
        # When the last byte that was sent to a UART will have come.
        self._sent_us = 0.0

    @property
    def bus_fault(self) -> str:
        """The first access to an address that the chip lacks, in one sentence; "" for none."""
        faults = self._module.machine.faults
        return f"Bus fault: {faults[0]}." if faults else ""

    def connect(self, listener: Listener) -> None:
        """Report each changed output pin and each SPI word to the listener."""
        self._module.on_pin(
            lambda time_us, pin, level: listener.pin_moved(int(time_us), 0, pin, bool(level))
        )
        self._module.on_spi(
            lambda time_us, low, bits, mode, value: listener.words_sent(
                int(time_us), 0, [value], bits, mode
            )
        )
        self._module.machine.on_uart = lambda uart, sent: listener.byte_sent(
            int(sent.time_us), uart, sent.byte, round(sent.baud)
        )

    def close(self) -> None:
        """Do nothing: the module closes itself."""

    @property
    def now_us(self) -> int:
        """The machine's time in whole microseconds."""
        return int(self._module.now_us)

    def set_pin(self, pin: str, drive: int) -> None:
        """Drive a pin: LOW, HIGH or FLOATS. Raises ValueError for a pin that the board lacks."""
        self._module.drive(pin, drive)

    def set_analog(self, pin: str, code: int) -> None:
        """Set an analog input's code, 0 to 4095. Raises ValueError for any other pin or code."""
        self._module.set_analog(pin, code)

    def send_byte(self, uart: str, byte: int) -> None:
        """Send a byte to a UART ("LPUART6") at 31,250 baud, now or behind those on their way."""
        self._sent_us = max(self._sent_us, self._module.now_us) + _MIDI_BYTE_US
        receiver = self._module.machine.uarts[uart]
        self._module.at(self._sent_us, lambda: receiver.receive(bytes([byte])))

    def skip(self, time_us: int) -> None:
        """Do nothing: the chip latches the edges of any pulse."""

    def skip_to(self, time_us: int) -> None:
        """Wait until the machine's time is `time_us`, or the machine has failed."""
        while self.now_us < time_us and self._module.failure is None:
            time.sleep(_POLL_S)

    def end_at(self, time_us: int) -> None:
        """Do nothing: the machine's time advances by itself."""

    def pass_time(self, time_us: int) -> None:
        """Wait `time_us` microseconds of the machine's time, or until the machine has failed."""
        self.skip_to(self.now_us + time_us)

    def catch_up(self, timeout_s: float) -> None:
        """Wait for 1 ms of the machine's time: interrupts that are due are over by then.

        Raises UserError after ten times `timeout_s` seconds: the model is slower than a Teensy.
        """
        done = threading.Event()
        # 1 ms later the interrupt of any earlier edge is over.
        self._module.at(self._module.now_us + 1000, done.set)
        if not done.wait(timeout_s * 10):
            raise UserError(self.bus_fault or "The firmware has stopped; start it again.")

    def hear(self) -> None:
        """Do nothing: all changes are reported at once."""
