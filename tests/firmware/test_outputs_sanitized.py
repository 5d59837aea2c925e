"""The outputs and the sequencer under gcc's sanitizers, on this computer.

PlatformIO runs the same C tests bare, here and on the emulated Cortex-M7.
"""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
FIRMWARE = HERE.parents[1] / "firmware"
LIB, TEST = FIRMWARE / "lib", FIRMWARE / "test"
SEQUENCE = sorted((LIB / "sequence").glob("*.c"))
SUITES = {
    # The outputs' test holds the sources that touch registers itself.
    "test_outputs": [LIB / "outputs" / "channel.c"],
    "test_sequence": [LIB / "outputs" / "channel.c", *SEQUENCE],
}


def build_and_run(target: Path, sources: list[Path], sanitize: str, *arguments: str) -> str:
    flags = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", f"-fsanitize={sanitize}"]
    includes = [f"-I{LIB / name}" for name in ("sequence", "outputs", "tflite")]
    command = ["gcc", *flags, "-fno-sanitize-recover=all", f"-I{TEST}", *includes]
    command += [*map(str, sources), "-o", str(target), "-lpthread", "-lm"]
    subprocess.run(command, check=True)
    result = subprocess.run([target, *arguments], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr[-4000:]
    return result.stdout


@pytest.mark.parametrize("suite", SUITES)
def test_c_tests_pass_under_sanitizers(tmp_path, suite):
    sources = [*sorted((TEST / suite).glob("*.c")), *SUITES[suite]]
    out = build_and_run(tmp_path / suite, sources, "address,undefined")
    assert " 0 Failures" in out and ":PASS" in out


def test_the_channel_keeps_its_order_between_two_threads(tmp_path):
    sources = [HERE / "test_outputs_channel.c", LIB / "outputs" / "channel.c"]
    out = build_and_run(tmp_path / "channel", sources, "thread", "50000")
    assert out.endswith(" 0 wrong\n")
