"""The outputs and the sequencer under gcc's sanitizers, on this computer.

PlatformIO runs the same C tests bare, here and on the emulated Cortex-M7.
"""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
FIRMWARE = HERE.parents[1] / "firmware"
LIB, TEST = FIRMWARE / "lib", FIRMWARE / "test"
# The suites hold the sources themselves that touch registers or trace steps.
SEQUENCE = sorted(set((LIB / "sequence").glob("*.c")) - {LIB / "sequence" / "rack.c"})
SEQUENCE.append(LIB / "outputs" / "lpuart.c")
SUITES = {
    "test_outputs": [],
    "test_sequence": SEQUENCE,
}


def build_and_run(target: Path, sources: list[Path], sanitize: str, *arguments: str) -> str:
    flags = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", f"-fsanitize={sanitize}"]
    flags += ["-DLATENTRACK_HOST"]
    includes = [f"-I{LIB / name}" for name in ("sequence", "outputs", "tflite")]
    command = ["gcc", *flags, "-fno-sanitize-recover=all", f"-I{TEST}", *includes]
    command += [*map(str, sources), "-o", str(target), "-lpthread", "-lm"]
    subprocess.run(command, check=True)
    result = subprocess.run([target, *arguments], capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stdout + result.stderr[-4000:]
    return result.stdout


@pytest.mark.parametrize("suite", SUITES)
def test_c_tests_pass_under_sanitizers(tmp_path, suite):
    sources = [*sorted((TEST / suite).glob("*.c")), *SUITES[suite]]
    out = build_and_run(tmp_path / suite, sources, "address,undefined")
    assert " 0 Failures" in out and ":PASS" in out
