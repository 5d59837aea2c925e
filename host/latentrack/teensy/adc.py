"""ADC1 and ADC2: a conversion takes no time and gives the code set from outside."""

from __future__ import annotations

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip

_AT = chip().offsets("ADC")
HC0, HS, R0, GC, GS = _AT["HC0"], _AT["HS"], _AT["R0"], _AT["GC"], _AT["GS"]
_CHANNEL = 31
_OFF = 31  # this channel number switches the converter off
_CALIBRATE = 0x80
MIDDLE = 2048


class Adc(Block):
    """A converter of 12 bits; `codes` holds the code of each channel, 0 to 4095."""

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine, name)
        self.codes: dict[int, int] = {}

    def read(self, offset: int) -> int:
        """The register; R0 gives the code of the channel chosen last and clears "complete"."""
        if offset == R0:
            self.registers[HS] = 0
            return self.codes.get(self.registers.get(HC0, 0) & _CHANNEL, MIDDLE)
        if offset == GC:
            return self.registers.get(GC, 0) & ~_CALIBRATE
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register; HC0 converts its channel, and GC calibrates, both at once."""
        if offset == GS:
            self.registers[GS] = self.registers.get(GS, 0) & ~value
            return
        if offset == HC0:
            self.registers[HS] = 1 if value & _CHANNEL != _OFF else 0
        elif offset == GC and value & _CALIBRATE:
            self.registers[HS] = 1
        self.registers[offset] = value
