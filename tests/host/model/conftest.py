"""One small training that the tests of runs, reports and exports share."""

from pathlib import Path

import pytest

from latentrack.model import Run, Settings, save_run, train
from tests.host.model.made_music import music


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    dataset = music(800, sources=20)
    settings = Settings(epochs=15, encoder_layers=(24, 16), decoder_layers=(12, 16), seed=5)
    folder: Path = tmp_path_factory.mktemp("runs") / "made.run"
    return save_run(folder, train(dataset, settings), dataset, "made.npz")
