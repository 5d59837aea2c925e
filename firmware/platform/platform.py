"""The project's own PlatformIO platform: the compilers that the machine has, and no downloads.

PlatformIO wants SCons as a package from its registry. The same SCons comes from PyPI, so it is put
where PlatformIO looks for it, in the project's own core folder, before the first build asks.
"""

import json
from importlib.util import find_spec
from pathlib import Path

from platformio.dependencies import get_core_dependencies
from platformio.platform.base import PlatformBase

RUN_SCONS = """\
import sys

from SCons.Script.Main import main

sys.exit(main())
"""


def provide_scons(packages: Path) -> None:
    """Makes the folder `packages/tool-scons`, which starts the SCons of this Python."""
    folder = packages / "tool-scons"
    if (folder / ".piopm").exists():
        return
    if find_spec("SCons") is None:
        raise SystemExit("SCons is missing: pip install scons")
    version = get_core_dependencies()["tool-scons"].lstrip("~^=<> ")
    spec = {"owner": "platformio", "id": None, "name": "tool-scons"}
    spec |= {"requirements": None, "uri": None}
    about = {"name": "tool-scons", "version": version}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps(about))
    (folder / "scons.py").write_text(RUN_SCONS)
    # The mark that the package is whole comes last.
    (folder / ".piopm").write_text(json.dumps({"type": "tool", **about, "spec": spec}))


class LatentrackPlatform(PlatformBase):
    """Found by PlatformIO by its name; the builds themselves are in builder/main.py."""

    def __init__(self, manifest_path: str) -> None:
        super().__init__(manifest_path)
        provide_scons(Path(self.pm.package_dir))
