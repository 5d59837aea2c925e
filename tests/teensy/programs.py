"""Builds the bare-metal programs of tests/teensy/bare with the firmware's compiler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from latentrack.teensy.firmware import read_firmware
from latentrack.teensy.teensy import Teensy

BARE = Path(__file__).parent / "bare"
COMPILER, OBJCOPY = "arm-none-eabi-gcc", "arm-none-eabi-objcopy"


def build(folder: Path, source: Path, *options: str, script: Path = BARE / "link.ld") -> Path:
    """An ELF file made of `source` and start.c; skips the test where the compiler is missing."""
    if shutil.which(COMPILER) is None:
        pytest.skip(f"{COMPILER} is missing: apt install gcc-arm-none-eabi")
    program = folder / f"{source.stem}.elf"
    subprocess.run(
        [
            COMPILER, "-Os", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-mthumb",
            "-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard", "-ffreestanding",
            "-nostdlib", "-fno-tree-loop-distribute-patterns", "-Wl,--no-warn-rwx-segments",
            "-I", BARE, *options, "-T", script, source, BARE / "start.c",
            "-lgcc", "-o", program,
        ],
        check=True,
    )  # fmt: skip
    return program


def build_function(folder: Path, source: Path, address: int) -> bytes:
    """The machine code of the function that `source` is named after, to lie at an address."""
    if shutil.which(COMPILER) is None:
        pytest.skip(f"{COMPILER} is missing: apt install gcc-arm-none-eabi")
    linked, code = folder / f"{source.stem}.elf", folder / f"{source.stem}.bin"
    subprocess.run(
        [
            COMPILER, "-Os", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-mthumb",
            "-mcpu=cortex-m7", "-ffreestanding", "-nostdlib", "-I", BARE,
            f"-Wl,-Ttext={address:#x},-e,{source.stem}",
            source, "-o", linked,
        ],
        check=True,
    )  # fmt: skip
    subprocess.run([OBJCOPY, "-O", "binary", linked, code], check=True)
    return code.read_bytes()


def to_hex(program: Path) -> Path:
    """The same program as an Intel HEX file."""
    target = program.with_suffix(".hex")
    subprocess.run([OBJCOPY, "-O", "ihex", program, target], check=True)
    return target


def start(program: Path, **options: float) -> Teensy:
    """A Teensy with the program in its flash."""
    return Teensy(read_firmware(program), **options)
