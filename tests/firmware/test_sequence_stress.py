"""The exchange of patterns and latents between two threads, under ThreadSanitizer and bare."""

import subprocess
from pathlib import Path

import pytest

from tests.workers import all_cores

HERE = Path(__file__).resolve().parent
FIRMWARE = HERE.parents[1] / "firmware"


@pytest.mark.parametrize("sanitize, bars", [("thread", 2000), ("undefined", 20000)])
def test_nothing_is_torn_between_two_threads(tmp_path, sanitize, bars):
    target = tmp_path / "stress"
    lib, test = FIRMWARE / "lib", FIRMWARE / "test" / "test_sequence"
    sources = [HERE / "test_sequence_stress.c", test / "fake_tflite.c"]
    sources += sorted((lib / "sequence").glob("*.c"))
    sources.append(lib / "outputs" / "lpuart.c")
    includes = [f"-I{lib / name}" for name in ("sequence", "outputs", "tflite")]
    flags = ["-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", f"-fsanitize={sanitize}"]
    flags += ["-DREGISTERS_HOOKED", "-DLATENTRACK_HOST"]
    command = ["gcc", *flags, *includes, f"-I{test}", *map(str, sources), "-o", str(target)]
    subprocess.run([*command, "-lpthread"], check=True)
    # Two runs of chance are not equal: what must be equal is that nothing was wrong.
    with all_cores():
        result = subprocess.run([target, str(bars)], capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stdout + result.stderr[-4000:]
    assert result.stdout.endswith(" 0 wrong\n")
