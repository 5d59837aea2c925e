"""Firmware files: what is read, where the vector table is found, what is refused."""

from __future__ import annotations

import pytest

from latentrack.errors import UserError
from latentrack.teensy.firmware import read_firmware
from tests.teensy.programs import BARE, build, start, to_hex


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """An ELF file for the Teensy."""
    return build(tmp_path_factory.mktemp("bare"), BARE / "fault.c")


@pytest.fixture
def hex_lines(program):
    """The lines of the same program as Intel HEX."""
    return to_hex(program).read_text().splitlines()


def refused(tmp_path, content, sentence):
    path = tmp_path / "firmware.hex"
    path.write_bytes(content if isinstance(content, bytes) else "\n".join(content).encode())
    with pytest.raises(UserError, match=sentence) as caught:
        read_firmware(path)
    assert "firmware.hex" in str(caught.value)


def record(kind, offset, data=b""):
    """A record as Intel's specification has it."""
    body = bytes((len(data), offset >> 8, offset & 255, kind)) + data
    return ":" + (body + bytes((-sum(body) & 255,))).hex().upper()


def test_hex_and_elf_hold_the_same(program):
    elf, from_hex = read_firmware(program), read_firmware(to_hex(program))
    assert (elf.vectors, elf.stack) == (0x6000C000, 0x20020000)
    assert (from_hex.vectors, from_hex.stack, from_hex.entry) == (
        elf.vectors,
        elf.stack,
        elf.entry,
    )


def test_the_boot_header_names_another_place(tmp_path):
    elsewhere = tmp_path / "link.ld"
    elsewhere.write_text(
        (BARE / "link.ld").read_text().replace("ORIGIN = 0x6000C000", "ORIGIN = 0x60002000")
    )
    moved = build(tmp_path, BARE / "fault.c", script=elsewhere)
    assert read_firmware(moved).vectors == 0x60002000
    machine = start(moved)
    machine.run_us(1000)
    assert bytes(machine.sent).startswith(b"before\n")


def test_without_a_boot_header_the_usual_place_counts(tmp_path):
    assert read_firmware(build(tmp_path, BARE / "fault.c", "-DNO_HEADER")).vectors == 0x6000C000


def test_a_damaged_file_is_refused(tmp_path, hex_lines):
    wrong = hex_lines[3][:-1] + ("0" if hex_lines[3][-1] != "0" else "1")
    refused(tmp_path, [*hex_lines[:3], wrong, *hex_lines[4:]], "checksum of line 4 is wrong")
    refused(tmp_path, [*hex_lines[:3], hex_lines[3][:-4], *hex_lines[4:]], "line 4 is not a record")
    refused(tmp_path, hex_lines[:-1], "no end record")
    refused(tmp_path, [*hex_lines[:2], record(9, 0), *hex_lines[2:]], "unknown kind 9")


def test_what_is_not_for_this_chip_is_refused(tmp_path, program, hex_lines):
    refused(tmp_path, b"hello", "neither an Intel HEX nor an ELF")
    elsewhere = [record(4, 0, b"\x08\x00"), record(0, 0, bytes(16)), record(1, 0)]
    refused(tmp_path, elsewhere, "nothing for the Teensy 4.1's flash at 0x60000000")
    outside = [*hex_lines[:-1], record(4, 0, b"\x80\x00"), record(0, 0, bytes(4)), hex_lines[-1]]
    refused(tmp_path, outside, "bytes for 0x80000000, where the Teensy 4.1 has no memory")
    empty = [record(4, 0, b"\x60\x00"), record(0, 0, bytes(16)), record(1, 0)]
    refused(tmp_path, empty, "no vector table")
    data = bytearray(program.read_bytes())
    refused(tmp_path, bytes(data[:200]), "cut short")
    data[18] = 62  # EM_X86_64
    refused(tmp_path, bytes(data), "for another processor")
    with pytest.raises(UserError, match="cannot be read"):
        read_firmware(tmp_path / "missing.hex")
