"""Instructions and memory of decoding and of a clock edge, on the emulated Cortex-M7.

Counted by firmware/bench/measure.c, exactly and the same every time; instructions, not cycles (the
emulator knows no cache, no dual issue, no flash wait states). The networks have random weights and
let about a quarter of the cells sound (human drumming: a tenth); the counts are the most
of 16 latents. Everything is compiled with -Os here, the slowest that the .mpy could be.

peers.py counts the same networks beside other readers of model files, on this computer's processor.
"""

import os
import subprocess
import sys
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "firmware"
EMULATOR = ["qemu-system-arm", "-M", "mps2-an500", "-nographic", "-monitor", "none"]
EMULATOR += ["-semihosting-config", "enable=on,target=native", "-icount", "shift=10", "-kernel"]

SPARSE = 2.0
PRECISIONS = {"f32": "float32", "f16": "float16", "dynamic": "dynamic", "int8": "int8"}

# figure: goal
FIGURES = {
    "drum_f32.pattern": 66_000,
    "drum_f32.step": 24_000,
    # Hits, velocity and timing: beside the hits' network one of 5-64-128 and two last layers of
    # 192, of which only the cells that sound are computed.
    "drum_f32.feel_pattern": 160_000,
    "drum_f16.pattern": None,  # its goal hangs on drum_f32
    "drum_dynamic.pattern": None,
    "drum_int8.pattern": 72_000,
    "note_f32.pattern": 640_000,
    "note_f32.step": None,
    "note_int8.pattern": 700_000,
    # With nothing of it on, and with all of it.
    "clock_edge": 350,
    "clock_edge_performed": 900,
    "clock_edge_performed_median": None,
}
# An edge of five gates and three levels on a bus that never waits. When each level borrowed the bus
# by itself it took 1,221; before tracks had ways of their own, 1,024.
DAC_EDGE_GOAL = 1_100
# Of before there were hits off their edge: those of the four tracks that wait take 512 bytes, what
# each step knows of its triggers the rest, and the positions of models with a partner 432 more.
RAM_GOAL = 8_192
# Out of reach: a float16 weight costs at least a conversion and a multiply-add, and the 33,480 of
# them alone (66,960 instructions) are more than 1.25 x float32 leaves when the pattern is built.
F16_TO_F32 = 1.25


def write_models(folder: Path) -> list[str]:
    """The networks of the table in every number type; the lines of the program's job list."""
    sys.path.insert(0, str(ROOT / "tests" / "firmware"))
    from tflite_models import FeelShape, Shape, export, export_feel, with_feel

    from latentrack.decoder.metadata import DecoderInfo, attach_info

    networks = {
        "drum": (
            Shape((3, 66, 129, 192), ("relu", "relu")),
            DecoderInfo("perdec", 16, 12, 3, (1, 1, 6, 2, 2)),
        ),
        "note": (
            Shape((3, 214, 427, 640), ("relu", "relu")),
            DecoderInfo("seqdec", 16, 40, 3),
        ),
    }
    jobs = []
    for network, (shape, info) in networks.items():
        for short, precision in PRECISIONS.items():
            name = f"{network}_{short}"
            (folder / f"{name}.tflite").write_bytes(
                attach_info(export(shape, precision, seed=1, sparse=SPARSE), info)
            )
            jobs.append(f"{name} {name}.tflite")
    shape = FeelShape(3, 2, (66, 129), (64, 128), 192)
    feel = attach_info(export_feel(shape, "float32", seed=1, sparse=SPARSE), networks["drum"][1])
    (folder / "feel_f32.tflite").write_bytes(with_feel(feel, bytes([1, shape.feel])))
    return [*jobs, "feel_f32 feel_f32.tflite"]


def build() -> Path:
    """The measuring program, by PlatformIO."""
    environment = os.environ | {
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
    }
    command = [sys.executable, "-m", "platformio", "run", "--silent", "-e", "measure_m7"]
    subprocess.run(command, cwd=FIRMWARE, env=environment, check=True)
    folder = environment.get("PLATFORMIO_BUILD_DIR", FIRMWARE / ".pio" / "build")
    return Path(folder) / "measure_m7" / "program.elf"


def measure(folder: Path) -> list[Result]:
    """The rows of the table that are measured on the emulated board."""
    (folder / "jobs.txt").write_text("\n".join(write_models(folder)))
    program = [*EMULATOR, str(build())]
    output = subprocess.run(
        program, cwd=folder, capture_output=True, text=True, timeout=600, check=True
    ).stdout
    found = {name: int(value) for name, value in (line.split() for line in output.splitlines())}
    found["drum_f32.feel_pattern"] = found["feel_f32.pattern"]
    results = []
    for figure, goal in FIGURES.items():
        if figure == "drum_f16.pattern":
            goal = round(F16_TO_F32 * found["drum_f32.pattern"])
        results.append(Result(f"m7.{figure}", found[figure], "instructions", None, goal))
    dac_edge = found["dac_edge"]
    results.append(
        Result("silicon.dac_edge_instructions", dac_edge, "instructions", None, DAC_EDGE_GOAL)
    )
    # Everything but the file and two patterns: the rack with its four tracks and all outputs'
    # state, the decoder, workspaces, cut-offs, the third pattern.
    results.append(Result("ram.note_f32", found["note_f32.ram"], "bytes", None, RAM_GOAL))
    return results
