"""Where flash or memory is full nothing is lost: the new first, then the old goes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from latentrack.errors import UserError
from latentrack.module import install as installing
from latentrack.module.install import install
from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.end_to_end.test_usb import fails, library_of, ok

BLOCK = 4096


def fill(module: VirtualModule, free: int) -> None:
    """Puts a file of the player's own onto the flash that leaves so many bytes free."""
    junk = module.flash / "junk"
    junk.unlink(missing_ok=True)
    with Link(module.port) as link:
        size, _, _, blocks, *_ = link.evaluate("__import__('os').statvfs('/flash')")
    with junk.open("wb") as file:
        file.truncate(size * blocks - free)


def flash_of(module: VirtualModule) -> dict[str, bytes]:
    """All that is on the flash, but for what the module writes when it likes."""
    found = {path.relative_to(module.flash): path for path in module.flash.rglob("*")}
    return {
        str(name): path.read_bytes()
        for name, path in found.items()
        if path.is_file() and name.name not in ("settings.txt", "playing.txt", "junk")
    }


def folder_with(tmp_path: Path, *models: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    for model in models:
        shutil.copy(model, folder)
    return folder


def test_sync_on_a_full_flash_keeps_the_only_model(start, models, tmp_path):
    module = start(models / "funk.tflite")
    folder = folder_with(tmp_path, models / "dub.tflite")
    fill(module, free=BLOCK)
    before = flash_of(module)
    said = fails("sync", str(folder), "--delete", "--port", module.port)
    assert "need" in said and "4 KB are free" in said and "latentrack rm" in said
    assert flash_of(module) == before and "perc/funk.tflite" in library_of(module)


def test_sync_of_what_the_memory_cannot_hold_keeps_the_only_model(start, models, tmp_path):
    """The model fits into the flash, and does not come through the module's memory."""
    module = start(models / "funk.tflite")
    folder = folder_with(tmp_path, models / "dub.tflite")
    with Link(module.port) as link:
        link.run(
            "from latentrack import room\nkept = []\n"
            "while instrument.room() > 4000:\n"
            "    kept.append(room.reserve(instrument.room(), instrument.tracks))\n"
        )
    before = flash_of(module)
    said = fails("sync", str(folder), "--delete", "--port", module.port)
    assert "dub.tflite" in said and "no model was removed" in said
    assert flash_of(module) == before


def test_sync_with_room_for_the_new_beside_the_old(start, models, tmp_path):
    """One after the other fits, although both together would not: room comes back in between."""
    module = start(models / "funk.tflite", models / "dub.tflite")
    folder = folder_with(tmp_path)
    for name, other in (("funk", "dub"), ("dub", "funk")):
        shutil.copy(models / f"{other}.tflite", folder / f"{name}.tflite")
    size = max((models / f"{name}.tflite").stat().st_size for name in ("funk", "dub"))
    fill(module, free=(size // BLOCK + 2) * BLOCK)
    ok("sync", str(folder), "--delete", "--port", module.port)
    assert library_of(module) == {
        "perc/funk.tflite": (models / "dub.tflite").read_bytes(),
        "perc/dub.tflite": (models / "funk.tflite").read_bytes(),
    }


def test_restore_on_a_full_flash_removes_nothing(start, models, tmp_path):
    module = start(models / "funk.tflite")
    ok("backup", str(tmp_path / "b.zip"), "--port", module.port)
    (module.flash / "models" / "perc" / "funk.tflite").unlink()
    shutil.copy(models / "dub.tflite", module.flash / "models" / "perc")
    fill(module, free=BLOCK)
    before = flash_of(module)
    said = fails("restore", str(tmp_path / "b.zip"), "--delete", "--port", module.port)
    assert "The files of the backup need" in said and "4 KB are free" in said
    assert flash_of(module) == before


@pytest.fixture
def old_install(start: Callable[..., VirtualModule]) -> VirtualModule:
    """A module with a file that the Latentrack here has changed since."""
    module = start()
    (module.flash / "latentrack" / "dice.py").write_text("# older\n")
    return module


def test_install_on_a_full_flash_sends_nothing(old_install):
    fill(old_install, free=200 * 1024)
    before = flash_of(old_install)
    said = fails("install", old_install.port)
    assert "Latentrack's files need" in said and "200 KB are free" in said
    assert flash_of(old_install) == before


def test_install_that_fails_half_way_takes_its_files_along(old_install, monkeypatch):
    """As where the flash is full although it said that it was not."""
    fill(old_install, free=200 * 1024)
    before = flash_of(old_install)
    monkeypatch.setattr(installing, "check_room", lambda *_: None)
    with (
        Link(old_install.port) as link,
        pytest.raises(UserError, match="flash is full.*removed again, and nothing else"),
    ):
        install(link)
    assert flash_of(old_install) == before


def test_what_a_cut_install_has_left_goes_at_the_next_start(old_install, models):
    """Also what a power cut has left of models and texts; what is the player's own stays."""
    flash = old_install.flash
    (flash / "notes.old").write_bytes(b"mine")
    (flash / "song.new").write_bytes(b"mine, too")
    before = flash_of(old_install)

    def cut(sent: int, total: int) -> None:
        if sent > total / 2:
            raise ConnectionError  # the program ends here, and says no goodbye

    with pytest.raises(ConnectionError), Link(old_install.port) as link:
        install(link, cut)
    assert (flash / "install.new" / "latentrack").is_dir()
    shutil.copytree(flash / "latentrack", flash / "latentrack.old")
    (flash / "models" / "perc" / ".dub.tflite.partial").write_bytes(b"half a model")
    (flash / "settings.txt.new").write_bytes(b"half a text")
    with Link(old_install.port) as link:
        link.restart()
        assert link.evaluate("instrument.frames >= 0")
    assert flash_of(old_install) == before


def blocks(file: Path) -> int:
    return -(-file.stat().st_size // BLOCK)


def test_a_flash_that_a_stored_model_fills(start, models):
    """It plays and is stored; only what plays cannot be written down, until there is room."""
    module = start(models / "dub.tflite")
    ok("play", "dub", "--port", module.port)
    fill(module, free=blocks(models / "funk.tflite") * BLOCK)
    said = ok("push", "--store", str(models / "funk.tflite"), "--port", module.port)
    assert "funk plays on track 1" in said and "It is in the library." in said
    assert "After power-on the module plays what it played before" in said
    assert "flash is full" in said and "latentrack rm" in said
    assert library_of(module)["perc/funk.tflite"] == (models / "funk.tflite").read_bytes()
    said = ok("play", "funk", "--port", module.port)
    assert "funk plays" in said and "After power-on" in said
    assert after_power_on(module) == "dub"
    ok("play", "funk", "--port", module.port)
    ok("rm", "dub", "--port", module.port)  # which makes room
    (module.flash / "junk").unlink()
    shutil.copy(models / "dub.tflite", module.flash / "models" / "perc")
    assert after_power_on(module) == "funk"


def after_power_on(module: VirtualModule) -> str:
    with Link(module.port) as link:
        link.restart()
        return str(link.evaluate("track.model.name"))
