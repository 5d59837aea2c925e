"""What pyproject.toml cannot say: the wheel carries what goes onto a module.

Device code and built firmware lie outside of host/, for they are no part of the Python package; a
wheel has them in latentrack/carried/ (host/latentrack/assets.py finds them in either place):

    carried/device/                    device/, as it is
    carried/firmware/<architecture>/   the .mpy files of firmware/build/<architecture>/
    carried/firmware/chip/             the table of the chip's addresses and pins
    carried/firmware/web/              what `make web` builds, if it has been built

The factory models lie in the package itself, where `make factory` builds them; a wheel without them
is one that was packed by hand, and says so when they are asked for.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "firmware" / "build"
# Of firmware/build/web: what the page of `latentrack web` is made of.
WEB = ("latentcore.wasm", "micropython.wasm", "page/*.js", "rom/*.py")
BUILT = {"x64": ("latentcore.mpy", "virtualboard.mpy"), "armv7emdp": ("latentcore.mpy",)}


def carried() -> dict[str, Path]:
    """What the wheel carries: its path under latentrack/carried, and the file here."""
    files = {
        f"firmware/{architecture}/{name}": BUILD / architecture / name
        for architecture, names in BUILT.items()
        for name in names
    }
    for file in files.values():
        if not file.is_file():
            raise SystemExit(
                f"latentrack cannot be packed: {file.relative_to(ROOT)} is not built; "
                "`make wheel` builds the firmware first (an editable install does not need it)"
            )
    files["firmware/chip/rt1062.def"] = ROOT / "firmware" / "chip" / "rt1062.def"
    for pattern in WEB:
        for file in sorted((BUILD / "web").glob(pattern)):
            files[f"firmware/web/{file.relative_to(BUILD / 'web').as_posix()}"] = file
    device = ROOT / "device"
    return files | {
        f"device/{file.relative_to(device).as_posix()}": file for file in device.rglob("*.py")
    }


class BuildWithDevice(build_py):
    """An editable install goes without: there, everything is found in the checkout."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for name, file in carried().items():
                target = Path(self.build_lib) / "latentrack" / "carried" / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)


class SourcesWithDevice(sdist):
    """Sources and the built firmware (see MANIFEST.in), so that no compiler is needed either."""

    def run(self) -> None:
        carried()
        super().run()


# Nothing that an earlier build left behind may get into a wheel: neither its files nor its list.
(ROOT / "host" / "latentrack.egg-info" / "SOURCES.txt").unlink(missing_ok=True)
scratch = tempfile.mkdtemp(prefix="latentrack-build-")
atexit.register(shutil.rmtree, scratch, ignore_errors=True)

setup(
    cmdclass={"build_py": BuildWithDevice, "sdist": SourcesWithDevice},
    options={"build": {"build_base": scratch}},
)
