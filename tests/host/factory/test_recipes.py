"""The recipes of the factory library fit the demo corpora, the module and each other."""

from collections import Counter

import numpy as np
import pytest

from latentrack.corpus.demo import demo_patterns
from latentrack.errors import UserError
from latentrack.factory.building import MOST_BYTES, music_of
from latentrack.factory.recipes import FIRST, RECIPES, Recipe, recipe_named
from latentrack.model.sizes import file_bytes
from latentrack.module.naming import plain_name
from latentrack.playing.kinds import Kind

each_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)


def styles_of(kind):
    return {p.style for patterns in demo_patterns(kind).values() for p in patterns}


def test_there_are_models_of_each_kind():
    assert len(RECIPES) >= 14
    kinds = Counter(recipe.kind for recipe in RECIPES)
    assert set(kinds) == set(Kind)
    assert min(kinds.values()) >= 3


def test_no_two_have_the_same_name_or_music():
    assert len({recipe.name.lower() for recipe in RECIPES}) == len(RECIPES)
    assert len({(recipe.kind, frozenset(recipe.styles)) for recipe in RECIPES}) == len(RECIPES)


def test_a_module_gets_some_of_each_kind_first():
    assert len(set(FIRST)) == len(FIRST) == 6
    assert {recipe_named(name).kind for name in FIRST} == set(Kind)
    assert recipe_named(FIRST[0]).kind == Kind.DRUMS


@each_recipe
def test_a_name_is_the_same_on_the_module_and_fits_its_screen(recipe):
    assert plain_name(recipe.name) == recipe.name
    assert len(recipe.name) <= 12
    assert recipe_named(recipe.name) is recipe


@pytest.mark.parametrize("kind", list(Kind))
def test_every_style_is_in_a_family(kind):
    in_families = [style for r in RECIPES if r.kind == kind for style in r.styles]
    assert set(in_families) == styles_of(kind)


@pytest.mark.parametrize("kind", [Kind.DRUMS, Kind.RHYTHM])
def test_one_model_has_all_of_the_corpus(kind):
    (whole,) = [recipe for recipe in RECIPES if recipe.kind == kind and not recipe.styles]
    assert set(music_of(whole).styles) == styles_of(kind)


@each_recipe
def test_a_recipe_has_music_of_its_styles_alone(recipe):
    music = music_of(recipe)
    assert music.kind == recipe.kind
    assert len(music) >= 30
    wanted = set(recipe.styles) or styles_of(recipe.kind)
    assert set(music.styles) == wanted
    written = [p.style for patterns in demo_patterns(recipe.kind).values() for p in patterns]
    assert len(music) == sum(style in wanted for style in written)


@each_recipe
def test_a_file_will_be_small_enough(recipe):
    music = music_of(recipe)
    layers = (recipe.latents, *recipe.decoder_layers, music.steps * music.voices)
    feel = 0 if recipe.feel == "none" else 2
    # the estimate is within a few percent
    assert file_bytes(layers, recipe.precision, feel) <= 0.95 * MOST_BYTES


@pytest.mark.parametrize(
    "recipe", [r for r in RECIPES if r.kind == Kind.NOTES], ids=lambda recipe: recipe.name
)
def test_notes_keep_their_pitches_where_silent_ends_are_left_out(recipe):
    music = music_of(recipe)
    assert music.sequences[:, :, 0].any() and music.sequences[:, :, -1].any()
    bars, steps, voices = np.nonzero(music.sequences)
    loud = music.spread(music.velocities)[bars, steps, voices]
    heard = Counter(zip(steps, voices + music.lowest_pitch, loud, strict=True))
    written = Counter(
        (hit.step, hit.pitch, hit.velocity)
        for patterns in demo_patterns(Kind.NOTES).values()
        for pattern in patterns
        if pattern.style in recipe.styles
        for hit in pattern.hits
    )
    assert heard == written


def test_a_style_that_the_corpus_lacks_is_refused():
    recipe = Recipe("odd", Kind.RHYTHM, ("son clave", "polka"), (8, 8))
    with pytest.raises(UserError, match=r"has no polka, which the factory model odd is made of"):
        music_of(recipe)


def test_a_model_that_is_not_there_is_refused():
    with pytest.raises(UserError, match=r"no factory model 'fnk': choose drums, .* or numbers"):
        recipe_named("fnk")
