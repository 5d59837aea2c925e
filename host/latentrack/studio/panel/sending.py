"""What travels to a module: Latentrack, and models; with its progress."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from latentrack.decoder.precision import check_precision
from latentrack.errors import UserError
from latentrack.module.install import install as put_latentrack
from latentrack.module.library import Pushed
from latentrack.module.library import push as put_model
from latentrack.module.link import Link, Progress
from latentrack.studio.workspace import model_name


def install(link: Link, progress: Progress, board: str | None = None) -> bool:
    """Puts Latentrack on the module, which restarts; True if a main.py of its owner was kept."""
    return put_latentrack(link, progress, board=board).kept_main


def export(run: Path, models: Path, precision: str) -> Path:
    """The run's model file, made if it is not there or older than the run.

    In a process of its own, for TensorFlow would hold up everybody else here for seconds.
    """
    check_precision(precision)
    target = models / model_name(run, precision)
    if target.is_file() and target.stat().st_mtime >= (run / "run.toml").stat().st_mtime:
        return target
    models.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "latentrack.cli", "export", str(run), "-o", str(target)]
    done = subprocess.run([*command, "--precision", precision], capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().rpartition("latentrack: ")[2] or "the export failed"
        raise UserError(f"{run.stem} could not be exported: {said}")
    return target


def push(link: Link, model: Path, progress: Progress, *, store: bool, track: int) -> Pushed:
    """Plays a model file on a track from the next bar on; `store` keeps it in the library."""
    return put_model(link, model, progress, store=store, track=track)
