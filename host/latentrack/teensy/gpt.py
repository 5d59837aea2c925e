"""General purpose timers GPT1 and GPT2; stock firmware sets them to count microseconds."""

from __future__ import annotations

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip

_AT = chip().offsets("GPT")
CR, SR, IR, OCR1, CNT = _AT["CR"], _AT["SR"], _AT["IR"], _AT["OCR1"], _AT["CNT"]
_SOFTWARE_RESET = 1 << 15
_AHEAD = 0x80000000  # a compare value this far or further behind the counter lies ahead of it


class Gpt(Block):
    """A counter of microseconds with one compare interrupt.

    A compare value that the counter has passed when it is set, or when its interrupt is enabled,
    counts as reached, because the model's time advances in steps.
    """

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine, name)
        self._line = chip().interrupts[name]
        self._armed = False

    def reset(self) -> None:
        """Clear the registers and lower the interrupt line; the time goes on."""
        super().reset()
        self._armed = False
        self.machine.set_line(self._line, False)

    def read(self, offset: int) -> int:
        """The register; CNT is the machine's time in microseconds, modulo 2^32."""
        if offset == CNT:
            return int(self.machine.now) & 0xFFFFFFFF
        if offset == CR:
            return self.registers.get(CR, 0) & ~_SOFTWARE_RESET
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register; ones written to SR clear its flags, OCR1 and IR arm the compare."""
        if offset == SR:
            self.registers[SR] = self.registers.get(SR, 0) & ~value
        else:
            self.registers[offset] = value
            self._armed = self._armed or offset in (OCR1, IR)
        self._update_line()

    def compare(self) -> None:
        """Set the compare flag if the counter has reached the compare value."""
        if self._waits() and self._distance() < _AHEAD:
            self._armed = False
            self.registers[SR] = self.registers.get(SR, 0) | 1
            self._update_line()

    def next_compare(self) -> float | None:
        """The time of the next compare in microseconds, or None."""
        if not self._waits():
            return None
        distance = self._distance()
        if distance < _AHEAD:
            return self.machine.now
        return int(self.machine.now) + ((1 << 32) - distance)

    def _waits(self) -> bool:
        enabled = self.registers.get(IR, 0) & 1
        return bool(self._armed and enabled and not self.registers.get(SR, 0) & 1)

    def _distance(self) -> int:
        return (int(self.machine.now) - self.registers.get(OCR1, 0)) & 0xFFFFFFFF

    def _update_line(self) -> None:
        raised = self.registers.get(SR, 0) & self.registers.get(IR, 0)
        self.machine.set_line(self._line, bool(raised))
