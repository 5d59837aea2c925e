"""lib/tflite needs nothing but memcpy, memset and memcmp, and keeps nothing between calls."""

import shutil
import subprocess

import pytest

from tests.firmware.tflite_c import SOURCES

M7 = ["-mthumb", "-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard"]
FLAGS = ["-std=c11", "-O2", "-ffreestanding", "-fpic", "-Wall", "-Wextra", "-Werror"]
LENT = {"memcpy", "memset", "memcmp", "_GLOBAL_OFFSET_TABLE_"}


@pytest.mark.parametrize(("prefix", "flags"), [("", []), ("arm-none-eabi-", M7)])
def test_needs_no_library_and_has_no_state(prefix, flags, tmp_path):
    if shutil.which(f"{prefix}gcc") is None:
        pytest.skip(f"{prefix}gcc is missing: apt install gcc-arm-none-eabi")
    needed, defined = set(), set()
    for source in SOURCES.glob("*.c"):
        compiled = tmp_path / f"{source.stem}.o"
        subprocess.run([f"{prefix}gcc", *FLAGS, *flags, "-c", source, "-o", compiled], check=True)
        listing = subprocess.run(
            [f"{prefix}nm", compiled], capture_output=True, text=True, check=True
        ).stdout
        for kind, name in (line.split()[-2:] for line in listing.splitlines()):
            (needed if kind == "U" else defined).add(name)
            assert kind not in "dDbBcC", f"{source.name} keeps {name}"
    assert "tflite_load" in defined
    assert needed - defined <= LENT
