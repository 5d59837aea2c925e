"""GPIO ports: output latches, input levels, and interrupts of edges.

Stock firmware uses GPIO1 to GPIO4. The fast ports GPIO6 to GPIO9 keep their registers but move no
pin.
"""

from __future__ import annotations

from collections.abc import Callable

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip

_AT = chip().offsets("GPIO")
DR, GDIR, PSR, ICR1 = _AT["DR"], _AT["GDIR"], _AT["PSR"], _AT["ICR1"]
IMR, ISR, EDGE_SEL = _AT["IMR"], _AT["ISR"], _AT["EDGE_SEL"]
SET, CLEAR, TOGGLE = _AT["DR_SET"], _AT["DR_CLEAR"], _AT["DR_TOGGLE"]
RISING, FALLING = 2, 3  # of a pin's two bits in ICR1 or ICR2


class Gpio(Block):
    """One port.

    on_change(port, mask of changed pins, levels): called when output pins change.  inputs: the
    levels that drive the pins from outside.
    """

    merges_narrow_writes = False

    def __init__(
        self, machine: Machine, name: str, on_change: Callable[[int, int, int], None]
    ) -> None:
        super().__init__(machine, name)
        self.port = int(name[4:])
        self.inputs = 0
        self._on_change = on_change
        low = chip().interrupts.get(f"{name}_0_15")
        high = chip().interrupts.get(f"{name}_16_31")
        self._lines = (low, high) if low is not None and high is not None else None

    def reset(self) -> None:
        """Make all pins inputs; outputs that were high are reported as low."""
        before = self.outputs
        super().reset()
        self._update_lines()
        if before:
            self._on_change(self.port, before, 0)

    @property
    def outputs(self) -> int:
        """The mask of the output pins that are high."""
        return self.registers.get(DR, 0) & self.registers.get(GDIR, 0)

    @property
    def low_outputs(self) -> int:
        """The mask of the output pins that are low."""
        return ~self.registers.get(DR, 0) & self.registers.get(GDIR, 0)

    def read(self, offset: int) -> int:
        """The register; PSR reads outputs from their latch and inputs from outside."""
        if offset == PSR:
            direction = self.registers.get(GDIR, 0)
            return (self.registers.get(DR, 0) & direction) | (self.inputs & ~direction)
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register; output pins that change are reported to `on_change`."""
        registers = self.registers
        if offset in (DR, SET, CLEAR, TOGGLE):
            before = registers.get(DR, 0)
            if offset == SET:
                value = before | value
            elif offset == CLEAR:
                value = before & ~value
            elif offset == TOGGLE:
                value = before ^ value
            changed = (before ^ value) & registers.get(GDIR, 0)
            if changed:
                self.machine.settle()
            registers[DR] = value & 0xFFFFFFFF
            if changed:
                self._on_change(self.port, changed, value)
        elif offset == GDIR:
            new = value & ~registers.get(GDIR, 0)
            if new:
                self.machine.settle()
            registers[GDIR] = value
            if new:
                self._on_change(self.port, new, registers.get(DR, 0))
        elif offset == ISR:
            registers[ISR] = registers.get(ISR, 0) & ~value
            self._update_lines()
        else:
            registers[offset] = value
            if offset == IMR:
                self._update_lines()

    def set_input(self, bit: int, level: bool) -> None:
        """Drive a pin from outside; an edge of the configured kind is latched in ISR."""
        mask = 1 << bit
        if bool(self.inputs & mask) == level:
            return
        self.inputs ^= mask
        kind = self.registers.get(ICR1 + 4 * (bit >> 4), 0) >> 2 * (bit & 15) & 3
        both = self.registers.get(EDGE_SEL, 0) & mask
        if both or kind == (RISING if level else FALLING):
            self.registers[ISR] = self.registers.get(ISR, 0) | mask
            self._update_lines()

    def _update_lines(self) -> None:
        if self._lines is not None:
            raised = self.registers.get(ISR, 0) & self.registers.get(IMR, 0)
            self.machine.set_line(self._lines[0], bool(raised & 0xFFFF))
            self.machine.set_line(self._lines[1], bool(raised >> 16))
