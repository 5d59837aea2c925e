"""A minimal `machine` for a board's own file: Pin, SPI and UART on the modelled chip's registers.

The order of register accesses in `SPI.write` is that of stock firmware's driver: the bus is
disabled and enabled, and a transfer is one continuous frame. Interrupts run between two accesses.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from latentrack.teensy.gpio import FALLING, RISING
from latentrack.teensy.lpspi import (
    CR_MEN,
    CR_RRF,
    CR_RTF,
    SR_MBF,
    SR_TCF,
    TCR_CONT,
    TCR_CONTC,
    TCR_RXMSK,
)
from latentrack.teensy.native import NativeFunction, NativeModule
from latentrack.teensy.uart import CLOCK_HZ, RE, RIE, TE
from latentrack.virtual.chip import chip

_BUSES = {0: "LPSPI4", 1: "LPSPI3", 2: "LPSPI1"}
_OVERSAMPLING = 32
_PCS = 3 << 24
_ALL_FLAGS = 0x3F00
_ROOT_MHZ = 360  # PLL3's PFD0 at reset, divided by two
_FIFO_WORDS = 16
_TRIES = 100_000


def make_machine(native: NativeModule) -> ModuleType:
    """Make the module `machine` for the chip on which `native` runs."""
    module = ModuleType("machine")
    board = native.machine
    names = chip()

    def read(address: int) -> int:
        native.serve()
        return board.read_register(address)

    def write(address: int, value: int) -> None:
        native.serve()
        board.write_register(address, value)

    def change(address: int, clear: int, set_: int) -> None:
        write(address, read(address) & ~clear | set_)

    class Pin:
        """A pin by its name: D0 to D41, A0 to A13."""

        IN, OUT, OPEN_DRAIN = 0, 1, 2
        PULL_UP, PULL_DOWN, PULL_HOLD = 1, 2, 3
        IRQ_RISING, IRQ_FALLING = 1, 2

        def __init__(self, name: Any, mode: int = -1, pull: int = -1, **options: Any) -> None:
            self.name = name if isinstance(name, str) else name.name
            try:
                self._digital = names.pin(self.name)
            except ValueError as error:
                raise ValueError("Pin doesn't exist") from error
            port, bit = names.pins[self._digital]
            self._port, self._bit = f"GPIO{port}", bit
            self.init(mode, pull, **options)

        def init(self, mode: int = -1, pull: int = -1, *, value: Any = None, **_: Any) -> None:
            """Make the pin an input, or an output that starts at `value`."""
            if mode == self.OUT:
                if value is not None:
                    self.value(value)
                change(self._at("GDIR"), 0, 1 << self._bit)
            elif mode == self.IN:
                change(self._at("GDIR"), 1 << self._bit, 0)

        def value(self, level: Any = None) -> int | None:
            """Return the pin's level, 0 or 1, or drive it to `level`."""
            if level is None:
                return read(self._at("PSR")) >> self._bit & 1
            write(self._at("DR_SET" if level else "DR_CLEAR"), 1 << self._bit)
            return None

        __call__ = value

        def irq(
            self, handler: Any = None, trigger: int = IRQ_RISING | IRQ_FALLING, hard: bool = False
        ) -> None:
            """Call a native function at edges. Raises TypeError for another function."""
            if handler is not None and not isinstance(handler, NativeFunction):
                raise TypeError("only native functions can be called here")
            native.connect_irq(self._digital, handler if hard else None)
            change(self._at("IMR"), 1 << self._bit, 0)
            if handler is None:
                return
            both = trigger == self.IRQ_RISING | self.IRQ_FALLING
            kind = RISING if trigger & self.IRQ_RISING else FALLING
            shift = 2 * (self._bit & 15)
            change(self._at("ICR2" if self._bit > 15 else "ICR1"), 3 << shift, kind << shift)
            change(self._at("EDGE_SEL"), 1 << self._bit, int(both) << self._bit)
            write(self._at("ISR"), 1 << self._bit)
            half = "16_31" if self._bit > 15 else "0_15"
            number = names.interrupts[f"{self._port}_{half}"]
            enable = names.address("SCS", "NVIC_ISER") + 4 * (number // 32)
            write(enable, 1 << number % 32)
            change(self._at("IMR"), 0, 1 << self._bit)

        def _at(self, register: str) -> int:
            return names.address(self._port, register)

    class SPI:
        """An SPI bus. Raises ValueError for a number that the Teensy lacks."""

        MSB, LSB = 0, 1

        def __init__(
            self,
            number: int,
            baudrate: int = 1_000_000,
            *,
            polarity: int = 0,
            phase: int = 0,
            bits: int = 8,
            **_: Any,
        ) -> None:
            if number not in _BUSES:
                raise ValueError(f"SPI({number}) doesn't exist")
            self._bus = _BUSES[number]
            self.init(baudrate, polarity=polarity, phase=phase, bits=bits)

        def init(
            self,
            baudrate: int = 1_000_000,
            *,
            polarity: int = 0,
            phase: int = 0,
            bits: int = 8,
            **_: Any,
        ) -> None:
            """Set the clock divider and the transmit command."""
            change(names.address("CCM", "CBCMR"), 7 << 26 | 3 << 4, 1 << 26 | 1 << 4)
            change(self._at("CR"), CR_MEN, 0)
            divider = max(2, -(-_ROOT_MHZ * 1_000_000 // baudrate))
            write(self._at("CCR"), divider - 2)
            write(self._at("TCR"), polarity << 31 | phase << 30 | bits - 1)
            change(self._at("CR"), 0, CR_MEN)

        def write(self, data: Any) -> None:
            """Send bytes and wait for the last one. Raises OSError if the bus is busy or hangs."""
            if read(self._at("SR")) & SR_MBF:
                raise OSError(16, "the bus is busy")
            change(self._at("CR"), CR_MEN, 0)
            change(self._at("CR"), 0, CR_RTF | CR_RRF)
            write(self._at("SR"), _ALL_FLAGS)
            change(self._at("CR"), 0, CR_MEN)
            kept = TCR_CONT | TCR_CONTC | TCR_RXMSK | _PCS
            change(self._at("TCR"), kept, TCR_CONT | TCR_RXMSK)
            for byte in bytes(data):
                self._wait_for_room()
                write(self._at("TDR"), byte)
            self._wait_for_room()
            change(self._at("TCR"), TCR_CONTC, 0)
            for _ in range(_TRIES):
                if read(self._at("SR")) & SR_TCF:
                    return
            raise OSError(110, "the transfer does not end")

        def _wait_for_room(self) -> None:
            for _ in range(_TRIES):
                if read(self._at("FSR")) & 0x1F != _FIFO_WORDS:
                    return
            raise OSError(110, "the transfer does not go on")

        def _at(self, register: str) -> int:
            return names.address(self._bus, register)

    class UART:
        """A UART as stock firmware leaves it. Raises ValueError for a number that is not there."""

        def __init__(self, number: int, baudrate: int = 115_200, **_: Any) -> None:
            if number not in names.uarts:
                raise ValueError(f"UART({number}) doesn't exist")
            block = names.uarts[number][0]
            divider = round(CLOCK_HZ / baudrate / _OVERSAMPLING)
            write(names.address(block, "BAUD"), _OVERSAMPLING - 1 << 24 | divider)
            write(names.address(block, "FIFO"), 0xC088)
            # The driver reads what comes in an interrupt.
            write(names.address(block, "CTRL"), TE | RE | RIE)

    module.__dict__.update(Pin=Pin, SPI=SPI, UART=UART)
    return module
