"""Instructions of one decode beside TensorFlow's own readers of model files, on this processor.

firmware/bench/count_x64.py decodes with each reader under valgrind, which counts. Ours is compiled
as in the .mpy for x64. The models are those of decoder.py.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from decoder import write_models
from result import Result

FIRMWARE = Path(__file__).resolve().parents[1] / "firmware"
MODELS = ("drum_f32", "drum_int8", "note_f32", "note_int8")
REPORT = re.compile(r"^desc: Trigger: Client Request: (\w+)$.*?^totals: (\d+)$", re.M | re.S)


def measure(folder: Path) -> list[Result]:
    """The rows of the table about peers: ours beside tflite-micro, and beside LiteRT."""
    if shutil.which("valgrind") is None:
        print("peers: not measured, for valgrind is missing (apt install valgrind)")
        return []
    write_models(folder)
    library = compile_counted(folder)
    ours, micro, litert = (
        count(folder, library, reader) for reader in ("ours", "tflite_micro", "litert")
    )
    return [
        Result(f"x64.{model}.decode{beside}", ours[model], "instructions", peer[model])
        for model in MODELS
        for beside, peer in (("", micro), ("_litert", litert))
    ]


def compile_counted(folder: Path) -> Path:
    """The decoder with what tells valgrind where to count, compiled as for the .mpy: the inner
    loops fast, the rest small."""
    library, objects = folder / "counted.so", []
    for source in [*(FIRMWARE / "lib" / "tflite").glob("*.c"), FIRMWARE / "bench" / "counted.c"]:
        objects.append(folder / f"{source.stem}.o")
        level = "-O2" if source.name == "dot.c" else "-Os"
        command = ["gcc", "-std=gnu11", level, "-fPIC", f"-I{FIRMWARE / 'lib' / 'tflite'}"]
        subprocess.run([*command, "-c", source, "-o", objects[-1]], check=True)
    subprocess.run(["gcc", "-shared", *objects, "-o", library], check=True)
    return library


def count(folder: Path, library: Path, reader: str) -> dict[str, float]:
    """Instructions of one decode by model. A reader's own Python call is some 0.1 % of them."""
    sys.path.insert(0, str(FIRMWARE / "bench"))
    from count_x64 import TIMES

    reports = folder / f"{reader}.counts"
    command = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no"]
    command += [f"--callgrind-out-file={reports}", sys.executable]
    command += [str(FIRMWARE / "bench" / "count_x64.py"), str(library), reader]
    command += [str(folder / f"{model}.tflite") for model in MODELS]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    text = "\n".join(path.read_text() for path in sorted(folder.glob(f"{reader}.counts*")))
    return {model: int(total) / TIMES for model, total in REPORT.findall(text)}
