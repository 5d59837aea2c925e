"""Clocks, power and the real-time clock: all that firmware waits for is ready at once."""

from __future__ import annotations

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip

_RTC_HZ = 32768
_PLL3_MHZ, _PFD_FACTOR, _PFD0_AT_RESET = 480, 18, 12
_PLL2_MHZ = 528


class Dcdc(Block):
    """The voltage converter of the core; its output is always stable."""

    def read(self, offset: int) -> int:
        """The register, with the "output is stable" bit of REG0 set."""
        value = self.registers.get(offset, 0)
        return value | 1 << 31 if offset == chip().offsets("DCDC")["REG0"] else value


class Ccm(Block):
    """Clock dividers and selectors; all handshakes are complete at once."""

    def read(self, offset: int) -> int:
        """The register; CDHIPR, the handshakes under way, always reads 0."""
        return 0 if offset == chip().offsets("CCM")["CDHIPR"] else self.registers.get(offset, 0)


class Analog(Block):
    """PLLs, regulators and oscillators; each register has set, clear and toggle addresses."""

    _LOCKED = (0x00, 0x10, 0x20, 0x30, 0x70, 0xA0, 0xE0)  # PLLs: bit 31

    def read(self, offset: int) -> int:
        """The register, with its PLL locked and its oscillator stable."""
        first = offset < 0x1000 and not 0x260 <= offset < 0x2A0
        second = offset >= 0x1000 and offset & 0xFFF < 0x40
        if first or second:
            offset &= ~0xC
        value = self.registers.get(offset, 0)
        if offset in self._LOCKED:
            value |= 1 << 31
        if offset == 0x150:  # MISC0: the oscillator is stable
            value |= 1 << 15
        if offset == 0x270:  # LOWPWR_CTRL
            value |= 1 << 16
        return value

    def write(self, offset: int, value: int) -> None:
        """Write a register, or set, clear or toggle bits through the three addresses behind it."""
        if not (offset < 0x260 or offset >= 0x1000 and offset & 0xFFF < 0x40):
            self.registers[offset] = value
            return
        base, kind = offset & ~0xC, offset & 0xC
        before = self.registers.get(base, 0)
        self.registers[base] = (value, before | value, before & ~value, before ^ value)[kind >> 2]


class Snvs(Block):
    """The real-time clock, which runs through a reset."""

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine, name)
        at = chip().offsets(name)
        self._upper = (at["LPSRTCMR"], at["HPRTCMR"])
        self._lower = (at["LPSRTCLR"], at["HPRTCLR"])

    def reset(self) -> None:
        """Keep all registers: the clock has its own battery supply."""
        pass

    def read(self, offset: int) -> int:
        """The register; both counters advance 32,768 times a second from what they were set to."""
        if offset not in self._upper and offset not in self._lower:
            return self.registers.get(offset, 0)
        upper = offset & ~4
        set_to = self.registers.get(upper, 0) << 32 | self.registers.get(upper + 4, 0)
        ticks = set_to + int(self.machine.now * _RTC_HZ / 1e6)
        return ticks & 0xFFFFFFFF if offset in self._lower else ticks >> 32


def lpspi_root_mhz(ccm: Block, analog: Block) -> float:
    """The frequency in MHz of the clock that LPSPIs divide, from the firmware's selectors."""
    cbcmr = ccm.registers.get(chip().offsets("CCM")["CBCMR"], 0)
    fractions = analog.registers.get(chip().offsets("ANALOG")["PFD_480"], 0)
    divided = (
        _PLL3_MHZ * _PFD_FACTOR / ((fractions >> 8 & 63) or 13),
        _PLL3_MHZ * _PFD_FACTOR / ((fractions & 63) or _PFD0_AT_RESET),
        _PLL2_MHZ,
        _PLL2_MHZ * 3 / 4,
    )[cbcmr >> 4 & 3]
    return divided / ((cbcmr >> 26 & 7) + 1)
