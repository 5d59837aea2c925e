"""Builds native modules for stock MicroPython: compile, link with image.ld, pack.

`latentcore.mpy` for every architecture; `virtualboard.mpy`, the virtual module's hardware, only
where the virtual module runs. They go to build/<architecture>/, because PlatformIO empties its own
folder whenever platformio.ini changes.
"""

import sys
from pathlib import Path

Import("env")  # noqa: F821 (SCons puts Import into every script)

firmware = Path(env.subst("$PROJECT_DIR"))  # noqa: F821
mpy = firmware / "mpy"
architecture = env.BoardConfig().get("build.mcu")  # noqa: F821
build = firmware / "build" / architecture
# On a computer registers are those of a model of the chip (lib/outputs/registers.h).
defines = ["LATENTRACK_VIRTUAL"] if architecture == "x64" else []
rooms = [firmware / "lib" / name for name in ("tflite", "sequence", "outputs")]

env.Append(  # noqa: F821
    CPPPATH=[str(path) for path in (*rooms, mpy, firmware / "chip")],
    CPPDEFINES=defines,
    # One image, entered at its start: nothing is exported but the entry, and what nobody calls
    # stays out.
    CCFLAGS=[
        "-ffreestanding",
        "-fpic",
        "-fvisibility=hidden",
        "-ffunction-sections",
        "-fdata-sections",
        "-fno-math-errno",
        "-fno-asynchronous-unwind-tables",
        # Optimising across files saves 450 bytes on the Teensy.
        "-flto",
        "-Wall",
        "-Wextra",
        "-Werror",
    ],
    LINKFLAGS=[
        "-nostdlib",
        "-shared",
        "-T",
        str(mpy / "image.ld"),
        "-Wl,-Bsymbolic,--gc-sections,--hash-style=sysv,--build-id=none,--no-warn-rwx-segments",
    ],
)


# The innermost loops are fast; everywhere else small beats fast (benchmarks/ measures it built so).
FAST = {"dot.c"}
# Besides -Os: what gcc still does for speed costs 700 bytes on the Teensy.
SMALL = ["-Os", "-fno-ipa-cp", "-fno-section-anchors", "-fno-guess-branch-probability"]
SMALL += ["-fno-move-loop-invariants", "-fno-tree-dominator-opts"]


def compiled(name, source):
    """The object file of one source of the module `name`."""
    target = Path("$BUILD_DIR") / name / source.relative_to(firmware).with_suffix(".o")
    flags = [] if source.name in FAST else SMALL
    return env.Object(str(target), str(source), CCFLAGS=env["CCFLAGS"] + flags)  # noqa: F821


def module(name, sources):
    """Adds the targets name.so and name.mpy."""
    objects = [compiled(name, source) for source in sources]
    linked = env.Program(f"$BUILD_DIR/{name}.so", objects)  # noqa: F821
    env.Depends(linked, str(mpy / "image.ld"))  # noqa: F821
    packed = env.Command(  # noqa: F821
        str(build / f"{name}.mpy"),
        linked,
        env.VerboseAction(  # noqa: F821
            f'"{sys.executable}" "{mpy / "pack.py"}" $SOURCE $TARGET', "Packing $TARGET"
        ),
    )
    env.Depends(packed, str(mpy / "pack.py"))  # noqa: F821
    env.Default(packed)  # noqa: F821


libraries = [source for room in rooms for source in sorted(room.glob("*.c"))]
freestanding = mpy / "freestanding.c"
module("latentcore", [mpy / "latentcore.c", freestanding, *libraries])
if architecture == "x64":
    board = firmware / "virtual" / "virtualboard.c"
    module("virtualboard", [board, freestanding, *sorted((firmware / "chip").glob("*.c"))])
