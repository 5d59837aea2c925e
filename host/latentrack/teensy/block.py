"""A block of peripheral registers, and what a block may ask of the machine around it.

Registers that no model knows read back what was written and have no effect.
"""

from __future__ import annotations

from typing import Any, Protocol

from latentrack.virtual.chip import chip


class Machine(Protocol):
    """What blocks need of the machine."""

    now: float
    """The machine's time in microseconds."""
    access_us: float
    """What one access to a peripheral takes."""

    def set_line(self, interrupt: int, level: bool) -> None:
        """Raise or lower an interrupt's line; the number is the NVIC's."""

    def interrupts_masked(self) -> bool:
        """Whether PRIMASK keeps every interrupt out."""

    def active_exception(self) -> int:
        """The number of the exception that runs, 0 in thread mode."""

    def settle(self) -> None:
        """Bring the serial buses up to the present, before a pin changes."""

    def request_reset(self, cause: int) -> None:
        """Restart from the vector table; the cause is the bit of SRC_SRSR."""


class Block:
    """Registers at `base`; `touched` are the offsets that code has read or written."""

    takes_time = True
    """Whether an access costs the machine's `access_us`."""
    merges_narrow_writes = True
    """Whether a byte written changes its own bits only. Where not, the others are written as 0."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.machine = machine
        self.name = name
        self.base = chip().blocks[name]
        self.registers: dict[int, int] = {}
        self.touched: set[int] = set()

    def reset(self) -> None:
        """Put the registers into the state of power-on."""
        self.registers.clear()

    def read(self, offset: int) -> int:
        """The word at an offset that is a multiple of 4."""
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a word at an offset that is a multiple of 4."""
        self.registers[offset] = value

    # Unicorn's callbacks: accesses of 1, 2, 4 or 8 bytes.

    def read_any(self, uc: Any, offset: int, size: int, _: Any) -> int:
        """Read any number of bytes at any offset."""
        if self.takes_time:
            self.machine.now += self.machine.access_us
        word_offset = offset & ~3
        self.touched.add(word_offset)
        word = self.read(word_offset) & 0xFFFFFFFF
        if size == 4:
            return word
        if size == 8:
            return word | (self.read(word_offset + 4) & 0xFFFFFFFF) << 32
        return (word >> 8 * (offset & 3)) & ((1 << 8 * size) - 1)

    def write_any(self, uc: Any, offset: int, size: int, value: int, _: Any) -> None:
        """Write any number of bytes at any offset."""
        if self.takes_time:
            self.machine.now += self.machine.access_us
        word_offset = offset & ~3
        self.touched.add(word_offset)
        if size == 8:
            self.write(word_offset, value & 0xFFFFFFFF)
            self.write(word_offset + 4, value >> 32 & 0xFFFFFFFF)
            return
        if size < 4:
            shift, mask = 8 * (offset & 3), (1 << 8 * size) - 1
            value = (value & mask) << shift
            if self.merges_narrow_writes:
                value |= self.registers.get(word_offset, 0) & ~(mask << shift)
        self.write(word_offset, value & 0xFFFFFFFF)
