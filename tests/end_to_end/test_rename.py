"""`latentrack rename`: a new name for a model's file, its title and all that refers to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from latentrack.decoder.metadata import attach_info, read_info
from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.programs import latentrack


@pytest.fixture
def module(start, drum_model: Path, tmp_path: Path) -> VirtualModule:
    """With the models "funk", "dub" and "夜" (there Ye); funk plays, and preset 3 recalls it."""
    module = start()
    drums = drum_model.read_bytes()
    for title in ("dub", "夜", "funk"):
        file = tmp_path / f"{title}.tflite"
        file.write_bytes(attach_info(drums, read_info(drums), f"model of {title}"))
        done(module, "push", "--store", str(file))
    with Link(module.port) as link:
        link.run("presets.store(3, now=True)")
    return module


def done(module: VirtualModule, *arguments: str) -> str:
    run = latentrack(*arguments, "--port", module.port)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def refused(module: VirtualModule, *arguments: str) -> str:
    run = latentrack(*arguments, "--port", module.port)
    assert (run.returncode, run.stdout) == (2, ""), run.stderr
    return run.stderr


def titles(module: VirtualModule) -> dict[str, str]:
    """Titles by name, as `ls` says."""
    listed = json.loads(done(module, "ls", "--json"))["models"]
    return {model["name"]: model["title"] for model in listed}


def test_it_says_what_has_changed(module: VirtualModule) -> None:
    assert done(module, "rename", "funk", "soul") == (
        "funk is called soul now.\n"
        "Changed with it: track 1, what track 1 plays at power-on and preset 3.\n"
    )
    assert done(module, "rename", "dub", "roots.tflite") == "dub is called roots now.\n"
    assert titles(module) == {"soul": "soul", "roots": "roots", "Ye": "夜"}
    module.kill()
    with Link(module.port) as link:
        link.run("presets.recall(3)")
        assert link.evaluate("instrument.plays()") == ["soul", None]


def test_a_title_goes_with_the_name(module: VirtualModule, tmp_path: Path) -> None:
    """Both ways between letters that the module has and others, and with the same name there."""
    assert "夜 is called rain now" in done(module, "rename", "夜", "rain")
    assert "funk is called Größe (there Grosse) now" in done(module, "rename", "funk", "Größe")
    assert titles(module) == {"Grosse": "Größe", "dub": "dub", "rain": "rain"}
    done(module, "rename", "Größe", "Grösse")
    assert titles(module)["Grosse"] == "Grösse"
    done(module, "rename", "Grösse", "Grosse")
    assert titles(module)["Grosse"] == "Grosse"
    done(module, "pull", str(tmp_path / "pulled"))
    pulled = {file.stem for file in (tmp_path / "pulled").rglob("*.tflite")}
    assert pulled == {"Grosse", "dub", "rain"}
    assert "3 unchanged, 0 new" in done(module, "sync", str(tmp_path / "pulled"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("funk", "dub", "A model on the module is called dub already"),
        ("funk", "叶", "called 夜 (there Ye) already"),
        ("funk", "夜", "called 夜 (there Ye) already"),
        ("funk", "Ye", "called 夜 (there Ye) already"),
        ("funk", "funk", "The model is called funk already"),
        ("夜", "夜", "The model is called 夜 already"),
        ("funk", "so/ul", "cannot be the name of a file"),
        ("funk", "", "cannot be the name of a file"),
        ("fnk", "soul", "No model on the module is called 'fnk'"),
    ],
)
def test_what_is_refused_changes_nothing(
    module: VirtualModule, old: str, new: str, said: str
) -> None:
    before = titles(module)
    assert said in refused(module, "rename", old, new)
    assert titles(module) == before


def test_an_older_latentrack_on_the_module_is_told(module: VirtualModule) -> None:
    requests = module.flash / "latentrack" / "requests.py"
    requests.write_text(requests.read_text().replace("def rename(", "def renamed("))
    module.kill()
    run = latentrack("rename", "funk", "soul", "--port", module.port)
    assert run.returncode == 3 and "latentrack install" in run.stderr
