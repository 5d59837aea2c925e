"""Fuzzes the decoder's loader, and load-decode-play, with libFuzzer, ASan and UBSan; then holds
models that are broken by meaning against LiteRT (wrong_models.py).

    python firmware/fuzz/run.py --seconds 60       each target for a minute
    python firmware/fuzz/run.py --runs 20000       each target so many times, always the same ones
    python firmware/fuzz/run.py --target models    only the models broken by meaning

The seeds are small real models of every number type, with metadata (seeds.py). What is found is
kept from run to run in firmware/.pio/fuzz; where a crash's input is, the last line says.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[1]
TARGETS = {
    "load_decode": ("tflite/*.c",),
    "load_play": ("tflite/*.c", "sequence/*.c", "outputs/lpuart.c"),
}
MODELS = "models"  # broken by meaning, in Python
LARGEST = 8192  # bytes of an input

SANITIZE = "-fsanitize=fuzzer,address,undefined,float-cast-overflow"
FLAGS = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-DLATENTRACK_HOST"]
FLAGS += [SANITIZE, "-fno-sanitize-recover=all"]


def build(target: str, folder: Path) -> Path:
    """Compiles one target with clang; returns the program."""
    libraries = FIRMWARE / "lib"
    sources = [FIRMWARE / "fuzz" / f"{target}.c"]
    for part in TARGETS[target]:
        sources += sorted(libraries.glob(part))
    includes = [f"-I{libraries / name}" for name in ("tflite", "sequence", "outputs")]
    program = folder / target
    subprocess.run(["clang", *FLAGS, *includes, *map(str, sources), "-o", program], check=True)
    return program


def write_seeds(folder: Path, models: dict[str, bytes]) -> None:
    """The models of seeds.py as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in models.items():
        (folder / f"{name}.tflite").write_bytes(model)


def fuzz(program: Path, seeds: Path, found: Path, *limits: str) -> subprocess.CompletedProcess:
    """Runs a target; found is its own folder of inputs that reached something new."""
    found.mkdir(parents=True, exist_ok=True)
    command = [program, found, seeds, f"-artifact_prefix={found.parent}/", "-timeout=10"]
    # A limit of all memory would count what the program that calls this takes: Linux hands the
    # largest size of a process on to those that it starts. Single allocations have a limit of 2 GB.
    command += [f"-max_len={LARGEST}", "-print_final_stats=1", "-rss_limit_mb=0"]
    command += ["-malloc_limit_mb=2048", *limits]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def break_models(models: dict[str, bytes], count: int, seed: int) -> None:
    """Breaks models by meaning; exits if one is taken for something else than LiteRT takes it."""
    import wrong_models

    with tempfile.TemporaryDirectory() as folder:
        found = wrong_models.count_wrong(models, Path(folder), count, seed)
    if found.wrong:
        print(*found.wrong, sep="\n")
        sys.exit(
            f"{MODELS}: {len(found.wrong)} of {count} are wrong; repeat it with --seed {seed} "
            "of firmware/fuzz/wrong_models.py"
        )
    print(
        f"{MODELS}: {found.models} models broken by meaning, {found.accepted} accepted, none wrong"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=int, help="how long each target runs")
    parser.add_argument("--runs", type=int, help="how many inputs each target gets")
    parser.add_argument("--target", choices=[*TARGETS, MODELS], help="only this one")
    parser.add_argument(
        "--models", type=int, default=20_000, help="how many models are broken by meaning"
    )
    chosen = parser.parse_args()
    targets = [chosen.target] if chosen.target else [*TARGETS, MODELS]
    if targets != [MODELS] and shutil.which("clang") is None:
        sys.exit("clang is missing: apt install clang libclang-rt-dev")
    limits = [f"-runs={chosen.runs}", "-seed=1"] if chosen.runs else []
    limits += [f"-max_total_time={chosen.seconds or 60}"] if not chosen.runs else []
    folder = FIRMWARE / ".pio" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(FIRMWARE / "fuzz"))
    from seeds import small_models

    models = small_models()
    write_seeds(folder / "seeds", models)
    for target in targets:
        if target == MODELS:
            break_models(models, chosen.models, 1 if chosen.runs else int(time.time()))
            continue
        result = fuzz(build(target, folder), folder / "seeds", folder / f"{target}_found", *limits)
        lines = result.stderr.splitlines()
        if result.returncode != 0:
            print(*lines[-60:], sep="\n")
            sys.exit(f"{target}: found a fault; the input is {folder}/crash-…")
        counts = [line for line in lines if "stat::number_of_executed_units" in line]
        print(f"{target}: {counts[0].split()[-1] if counts else 0} inputs, no fault")


if __name__ == "__main__":
    main()
