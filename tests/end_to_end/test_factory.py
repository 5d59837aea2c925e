"""Models that come with Latentrack go onto a module by their names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from latentrack.module.link import Link
from tests.conftest import ROOT
from tests.programs import latentrack


@pytest.fixture(autouse=True)
def here(tmp_path: Path, factory_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "host"))
    return folder


def ok(*arguments: str) -> str:
    done = latentrack(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_push_plays_one_by_its_name(start, here: Path, factory_models: Path, drum_model: Path):
    module = start(drum_model)
    (here / "house").mkdir()  # a folder of music is no model
    said = ok("push", "house", "--store", "--port", module.port)
    assert said.startswith(f"house plays on track 1 of the module at {module.port}")
    stored = module.flash / "models" / "perc" / "house.tflite"
    assert stored.read_bytes() == (factory_models / "house.tflite").read_bytes()
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == "house"


def test_push_says_which_where_a_file_has_almost_that_name(start, here: Path, drum_model: Path):
    module = start(drum_model)
    shutil.copy(drum_model, here / "funk.tflite")
    said = ok("push", "funk", "--port", module.port)
    assert said.startswith("funk is the factory model; the file here is funk.tflite.\nfunk plays")
