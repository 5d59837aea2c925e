"""Load latentcore.mpy on a bare chip and call its machine code, without a firmware.

The functions in the table that MicroPython gives to a native module are Python functions here.
Objects are handles, addresses that only this module can resolve; small integers are tagged as in
MicroPython. Interrupts of pins call native functions between two instructions, as the firmware's
dispatcher does for `Pin.irq(..., hard=True)`.
"""

from __future__ import annotations

import builtins
import struct
from collections.abc import Callable
from typing import Any

from unicorn import UC_HOOK_CODE
from unicorn import arm_const as arm

from latentrack.teensy.cpu import LR, PC, REGISTERS, SP
from latentrack.teensy.gpio import IMR, ISR
from latentrack.teensy.mpy import TO_FUNCTIONS, TO_IMAGE, parse
from latentrack.teensy.teensy import DTCM, OCRAM, Teensy
from latentrack.virtual.chip import chip
from latentrack.words import count

SLICE_INSTRUCTIONS = 100
CALL_LIMIT_US = 1e6
"""The time after which a call counts as hanging."""

_VECTORS = 0x00000400
_TRAPS = 0x00001000  # a `bx lr` for each slot of the table
_INTERRUPT, _EXIT, _IDLE = 0x00002000, 0x00002010, 0x00002020
_FUNCTION_TABLE, _NAME_TABLE = 0x00003000, 0x00003400
_CONTEXT, _TYPES, _CONSTANTS = 0x00003800, 0x00003900, 0x00003A00
_STACK = DTCM[0] + DTCM[1]
_IMAGE = OCRAM[0] + 16  # aligned to 16 bytes only, like a block of the collected heap
_HANDLES = 0x70000000  # without memory, so that dereferencing a handle is a fault
_SCRATCH_BYTES = 0x8000
_BX_LR, _LOOP, _WAIT = b"\x70\x47", b"\xfe\xe7", b"\x30\xbf\xfd\xe7"

_SLOTS = 87
_TO_NATIVE, _TO_OBJECT, _MEMSET, _MEMMOVE, _RAISE_MESSAGE = 3, 4, 50, 51, 55
_SWAP_GLOBALS, _LOAD_GLOBAL, _STORE_GLOBAL, _IS_TRUE = 5, 7, 13, 16
_NEW_TUPLE, _CALL, _RAISE, _NEW_STR, _NEW_BYTES, _NEW_VIEW = 19, 27, 34, 57, 58, 59
_NEW_FLOAT, _GET_FLOAT, _GET_BUFFER = 60, 62, 65
_FUNCTION_TYPES = range(77, 82)
_UNSIGNED = 3  # of the kinds of native numbers
_VARIABLE = 4  # the last of the function types


def _signed(word: int) -> int:
    return (word ^ 0x80000000) - 0x80000000


class NativeFault(Exception):
    """The native code has accessed an address without memory or peripheral, or hangs."""


class View:
    """Memory of the native module as an object, such as `_image`: address and size in bytes."""

    def __init__(self, module: NativeModule, address: int, size: int) -> None:
        self._module, self.address, self.size = module, address, size

    def __bytes__(self) -> bytes:
        return self._module.memory(self.address, self.size)

    def __len__(self) -> int:
        return self.size


class NativeFunction:
    """A function of a native module, to be called or given to `Pin.irq`."""

    def __init__(self, module: NativeModule, name: str, address: int) -> None:
        self._module = module
        self.name = name
        kind, *words = struct.unpack("<3I", module.memory(address, 12))
        self._type = (kind - _TYPES) // 4
        self._signature = words[0]
        self.code = words[1] if self._type == _VARIABLE else words[0]

    def __call__(self, *values: Any) -> Any:
        """Call the function with Python values; return its result as a Python value.

        Raises TypeError for a wrong number of arguments, and what the native code raises.
        """
        if self._type == _VARIABLE:
            least, most = self._signature >> 17, self._signature >> 1 & 0xFFFF
        else:
            least = most = self._type
        if not least <= len(values) <= most:
            raise TypeError(f"{self.name} takes {count(least, 'argument')}, got {len(values)}")
        self._module.calls.append((self.name, values))
        return self._module.call(self.code, values, packed=self._type == _VARIABLE)


class NativeModule:
    """A loaded native module; its functions and constants are attributes.

    calls: the names and arguments of all calls from Python.
    """

    def __init__(self, machine: Teensy, file: bytes) -> None:
        self.machine = machine
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.handlers: dict[str, NativeFunction] = {}
        """The function that an edge at a pin calls, by the pin's digital name."""
        self._globals: dict[str, Any] = {}
        self._objects: dict[int, Any] = {}
        self._kept: dict[int, tuple[Any, int]] = {}
        self._raised: BaseException | None = None
        self._exited = False
        self._uc = machine.cpu.uc
        machine.slice_instructions = SLICE_INSTRUCTIONS
        native = parse(file)
        self._names = native.names
        self._constants = {
            None: _CONSTANTS, False: _CONSTANTS + 8, True: _CONSTANTS + 16,
        }  # fmt: skip
        self._scratch = _IMAGE + (len(native.image) + 15) // 16 * 16
        self._scratch_at = self._scratch
        self._permanent = self._scratch + _SCRATCH_BYTES
        self._prepare()
        self._load_image(native.image, native.relocations)
        self._enter()

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_globals"][name]
        except KeyError:
            raise AttributeError(f"the native module has no {name}") from None

    # -- memory -----------------------------------------------------------------------------

    def memory(self, address: int, size: int) -> bytes:
        """The `size` bytes of the chip's memory at an address."""
        return bytes(self._uc.mem_read(address, size))

    def _words(self, address: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}I", self.memory(address, 4 * count))

    def _write_words(self, address: int, *words: int) -> None:
        self._uc.mem_write(address, struct.pack(f"<{len(words)}I", *words))

    def _prepare(self) -> None:
        """Write traps, the table of functions and vectors; let the core idle."""
        uc = self._uc
        uc.mem_write(_TRAPS, _BX_LR * 2 * _SLOTS)
        for address, code in ((_INTERRUPT, _LOOP), (_EXIT, _LOOP), (_IDLE, _WAIT)):
            uc.mem_write(address, code)
        self._write_words(_VECTORS, *[_INTERRUPT | 1] * (16 + 160))
        self.machine.write_register(chip().address("SCS", "VTOR"), _VECTORS)
        slots = [_TRAPS + 4 * slot | 1 for slot in range(_SLOTS)]
        slots[:3] = [self._constants[value] for value in (None, False, True)]
        for number, slot in enumerate(_FUNCTION_TYPES):
            slots[slot] = _TYPES + 4 * number
        self._write_words(_FUNCTION_TABLE, *slots)
        uc.mem_write(
            _NAME_TABLE, struct.pack(f"<{len(self._names)}H", *range(1, len(self._names) + 1))
        )
        uc.hook_add(UC_HOOK_CODE, self._on_trap, None, _TRAPS, _TRAPS + 4 * _SLOTS - 1)
        uc.hook_add(UC_HOOK_CODE, self._on_interrupt, None, _INTERRUPT, _INTERRUPT)
        uc.hook_add(UC_HOOK_CODE, self._on_exit, None, _EXIT, _EXIT)
        self.machine.cpu.reset(_STACK, _IDLE)

    def _load_image(self, image: bytes, relocations: list[tuple[int, int]]) -> None:
        words = list(struct.unpack(f"<{len(image) // 4}I", image))
        for word, destination in relocations:
            base = {TO_IMAGE: _IMAGE, TO_FUNCTIONS: _FUNCTION_TABLE}.get(destination, _NAME_TABLE)
            words[word] = words[word] + base & 0xFFFFFFFF
        self._write_words(_IMAGE, *words)

    def _enter(self) -> None:
        """Call the module's entry, which defines its functions and constants."""
        # Word 1 of `self` points at a struct that begins with the module {type, globals}.
        self._write_words(_CONTEXT, 0, _CONTEXT + 8, 0, _CONTEXT)
        self._run(_IMAGE, (_CONTEXT, 0, 0, 0))

    def _allocate(self, size: int, *, permanent: bool) -> int:
        size = (size + 15) // 16 * 16
        if permanent:
            address = self._permanent
            self._permanent += size
        else:
            address = self._scratch_at
            self._scratch_at += size
        if self._scratch_at > self._scratch + _SCRATCH_BYTES or self._permanent > sum(OCRAM):
            raise MemoryError(f"the chip's memory is full: {size} bytes are not to be had")
        return address

    # -- calling ----------------------------------------------------------------------------

    def call(self, code: int, values: tuple[Any, ...], *, packed: bool = False) -> Any:
        """Call native code with Python values; return its result.

        packed: pass (count, pointer to the arguments). Raises what the native code raises, and
        NativeFault if it hangs or faults.
        """
        self._scratch_at = self._scratch
        arguments = tuple(self._handle(value) for value in values)
        if packed:
            address = self._allocate(4 * len(arguments), permanent=False)
            self._write_words(address, *arguments)
            arguments = (len(arguments), address)
        return self._value(self._run(code, arguments))

    def _run(self, code: int, arguments: tuple[int, ...]) -> int:
        cpu, uc = self.machine.cpu, self._uc
        for register, argument in zip(REGISTERS, arguments, strict=False):
            uc.reg_write(register, argument)
        uc.reg_write(SP, _STACK)
        uc.reg_write(LR, _EXIT | 1)
        cpu.pc = code & ~1
        self._exited, self._raised = False, None
        until = self.machine.now + CALL_LIMIT_US
        while not self._exited:
            self._step()
            if self.machine.now > until:
                raise NativeFault(
                    f"a call of {code:#x} did not return within {CALL_LIMIT_US / 1e6:g} s; the "
                    f"processor is at {cpu.pc:#x}"
                )
            if self._raised is not None:
                raised, self._raised = self._raised, None
                cpu.pc = _IDLE
                raise raised
        result = int(uc.reg_read(REGISTERS[0]))
        cpu.pc = _IDLE
        return result

    def _step(self) -> None:
        self.machine.step()
        if self.machine.faults:
            raise NativeFault(self.machine.faults[0])

    def run_us(self, us: float) -> None:
        """Let `us` microseconds pass, in which interrupts run."""
        end = self.machine.now + us
        self.machine.later(us, lambda: None)  # ends the wait for interrupts at that time
        while self.machine.now < end or self.machine.system.active:
            self._step()

    def serve(self) -> None:
        """Run all due interrupts to their end, between two accesses of code outside the model."""
        self.machine.run_due()
        while self.machine.cpu.take() or self.machine.system.active:
            self._step()
        self.machine.settle()

    def connect_irq(self, pin: str, handler: NativeFunction | None) -> None:
        """Call a native function at edges of a pin, in the interrupt; None: no more."""
        digital = chip().pin(pin)
        if handler is None:
            self.handlers.pop(digital, None)
        else:
            self.handlers[digital] = handler

    # -- traps ------------------------------------------------------------------------------

    def _on_exit(self, uc: Any, address: int, size: int, _: Any) -> None:
        self._exited = True
        uc.emu_stop()

    def _on_interrupt(self, uc: Any, address: int, size: int, _: Any) -> None:
        """Handle any interrupt: acknowledge the lowest pin of the port and go to its handler."""
        number = self.machine.cpu.active() - 16
        for pin, (port, bit) in sorted(chip().pins.items(), key=lambda item: item[1]):
            half = "16_31" if bit >= 16 else "0_15"
            if chip().interrupts[f"GPIO{port}_{half}"] != number:
                continue
            block = self.machine.gpio[port]
            raised = block.registers.get(ISR, 0) & block.registers.get(IMR, 0)
            if raised >> bit & 1:
                block.write(ISR, 1 << bit)
                if pin in self.handlers:
                    uc.reg_write(REGISTERS[0], self._constants[None])
                    uc.reg_write(PC, self.handlers[pin].code | 1)
                else:
                    uc.reg_write(PC, uc.reg_read(LR))
                return

    def _on_trap(self, uc: Any, address: int, size: int, _: Any) -> None:
        slot = (address - _TRAPS) // 4
        registers = [uc.reg_read(register) for register in REGISTERS[:4]]
        try:
            result = self._serve_slot(slot, registers)
        except Exception as error:
            self._raised = error
            uc.emu_stop()
            return
        if result is not None:
            uc.reg_write(REGISTERS[0], result & 0xFFFFFFFF)

    def _serve_slot(self, slot: int, r: list[int]) -> int | None:
        known: dict[int, Callable[[], int | None]] = {
            _TO_NATIVE: lambda: self._integer(r[0]),
            _TO_OBJECT: lambda: self._handle(r[0] if r[1] == _UNSIGNED else _signed(r[0])),
            _MEMSET: lambda: self._fill(r[0], bytes((r[1] & 255,)) * r[2]),
            _MEMMOVE: lambda: self._fill(r[0], self.memory(r[1], r[2])),
            _RAISE_MESSAGE: lambda: self._raise(self._value(r[0])(self._text(r[1]))),
            _SWAP_GLOBALS: lambda: _CONTEXT,
            _LOAD_GLOBAL: lambda: self._handle(getattr(builtins, self._names[r[0] - 1])),
            _STORE_GLOBAL: lambda: self._store(self._names[r[0] - 1], r[1]),
            _IS_TRUE: lambda: int(bool(self._value(r[0]))),
            _NEW_TUPLE: lambda: self._handle(
                tuple(self._value(item) for item in self._words(r[1], r[0]))
            ),
            _CALL: lambda: self._handle(
                self._value(r[0])(*(self._value(item) for item in self._words(r[2], r[1])))
            ),
            _RAISE: lambda: self._raise(self._value(r[0])),
            _NEW_STR: lambda: self._handle(self.memory(r[0], r[1]).decode()),
            _NEW_BYTES: lambda: self._handle(self.memory(r[0], r[1])),
            _NEW_VIEW: lambda: self._handle(View(self, r[1], r[0])),
            _NEW_FLOAT: self._new_float,
            _GET_FLOAT: lambda: self._get_float(r[0]),
            _GET_BUFFER: lambda: self._get_buffer(r[0], r[1]),
        }
        if slot not in known:
            raise NotImplementedError(f"slot {slot} of MicroPython's function table")
        return known[slot]()

    def _store(self, name: str, handle: int) -> None:
        in_image = _IMAGE <= handle < self._scratch and not handle & 1
        self._globals[name] = (
            NativeFunction(self, name, handle) if in_image else self._value(handle)
        )

    def _fill(self, address: int, data: bytes) -> int:
        self._uc.mem_write(address, data)
        return address

    def _text(self, address: int) -> str:
        """The text at an address, up to a NUL."""
        found = bytearray()
        while byte := self.memory(address + len(found), 1)[0]:
            found.append(byte)
        return found.decode()

    @staticmethod
    def _raise(error: Any) -> int:
        raise error

    def _new_float(self) -> int:
        bits = self._uc.reg_read(arm.UC_ARM_REG_S0) & 0xFFFFFFFF
        return self._handle(float(struct.unpack("<f", struct.pack("<I", bits))[0]))

    def _get_float(self, handle: int) -> None:
        value = self._value(handle)
        if not isinstance(value, int | float):
            raise TypeError(f"can't convert {type(value).__name__} to float")
        bits = struct.unpack("<I", struct.pack("<f", value))[0]
        self._uc.reg_write(arm.UC_ARM_REG_S0, bits)

    def _get_buffer(self, handle: int, info: int) -> int:
        value = self._value(handle)
        if isinstance(value, View):
            self._write_words(info, value.address, value.size, ord("B"))
            return 1
        try:
            view = memoryview(value)
        except TypeError:
            raise TypeError("object with buffer protocol required") from None
        data = view.tobytes()
        self._write_words(info, self._address_of(value, data), len(data), ord(view.format or "B"))
        return 1

    # -- objects ----------------------------------------------------------------------------

    def _address_of(self, value: Any, data: bytes) -> int:
        """The address of a buffer in the chip's memory.

        The module may write to a bytearray: it is copied once and keeps its address. Other buffers
        are copied each time; those above 1024 bytes, which are models, keep their address, too.
        """
        kept = self._kept.get(id(value))
        if kept is None:
            permanent = isinstance(value, bytearray) or len(data) > 1024
            address = self._allocate(len(data), permanent=permanent)
            if permanent:
                self._kept[id(value)] = (value, address)
        elif isinstance(value, bytearray):
            return kept[1]
        else:
            address = kept[1]
        self._uc.mem_write(address, data)
        return address

    def _handle(self, value: Any) -> int:
        if value is None or isinstance(value, bool):
            return self._constants[value]
        if isinstance(value, int) and -(1 << 30) <= value < 1 << 30:
            return (value << 1 | 1) & 0xFFFFFFFF
        handle = _HANDLES + 8 * len(self._objects)
        self._objects[handle] = value
        return handle

    def _value(self, handle: int) -> Any:
        if handle & 1:
            return _signed(handle) >> 1
        for value, constant in self._constants.items():
            if constant == handle:
                return value
        return self._objects[handle]

    def _integer(self, handle: int) -> int:
        value = self._value(handle)
        if not isinstance(value, int):
            raise TypeError(f"can't convert {type(value).__name__} to int")
        return value & 0xFFFFFFFF
