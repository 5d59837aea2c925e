"""A model that is renamed has its new name everywhere on the module, whenever the power goes."""

from __future__ import annotations

import pytest

from latentrack.module.link import ModuleError
from tests.decoders import CHORALES, DRUMS
from tests.device.power_cuts import count_calls
from tests.device.rig import Rig

MODULES = ("storage", "files", "renaming")
PREPARE = f"""
library.play({DRUMS!r}); library.play({CHORALES!r}, track=1); library.refresh()
presets.store(2, now=True)
tracks[1].stop(); presets.store(3, now=True)
library.play({CHORALES!r}); presets.store(4, now=True)
library.play({DRUMS!r}); library.play({CHORALES!r}, track=1)
"""
RENAME = f"library.rename({DRUMS!r}, 'soul')"
# What is renamed by then: nothing, or the model with all that refers to it.
PRESETS = {2: [DRUMS, CHORALES], 3: [DRUMS, None], 4: [CHORALES, None]}


def prepared(rig) -> Rig:
    module = rig(DRUMS, CHORALES)
    module.run(PREPARE)
    module.frames()
    return module


def playing(module: Rig) -> list[str | None]:
    return module.get("instrument.plays()")


def assert_called(module: Rig, name: str) -> None:
    """Every place has that name for the drums, and the old one is nowhere."""
    assert module.get("library.models()") == sorted((name, CHORALES))
    assert playing(module) == [name, CHORALES]
    for number, names in PRESETS.items():
        module.run(f"presets.recall({number})")
        assert playing(module) == [name if each == DRUMS else each for each in names]
    files = module.module.flash / "models"
    assert sorted(path.name for path in files.iterdir() if path.is_file()) == ["playing.txt"]


def test_all_that_refers_to_a_model_gets_its_new_name(rig):
    module = prepared(rig)
    changed = module.get(RENAME)
    assert changed == {"tracks": [1], "starts": [1], "presets": [2, 3]}
    assert module.get("tracks[0].model.name") == "soul"
    module.link.restart()
    assert_called(module, "soul")


def test_while_the_clock_runs(rig):
    module = prepared(rig)
    module.edges(4)
    module.run("track.length = 6; presets.store(5)")
    assert module.get("presets.waits(5)")
    assert module.get(RENAME)["presets"] == [2, 3, 5]
    module.link.restart()
    module.run("presets.recall(5)")
    assert playing(module) == ["soul", CHORALES] and module.get("track.length") == 6


def test_the_screen_has_the_new_name(rig):
    module = prepared(rig)
    line = "instrument.controls.pages[0].name_line()"
    assert module.get(line) == DRUMS[:15]
    module.run(RENAME)
    assert module.get(line) == "soul"


def test_a_kind_that_shares_a_name_keeps_it(rig):
    module = prepared(rig)
    flash = module.module.flash / "models"
    (flash / "notes").mkdir()
    (flash / "perc" / f"{CHORALES}.tflite").rename(flash / "notes" / f"{DRUMS}.tflite")
    # Of two the name alone means one, and the other one is renamed: no preset says its name.
    alone = module.get(f"library.path({DRUMS!r})").split("/")[-2]
    other, track = ("notes", 2) if alone == "perc" else ("perc", 1)
    for number, kind in enumerate(("perc", "notes")):
        module.run(f"library.play('{kind}/{DRUMS}', track={number})")
    module.frames()
    changed = module.get(f"library.rename('{other}/{DRUMS}', 'hymns')")
    assert changed == {"tracks": [track], "starts": [track], "presets": []}
    names = [DRUMS, DRUMS]
    names[track - 1] = "hymns"
    assert playing(module) == names
    module.link.restart()
    assert playing(module) == names
    module.run("presets.recall(3)")
    assert playing(module)[0] == DRUMS and module.get("library.models()") == sorted(set(names))


@pytest.mark.parametrize("new", ["", "so ul", "a/b", "söul", CHORALES, DRUMS, "heard"])
def test_a_name_that_cannot_be_changes_nothing(rig, new):
    module = prepared(rig)
    module.run("tracks[1].model.name = 'heard'")
    with pytest.raises(ModuleError, match=r"cannot be a name|is called .* already"):
        module.link.run(f"library.rename({DRUMS!r}, {new!r})")
    with pytest.raises(ModuleError, match="no model is called 'soull'"):
        module.link.run("library.rename('soull', 'new')")
    module.link.restart()
    assert_called(module, DRUMS)


def test_a_power_cut_at_any_time_leaves_one_name(rig):
    """The old one until the journal is there, and the new one from then on."""
    module = prepared(rig)
    count_calls(module, MODULES)
    module.run(RENAME)
    calls = module.get("_Count.calls")
    assert calls.count("renamed") == 5 and len(calls) > 30
    journal = calls.index("renamed") + 1
    module.link.restart()
    names = [DRUMS, "soul"]
    current = "soul"
    for call in range(1, len(calls) + 1):
        other = names[current == DRUMS]
        count_calls(module, MODULES, raise_from=call)
        with pytest.raises(ModuleError, match="the power is cut"):
            module.link.run(f"library.rename({current!r}, {other!r})")
        module.link.restart()
        current = current if call < journal else other
        assert_called(module, current)
        module.run(f"library.play({current!r}); library.play({CHORALES!r}, track=1)")
        module.frames()


def test_what_a_full_flash_stops_is_finished_at_power_on(rig):
    module = prepared(rig)
    module.run(
        "import latentrack.storage as _storage\n_write = _storage.write\n"
        "def _full(path, text):\n"
        "    if 'presets/03' in path: raise OSError(28)\n    _write(path, text)\n"
        "_storage.write = _full"
    )
    with pytest.raises(ModuleError, match="OSError"):
        module.link.run(RENAME)
    module.link.restart()
    assert_called(module, "soul")
