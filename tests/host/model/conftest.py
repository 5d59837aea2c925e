"""One small training that the tests of runs, reports and exports share."""

from pathlib import Path

import pytest

from latentrack.model import Run, Settings, load_run, save_run, train
from tests.host.model.made_music import FEEL_SETTINGS, drummed, music
from tests.workers import made_once


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    def make(folder: Path) -> None:
        dataset = music(800, sources=20)
        settings = Settings(epochs=15, encoder_layers=(24, 16), decoder_layers=(12, 16), seed=5)
        save_run(folder / "made.run", train(dataset, settings), dataset, music="made.npz")

    return load_run(made_once(tmp_path_factory, "runs", make) / "made.run")


@pytest.fixture(scope="session")
def felt(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One with a feel."""

    def make(folder: Path) -> None:
        dataset = drummed()
        save_run(folder / "felt.run", train(dataset, FEEL_SETTINGS), dataset, music="felt.npz")

    return load_run(made_once(tmp_path_factory, "felt_run", make) / "felt.run")
