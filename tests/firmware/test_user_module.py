"""latentcore as a user C module: for those who build their own firmware.

MicroPython's source is in no registry, so this compiles the same sources against stand-ins for its
headers (firmware_headers/), with all warnings as errors, and looks for the names that MicroPython's
build would find. It shows that the module is whole and needs nothing that a processor's firmware
lacks, not that a firmware with it runs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

FIRMWARE = ROOT / "firmware"
LIBS = [FIRMWARE / "lib" / name for name in ("tflite", "sequence", "outputs")]
SOURCE = FIRMWARE / "mpy" / "latentcore.c"
FLAGS = ["-std=gnu11", "-Os", "-Wall", "-Wextra", "-Werror", "-DLATENTCORE_IN_FIRMWARE"]
FLAGS += [f"-I{FIRMWARE / 'mpy'}", *(f"-I{lib}" for lib in LIBS)]
FLAGS += [f"-I{ROOT / 'tests' / 'firmware' / 'firmware_headers'}"]
CORTEX_M = {
    "m0plus": ["-mcpu=cortex-m0plus"],
    "m23": ["-mcpu=cortex-m23"],
    "m3": ["-mcpu=cortex-m3"],
    "m33": ["-mcpu=cortex-m33"],
    "m7": ["-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard"],
}
# What every MicroPython firmware brings along: its own API, and these of the C library.
C_LIBRARY = {"memcpy", "memmove", "memset", "memcmp"}


def run(compiler: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is missing: apt install gcc-arm-none-eabi")
    command = [compiler, *FLAGS, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def compile(compiler: str, *arguments: object) -> str:
    done = run(compiler, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def names_header(folder: Path) -> Path:
    """Numbers for all names of the module, as MicroPython's build makes them."""
    names = exported_names()
    numbered = "\n".join(f"#define MP_QSTR_{name} {i}" for i, name in enumerate(sorted(names), 1))
    (folder / "names.h").write_text(numbered)
    return folder / "names.h"


def exported_names() -> set[str]:
    preprocessed = compile("gcc", "-DLATENTRACK_HOST", "-E", SOURCE)
    return set(re.findall(r"\bMP_QSTR_(\w+)", preprocessed))


def symbols(prefix: str, *files: object) -> tuple[set[str], set[str]]:
    """The names that object files or archives define, and those that they need."""
    command = [f"{prefix}nm", *map(str, files)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    entries = [line.split()[-2:] for line in listing.splitlines() if len(line.split()) > 1]
    needed = {name for kind, name in entries if kind == "U"}
    return {name for kind, name in entries if kind in "TtWwDdBbRr"}, needed


def test_compiles_and_exports_what_the_mpy_exports(tmp_path):
    names = exported_names()
    target = tmp_path / "latentcore.o"
    names_h = names_header(tmp_path)
    compile("gcc", "-DLATENTRACK_HOST", "-include", names_h, "-c", SOURCE, "-o", target)

    # What the .mpy looks up (its GLOBALS) is not a name that it exports.
    lists = re.findall(r"#define (?:FUNCTIONS|CONSTANTS)\(X\)(?:.*\\\n)*.*", SOURCE.read_text())
    in_mpy = set(re.findall(r"\bX\((\w+)[,)]", "".join(lists)))
    functions = {name for name in in_mpy if name.islower()}
    constants = {name for name in in_mpy if name.isupper()}
    assert len(functions) > 15 and len(constants) == 28
    assert names == functions | constants | {"latentcore", "__name__", "__init__"}


@pytest.mark.parametrize("processor", CORTEX_M)
def test_needs_nothing_that_firmware_for_a_cortex_m_lacks(processor, tmp_path):
    """On a Cortex-M0+ there are no atomic exchanges and no 64-bit multiplications in hardware:
    libgcc has the latter, and nothing has the former."""
    flags = ["-mthumb", *CORTEX_M[processor]]
    names_h = names_header(tmp_path)
    objects = []
    for source in [SOURCE, *(path for lib in LIBS for path in sorted(lib.glob("*.c")))]:
        objects.append(tmp_path / f"{source.parent.name}_{source.stem}.o")
        compile(
            "arm-none-eabi-gcc", *flags, "-include", names_h, "-c", source, "-o", objects[-1]
        )  # fmt: skip
    defined, needed = symbols("arm-none-eabi-", *objects)
    libgcc, _ = symbols(
        "arm-none-eabi-", compile("arm-none-eabi-gcc", *flags, "-print-libgcc-file-name").strip()
    )
    assert "__aeabi_lmul" in libgcc or processor != "m0plus"
    missing = needed - defined - libgcc - C_LIBRARY
    assert {name for name in missing if not name.startswith("mp_")} == set()


def masks(*flags: str) -> str:
    """The instructions of a masked stretch."""
    code = '#include "interrupts.h"\nvoid f(void) { interrupts_restore(interrupts_mask()); }'
    command = ["arm-none-eabi-gcc", *FLAGS, "-mthumb", *flags, "-xc", "-", "-S", "-o", "-"]
    done = subprocess.run(command, input=code, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else done.stderr


@pytest.mark.parametrize("processor", CORTEX_M)
def test_interrupts_are_masked_on_every_cortex_m(processor):
    code = re.sub(r"\s+", " ", masks(*CORTEX_M[processor])).lower()
    assert re.search(r"mrs (\w+), primask .*cpsid i .*msr primask, \1", code)


@pytest.mark.parametrize(
    "compiler, flags",
    [("arm-none-eabi-gcc", ["-mcpu=cortex-a7"]), ("gcc", [])],
    ids=["Cortex-A7", "this computer"],
)
def test_a_processor_whose_interrupts_would_not_be_masked_is_refused(compiler, flags, tmp_path):
    (tmp_path / "a.c").write_text('#include "interrupts.h"\nint a;\n')
    done = run(compiler, *flags, "-c", tmp_path / "a.c", "-o", tmp_path / "a.o")
    assert done.returncode != 0
    assert "interrupts are masked on a Cortex-M only" in done.stderr


def test_the_build_files_name_every_source():
    """Both take whole folders; what they name must be there."""
    for name in ("micropython.mk", "micropython.cmake"):
        text = (FIRMWARE / "mpy" / name).read_text()
        for lib in LIBS:
            assert f"{lib.name}/*.c" in text
            assert list(lib.glob("*.c"))
        assert "LATENTCORE_IN_FIRMWARE" in text and "latentcore.c" in text
