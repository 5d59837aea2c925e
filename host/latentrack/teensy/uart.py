"""LPUARTs: the prompt's without delay, the others with FIFOs of four bytes and timed lines.

Registers: i.MX RT1060 Processor Reference Manual, chapter LPUART.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip

CLOCK_HZ = 80_000_000
"""The clock of all UARTs, as stock firmware sets it."""
_AT = chip().offsets("LPUART")
BAUD, STAT, CTRL, DATA, FIFO, WATER = (
    _AT[name] for name in ("BAUD", "STAT", "CTRL", "DATA", "FIFO", "WATER")
)
_TDRE, _TC, _RDRF, _IDLE, _OR = 1 << 23, 1 << 22, 1 << 21, 1 << 20, 1 << 19
_STAT_SETTINGS = 0x3E000000  # the bits of STAT that are settings
_TIE, _TCIE, RIE, _ILIE = _TDRE, _TC, _RDRF, _IDLE  # CTRL enables each flag by the same bit
TE, RE = 1 << 19, 1 << 18
_EMPTY = 1 << 12  # in DATA
_FIFO_WORDS = 4
_FIFO_EMPTY = 0xC00000 | 0x11  # both FIFOs empty, four words each
_BITS = 10  # of a byte on the line


class SentByte(NamedTuple):
    """A byte that a UART sent; time_us: when its start bit began."""

    time_us: float
    byte: int
    baud: float


class Uart(Block):
    """The UART. on_byte: called with each byte that it sends. `receive` gives it bytes.

    paced: a byte takes its time, what a full FIFO cannot take is lost, and after a lost byte none
    is stored until OR is cleared. Else bytes go at once, and all that come are kept.
    """

    def __init__(
        self,
        machine: Machine,
        name: str,
        on_byte: Callable[[SentByte], None],
        *,
        paced: bool = False,
    ) -> None:
        super().__init__(machine, name)
        self._line = chip().interrupts[name]
        self._on_byte = on_byte
        self._paced = paced
        self._received: deque[int] = deque()
        self._idle = self._overrun = False
        # When the line begins each byte that was written last; when it has sent all of them.
        self._begins: deque[float] = deque(maxlen=_FIFO_WORDS)
        self._free_us = 0.0

    def reset(self) -> None:
        """Clear the registers and the receive queue, and lower the interrupt line."""
        super().reset()
        self._received.clear()
        self._idle = self._overrun = False
        self.machine.set_line(self._line, False)

    @property
    def waiting(self) -> int:
        """The number of received bytes that were not read yet."""
        return len(self._received)

    def receive(self, data: bytes) -> None:
        """Receive bytes that have come; a paced UART may lose some of them."""
        for byte in data:
            if not self._paced:
                self._received.append(byte)
            elif self.registers.get(CTRL, 0) & RE and not self._overrun:
                if len(self._received) < _FIFO_WORDS:
                    self._received.append(byte)
                else:
                    self._overrun = True
        self._update_line()

    def read(self, offset: int) -> int:
        """The register; reading DATA takes a byte from the receive queue."""
        if offset == STAT:
            flags = (_RDRF if self._received else 0) | (_IDLE if self._idle else 0)
            flags |= (_OR if self._overrun else 0) | (0 if self._held() else _TDRE)
            flags |= _TC if self._free_us <= self.machine.now else 0
            return self.registers.get(STAT, 0) & _STAT_SETTINGS | flags
        if offset == DATA:
            if not self._received:
                return _EMPTY
            byte = self._received.popleft()
            # The line falls idle once the last byte is read.
            self._idle = not self._received
            self._update_line()
            return byte
        if offset == FIFO:
            return _FIFO_EMPTY | self.registers.get(FIFO, 0) & 0x88
        if offset == WATER:
            received = min(len(self._received), _FIFO_WORDS)
            return self.registers.get(WATER, 0) & 0x00FF00FF | received << 24 | self._held() << 8
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register; a byte written to DATA is sent, if there is room for it."""
        if offset == DATA:
            self._send(value & 255)
            return
        if offset == STAT:
            self._idle = self._idle and not value & _IDLE
            self._overrun = self._overrun and not value & _OR
        self.registers[offset] = value
        self._update_line()

    def _held(self) -> int:
        """The bytes in the transmit FIFO: those that the line has not begun yet."""
        return sum(begins > self.machine.now for begins in self._begins)

    def _send(self, byte: int) -> None:
        if not self._paced:
            self._on_byte(SentByte(self.machine.now, byte, 0))
            return
        word = self.registers.get(BAUD, 0)
        divider = (word & 0x1FFF) * ((word >> 24 & 31) + 1)
        if not self.registers.get(CTRL, 0) & TE or not divider or self._held() == _FIFO_WORDS:
            return
        baud = CLOCK_HZ / divider
        begins = max(self.machine.now, self._free_us)
        self._begins.append(begins)
        self._free_us = begins + _BITS * 1e6 / baud
        self._on_byte(SentByte(begins, byte, baud))

    def _update_line(self) -> None:
        enabled = self.registers.get(CTRL, 0)
        self.machine.set_line(
            self._line,
            bool(
                enabled & (_TIE | _TCIE)
                or enabled & RIE
                and self._received
                or enabled & _ILIE
                and self._idle
            ),
        )
