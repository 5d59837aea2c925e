"""Models whose files are called what the module cannot show: push, sync, pull, backup, restore."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from latentrack.decoder.metadata import attach_info, read_info
from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.programs import latentrack


def ok(*arguments: str) -> str:
    done = latentrack(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def files(drum_model: Path, tmp_path: Path) -> dict[str, Path]:
    """Models by title, all different: two have one transliteration."""
    folder = tmp_path / "models"
    folder.mkdir()
    drums = drum_model.read_bytes()
    files = {}
    for title in ("夜", "叶", "Ударные", "Größe (live)"):
        files[title] = folder / f"{title}.tflite"
        files[title].write_bytes(attach_info(drums, read_info(drums), f"model of {title}"))
    return files


def titles(module: VirtualModule) -> dict[str, str]:
    """What `ls` says: titles by name."""
    listed = json.loads(ok("ls", "--json", "--port", module.port))["models"]
    return {model["name"]: model["title"] for model in listed}


def test_pushed_models_replace_themselves_and_no_other(start, files):
    module = start()
    for _ in range(2):
        for title, name in (("夜", "Ye"), ("叶", "Ye_2"), ("Ударные", "Udarnye")):
            said = ok("push", "--store", str(files[title]), "--port", module.port)
            assert f"{title} (there {name}) plays on track 1" in said and "place" not in said
    assert titles(module) == {"Ye": "夜", "Ye_2": "叶", "Udarnye": "Ударные"}
    shown = ok("ls", "--port", module.port)
    assert "夜" in shown and "Ударные" in shown

    # A new version of one takes its place, whatever it is called there.
    newer = attach_info(files["夜"].read_bytes(), read_info(files["夜"]), "newer")
    files["叶"].write_bytes(newer)
    said = ok("push", "--store", str(files["叶"]), "--port", module.port)
    assert "It took the place of an older 叶" in said
    # A file with the very name that is another's there gets a number, too.
    own = files["夜"].with_name("Ye.tflite")
    own.write_bytes(newer)
    ok("push", "--store", str(own), "--port", module.port)
    assert titles(module) == {"Ye": "夜", "Ye_2": "叶", "Ye_3": "Ye", "Udarnye": "Ударные"}

    ok("play", "夜", "--track", "2", "--port", module.port)
    with Link(module.port) as link:
        assert link.evaluate("[t.model.name for t in instrument.tracks]") == ["Ye_3", "Ye"]
        link.restart()
        assert link.evaluate("[t.model.name for t in instrument.tracks]") == ["Ye_3", "Ye"]
    ok("rm", "叶", "--port", module.port)
    assert set(titles(module)) == {"Ye", "Ye_3", "Udarnye"}


def test_models_in_memory_only_are_told_apart(start, files):
    module = start()
    ok("push", str(files["夜"]), str(files["叶"]), "--port", module.port)
    with Link(module.port) as link:
        assert link.evaluate("[t.model.name for t in instrument.tracks]") == ["Ye", "Ye_2"]


def test_a_folder_and_back(start, files, tmp_path):
    module = start()
    folder = next(iter(files.values())).parent
    ok("push", "--store", str(files["夜"]), "--port", module.port)
    assert "1 unchanged, 3 new" in ok("sync", str(folder), "--port", module.port)
    told = {"Ye": "夜", "Ye_2": "叶", "Udarnye": "Ударные", "Grosse_live": "Größe (live)"}
    assert titles(module) == told
    assert "4 unchanged, 0 new" in ok("sync", str(folder), "--port", module.port)

    pulled = tmp_path / "pulled"
    ok("pull", str(pulled), "--port", module.port)
    assert {file.stem for file in pulled.rglob("*.tflite")} == set(files)
    assert "4 unchanged, 0 new" in ok("sync", str(pulled), "--delete", "--port", module.port)

    kept = tmp_path / "kept.zip"
    ok("backup", str(kept), "--port", module.port)
    ok("rm", "夜", "Udarnye", "--port", module.port)
    ok("restore", str(kept), "--port", module.port)
    assert titles(module) == told
    assert "4 unchanged, 0 new" in ok("sync", str(folder), "--port", module.port)


def test_without_latentrack_on_the_module(files):
    """By mpremote's own copy."""
    folder = next(iter(files.values())).parent
    with VirtualModule() as module:
        for title in ("夜", "叶", "叶"):
            ok("push", "--store", str(files[title]), "--port", module.port)
        assert titles(module) == {"Ye": "夜", "Ye_2": "叶"}
        assert "2 unchanged, 2 new" in ok("sync", str(folder), "--port", module.port)
