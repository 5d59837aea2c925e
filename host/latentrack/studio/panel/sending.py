"""The model file of a run, made in another process when there is none yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from latentrack.decoder.precision import check_precision
from latentrack.errors import UserError
from latentrack.studio.workspace import model_name


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
