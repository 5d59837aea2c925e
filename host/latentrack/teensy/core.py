"""The Cortex-M7's own registers: interrupt controller, SysTick, system control, cycle counter."""

from __future__ import annotations

from typing import Protocol

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip

CPU_MHZ = 600
NMI, HARD_FAULT, SVCALL, PENDSV, SYSTICK = 2, 3, 11, 14, 15
FIRST_INTERRUPT = 16  # exception number of interrupt 0
SYSRESETREQ_CAUSE = 1 << 1  # in SRC_SRSR

_AT = chip().offsets("SCS")
_CSR, _RVR, _CVR = _AT["SYST_CSR"], _AT["SYST_RVR"], _AT["SYST_CVR"]
_ISER, _ICER, _ISPR, _ICPR = _AT["NVIC_ISER"], _AT["NVIC_ICER"], _AT["NVIC_ISPR"], _AT["NVIC_ICPR"]
_IPR, _SHPR = _AT["NVIC_IPR"], _AT["SHPR"]
_ICSR, _VTOR, _AIRCR = _AT["ICSR"], _AT["VTOR"], _AT["AIRCR"]
_PRIORITIES = range(_IPR, _IPR + 0x100)
_SYSTEM_PRIORITIES = range(_SHPR, _SHPR + 12)
_AIRCR_KEY, _SYSRESETREQ = 0x05FA0000, 1 << 2
_SYSTICK_ENABLE, _SYSTICK_INTERRUPT = 1, 2


class CoreMachine(Machine, Protocol):
    """The part of the machine that the core's registers use."""

    vectors_at_reset: int


class Scs(Block):
    """The system control space: pending and enabled exceptions, priorities, the SysTick timer."""

    takes_time = False
    merges_narrow_writes = False
    machine: CoreMachine

    def __init__(self, machine: CoreMachine) -> None:
        super().__init__(machine, "SCS")
        self.lines: set[int] = set()
        """The exceptions whose interrupt line a peripheral holds high."""
        self.active: list[tuple[int, int]] = []
        """(number, priority) of the running exceptions, the innermost last."""
        self._cpuid, self._ccsidr = _AT["CPUID"], _AT["CCSIDR"]
        self._mpu_type = _AT["MPU_TYPE"]
        self.reset()

    def reset(self) -> None:
        """Disable and clear all exceptions, stop SysTick, and use the vectors of power-on."""
        super().reset()
        self.pending: set[int] = set()
        self.enabled: set[int] = set()
        self.priorities: dict[int, int] = {}
        self.active.clear()
        self.next_tick_us: float | None = None
        self.registers[_VTOR] = self.machine.vectors_at_reset

    @property
    def vectors(self) -> int:
        """The address of the vector table."""
        return self.registers[_VTOR]

    # -- exceptions -------------------------------------------------------------------------

    def most_urgent(self, base_priority: int, masked: bool) -> tuple[int, int] | None:
        """The exception to take now, as (number, priority), or None.

        base_priority: BASEPRI, 0 for none.  masked: whether PRIMASK is set.
        """
        if masked or not (self.pending or self.lines):
            return None
        ready = [
            (self.priorities.get(number, 0), number)
            for number in self.pending | self.lines
            if number < FIRST_INTERRUPT or number in self.enabled
        ]
        if not ready:
            return None
        priority, number = min(ready)
        running = min([running for _, running in self.active], default=256)
        if base_priority:
            running = min(running, base_priority)
        return None if priority >= running else (number, priority)

    # -- SysTick ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Make SysTick pending if it is due; missed ticks are lost."""
        now = self.machine.now
        if self.next_tick_us is None or now < self.next_tick_us:
            return
        if self.registers.get(_CSR, 0) & _SYSTICK_INTERRUPT:
            self.pending.add(SYSTICK)
        period = self._period_us()
        while self.next_tick_us <= now:
            self.next_tick_us += period

    def _period_us(self) -> float:
        return max(1.0, (self.registers.get(_RVR, 0) + 1) / CPU_MHZ)

    # -- registers --------------------------------------------------------------------------

    def read(self, offset: int) -> int:
        """The register; counters and bit sets are computed from the model's state and time."""
        if offset == _CVR:
            left = max(0.0, (self.next_tick_us or 0.0) - self.machine.now)
            return int(left * CPU_MHZ) & 0xFFFFFF
        if _ISER <= offset < _ISPR:
            return self._bits(self.enabled, offset)
        if _ISPR <= offset < _ICPR + 0x80:
            return self._bits(self.pending | self.lines, offset)
        if offset in _PRIORITIES:
            first = offset - _IPR + FIRST_INTERRUPT
            return sum(self.priorities.get(first + i, 0) << 8 * i for i in range(4))
        if offset in _SYSTEM_PRIORITIES:
            first = offset - _SHPR + 4
            return sum(self.priorities.get(first + i, 0) << 8 * i for i in range(4))
        if offset == self._cpuid:
            return 0x411FC271
        if offset == _ICSR:
            return self.machine.active_exception() | (PENDSV in self.pending) << 28
        if offset == self._ccsidr:
            return 0  # a cache of one set and one way, for short loops over it
        if offset == self._mpu_type:
            return 0x1000  # 16 regions
        return self.registers.get(offset, 0)

    def write_any(self, uc: object, offset: int, size: int, value: int, _: object) -> None:
        """Write any number of bytes; priorities are bytes, whatever the width of the access."""
        if offset in _PRIORITIES or offset in _SYSTEM_PRIORITIES:
            self.touched.add(offset & ~3)
            for i in range(size):
                self._set_priority(offset + i, value >> 8 * i & 255)
            return
        super().write_any(uc, offset, size, value, _)

    def write(self, offset: int, value: int) -> None:
        """Write a word: enable or pend exceptions, start SysTick, or request a reset."""
        if _ISER <= offset < _ICPR + 0x80:
            self._write_sets(offset, value)
        elif offset == _ICSR:
            self._write_icsr(value)
        elif offset == _CSR:
            self.registers[_CSR] = value
            if not value & _SYSTICK_ENABLE:
                self.next_tick_us = None
            elif self.next_tick_us is None:
                reload = self.registers.get(_RVR, 0)
                self.next_tick_us = self.machine.now + (reload + 1) / CPU_MHZ
        elif offset == _AIRCR:
            if value & (0xFFFF0000 | _SYSRESETREQ) == _AIRCR_KEY | _SYSRESETREQ:
                self.machine.request_reset(SYSRESETREQ_CAUSE)
        else:
            self.registers[offset] = value

    @staticmethod
    def _bits(numbers: set[int], offset: int) -> int:
        first = ((offset & 0x7F) >> 2) * 32 + FIRST_INTERRUPT
        return sum(1 << i for i in range(32) if first + i in numbers)

    def _set_priority(self, offset: int, value: int) -> None:
        if offset in _PRIORITIES:
            number = offset - _IPR + FIRST_INTERRUPT
        else:
            number = offset - _SHPR + 4
        self.priorities[number] = value & 0xF0

    def _write_sets(self, offset: int, value: int) -> None:
        first = ((offset & 0x7F) >> 2) * 32 + FIRST_INTERRUPT
        numbers = {first + i for i in range(32) if value >> i & 1}
        if offset < _ICER:
            self.enabled |= numbers
        elif offset < _ISPR:
            self.enabled -= numbers
        elif offset < _ICPR:
            self.pending |= numbers
        else:
            self.pending -= numbers

    def _write_icsr(self, value: int) -> None:
        if value >> 28 & 1:
            self.pending.add(PENDSV)
        if value >> 27 & 1:
            self.pending.discard(PENDSV)
        if value >> 26 & 1:
            self.pending.add(SYSTICK)
        if value >> 25 & 1:
            self.pending.discard(SYSTICK)


class Dwt(Block):
    """The cycle counter, DWT_CYCCNT."""

    takes_time = False
    merges_narrow_writes = False

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "DWT")
        self._counter = chip().offsets("DWT")["CYCCNT"]
        self._offset = 0

    def read(self, offset: int) -> int:
        """The register; CYCCNT counts 600 cycles per microsecond, modulo 2^32."""
        if offset == self._counter:
            return (int(self.machine.now * CPU_MHZ) + self._offset) & 0xFFFFFFFF
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register; CYCCNT counts on from the value."""
        if offset == self._counter:
            self._offset = value - int(self.machine.now * CPU_MHZ)
        self.registers[offset] = value


class Plain(Block):
    """The core's trace and breakpoint units: registers without effect."""

    takes_time = False
    merges_narrow_writes = False
