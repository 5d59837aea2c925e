"""Read firmware/chip/rt1062.def: addresses, registers, interrupts and pins of the Teensy's chip.

C includes the same file, so that models of the chip and the code that runs on them agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from latentrack.assets import CHIP

_ENTRY = re.compile(r"^([A-Z_]+)\((.*)\)$", re.MULTILINE)
_CORE = 0xE0000000  # from here on the registers are the Cortex-M7's own


@dataclass(frozen=True)
class Chip:
    """The entries of the table by kind; numbers are as in the file.

    blocks: the base address of each block of registers.  interrupts: their numbers.
    analog_names: from "A0" to the pin's digital name.
    """

    blocks: dict[str, int] = field(default_factory=dict)
    registers: dict[str, dict[str, int]] = field(default_factory=dict)
    """Offsets of registers in bytes, by the block's name without its number."""
    interrupts: dict[str, int] = field(default_factory=dict)
    pins: dict[str, tuple[int, int]] = field(default_factory=dict)
    """(GPIO port, bit) of each pin of the board."""
    analog: dict[str, tuple[int, int]] = field(default_factory=dict)
    """(ADC, channel) of the pins that are analog inputs."""
    uarts: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    """(block, pin that sends, pin that receives) of each machine.UART by its number."""
    analog_names: dict[str, str] = field(default_factory=dict)

    def offsets(self, block: str) -> dict[str, int]:
        """The offsets of a block's registers in bytes. Raises KeyError if there are none."""
        kinds = [kind for kind in self.registers if _is_of_kind(block, kind)]
        if not kinds:
            raise KeyError(block)
        return self.registers[max(kinds, key=len)]

    def address(self, block: str, register: str) -> int:
        """The absolute address of a register, such as ("GPT2", "CNT")."""
        return self.blocks[block] + self.offsets(block)[register]

    def size(self, block: str) -> int:
        """The size of a block of registers in bytes."""
        return 0x1000 if self.blocks[block] >= _CORE else 0x4000

    def block_at(self, address: int) -> str | None:
        """The block that an address belongs to, or None if there is no peripheral."""
        for name, base in self.blocks.items():
            if base <= address < base + self.size(name):
                return name
        return None

    def analog_input(self, name: str) -> tuple[int, int]:
        """(ADC, channel) of a pin by either of its names. Raises ValueError if it has no ADC."""
        digital = self.pin(name)
        if digital not in self.analog:
            raise ValueError(f"the Teensy's pin {name} is not an analog input")
        return self.analog[digital]

    def pin(self, name: str) -> str:
        """The digital name of a pin. Raises ValueError if the board has no such pin."""
        digital = self.analog_names.get(name, name)
        if digital not in self.pins:
            raise ValueError(f"the Teensy 4.1 has no pin {name}; it has D0 to D41 and A0 to A13")
        return digital


def _is_of_kind(block: str, kind: str) -> bool:
    return re.fullmatch(re.escape(kind) + r"\d*", block) is not None


@cache
def chip(path: Path = CHIP) -> Chip:
    """Read the table. Raises ValueError for an unknown kind of entry."""
    found = Chip()
    text = path.read_text().partition("#undef")[0]
    for kind, arguments in _ENTRY.findall(text):
        values = [value.strip() for value in arguments.split(",")]
        name, numbers = values[0], values[1:]
        if kind == "BLOCK":
            found.blocks[name] = int(numbers[0], 0)
        elif kind == "REGISTER":
            found.registers.setdefault(name, {})[numbers[0]] = int(numbers[1], 0)
        elif kind == "INTERRUPT":
            found.interrupts[name] = int(numbers[0], 0)
        elif kind == "PIN":
            found.pins[name] = (int(numbers[0], 0), int(numbers[1], 0))
        elif kind == "ANALOG":
            found.analog[name] = (int(numbers[0], 0), int(numbers[1], 0))
        elif kind == "UART":
            found.uarts[int(name)] = (f"LPUART{numbers[0]}", numbers[1], numbers[2])
        elif kind == "ANALOG_NAME":
            found.analog_names[name] = numbers[0]
        else:
            raise ValueError(f"{path.name} has an entry {kind}, which is not known")
    return found
