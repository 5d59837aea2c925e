"""What the firmware's tests share: the C compiled once a session, models, and a place for figures.

`figures` collects lines that are worth reading even when all is well (how many gates were compared,
how many lay too near a threshold to count); they are printed below the test results.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.firmware import tflite_models
from tests.firmware.tflite_c import ROOT, compile_library

FIRMWARE = ROOT / "firmware"
EMULATOR = ["qemu-system-arm", "-M", "mps2-an500", "-nographic", "-monitor", "none"]
EMULATOR += ["-semihosting-config", "enable=on,target=native", "-icount", "shift=10", "-kernel"]

_figures: list[str] = []


@pytest.fixture(scope="session")
def figures() -> list[str]:
    """Append a line; it is printed at the end."""
    return _figures


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures."""
    if _figures:
        terminalreporter.section("figures")
        for line in _figures:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def tflite_c(tmp_path_factory: pytest.TempPathFactory):
    """lib/tflite for this computer, as a ctypes library (tflite_c.Decoder wraps it)."""
    return compile_library(tmp_path_factory.mktemp("tflite"))


@pytest.fixture(scope="session")
def exported() -> Callable[[tflite_models.Shape, str], bytes]:
    """A model of a shape and a number type, made by TensorFlow the first time it is asked for."""
    return cache(lambda shape, numbers: tflite_models.export(shape, numbers, seed=len(shape.name)))


@pytest.fixture(scope="session")
def pio(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess]:
    """Runs PlatformIO in firmware/ with a build folder of this session's own.

    Skips where a compiler or the emulator is missing (`make test` installs them)."""
    for program in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(program) is None:
            pytest.skip(
                f"{program} is missing: apt install gcc-arm-none-eabi "
                "libnewlib-arm-none-eabi qemu-system-arm"
            )
    environment = os.environ | {
        "PLATFORMIO_BUILD_DIR": str(tmp_path_factory.mktemp("pio")),
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "platformio", *arguments]
        return subprocess.run(
            command, cwd=FIRMWARE, env=environment, capture_output=True, text=True, timeout=600
        )

    run.build_folder = Path(environment["PLATFORMIO_BUILD_DIR"])
    return run


@pytest.fixture(scope="session")
def on_m7(pio) -> Callable[[str, Path], str]:
    """Starts one of firmware/bench's programs on the emulated Cortex-M7 in a folder; its output."""

    @cache
    def build(environment: str) -> Path:
        result = pio("run", "-e", environment)
        assert result.returncode == 0, result.stdout + result.stderr
        return pio.build_folder / environment / "program.elf"

    def start(environment: str, folder: Path) -> str:
        command = [*EMULATOR, str(build(environment))]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return start
