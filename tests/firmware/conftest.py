"""What the firmware's tests share: the C compiled once, and models."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from tests.firmware import tflite_models
from tests.firmware.tflite_c import ROOT, compile_library, load_library
from tests.workers import folder_of_all, made_once

FIRMWARE = ROOT / "firmware"
EMULATOR = ["qemu-system-arm", "-M", "mps2-an500", "-nographic", "-monitor", "none"]
EMULATOR += ["-semihosting-config", "enable=on,target=native", "-icount", "shift=10", "-kernel"]


@pytest.fixture(scope="session")
def tflite_c(tmp_path_factory: pytest.TempPathFactory):
    """lib/tflite for this computer, as a ctypes library (tflite_c.Decoder wraps it)."""
    return load_library(made_once(tmp_path_factory, "tflite", compile_library))


@pytest.fixture(scope="session")
def exported(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[tflite_models.Shape | tflite_models.FeelShape, str], bytes]:
    """A model of a shape and a number type, made by TensorFlow the first time it is asked for."""

    def export(shape: tflite_models.Shape | tflite_models.FeelShape, precision: str) -> bytes:
        def make(folder: Path) -> None:
            feel = isinstance(shape, tflite_models.FeelShape)
            write = tflite_models.export_feel if feel else tflite_models.export
            model = write(shape, precision, seed=len(shape.name))
            (folder / "made.tflite").write_bytes(model)

        name = f"{precision}-{shape.name}".replace("/", "-")
        return (made_once(tmp_path_factory, name, make) / "made.tflite").read_bytes()

    return cache(export)


@pytest.fixture(scope="session")
def small_models() -> dict[str, bytes]:
    """The models of firmware/fuzz/seeds.py, which are there to be broken."""
    sys.path.insert(0, str(FIRMWARE / "fuzz"))
    from seeds import small_models

    return small_models()


@pytest.fixture(scope="session")
def pio(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess]:
    """Runs PlatformIO in firmware/ with a build folder of this run's own, one at a time.

    `build_folder` is that; who else builds there must hold `lock`. Skips where a compiler or the
    emulator is missing (`make test` installs them)."""
    for program in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(program) is None:
            pytest.skip(
                f"{program} is missing: apt install gcc-arm-none-eabi "
                "libnewlib-arm-none-eabi qemu-system-arm"
            )
    shared = folder_of_all(tmp_path_factory)
    lock = FileLock(shared / "pio.lock")
    environment = os.environ | {
        "PLATFORMIO_BUILD_DIR": str(shared / "pio"),
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "platformio", *arguments]
        with lock:
            return subprocess.run(
                command, cwd=FIRMWARE, env=environment, capture_output=True, text=True, timeout=1800
            )

    run.build_folder, run.lock = shared / "pio", lock
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
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return start
