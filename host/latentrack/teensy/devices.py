"""Small blocks: random numbers, the chip's id, watchdogs, unused USB and card slots.

Each models only what firmware waits for.
"""

from __future__ import annotations

import random

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip


class Trng(Block):
    """The random number generator, with the same numbers in every run."""

    _VALID = 0x2400
    _ERROR = 0x1000

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine, name)
        self._random = random.Random(1)
        at = chip().offsets(name)
        self._control, self._entropy = at["MCTL"], at["ENT"]

    def read(self, offset: int) -> int:
        """The register; MCTL reads "valid", and the entropy registers read random words."""
        if offset == self._control:
            return (self.registers.get(offset, 0) | self._VALID) & ~self._ERROR
        if self._entropy <= offset < self._entropy + 0x40:
            return self._random.getrandbits(32)
        return self.registers.get(offset, 0)


class Ocotp(Block):
    """Fuses: the chip's id of 64 bits, a constant."""

    def read(self, offset: int) -> int:
        """The register; CFG0 and CFG1 read a constant chip number."""
        at = chip().offsets(self.name)
        if offset in (at["CFG0"], at["CFG1"]):
            return 0x12345678 + offset
        return self.registers.get(offset, 0)


class Usb(Block):
    """Both USB controllers, unplugged."""

    _PER_CONTROLLER = 0x1FF
    _RESET = 2
    _DEVICE_AND_HOST = 0x188

    def read(self, offset: int) -> int:
        """The register; a reset is over at once, and each controller is both device and host."""
        at, within = chip().offsets(self.name), offset & self._PER_CONTROLLER
        if within == at["USBCMD"]:
            return self.registers.get(offset, 0) & ~self._RESET
        if within == at["DCCPARAMS"]:
            return self._DEVICE_AND_HOST
        return self.registers.get(offset, 0)


class Usdhc(Block):
    """A card slot without a card: each command times out."""

    _CLOCK_STABLE = 0x8
    _DATA_LINE = 0x01000000
    _RESETS = 0x0F000000
    _COMMAND_TIMEOUT = 0x10000

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine, name)
        at = chip().offsets(name)
        self._command, self._status = at["CMD_XFR_TYP"], at["INT_STATUS"]
        self._present, self._system = at["PRES_STATE"], at["SYS_CTRL"]

    def read(self, offset: int) -> int:
        """The register; the clock is stable and resets are over at once."""
        if offset == self._present:
            return self._CLOCK_STABLE | self._DATA_LINE
        value = self.registers.get(offset, 0)
        return value & ~self._RESETS if offset == self._system else value

    def write(self, offset: int, value: int) -> None:
        """Write a register; a command ends at once with the time-out flag."""
        if offset == self._status:
            self.registers[offset] = self.registers.get(offset, 0) & ~value
            return
        if offset == self._command:
            self.registers[self._status] = (
                self.registers.get(self._status, 0) | self._COMMAND_TIMEOUT
            )
        self.registers[offset] = value


class Watchdog(Block):
    """WDOG1 or WDOG2: never times out; clearing SRS restarts the chip, as machine.reset() does."""

    _SRS = 1 << 4
    _WCR_AT_RESET = 0x30
    CAUSE = 1 << 4  # in SRC_SRSR

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine, name)
        self._control = chip().offsets(name)["WCR"]
        self.reset()

    def reset(self) -> None:
        """Restore the control register's value of power-on, 0x30."""
        super().reset()
        self.registers[self._control] = self._WCR_AT_RESET

    def write(self, offset: int, value: int) -> None:
        """Write a register; clearing SRS in WCR requests a reset."""
        self.registers[offset] = value
        if offset == self._control and not value & self._SRS:
            self.machine.request_reset(self.CAUSE)


class Src(Block):
    """The reset controller; SRSR has the cause of the last reset, 0 after power-on."""

    def write(self, offset: int, value: int) -> None:
        """Write a register; ones written to SRSR clear its bits."""
        if offset == chip().offsets(self.name)["SRSR"]:
            value = self.registers.get(offset, 0) & ~value
        self.registers[offset] = value

    def note(self, cause: int) -> None:
        """Store the cause of a reset, a bit of SRSR."""
        self.registers[chip().offsets(self.name)["SRSR"]] = cause
