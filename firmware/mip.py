"""Makes a folder that `mpremote mip install` takes from any web server: package.json, the device
code, and latentcore.mpy for one architecture.

    python firmware/mip.py armv7emdp dist/mip
    mpremote mip install --target /flash http://<server>/mip/package.json

The target must be said, for main.py belongs into the root of the flash, and mip's own choice is the
folder lib. After a reset the module plays.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parent
DEVICE = FIRMWARE.parent / "device"


def make(architecture: str, folder: Path) -> None:
    """Writes `folder` anew; it may only hold what an earlier call has left there."""
    native = FIRMWARE / "build" / architecture / "latentcore.mpy"
    if not native.is_file():
        sys.exit(f"{native.name} for {architecture} is not built; run `make {architecture}` first")
    if folder.exists() and any(folder.iterdir()) and not (folder / "package.json").is_file():
        sys.exit(f"{folder} holds something else; name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    code = {file.relative_to(DEVICE).as_posix(): file for file in sorted(DEVICE.rglob("*.py"))}
    # main.py last: a module whose installation broke off does not start half of it.
    main = code.pop("main.py")
    files = {native.name: native, **code, "main.py": main}
    for name, file in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    package = {"version": version(), "urls": [[name, name] for name in files], "deps": []}
    (folder / "package.json").write_text(json.dumps(package, indent=1) + "\n")


def version() -> str:
    """The version of the device code, as it says itself."""
    text = (DEVICE / "latentrack" / "__init__.py").read_text()
    said = re.search(r'^__version__ = "(.+)"$', text, re.M)
    assert said is not None
    return said[1]


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python firmware/mip.py ARCHITECTURE FOLDER")
    make(sys.argv[1], Path(sys.argv[2]))
