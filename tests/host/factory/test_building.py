"""Factory models are trained by their recipe, say where they come from, and are refused if bad."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer

import latentrack
from latentrack import assets
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import read_extras
from latentrack.errors import UserError
from latentrack.factory import __main__ as program
from latentrack.factory import building
from latentrack.factory.__main__ import main
from latentrack.factory.building import MOST_BYTES, build, build_all, music_of
from latentrack.factory.recipes import RECIPES, Recipe, recipe_named
from latentrack.factory.stamp import is_current
from latentrack.model.run import load_run
from latentrack.playing.kinds import Kind
from tests.workers import made_once

CLAVES = recipe_named("claves")
HASTY = replace(CLAVES, name="hasty", decoder_layers=(8, 8), steps=8, feel="none")


@pytest.fixture(scope="module")
def claves(tmp_path_factory):
    """The file of a model that the program has built."""

    def make(folder):
        main(folder, only=[CLAVES.name], processes=1)

    return made_once(tmp_path_factory, "factory", make) / "claves.tflite"


def test_the_file_says_where_it_comes_from(claves):
    extras = read_extras(claves)
    assert extras.trained["name"] == "claves"
    assert extras.trained["licence"] == "MIT"
    assert "demo corpus" in extras.trained["origin"]
    assert extras.trained["styles"].split(", ") == list(CLAVES.styles)
    assert extras.trained["sequences"] == len(music_of(CLAVES))
    assert extras.voices == ("hit",)


def test_its_run_lies_beside_it_with_the_same_decoder(claves):
    run = load_run(claves.with_suffix(".run"))
    assert run.dataset.digest == music_of(CLAVES).digest
    points = np.random.default_rng(3).uniform(-2, 2, (50, 4)).astype(np.float32)
    decoder = Decoder(claves)
    without_feel = np.zeros((50, decoder.latents - 4), np.float32)
    decoded = decoder.decode(np.hstack([points, without_feel]))
    # The file has weights of eight bits.
    trained = run.model.decode(points)
    sure = np.abs(trained - 0.5) > 0.15
    assert sure.mean() > 0.9
    assert np.array_equal(decoded[sure] > 0.5, trained[sure] > 0.5)
    shutil.rmtree(claves.with_suffix(".run"))
    main(claves.parent, only=["claves"])
    assert claves.with_suffix(".run").is_dir()


def test_the_file_plays_what_it_was_trained_on(claves):
    """Without the encoder: most bars of its music lie somewhere in its space."""
    assert claves.stat().st_size <= MOST_BYTES
    decoder = Decoder(claves)
    assert decoder.info.kind == Kind.RHYTHM.code
    assert (decoder.info.steps, decoder.info.voices) == (32, 1)
    assert decoder.latents - decoder.feel_latents == 4
    assert decoder.has_feel
    threshold = read_extras(claves).threshold
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (20_000, 4)) * decoder.info.latent_scale
    played = decoder.pattern(points, threshold)[:, :, 0]
    known = music_of(CLAVES).sequences[:, :, 0] > 0
    # bits of a pattern as a number
    bits = 1 << np.arange(32, dtype=np.uint64)
    found = np.isin(known @ bits, played @ bits)
    assert found.mean() >= 0.9


def test_the_middle_of_the_space_plays(claves):
    """It is what a module plays at first."""
    decoder = Decoder(claves)
    hits = decoder.pattern(np.zeros(4), read_extras(claves).threshold).sum()
    sparsest = music_of(CLAVES).sequences.sum(axis=(1, 2)).min()
    assert hits >= sparsest


def test_the_same_recipe_gives_the_same_file(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "RECALL", 0.0)
    recipe = replace(HASTY, steps=60)
    first = build(recipe, tmp_path / "first").path.read_bytes()
    assert build(recipe, tmp_path / "second").path.read_bytes() == first


def test_a_model_that_plays_too_little_of_its_music_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"hasty plays .*% of the hits of its music, less than 95%"):
        build(HASTY, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "MOST_BYTES", 2000)
    with pytest.raises(UserError, match=r"hasty has [\d,]+ bytes, more than the 2,000"):
        build(HASTY, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_built_is_not_built_again(claves, capsys):
    before = claves.stat().st_mtime_ns
    main(claves.parent, only=["claves"])
    assert claves.stat().st_mtime_ns == before
    assert capsys.readouterr().out == (
        f"1 factory model in {claves.parent} is that of its recipe already.\n"
    )


def test_a_model_of_another_recipe_or_music_is_built_again(claves, tmp_path):
    music = music_of(CLAVES)
    assert is_current(claves, CLAVES, music)
    assert not is_current(claves, replace(CLAVES, steps=CLAVES.steps + 1), music)
    assert not is_current(claves, CLAVES, music.take(range(len(music) - 1)))
    assert not is_current(tmp_path / "claves.tflite", CLAVES, music)
    (tmp_path / "claves.tflite").write_bytes(b"no model")
    assert not is_current(tmp_path / "claves.tflite", CLAVES, music)


def test_what_no_recipe_makes_is_removed_where_the_library_lies(claves, tmp_path, monkeypatch):
    """In a folder that the user names nothing is removed."""
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(claves, folder)
    shutil.copytree(claves.with_suffix(".run"), folder / "claves.run")
    for name in ("renamed.tflite", ".house.tflite.123.part"):
        (folder / name).write_bytes(b"old")
    for name in ("renamed.run", ".house.run.123.part"):
        (folder / name).mkdir()
    main(folder, only=["claves"])
    assert len(list(folder.iterdir())) == 6
    monkeypatch.setattr(program, "FACTORY", folder)
    main(only=["claves"])
    assert {path.name for path in folder.iterdir()} == {"claves.tflite", "claves.run"}


def test_the_library_lies_in_the_package_unless_it_is_said_where(monkeypatch, tmp_path):
    monkeypatch.delenv("LATENTRACK_FACTORY", raising=False)
    assert assets.factory_folder() == assets.FACTORY
    assert assets.FACTORY == Path(latentrack.__file__).parent / "factory" / "models"
    monkeypatch.setenv("LATENTRACK_FACTORY", str(tmp_path))
    assert assets.factory_folder() == tmp_path


def test_a_failure_in_another_process_is_told(tmp_path):
    wrong = [Recipe(name, Kind.RHYTHM, ("polka",), (8, 8)) for name in ("one", "two")]
    with pytest.raises(UserError, match="polka"):
        list(build_all(wrong, tmp_path, processes=2))


def test_the_program_refuses_an_unknown_name(tmp_path, capsys):
    with pytest.raises(typer.Exit) as ended:
        main(tmp_path / "none", only=["fnk"])
    assert ended.value.exit_code == 2
    assert "no factory model 'fnk'" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.long
def test_the_whole_library_in_two_processes(tmp_path):
    built = list(build_all(RECIPES, tmp_path))
    assert {model.name for model in built} == {recipe.name for recipe in RECIPES}
    for model in built:
        assert model.recall >= 0.95 and model.extra <= 0.05, model
        assert model.size == model.path.stat().st_size <= MOST_BYTES
        decoder = Decoder(model.path)
        middle = decoder.pattern(np.zeros(decoder.latents), read_extras(model.path).threshold)
        sparsest = music_of(recipe_named(model.name)).sequences.sum(axis=(1, 2)).min()
        assert middle.sum() >= sparsest, model.name
