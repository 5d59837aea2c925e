"""How large the native modules are that stock MicroPython imports."""

import os
import subprocess
import sys
from pathlib import Path

from result import Result

FIRMWARE = Path(__file__).resolve().parents[1] / "firmware"


def measure(folder: Path) -> list[Result]:
    """Bytes of latentcore.mpy."""
    environment = os.environ | {
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
    }
    goals = {"armv7emdp": 40_960, "x64": None}
    results = []
    for architecture, goal in goals.items():
        command = [sys.executable, "-m", "platformio", "run", "--silent", "-e", architecture]
        subprocess.run(command, cwd=FIRMWARE, env=environment, check=True)
        size = (FIRMWARE / "build" / architecture / "latentcore.mpy").stat().st_size
        results.append(Result(f"mpy.{architecture}", size, "bytes", None, goal))
    return results
