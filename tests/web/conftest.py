"""What the tests of the page share: a browser, and the page in a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.decoders import FOUR, write_four
from tests.firmware import in_node


@pytest.fixture(scope="session")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of drums with four latents."""
    folder = tmp_path_factory.mktemp("four")
    write_four(folder)
    return folder / f"{FOUR}.tflite"


@pytest.fixture(scope="session")
def page_folder(four: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `latentrack web --export` writes."""
    in_node.build_page()
    folder = tmp_path_factory.mktemp("page") / "module"
    command = [sys.executable, "-m", "latentrack.cli", "web", str(four), "--export", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder
