"""A folder becomes a file system's image, and the image the folder again."""

from __future__ import annotations

import os

import pytest
from littlefs import LittleFS

from latentrack.errors import UserError
from latentrack.teensy import image


@pytest.fixture
def folder(tmp_path):
    """A flash folder with files in folders, an empty folder, and its own boot.py."""
    flash = tmp_path / "flash"
    (flash / "models" / "perc").mkdir(parents=True)
    (flash / "empty").mkdir()
    (flash / "main.py").write_text("print(1)\n")
    (flash / "models" / "perc" / "a.tflite").write_bytes(os.urandom(100_000))
    (flash / "boot.py").write_text("# mine\n")
    return flash


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def mounted(data):
    """The image as MicroPython mounts it: blocks of 4 KB, reads of 32 bytes, writes of 256."""
    system = LittleFS(
        block_size=4096, block_count=len(data) // 4096, prog_size=256, read_size=32, mount=False
    )
    system.context.buffer[:] = data
    system.mount()
    return system


def test_the_image_has_the_files_and_what_the_model_needs(folder):
    data = image.make_image(folder)
    assert len(data) == 1791 * 4096
    system = mounted(data)
    with system.open("models/perc/a.tflite", "rb") as file:
        assert file.read() == (folder / "models" / "perc" / "a.tflite").read_bytes()
    with system.open("boot.py", "rb") as file:
        assert b"dupterm" in file.read()
    assert system.stat("SKIPSD").size == 0


def test_there_and_back_changes_nothing(folder):
    before = contents(folder)
    image.write_back(image.make_image(folder), folder)
    assert contents(folder) == before


def test_what_the_module_has_changed_comes_back(folder):
    system = mounted(image.make_image(folder))
    with system.open("settings.json", "wb") as file:
        file.write(b"{}")
    system.remove("main.py")
    with system.open("models/perc/a.tflite", "wb") as file:
        file.write(b"new")
    image.write_back(bytes(system.context.buffer), folder)
    found = contents(folder)
    assert found["settings.json"] == b"{}"
    assert "main.py" not in found
    assert found["models/perc/a.tflite"] == b"new"
    assert found["boot.py"] == b"# mine\n", "the model's own boot.py never replaces it"


def test_too_much_is_refused(tmp_path):
    (tmp_path / "large").write_bytes(bytes(8_000_000))
    with pytest.raises(UserError, match="do not fit"):
        image.make_image(tmp_path)


def test_an_erased_flash_has_no_file_system(folder):
    before = contents(folder)
    with pytest.raises(ValueError, match="no file system"):
        image.write_back(b"\xff" * image.SIZE, folder)
    assert contents(folder) == before
