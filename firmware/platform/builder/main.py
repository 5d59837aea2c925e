"""Builds a program with the compiler that the board's file names.

A board's `build` part says everything: `toolchain` (a prefix such as arm-none-eabi-), `flags` for
compiling and linking, `link_flags`, `libs`, `startup` (a folder of this platform with start-up
code and `link.ld`) and `suffix`. A board whose `script` names a file of this folder is built by
that file instead, with the compiler set up as here.
"""

from pathlib import Path

from SCons.Script import AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
platform = Path(env.PioPlatform().get_dir())
toolchain = board.get("build.toolchain")

env.Replace(
    CC=f"{toolchain}gcc",
    CXX=f"{toolchain}g++",
    AR=f"{toolchain}gcc-ar",
    AS=f"{toolchain}gcc",
    LINK=f"{toolchain}gcc",
    RANLIB=f"{toolchain}gcc-ranlib",
    ARFLAGS=["rc"],
    PROGSUFFIX=board.get("build.suffix"),
)
env.Append(
    CFLAGS=["-std=gnu11"],
    CCFLAGS=board.get("build.flags"),
    LINKFLAGS=board.get("build.flags") + board.get("build.link_flags"),
    LIBS=board.get("build.libs"),
)

script = board.get("build.script", "")
if script:
    env.SConscript(str(platform / "builder" / script), exports="env")
else:
    startup = board.get("build.startup")
    if startup:
        env.Append(LINKFLAGS=["-T", str(platform / startup / "link.ld")])
        env.Append(
            PIOBUILDFILES=env.CollectBuildFiles(
                str(Path("$BUILD_DIR") / startup), str(platform / startup)
            )
        )
    program = env.BuildProgram()
    AlwaysBuild(env.Alias("upload", program, []))
    Default([program])
