"""The base class of blocks of peripheral registers, and the machine's methods that blocks use.

A register without a model reads back the value that was written and has no effect.
"""

from __future__ import annotations

from typing import Any, Protocol

from latentrack.virtual.chip import chip


class Machine(Protocol):
    """The part of the machine that blocks use."""

    now: float
    """The machine's time in microseconds."""
    access_us: float
    """The duration of one access to a peripheral, in microseconds."""

    def set_line(self, interrupt: int, level: bool) -> None:
        """Set the level of an interrupt's line; `interrupt` is its number at the NVIC."""

    def interrupts_masked(self) -> bool:
        """Whether PRIMASK masks all interrupts."""

    def active_exception(self) -> int:
        """The number of the running exception, 0 in thread mode."""

    def settle(self) -> None:
        """Bring the serial buses up to the present, before a pin changes."""

    def request_reset(self, cause: int) -> None:
        """Restart from the vector table after this instruction; `cause` is a bit of SRC_SRSR."""


class Block:
    """A block of registers.

    base: its address.  registers: the words by offset in bytes.  touched: the offsets that code has
    read or written.
    """

    takes_time = True
    """Whether an access takes the machine's `access_us`."""
    merges_narrow_writes = True
    """Whether writing a byte keeps the word's other bits; if not, they are written as 0."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.machine = machine
        self.name = name
        self.base = chip().blocks[name]
        self.registers: dict[int, int] = {}
        self.touched: set[int] = set()

    def reset(self) -> None:
        """Set the registers to their state at power-on."""
        self.registers.clear()

    def read(self, offset: int) -> int:
        """The word at an offset that is a multiple of 4."""
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a word at an offset that is a multiple of 4."""
        self.registers[offset] = value

    # Unicorn's callbacks: accesses of 1, 2, 4 or 8 bytes.

    def read_any(self, uc: Any, offset: int, size: int, _: Any) -> int:
        """Read 1, 2, 4 or 8 bytes at an offset; Unicorn's callback."""
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
        """Write 1, 2, 4 or 8 bytes at an offset; Unicorn's callback."""
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
