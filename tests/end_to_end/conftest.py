"""What the tests over USB share: models to send."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.decoders import CHORALES


@pytest.fixture
def models(drum_model: Path, decoders: Path, tmp_path: Path) -> Path:
    """A folder with three playable models of two kinds, all different."""
    from latentrack.decoder.metadata import attach_info, read_info

    folder = tmp_path / "models"
    folder.mkdir()
    drums = drum_model.read_bytes()
    for name in ("funk", "dub"):
        data = attach_info(drums, read_info(drums), name)
        (folder / f"{name}.tflite").write_bytes(data)
    notes = (decoders / f"{CHORALES}.tflite").read_bytes()
    (folder / "chorales.tflite").write_bytes(notes)
    return folder
