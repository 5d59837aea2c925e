"""Builds what a module in a web page needs: python firmware/web/build.py FOLDER

    latentcore.wasm               the C code and the model of the chip, by Debian's clang and lld
    micropython.mjs, .wasm        MicroPython, from its npm package
    runtime.mjs, rom/*.py          what puts both together

A file is built again only if a source of it is newer. Exits with one sentence where a
program is missing or the package cannot be had.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[1]
HERE = FIRMWARE / "web"
STOCK_ROM = FIRMWARE.parent / "host" / "latentrack" / "virtual" / "rom"
STOCK_FILES = ("machine.py", "flash.py", "stock.py")
PACKAGE = "@micropython/micropython-webassembly-pyscript"
VERSION = "1.27.0"
# The package gives no way to set this hook of Emscripten's; with it the page says where the
# program comes from, and gets hold of its memory.
MODULE = "let Module={"
HOOK = "instantiateWasm:options?.instantiateWasm,"

# Clang makes code that can lie anywhere in memory for this target only. No C library is used.
FLAGS = ["--target=wasm32-unknown-emscripten", "-std=gnu11", "-ffreestanding", "-fPIC"]
FLAGS += ["-fvisibility=hidden", "-msimd128", "-Wall", "-Wextra", "-Werror"]
# Numbers are prepared in place (lib/tflite/dense.c): int16 over floats that have been read. Clang
# would take the two for different memory, and write first.
FLAGS += ["-fno-strict-aliasing", "-DLATENTRACK_VIRTUAL"]
# The innermost loops are fast; everywhere else small beats fast, as in the .mpy.
FAST = {"dot.c", "dense.c"}
# Plain loops there must not become calls of themselves.
PLAIN = ["-fno-builtin", "-Wno-unknown-attributes"]
INCLUDES = [HERE, HERE / "include", FIRMWARE / "virtual", FIRMWARE / "chip", FIRMWARE / "mpy"]
INCLUDES += [FIRMWARE / "lib" / name for name in ("tflite", "sequence", "outputs")]


def main() -> None:
    """Build into the folder that the command line names."""
    folder = Path(sys.argv[1])
    (folder / "rom").mkdir(parents=True, exist_ok=True)
    sources = [*sorted((FIRMWARE / "lib").glob("*/*.c")), *sorted((FIRMWARE / "chip").glob("*.c"))]
    sources += [*sorted(HERE.glob("*.c")), FIRMWARE / "mpy" / "latentcore.c"]
    sources.append(FIRMWARE / "mpy" / "freestanding.c")
    headers = [header for include in INCLUDES for header in include.glob("*.h")]
    wasm = folder / "latentcore.wasm"
    if is_older(wasm, [*sources, *headers, FIRMWARE / "chip" / "rt1062.def", Path(__file__)]):
        link(sources, wasm)
    if is_older(folder / "micropython.mjs", [Path(__file__)]):
        fetch_micropython(folder)
    for source in (HERE / "runtime.mjs", *(HERE / "rom").glob("*.py")):
        copy(source, folder / source.relative_to(HERE))
    for name in STOCK_FILES:
        copy(STOCK_ROM / name, folder / "rom" / name)


def copy(source: Path, target: Path) -> None:
    """Copy a file if it differs: another process may be reading the copy."""
    if not target.is_file() or target.read_bytes() != source.read_bytes():
        shutil.copyfile(source, target)


def is_older(target: Path, sources: list[Path]) -> bool:
    """Whether a file is missing, or older than one of those it is made of."""
    if not target.is_file():
        return True
    made = target.stat().st_mtime
    return any(source.stat().st_mtime > made for source in sources)


def link(sources: list[Path], wasm: Path) -> None:
    """Compile the sources, and link them as a shared library of WebAssembly."""
    includes = [f"-I{include}" for include in INCLUDES]
    with tempfile.TemporaryDirectory() as scratch:
        objects = []
        for source in sources:
            made = Path(scratch) / f"{len(objects)}.o"
            speed = ["-O3"] if source.name in FAST else ["-Os"]
            plain = PLAIN if source.name == "freestanding.c" else []
            run("clang", *FLAGS, *speed, *plain, *includes, "-c", source, "-o", made)
            objects.append(made)
        linked = Path(scratch) / wasm.name
        options = ["-shared", "--experimental-pic", "--no-entry", "--gc-sections", "--strip-all"]
        run("wasm-ld", *options, "-o", linked, *objects)
        shutil.copyfile(linked, wasm)


def fetch_micropython(folder: Path) -> None:
    """Fetch MicroPython's npm package by its name, and put in the hook."""
    with tempfile.TemporaryDirectory() as scratch:
        run(
            "npm", "pack", "--loglevel=error", "--pack-destination", scratch, f"{PACKAGE}@{VERSION}"
        )
        package = next(Path(scratch).glob("*.tgz"))
        with tarfile.open(package) as files:
            names = ("micropython.mjs", "micropython.wasm")
            program, wasm = (files.extractfile(f"package/{name}") for name in names)
            assert program is not None and wasm is not None
            text = program.read().decode()
            if text.count(MODULE) != 1:
                sys.exit(f"{PACKAGE} {VERSION} has another program than this file knows.")
            (folder / "micropython.wasm").write_bytes(wasm.read())
            (folder / "micropython.mjs").write_text(text.replace(MODULE, MODULE + HOOK))


def run(program: str, *arguments: str | Path) -> None:
    """Run a program, silently; exits with what it says if it fails."""
    if shutil.which(program) is None:
        sys.exit(f"{program} is missing: apt install clang lld nodejs npm")
    done = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=HERE
    )
    if done.returncode:
        sys.exit(f"{program} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
