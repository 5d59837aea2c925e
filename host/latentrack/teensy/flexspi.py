"""FlexSPI and the Teensy's serial flash: read as memory, erased and programmed by commands.

Erasing and programming take the time of a W25Q64JV (Winbond's data sheet, typical values), during
which its status register reads "busy".
"""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip

_AT = chip().offsets("FLEXSPI")
MCR0, INTR, IPCR0, IPCR1, IPCMD = (
    _AT["MCR0"], _AT["INTR"], _AT["IPCR0"], _AT["IPCR1"], _AT["IPCMD"],
)  # fmt: skip
STS0, STS2, IPRXFSTS = _AT["STS0"], _AT["STS2"], _AT["IPRXFSTS"]
RFDR, TFDR, LUT = _AT["RFDR"], _AT["TFDR"], _AT["LUT"]
_FIFO_BYTES = 0x80
_COMMAND_DONE, _FIFOS_READY = 1, 0x60
_IDLE, _LOCKED, _FULL = 3, 0x00030003, 0xFF

READ_STATUS, READ_ID = 0x05, 0x9F
PROGRAMS = (0x02, 0x32)
STATUS_WRITES = (0x01, 0x31)
ERASES = {0x20: (4096, 45_000.0), 0x52: (32768, 120_000.0), 0xD8: (65536, 150_000.0)}
"""Erase commands: (bytes, microseconds)."""
PROGRAM_US = 700.0
_W25Q64 = b"\xef\x40\x17"


class FlashMemory(Protocol):
    """The flash as memory, addressed by the offset in bytes."""

    size: int

    def read(self, at: int, size: int) -> bytes:
        """The `size` bytes from an offset on."""

    def replace(self, at: int, data: bytes) -> None:
        """Replace the bytes from an offset on."""


class FlexSpi(Block):
    """A controller. flash: the flash at it, or None.

    operations: the number of times that each flash command was sent.  busy_until_us: the end of the
    erase or program under way.
    """

    def __init__(self, machine: Machine, name: str, flash: FlashMemory | None = None) -> None:
        super().__init__(machine, name)
        self.operations: Counter[int] = Counter()
        self.busy_until_us = 0.0
        self._flash = flash
        self._clear()

    def _clear(self) -> None:
        self._sent = bytearray()
        self._answer = b""
        self._command = (0, 0, 0)  # operation, address, bytes

    def reset(self) -> None:
        """Clear the registers and drop the command under way; the flash keeps its bytes."""
        super().reset()
        self._clear()

    def read(self, offset: int) -> int:
        """The register; FIFOs are ready, and the receive FIFO holds the last command's answer."""
        if offset == INTR:
            return self.registers.get(INTR, 0) | _FIFOS_READY
        if offset == MCR0:
            return self.registers.get(MCR0, 0) & ~1
        if RFDR <= offset < RFDR + _FIFO_BYTES:
            at = offset - RFDR
            return int.from_bytes(self._answer[at : at + 4].ljust(4, b"\0"), "little")
        if offset == STS0:
            return _IDLE
        if offset == STS2:
            return _LOCKED
        if offset == IPRXFSTS:
            return _FULL
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register; IPCMD starts a flash command, the transmit FIFO feeds it."""
        if offset == INTR:
            self.registers[INTR] = self.registers.get(INTR, 0) & ~value
        elif offset == IPCMD:
            if value & 1:
                self._begin()
        elif TFDR <= offset < TFDR + _FIFO_BYTES:
            self._sent += value.to_bytes(4, "little")
            self._go_on()
        else:
            self.registers[offset] = value

    def _done(self) -> None:
        self.registers[INTR] = self.registers.get(INTR, 0) | _COMMAND_DONE

    def _begin(self) -> None:
        """Start the flash command that the look-up table has for the chosen sequence."""
        control = self.registers.get(IPCR1, 0)
        operation = self.registers.get(LUT + 16 * (control >> 16 & 15), 0) & 0xFF
        address = self.registers.get(IPCR0, 0)
        self._sent, self._answer = bytearray(), b""
        self._command = (operation, address, control & 0xFFFF)
        if self._flash is not None:
            self.operations[operation] += 1
            if operation in ERASES:
                size, lasts_us = ERASES[operation]
                at = address & (self._flash.size - 1) & ~(size - 1)
                self._flash.replace(at, b"\xff" * size)
                self.busy_until_us = self.machine.now + lasts_us
            elif operation == READ_ID:
                self._answer = _W25Q64
            elif operation == READ_STATUS:
                self._answer = bytes((self._busy(),))
            elif operation in PROGRAMS or operation in STATUS_WRITES:
                return  # complete once its data has been written
        self._done()

    def _go_on(self) -> None:
        """Program the flash once all data of the command has been written."""
        operation, address, size = self._command
        if len(self._sent) < size:
            return
        if self._flash is not None and operation in PROGRAMS:
            at = address & (self._flash.size - 1)
            before = self._flash.read(at, size)
            bits = int.from_bytes(before, "little") & int.from_bytes(self._sent[:size], "little")
            self._flash.replace(at, bits.to_bytes(size, "little"))
            self.busy_until_us = self.machine.now + PROGRAM_US
        self._done()

    def _busy(self) -> bool:
        busy = self.machine.now < self.busy_until_us
        if busy and self.machine.interrupts_masked():
            # With interrupts masked the firmware only polls: skip to the last poll.
            self.machine.now = self.busy_until_us
        return busy
