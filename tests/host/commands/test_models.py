"""`latentrack models` lists what is built, shows one, and says what to do where nothing is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from latentrack import assets
from latentrack.factory.recipes import recipe_named
from tests.conftest import ROOT
from tests.host.commands.test_output import completed
from tests.programs import latentrack, ok


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "host"))
    return tmp_path


def refused(*arguments: str) -> str:
    done = latentrack(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_all_are_listed_in_the_order_of_their_recipes(factory_models: Path):
    lines = ok("models").splitlines()
    assert lines[0].split() == ["model", "kind", "styles", "latents", "bytes"]
    assert [line.split()[0] for line in lines[1:]] == [
        *("house", "breaks", "funk", "bass", "arpeggios", "claves")
    ]
    size = (factory_models / "house.tflite").stat().st_size
    wanted = rf"house +drums +house, disco, techno, minimal +4 +{size:,}"
    assert re.fullmatch(wanted, lines[1].rstrip())


def test_for_other_programs(factory_models: Path):
    found = json.loads(ok("models", "--json"))["models"]
    house = next(model for model in found if model["name"] == "house")
    assert house == json.loads(ok("models", "house", "--json"))
    assert house["styles"] == list(recipe_named("house").styles)
    assert house["file"] == str(factory_models / "house.tflite")
    assert house["bytes"] == (factory_models / "house.tflite").stat().st_size
    assert (house["kind"], house["latents"], house["feel_latents"]) == ("drums", 4, 0)
    assert house["axes"] == ["density", "syncopation", "", ""]
    assert (house["licence"], house["music"]) == ("MIT", "demo drums")


def test_one_is_shown_with_a_bar_and_where_it_comes_from(factory_models: Path):
    said = ok("models", "house")
    assert "Turned up, X makes it busier and Y more syncopated.\n" in said
    assert "sequences of house, disco, techno and minimal\n" in said
    assert "Music: the demo corpus of Latentrack, written for it. Licence: MIT.\n" in said
    assert re.search(r"^(kick|snare|closed hat) +(\|[.x]{4}){4}\|$", said, re.M), said


def test_notes_are_drawn_with_the_highest_on_top(factory_models: Path):
    drawn = re.findall(r"^([A-G]#?)(\d) +\|", ok("models", "bass"), re.M)
    names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    pitches = [12 * int(octave) + names.index(name) for name, octave in drawn]
    assert len(pitches) > 1 and pitches == sorted(pitches, reverse=True)


def test_an_unknown_name_is_answered_with_the_nearest(factory_models: Path):
    assert "no factory model fnk; did you mean funk?" in refused("models", "fnk")
    assert "no factory model xyzzy: `latentrack models` lists them." in refused("models", "xyzzy")


@pytest.mark.parametrize("arguments", ["models", "models --json", "models house"])
def test_where_none_are_built_it_says_how(arguments: str):
    said = refused(*arguments.split())
    assert f"not built yet: run `make factory` in {assets.CHECKOUT}." in said


def test_names_are_completed(factory_models: Path):
    assert completed("latentrack models b") == ["breaks", "bass"]
    assert completed("latentrack models x") == []
    assert completed("latentrack install --models house,b") == ["house,breaks", "house,bass"]


def test_names_and_files_are_completed_for_push(factory_models: Path, here: Path):
    for name in ("bounce.tflite", "bounce.npz", "sub/bright.tflite"):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).touch()
    assert completed("latentrack push b") == ["breaks", "bass", "bounce.tflite"]
    assert completed("latentrack push house b") == ["breaks", "bass", "bounce.tflite"]
    assert completed("latentrack push sub/") == ["sub/bright.tflite"]
    assert completed("latentrack push s") == []


# -- push by name; tests/end_to_end/test_factory.py has it played


def test_push_refuses_a_name_that_is_neither_a_file_nor_a_model(factory_models: Path, here: Path):
    neither = "There is no file {0} and no factory model of that name"
    assert f"{neither.format('fnk')}; did you mean funk?" in refused("push", "fnk")
    assert f"{neither.format('xyzzy')}: `latentrack models` lists" in refused("push", "xyzzy")
    (here / "groove.tflite").write_bytes(b"mine")
    assert f"{neither.format('groove')}; did you mean groove.tflite?" in refused("push", "groove")
    assert "The factory model drums is not built yet" in refused("push", "drums")


@pytest.mark.parametrize("path", ["funk.tflite", "here/funk", "funk.mid"])
def test_push_takes_a_path_for_a_path(path: str, factory_models: Path):
    assert f"{path} is not there" in refused("push", path)


def test_push_takes_a_file_before_a_factory_model(factory_models: Path, here: Path):
    (here / "funk").write_bytes(b"mine")
    assert "funk is not a .tflite file" in refused("push", "funk")
