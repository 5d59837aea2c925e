"""An installation without the extra `train`: what it does all the same, and what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tomllib

from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.conftest import ROOT
from tests.waiting import PATIENCE_S

EXTRA = ("tensorflow", "librosa", "soundfile")
REMEDY = "pip install 'latentrack[train]'"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def bare(tmp_path: Path) -> Run:
    """Runs Python where the libraries of the extra cannot be imported."""
    site = tmp_path / "site"
    site.mkdir()
    block = "\n".join(f"sys.modules[{name!r}] = None" for name in EXTRA)
    (site / "sitecustomize.py").write_text(f"import sys\n{block}\n")
    path = os.pathsep.join([str(site), str(ROOT / "host"), str(ROOT)])

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": path, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    return run


def latentrack(run: Run, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "latentrack.cli", *arguments)


def test_the_libraries_are_of_the_extra_and_of_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def names(listed: list[str]) -> set[str]:
        return {re.split(r"[<>=!;\[ ]", one)[0] for one in listed}

    assert names(project["optional-dependencies"]["train"]) == set(EXTRA)
    assert not names(project["dependencies"]) & set(EXTRA)


def test_they_cannot_be_imported_here(bare: Run) -> None:
    """Else the tests below would prove nothing."""
    for name in EXTRA:
        assert "ModuleNotFoundError" in bare("-c", f"import {name}").stderr


def test_training_says_what_brings_it(bare: Run, tmp_path: Path) -> None:
    made = latentrack(bare, "dataset", "--demo", "-o", "drums.npz")
    assert made.returncode == 0, made.stderr
    done = latentrack(bare, "train", "drums.npz", "-o", "drums.tflite")
    assert done.returncode == 2 and REMEDY in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) <= 2
    assert not list(tmp_path.glob("drums.tflite")) and not list(tmp_path.glob("*.run"))


def test_exporting_says_what_brings_it(bare: Run, factory_models: Path) -> None:
    done = latentrack(bare, "export", str(factory_models / "house.run"), "-o", "house.tflite")
    assert done.returncode == 2 and REMEDY in done.stderr, done.stderr


def test_an_audio_loop_is_left_out_with_what_would_read_it(bare: Run, tmp_path: Path) -> None:
    loops = tmp_path / "loops"
    loops.mkdir()
    with wave.open(str(loops / "loop_120bpm.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.random.default_rng(0).integers(-9999, 9999, 32000, np.int16).tobytes())
    done = latentrack(bare, "dataset", str(loops), "-o", "loops.npz")
    assert done.returncode == 2 and REMEDY in done.stdout + done.stderr, done.stderr
    assert not (tmp_path / "loops.npz").exists()


def test_models_are_listed_installed_pushed_and_changed(bare: Run, factory_models: Path) -> None:
    assert "house" in latentrack(bare, "models").stdout
    assert latentrack(bare, "models", "house").returncode == 0
    with VirtualModule() as module:
        installed = latentrack(bare, "install", module.port)
        assert installed.returncode == 0, installed.stderr
        pushed = latentrack(bare, "push", "funk", "--port", module.port)
        assert pushed.returncode == 0, pushed.stderr
        with Link(module.port) as link:
            assert link.evaluate("track.model.name") == "funk"


EXPLORE = """
from pathlib import Path
from latentrack.factory import library
from latentrack.studio.explore.open_run import OpenRun
from latentrack.studio.training.run_files import RunFiles
from latentrack.studio.workspace import Workspace

workspace = Workspace(Path("studio"))
run = workspace.take_run(library.runs()["funk"])
opened = OpenRun.read(run)
print(opened.logits((0.0,) * 4).shape)
print(RunFiles(workspace).model_file(run, "auto").name)
"""


def test_the_studio_explores_and_sends_what_comes_with_it(bare: Run, factory_models: Path) -> None:
    done = bare("-c", EXPLORE)
    assert done.stdout.split("\n")[:2] == ["(16, 12)", "funk.tflite"], done.stderr
