"""IOMUXC: the pull of each pad, which sets the level of a pin that the board does not drive.

Registers: i.MX RT1060 Processor Reference Manual, chapter IOMUXC, SW_PAD_CTL_PAD_...: bit 12 PKE
(pull or keeper on), bit 13 PUE (pull, not keeper), bits 15 and 14 PUS (0: 100 kOhm down).
"""

from __future__ import annotations

from collections.abc import Callable

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip

_PULLS = 1 << 12 | 1 << 13
_UP = 3 << 14
# (GPIO port, first bit) -> index of its pad in the order of the registers: EMC_00 to EMC_41, then
# AD_B0, AD_B1, B0 and B1 with 16 pads each.
_FIRST_PAD = {(4, 0): 0, (3, 18): 32, (1, 0): 42, (1, 16): 58, (2, 0): 74, (2, 16): 90}


class Iomuxc(Block):
    """The pads. on_change(): called when a pad is configured."""

    def __init__(self, machine: Machine, name: str, on_change: Callable[[], None]) -> None:
        super().__init__(machine, name)
        self._first = chip().offsets(name)["SW_PAD_CTL_EMC_00"]
        self._on_change = on_change

    def write(self, offset: int, value: int) -> None:
        """Write a register, and report changed pads to `on_change`."""
        super().write(offset, value)
        if offset >= self._first:
            self._on_change()

    def pulls_up(self, port: int, bit: int) -> bool:
        """Whether a pin's pad pulls it up while nothing drives it."""
        first = max(at for of, at in _FIRST_PAD if of == port and at <= bit)
        pad = _FIRST_PAD[port, first] + bit - first
        control = self.registers.get(self._first + 4 * pad, 0)
        return control & _PULLS == _PULLS and control & _UP != 0
