"""Packs a linked shared object into a native .mpy file that stock MicroPython imports.

GNU ld has done the linking (image.ld); what is left is to flatten the sections into one image
and to write the remaining dynamic relocations in the .mpy format 6.3:

    'M' 6 (arch << 2 | 3) 31                        header; 31 = bits of a small integer
    number of names, 0                              the names are what C calls mp_qstr_table
    each name: length << 1, bytes, NUL
    length of the image << 3 | 2, the image         2 = native code; it is entered at offset 0
    0x10, relocations, 0xff                         0x10 = relocations follow

All integers are big-endian base 128 with the high bit as "more follows".

usage: pack.py linked.so module.mpy
"""

import os
import sys
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from elftools.elf.elffile import ELFFile

NATIVE_CODE = 2
HAS_RELOCATIONS = 0x10

# Destinations of a relocation: the number is what the loader expects.
IMAGE, QSTR_TABLE, FUN_TABLE = 0, 6, 8
SYMBOLS = {"mp_qstr_table": QSTR_TABLE, "mp_fun_table": FUN_TABLE}


class Machine(NamedTuple):
    """What differs between the processors we build for."""

    arch: int  # MicroPython's number of the native architecture
    word: int  # bytes of a pointer
    relative: int  # relocation "add the image's address"
    symbol: frozenset[int]  # relocations "add the symbol's address"


MACHINES = {
    "EM_X86_64": Machine(arch=2, word=8, relative=8, symbol=frozenset({1, 6})),
    "EM_ARM": Machine(arch=8, word=4, relative=23, symbol=frozenset({2, 21})),
}


class PackError(Exception):
    """The object cannot become a .mpy; the message names what is in the way."""


def number(value: int) -> bytes:
    """An unsigned integer in base 128, most significant digit first."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | value & 0x7F)
    return bytes(reversed(digits))


def flatten(elf: ELFFile, end: int) -> bytearray:
    """The sections below `end` as one run of bytes from address 0."""
    image = bytearray(end)
    for section in elf.iter_sections():
        start, size = section["sh_addr"], section["sh_size"]
        if section["sh_flags"] & 2 and start + size <= end and section["sh_type"] != "SHT_NOBITS":
            image[start : start + size] = section.data()
    return image


def relocations(elf: ELFFile, machine: Machine, image: bytearray) -> dict[int, int]:
    """Word index -> destination. Addends that the ELF keeps apart are written into the image."""
    found: dict[int, int] = {}
    for section in elf.iter_sections():
        if section["sh_type"] not in ("SHT_REL", "SHT_RELA"):
            continue
        symbols = elf.get_section(section["sh_link"])
        for entry in section.iter_relocations():
            kind, offset = entry["r_info_type"], entry["r_offset"]
            symbol = symbols.get_symbol(entry["r_info_sym"]) if entry["r_info_sym"] else None
            if kind == machine.relative:
                destination, addend = IMAGE, 0
            elif kind in machine.symbol and symbol is not None:
                if symbol.name in SYMBOLS:
                    destination, addend = SYMBOLS[symbol.name], 0
                elif symbol["st_shndx"] == "SHN_UNDEF":
                    raise PackError(f"undefined symbol {symbol.name}")
                else:
                    destination, addend = IMAGE, symbol["st_value"]
            else:
                name = f" of {symbol.name}" if symbol is not None else ""
                raise PackError(f"relocation type {kind}{name} at {offset:#x} is not supported")
            if offset % machine.word or offset + machine.word > len(image):
                raise PackError(f"relocation at {offset:#x} is not on a word of the image")
            word = slice(offset, offset + machine.word)
            if section["sh_type"] == "SHT_RELA":
                addend += entry["r_addend"]
                image[word] = addend.to_bytes(machine.word, "little")
            elif addend:
                total = int.from_bytes(image[word], "little") + addend
                image[word] = total.to_bytes(machine.word, "little")
            found[offset // machine.word] = destination
    return found


def encode_relocations(found: dict[int, int]) -> bytes:
    """Runs of neighbouring words with the same destination, shortest form."""
    out = bytearray()
    words = sorted(found)
    for _, run in groupby(enumerate(words), key=lambda item: (item[1] - item[0], found[item[1]])):
        indices = [index for _, index in run]
        destination, start = found[indices[0]], number(indices[0] << 1)
        if destination == IMAGE and len(indices) > 1:
            # Only the image's own address can be added to several words with one count.
            out += bytes([(IMAGE << 1 | 1) << 1 | 1]) + start + number(len(indices))
        else:
            out += bytes([destination << 1 | 1]) + start
            out += bytes([destination << 1]) * (len(indices) - 1)
    return bytes(out) + b"\xff"


def pack(linked: Path) -> bytes:
    """The .mpy file for a shared object that was linked with image.ld."""
    with linked.open("rb") as file:
        elf = ELFFile(file)
        if elf["e_machine"] not in MACHINES:
            raise PackError(f"{linked.name} is for {elf['e_machine']}, not for x64 or ARM")
        machine = MACHINES[elf["e_machine"]]
        symbols = {s.name: s["st_value"] for s in elf.get_section_by_name(".symtab").iter_symbols()}
        if symbols.get("entry", 1) & ~1:
            raise PackError("the function `entry` is not at the start of the image")
        image = flatten(elf, symbols["image_end"])
        found = relocations(elf, machine, image)
        names = elf.get_section_by_name(".names").data().rstrip(b"\0").split(b"\0")

    out = bytearray(b"M") + bytes([6, machine.arch << 2 | 3, 31])
    out += number(len(names)) + number(0)
    for name in names:
        out += number(len(name) << 1) + name + b"\0"
    out += number(len(image) << 3 | NATIVE_CODE) + image
    out += number(HAS_RELOCATIONS) + encode_relocations(found)
    return bytes(out)


def main() -> None:
    source, target = map(Path, sys.argv[1:3])
    try:
        packed = pack(source)
    except PackError as error:
        sys.exit(f"pack.py: {source.name}: {error}")
    partial = target.with_suffix(".partial")
    partial.write_bytes(packed)
    os.replace(partial, target)


if __name__ == "__main__":
    main()
