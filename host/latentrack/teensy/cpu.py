"""The processor: Unicorn runs the instructions, this module the exceptions of the M profile.

The floating point unit of Unicorn's M-profile processors cannot be enabled, so its A-profile "max"
in Thumb state is used. That has no exception entry and return, MRS or MSR of the M profile: Unicorn
stops there, and this module executes them.
"""

from __future__ import annotations

import struct
from collections import Counter
from enum import Enum
from typing import Any

from unicorn import (
    UC_ARCH_ARM,
    UC_ERR_INSN_INVALID,
    UC_HOOK_CODE,
    UC_HOOK_INTR,
    UC_HOOK_MEM_PROT,
    UC_HOOK_MEM_UNMAPPED,
    UC_MEM_FETCH_UNMAPPED,
    UC_MEM_READ_UNMAPPED,
    UC_MEM_WRITE_PROT,
    UC_MEM_WRITE_UNMAPPED,
    UC_MODE_THUMB,
    Uc,
    UcError,
)
from unicorn import arm_const as arm

from latentrack.teensy.core import Scs

REGISTERS = [getattr(arm, f"UC_ARM_REG_R{i}") for i in range(13)]
SP, LR, PC, CPSR = (
    arm.UC_ARM_REG_SP, arm.UC_ARM_REG_LR, arm.UC_ARM_REG_PC, arm.UC_ARM_REG_CPSR,
)  # fmt: skip
REGISTERS += [SP, LR, PC]
FLOATS = [arm.UC_ARM_REG_S0 + i for i in range(16)]
FPSCR = arm.UC_ARM_REG_FPSCR
NEVER = 0xFFFFFFFE  # an address without code

_STACKED = (0, 1, 2, 3, 12, 14)
_FRAME_BYTES = 0x68  # the extended frame: eight words, S0 to S15, FPSCR, one reserved
_IT_STATE = 0x0600FC00
_FLAGS = 0xF80F0000
_MASKED = 0x80
_THUMB_SUPERVISOR = 0x33
_THUMB = 1 << 24
_EXC_RETURNS = 0xFFFFFFE0  # a jump to this address or above returns from an exception
_RETURN_TO_HANDLER, _RETURN_TO_THREAD = 0xFFFFFFE1, 0xFFFFFFE9

_PRIMASK, _BASEPRI, _BASEPRI_MAX, _FAULTMASK, _CONTROL = 16, 17, 18, 19, 20
_IPSR, _MSP, _PSP = 5, 8, 9
_HINTS = {0xBF10, 0xBF20, 0xBF30}  # YIELD, WFE, WFI
_WIDE_HINTS = {0x8001, 0x8002, 0x8003}  # the same, behind 0xF3AF

_WHAT = {
    UC_MEM_READ_UNMAPPED: "read",
    UC_MEM_WRITE_UNMAPPED: "write",
    UC_MEM_FETCH_UNMAPPED: "fetch",
    UC_MEM_WRITE_PROT: "write to flash",
}


class Stop(Enum):
    """Why the processor stopped."""

    COUNT = "the number of instructions was reached"
    IDLE = "waits for an interrupt"
    RETURN = "an exception returned"
    SPECIAL = "an instruction of the M profile was executed"
    SUPERVISOR = "a supervisor call"
    FAULT = "a fault"


class Lockup(Exception):
    """A fault in the fault handler, or a stack without memory: a real core would lock up."""


class Cpu:
    """The processor: registers, exceptions, execution. The machine maps the memory."""

    def __init__(self, system: Scs) -> None:
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
        self.uc.ctl_set_cpu_model(arm.UC_CPU_ARM_MAX)
        self.system = system
        self.pc = 0
        self.base_priority = 0
        self.taken: Counter[int] = Counter()
        """The number of times that each exception was taken."""
        self.lowest_sp = 1 << 32
        self.fault_text = ""
        self.fault_address: int | None = None
        """The address without memory or peripheral that caused the last fault, or None."""
        self._frames: list[tuple[int, int, int]] = []
        self._fault: tuple[int, int] | None = None
        self._unknown_exception: int | None = None
        self._idle = False
        self._hints: set[int] = set()
        self.uc.hook_add(UC_HOOK_MEM_UNMAPPED | UC_HOOK_MEM_PROT, self._on_fault)
        self.uc.hook_add(UC_HOOK_INTR, self._on_exception)

    def reset(self, stack: int, entry: int) -> None:
        """Set the state after a reset: thread mode at `entry`, interrupts enabled."""
        uc = self.uc
        uc.reg_write(arm.UC_ARM_REG_C1_C0_2, 0xF00000)
        uc.reg_write(arm.UC_ARM_REG_FPEXC, 0x40000000)
        uc.reg_write(CPSR, _THUMB_SUPERVISOR)
        uc.reg_write(SP, stack)
        uc.reg_write(PC, entry | 1)
        self.pc = entry & ~1
        self.base_priority = 0
        self._frames.clear()

    def masked(self) -> bool:
        """Whether PRIMASK is set."""
        return bool(self.uc.reg_read(CPSR) & _MASKED)

    def active(self) -> int:
        """The number of the running exception, 0 in thread mode."""
        return self.system.active[-1][0] if self.system.active else 0

    def word(self, address: int) -> int:
        """The word of memory at an address."""
        (value,) = struct.unpack("<I", self.uc.mem_read(address, 4))
        return int(value)

    def describe(self) -> str:
        """All general registers in one line."""
        names = [f"r{i}" for i in range(13)] + ["sp", "lr"]
        return " ".join(
            f"{name}={self.uc.reg_read(register):#x}"
            for name, register in zip(names, REGISTERS, strict=False)
        )

    # -- running ----------------------------------------------------------------------------

    def run(self, count: int) -> Stop:
        """Run at most `count` instructions from `pc` on; return why it stopped."""
        uc = self.uc
        self._fault = self._unknown_exception = None
        self._idle = False
        error = None
        try:
            uc.emu_start(self.pc | 1, NEVER, 0, count)
        except UcError as raised:
            error = raised
        self.pc = uc.reg_read(PC) & ~1
        self.lowest_sp = min(self.lowest_sp, uc.reg_read(SP))
        if self._idle:
            return Stop.IDLE
        if error is None and self._unknown_exception is None:
            # Unicorn returns without an error after a WFI.
            return Stop.IDLE if self._learn_hint() else Stop.COUNT
        if self.pc >= _EXC_RETURNS and self.system.active:
            self._leave()
            return Stop.RETURN
        if error is not None and self._fault is None and self._do_special():
            return Stop.SPECIAL
        # Unicorn reports WFE and YIELD as invalid, with the pc after them.
        if error is not None and error.errno == UC_ERR_INSN_INVALID and self._learn_hint():
            return Stop.IDLE
        if self._unknown_exception == 2:
            return Stop.SUPERVISOR
        access, address = self._fault or (0, None)
        what = _WHAT.get(access, f"{error} {self._unknown_exception}")
        known = address is None or access == UC_MEM_WRITE_PROT
        self.fault_address = None if known else address
        where = "None" if address is None else f"{address:#x}"
        self.fault_text = f"{what} of {where} at pc {self.pc:#x} in exception {self.active()}"
        return Stop.FAULT

    def _on_fault(self, uc: Any, access: int, address: int, size: int, value: int, _: Any) -> bool:
        self._fault = (access, address)
        return False

    def _on_exception(self, uc: Any, number: int, _: Any) -> None:
        self._unknown_exception = number
        uc.emu_stop()

    def _hint_bytes(self, address: int) -> int:
        """The bytes of the WFI, WFE or YIELD at an address; 0 for another instruction."""
        try:
            first, second = struct.unpack("<2H", self.uc.mem_read(address, 4))
        except UcError:
            return 0
        if first in _HINTS:
            return 2
        return 4 if first == 0xF3AF and second in _WIDE_HINTS else 0

    def _learn_hint(self) -> bool:
        """Whether `pc` is just after a WFI, WFE or YIELD that has no hook yet.

        Adds a hook that stops before it from now on, so that an invalid instruction after it is
        a fault.
        """
        for size in (2, 4):
            at = self.pc - size
            if self._hint_bytes(at) == size and at not in self._hints:
                self._hints.add(at)
                self.uc.hook_add(UC_HOOK_CODE, self._on_hint, None, at, at)
                self.uc.ctl_flush_tb()
                return True
        return False

    def _on_hint(self, uc: Any, address: int, size: int, _: Any) -> None:
        length = self._hint_bytes(address)
        if length:  # code in RAM may have changed
            self._idle = True
            uc.reg_write(PC, (address + length) | 1)
            uc.emu_stop()

    # -- exceptions -------------------------------------------------------------------------

    def take(self) -> bool:
        """Enter the most urgent exception that may be taken now; return whether there was one."""
        system = self.system
        if not (system.pending or system.lines):
            return False
        found = system.most_urgent(self.base_priority, self.masked())
        if found is None:
            return False
        self.enter(*found)
        return True

    def enter(self, number: int, priority: int) -> None:
        """Push the extended frame and go to the exception's handler. Raises Lockup."""
        uc, system = self.uc, self.system
        system.pending.discard(number)
        self.taken[number] += 1
        cpsr, sp = uc.reg_read(CPSR), uc.reg_read(SP)
        frame = (sp - _FRAME_BYTES) & ~7
        status = cpsr & _FLAGS | cpsr & _IT_STATE | _THUMB | self.active()
        words = [uc.reg_read(REGISTERS[i]) for i in _STACKED] + [self.pc & ~1, status]
        words += [uc.reg_read(register) for register in FLOATS] + [uc.reg_read(FPSCR), 0]
        try:
            uc.mem_write(frame, struct.pack("<26I", *(word & 0xFFFFFFFF for word in words)))
        except UcError as error:
            raise Lockup(f"exception {number} has no stack at {frame:#x}") from error
        uc.reg_write(LR, _RETURN_TO_HANDLER if system.active else _RETURN_TO_THREAD)
        system.active.append((number, priority))
        self._frames.append((frame, sp, cpsr))
        self.lowest_sp = min(self.lowest_sp, frame)
        uc.reg_write(CPSR, cpsr & ~_IT_STATE)
        uc.reg_write(SP, frame)
        self.pc = self.word(system.vectors + 4 * number) & ~1

    def _leave(self) -> None:
        """Return from the innermost exception. Raises Lockup if its frame is not at SP."""
        uc = self.uc
        frame, sp, cpsr = self._frames.pop()
        number, _ = self.system.active.pop()
        if uc.reg_read(SP) != frame:
            at = uc.reg_read(SP)
            raise Lockup(f"exception {number} returns with SP {at:#x}, its frame is {frame:#x}")
        words = struct.unpack("<26I", uc.mem_read(frame, _FRAME_BYTES))
        for register, word in zip(_STACKED, words, strict=False):
            uc.reg_write(REGISTERS[register], word)
        for register, word in zip(FLOATS, words[8:24], strict=True):
            uc.reg_write(register, word)
        uc.reg_write(FPSCR, words[24])
        uc.reg_write(SP, sp)
        # The handler's PRIMASK stays; the IT state is the interrupted code's.
        masked = uc.reg_read(CPSR) & _MASKED
        uc.reg_write(CPSR, cpsr & ~(_FLAGS | _MASKED) | words[7] & _FLAGS | masked)
        self.pc = words[6]

    # -- MRS and MSR ------------------------------------------------------------------------

    def _do_special(self) -> bool:
        """Execute the MRS or MSR at `pc`; False if there is none, or its register has no model."""
        try:
            first, second = struct.unpack("<2H", self.uc.mem_read(self.pc, 4))
        except UcError:
            return False
        if second >> 12 != 8:
            return False
        if first == 0xF3EF:
            value = self._read_special(second & 255)
            if value is None:
                return False
            self.uc.reg_write(REGISTERS[second >> 8 & 15], value)
        elif first & 0xFFF0 == 0xF380:
            if not self._write_special(second & 255, self.uc.reg_read(REGISTERS[first & 15])):
                return False
        else:
            return False
        self.pc += 4
        return True

    def _read_special(self, which: int) -> int | None:
        if which == _PRIMASK:
            return int(self.masked())
        if which in (_BASEPRI, _BASEPRI_MAX):
            return self.base_priority
        if which == _IPSR:
            return self.active()
        if which == _MSP:
            return int(self.uc.reg_read(SP))
        # Thread mode is privileged, on the main stack, and has used floating point.
        return {_FAULTMASK: 0, _CONTROL: 4, _PSP: 0}.get(which)

    def _write_special(self, which: int, value: int) -> bool:
        if which == _PRIMASK:
            cpsr = self.uc.reg_read(CPSR)
            self.uc.reg_write(CPSR, cpsr & ~_MASKED | (value & 1) << 7)
        elif which == _BASEPRI:
            self.base_priority = value & 0xF0
        elif which == _BASEPRI_MAX:
            if value and (not self.base_priority or value < self.base_priority):
                self.base_priority = value & 0xF0
        elif which == _MSP:
            self.uc.reg_write(SP, value)
        else:
            return which in (_FAULTMASK, _CONTROL)
        return True
