"""Firmware files for the Teensy 4.1: Intel HEX and ELF, checked before anything runs."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from latentrack.errors import UserError
from latentrack.words import listed

FLASH, FLASH_BYTES = 0x60000000, 0x800000
BOOT_HEADER = 0x60001000
USUAL_VECTORS = 0x6000C000
_HEADER_TAGS = (0x402000D1, 0x412000D1, 0x422000D1, 0x432000D1)
_RAM = ((0x20000000, 0x20080000), (0x20200000, 0x20300000))
_CODE = ((0x00000000, 0x00080000), (FLASH, FLASH + FLASH_BYTES), *_RAM)
_MEMORY = (
    (0x00000000, 0x00020000),
    (0x20000000, 0x20020000),
    (0x20200000, 0x202C0000),
    (FLASH, FLASH + FLASH_BYTES),
)
_ELF_MAGIC = b"\x7fELF"
_ARM = 40
_GET_IT = "get MicroPython for the Teensy 4.1 from micropython.org (a .hex file)"


@dataclass(frozen=True)
class Firmware:
    """The contents of a firmware file; vectors: the address of its vector table."""

    pieces: tuple[tuple[int, bytes], ...]
    """(address, bytes), in order and without overlap of addresses."""
    vectors: int

    @property
    def stack(self) -> int:
        """The initial stack pointer."""
        return _word(self.pieces, self.vectors) or 0

    @property
    def entry(self) -> int:
        """The address of the reset handler."""
        return _word(self.pieces, self.vectors + 4) or 0


def read_firmware(path: Path) -> Firmware:
    """Read a .hex or .elf file.

    Raises UserError if it cannot be read, is damaged, or is not for the Teensy 4.1.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; {_GET_IT}.") from error
    if data.startswith(_ELF_MAGIC):
        pieces = _read_elf(path, data)
    elif data.lstrip()[:1] == b":":
        pieces = _read_hex(path, data)
    else:
        raise UserError(f"{path.name} is neither an Intel HEX nor an ELF file; {_GET_IT}.")
    if not any(FLASH <= address < FLASH + FLASH_BYTES for address, _ in pieces):
        raise UserError(
            f"{path.name} has nothing for the Teensy 4.1's flash at {FLASH:#x}; {_GET_IT}."
        )
    for address, content in pieces:
        if not any(start <= address and address + len(content) <= end for start, end in _MEMORY):
            raise UserError(
                f"{path.name} has bytes for {address:#x}, where the Teensy 4.1 has no memory; "
                f"{_GET_IT}."
            )
    return Firmware(pieces, _find_vectors(path, pieces))


def _word(pieces: tuple[tuple[int, bytes], ...], address: int) -> int | None:
    """The word at an address, with 0xff for bytes between pieces; None outside of all pieces."""
    found = bytearray(b"\xff" * 4)
    known = False
    for start, data in pieces:
        for i in range(4):
            if start <= address + i < start + len(data):
                found[i] = data[address + i - start]
                known = True
    return int.from_bytes(found, "little") if known else None


def _find_vectors(path: Path, pieces: tuple[tuple[int, bytes], ...]) -> int:
    """The address of the vector table: that in the boot header, else the usual one."""
    candidates = [USUAL_VECTORS]
    if _word(pieces, BOOT_HEADER) in _HEADER_TAGS:
        candidates.insert(0, _word(pieces, BOOT_HEADER + 4) or 0)
    for vectors in candidates:
        if _is_vector_table(pieces, vectors):
            return vectors
    raise UserError(
        f"{path.name} has no vector table for the Teensy 4.1 (looked at "
        f"{listed(f'{address:#x}' for address in candidates)}); {_GET_IT}."
    )


def _is_vector_table(pieces: tuple[tuple[int, bytes], ...], vectors: int) -> bool:
    stack, entry = _word(pieces, vectors), _word(pieces, vectors + 4)
    if vectors & 3 or stack is None or entry is None:
        return False
    in_ram = any(start < stack <= end for start, end in _RAM)
    in_code = any(start <= entry < end for start, end in _CODE)
    return in_ram and in_code and bool(entry & 1)


def _read_hex(path: Path, data: bytes) -> tuple[tuple[int, bytes], ...]:
    """Read Intel HEX with extended addresses; adjacent records become one piece."""
    pieces: list[tuple[int, bytearray]] = []
    upper, ended = 0, False
    for number, line in enumerate(data.split(b"\n"), 1):
        line = line.strip()
        if not line or ended:
            continue
        try:
            record = bytes.fromhex(line[1:].decode("ascii")) if line[:1] == b":" else b""
        except ValueError:
            record = b""
        if len(record) < 5 or len(record) != record[0] + 5:
            raise UserError(
                f"{path.name} is damaged: line {number} is not a record of an Intel HEX file; "
                "download it again."
            )
        if sum(record) & 0xFF:
            raise UserError(
                f"{path.name} is damaged: the checksum of line {number} is wrong; "
                "download it again."
            )
        offset, kind, content = int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
        if kind == 0:
            address = upper + offset
            if pieces and pieces[-1][0] + len(pieces[-1][1]) == address:
                pieces[-1][1].extend(content)
            else:
                pieces.append((address, bytearray(content)))
        elif kind == 1:
            ended = True
        elif kind in (2, 4) and len(content) == 2:
            upper = int.from_bytes(content, "big") << (4 if kind == 2 else 16)
        elif kind not in (3, 5):
            raise UserError(
                f"{path.name} is damaged: line {number} is a record of unknown kind {kind}; "
                "download it again."
            )
    if not ended:
        raise UserError(f"{path.name} is cut short: it has no end record; download it again.")
    return tuple((address, bytes(content)) for address, content in pieces)


def _read_elf(path: Path, data: bytes) -> tuple[tuple[int, bytes], ...]:
    """Read the segments of an ELF file, at their load addresses."""
    try:
        wide, _, machine = data[4] != 1, data[5], struct.unpack_from("<H", data, 18)[0]
        if wide or machine != _ARM:
            raise UserError(f"{path.name} is an ELF file for another processor; {_GET_IT}.")
        start = struct.unpack_from("<I", data, 28)[0]
        size, count = struct.unpack_from("<2H", data, 42)
        pieces = []
        for i in range(count):
            header = struct.unpack_from("<8I", data, start + i * size)
            kind, offset, _, stored_at, length = header[:5]
            if kind == 1 and length:
                if offset + length > len(data):
                    raise struct.error
                pieces.append((stored_at, data[offset : offset + length]))
    except (struct.error, IndexError) as error:
        raise UserError(f"{path.name} is cut short; download it again.") from error
    return tuple(pieces)
