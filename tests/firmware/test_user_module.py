"""latentcore as a user C module: for those who build their own firmware.

MicroPython's source is in no registry, so this compiles the same sources against stand-ins for its
headers (firmware_headers/), with all warnings as errors, and looks for the names that MicroPython's
build would find. It shows that the module is whole, not that a firmware with it runs.
"""

from __future__ import annotations

import re
import subprocess

from tests.conftest import ROOT

FIRMWARE = ROOT / "firmware"
LIBS = [FIRMWARE / "lib" / name for name in ("tflite", "sequence", "outputs")]


def compiler(*arguments: object) -> str:
    done = subprocess.run(
        [
            "gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-DLATENTCORE_IN_FIRMWARE",
            f"-I{FIRMWARE / 'mpy'}", *(f"-I{lib}" for lib in LIBS),
            f"-I{ROOT / 'tests' / 'firmware' / 'firmware_headers'}", *map(str, arguments),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_compiles_and_exports_what_the_mpy_exports(tmp_path):
    source = FIRMWARE / "mpy" / "latentcore.c"
    preprocessed = compiler("-E", source)
    names = set(re.findall(r"\bMP_QSTR_(\w+)", preprocessed))
    numbered = "\n".join(f"#define MP_QSTR_{name} {i}" for i, name in enumerate(sorted(names), 1))
    (tmp_path / "names.h").write_text(numbered)
    compiler("-include", tmp_path / "names.h", "-c", source, "-o", tmp_path / "latentcore.o")

    in_mpy = set(re.findall(r"\bX\((\w+)[,)]", source.read_text()))
    functions = {name for name in in_mpy if name.islower()}
    constants = {name for name in in_mpy if name.isupper()}
    assert len(functions) > 15 and len(constants) == 11
    assert names == functions | constants | {"latentcore", "__name__", "__init__"}


def test_the_build_files_name_every_source():
    """Both take whole folders; what they name must be there."""
    for name in ("micropython.mk", "micropython.cmake"):
        text = (FIRMWARE / "mpy" / name).read_text()
        for lib in LIBS:
            assert f"{lib.name}/*.c" in text
            assert list(lib.glob("*.c"))
        assert "LATENTCORE_IN_FIRMWARE" in text and "latentcore.c" in text
