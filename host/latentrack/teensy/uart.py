"""An LPUART that sends without delay and receives from a queue."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip

_AT = chip().offsets("LPUART")
STAT, CTRL, DATA, FIFO, WATER = _AT["STAT"], _AT["CTRL"], _AT["DATA"], _AT["FIFO"], _AT["WATER"]
_TDRE, _TC, _RDRF, _IDLE = 1 << 23, 1 << 22, 1 << 21, 1 << 20
_STAT_SETTINGS = 0x3E000000  # the bits of STAT that are settings
_TIE, _TCIE, _RIE, _ILIE = _TDRE, _TC, _RDRF, _IDLE  # CTRL enables each flag by the same bit
_EMPTY = 1 << 12  # in DATA
_FIFO_WORDS = 4
_FIFO_EMPTY = 0xC00000 | 0x22  # both FIFOs empty, four words each


class Uart(Block):
    """The UART. on_byte: called with each byte that it sends. `receive` gives it bytes."""

    def __init__(self, machine: Machine, name: str, on_byte: Callable[[int], None]) -> None:
        super().__init__(machine, name)
        self._line = chip().interrupts[name]
        self._on_byte = on_byte
        self._received: deque[int] = deque()
        self._idle = False

    def reset(self) -> None:
        """Clear the registers and the receive queue, and lower the interrupt line."""
        super().reset()
        self._received.clear()
        self._idle = False
        self.machine.set_line(self._line, False)

    @property
    def waiting(self) -> int:
        """The number of received bytes that were not read yet."""
        return len(self._received)

    def receive(self, data: bytes) -> None:
        """Append bytes to the receive queue."""
        self._received.extend(data)
        self._update_line()

    def read(self, offset: int) -> int:
        """The register; reading DATA takes a byte from the receive queue."""
        if offset == STAT:
            flags = _TDRE | _TC | (_RDRF if self._received else 0) | (_IDLE if self._idle else 0)
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
            held = min(len(self._received), _FIFO_WORDS)
            return self.registers.get(WATER, 0) & 0x00FF00FF | held << 24
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register; a byte written to DATA is sent at once."""
        if offset == DATA:
            self._on_byte(value & 255)
            return
        if offset == STAT and value & _IDLE:
            self._idle = False
        self.registers[offset] = value
        self._update_line()

    def _update_line(self) -> None:
        enabled = self.registers.get(CTRL, 0)
        self.machine.set_line(
            self._line,
            bool(
                enabled & (_TIE | _TCIE)
                or enabled & _RIE
                and self._received
                or enabled & _ILIE
                and self._idle
            ),
        )
