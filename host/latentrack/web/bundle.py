"""Bundle the page's scripts: python -m latentrack.web.bundle FOLDER (`make web`).

FOLDER is firmware/build/web, where firmware/web/build.py has put MicroPython and runtime.mjs. Three
scripts are made in FOLDER/page: page.js, worker.js and player.js, with Vue and esbuild from their
npm packages.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from latentrack.assets import CHECKOUT

HERE = Path(__file__).resolve().parent
RUNTIME = CHECKOUT / "firmware" / "web" / "runtime.mjs"
PACKAGES = ("esbuild@0.25.12", "vue@3.5.22")
SCRIPTS = {"page.js": "iife", "worker.js": "esm", "player.js": "iife"}
# Only under Node does MicroPython's program ask for these.
NODES_OWN = ("module", "path", "url", "fs", "crypto")
# A page that was opened from a folder may start plain scripts only, which have no import.meta.
_PLAIN = "import.meta.url=self.location.href"
_VUE = (
    "__VUE_OPTIONS_API__=true",
    "__VUE_PROD_DEVTOOLS__=false",
    "__VUE_PROD_HYDRATION_MISMATCH_DETAILS__=false",
    'process.env.NODE_ENV="production"',
)


def bundle(folder: Path) -> None:
    """Bundle the scripts into `folder`/page, if one of their sources is newer.

    Exits with one sentence where npm is missing or fails.
    """
    studio = HERE.parent / "studio"
    scripts = sorted(studio.glob("*/*.js"))  # which import each other by their plain names
    sources = [Path(__file__), *HERE.glob("*.*js"), RUNTIME, folder / "micropython.mjs", *scripts]
    newest = max(source.stat().st_mtime for source in sources)
    targets = [folder / "page" / name for name in SCRIPTS]
    if all(target.is_file() and target.stat().st_mtime >= newest for target in targets):
        return
    packages = folder / "npm"
    packages.mkdir(exist_ok=True)
    quiet = ("--loglevel=error", "--no-audit", "--no-fund")
    _run("npm", "install", *quiet, "--prefix", packages, *PACKAGES)
    modules = packages / "node_modules"
    for target in targets:
        _run(
            modules / ".bin" / "esbuild",
            HERE / target.name,
            "--bundle",
            "--minify",
            "--log-level=error",
            "--charset=utf8",
            f"--format={SCRIPTS[target.name]}",
            f"--alias:vue={modules / 'vue' / 'dist' / 'vue.esm-bundler.js'}",
            f"--alias:micropython={folder / 'micropython.mjs'}",
            *(f"--alias:{script.stem}={script}" for script in scripts),
            *(f"--external:{name}" for name in NODES_OWN),
            *(f"--define:{flag}" for flag in (*_VUE, _PLAIN)),
            f"--outfile={target}",
        )
        if SCRIPTS[target.name] == "esm":
            # MicroPython's program awaits where only modules may, or a function.
            target.write_text(f"(async () => {{ {target.read_text('utf-8')} }})();\n", "utf-8")


def _run(program: str | Path, *arguments: str | Path) -> None:
    if shutil.which(program) is None:
        sys.exit(f"{program} is missing: apt install nodejs npm")
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{Path(program).name} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    bundle(Path(sys.argv[1]).resolve())
