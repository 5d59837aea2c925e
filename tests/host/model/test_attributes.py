"""What latents can be ordered by: values by hand, a plain twin, and which are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentrack.corpus.dataset import Dataset
from latentrack.errors import UserError
from latentrack.model.attributes import (
    ATTRIBUTES,
    Layout,
    layout_of,
    measured,
    metrical_weights,
    ranks,
    wanted_axes,
)
from latentrack.model.settings import AXES, Settings
from tests.host.model.made_music import music

SIXTEENTHS = [0, -4, -3, -4, -2, -4, -3, -4, -1, -4, -3, -4, -2, -4, -3, -4]
DRUMS = ("kick", "snare", "tom", "closed hat", "open hat")
GROUPS = (1, 1, 1, 2)


def bars(*patterns: dict[int, tuple[int, ...]], steps: int = 16, voices: int = 1) -> np.ndarray:
    """(n, steps, voices) of patterns: the steps at which each voice is struck."""
    cells = np.zeros((len(patterns), steps, voices), np.uint8)
    for cell, pattern in zip(cells, patterns, strict=True):
        for voice, struck in pattern.items():
            cell[list(struck), voice] = 1
    return cells


def of(name: str, cells: np.ndarray, **about: object) -> list[float]:
    """An attribute of the sequences of a dataset."""
    names = about.pop("voice_names", tuple(f"voice {i}" for i in range(cells.shape[2])))
    dataset = Dataset(cells, about.pop("kind", "rhythm"), names, **about)  # type: ignore[arg-type]
    return [round(float(v), 6) for v in measured((name,), cells, layout_of(dataset))[:, 0]]


# -- metrical weights -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "steps_per_beat", "bars_of", "meter", "weights"),
    [
        (16, 4, 1, "4/4", SIXTEENTHS),
        (32, 4, 2, "4/4", SIXTEENTHS * 2),
        (12, 4, 1, "3/4", [0, -3, -2, -3, -1, -3, -2, -3, -1, -3, -2, -3]),
        (12, 3, 1, "4/4", [0, -3, -3, -2, -3, -3, -1, -3, -3, -2, -3, -3]),
        (12, 4, 1, "6/8", [0, -3, -2, -3, -2, -3, -1, -3, -2, -3, -2, -3]),
        (14, 4, 1, "7/8", [0, -2, -1, -2, -1, -2, -1, -2, -1, -2, -1, -2, -1, -2]),
        (6, 6, 1, "1/4", [0, -2, -2, -1, -2, -2]),
        (1, 4, 1, "4/4", [0]),
    ],
)
def test_metrical_weights(steps, steps_per_beat, bars_of, meter, weights) -> None:
    assert metrical_weights(steps, steps_per_beat, bars_of, meter).tolist() == weights


@given(
    steps=st.integers(1, 128),
    steps_per_beat=st.sampled_from((3, 4, 6, 12)),
    bars_of=st.integers(1, 4),
    meter=st.sampled_from(("4/4", "3/4", "5/4", "6/8", "7/8", "9/8", "12/8")),
)
def test_every_grid_has_weights(steps, steps_per_beat, bars_of, meter) -> None:
    weights = metrical_weights(steps, steps_per_beat, bars_of, meter)
    assert weights.shape == (steps,) and weights[0] == 0 and weights.max() == 0


# -- syncopation ----------------------------------------------------------------------------------


def test_syncopation_of_rhythms_that_are_known() -> None:
    beats = {0: (0, 4, 8, 12)}
    off_beats = {0: (2, 6, 10, 14)}  # by 1, 2, 1, and by 3 over the end of the loop
    son_clave = {0: (0, 3, 6, 10, 12)}  # the second and the third hit, by 2 each
    eighths = {0: tuple(range(0, 16, 2))}
    nothing: dict[int, tuple[int, ...]] = {}
    cells = bars(beats, off_beats, son_clave, eighths, nothing)
    assert of("syncopation", cells) == [0, 7, 4, 0, 0]


def test_voices_of_a_group_are_one_instrument() -> None:
    """An open hat on the beat after a closed one off the beat is not a rest; a snare would be."""
    hats, snare = {3: (3,), 4: (4,)}, {1: (4,), 3: (3,)}
    cells = bars(hats, snare, voices=5)
    about = {"kind": "drums", "voice_names": DRUMS, "groups": GROUPS}
    one, other = of("syncopation", cells, **about)
    # What comes last is followed by a rest at the beginning of the loop, which is the heaviest.
    assert (one, other) == (0 + 2, 4 + 2)


def plain_syncopation(bar: np.ndarray, weights: list[int]) -> float:
    """One voice, from the words of the definition."""
    steps, found = len(bar), []
    for step in np.flatnonzero(bar):
        rests = []
        for distance in range(1, steps):
            at = (step + distance) % steps
            if bar[at]:
                break
            rests.append(weights[at])
        found.append(max([0, *(rest - weights[step] for rest in rests)]))
    return sum(found)


@given(bar=st.lists(st.booleans(), min_size=16, max_size=16))
def test_syncopation_is_its_definition(bar) -> None:
    cells = np.array(bar, np.uint8).reshape(1, 16, 1)
    wanted = plain_syncopation(cells[0, :, 0], SIXTEENTHS)
    assert of("syncopation", cells)[0] == pytest.approx(wanted, abs=1e-6)


# -- the others -----------------------------------------------------------------------------------


def test_density_is_hits_a_step() -> None:
    assert of("density", bars({0: (0,)}, {0: (0, 1), 1: (0, 9)}, {}, voices=2)) == [
        1 / 16,
        4 / 16,
        0,
    ]


def test_balance_and_instruments() -> None:
    kicks, hats = {0: (0, 8)}, {3: (0, 2), 4: (4,)}
    both = {0: (0, 8), 1: (4,), 3: (0, 2, 4, 6, 8, 10)}
    cells = bars(kicks, hats, both, {1: (4,)}, voices=5)
    about = {"kind": "drums", "voice_names": DRUMS, "groups": GROUPS}
    assert of("balance", cells, **about) == [-1, 1, 0.5, 0]
    assert of("instruments", cells, **about) == [1, 2, 3, 1]


def test_register_range_and_leaps() -> None:
    line = {0: (0,), 2: (4,), 9: (8,)}  # steps of 2 and 7 semitones
    chord = {0: (0, 8), 4: (0,), 7: (0, 8)}  # its highest note is the melody
    cells = bars(line, chord, {5: (3, 4)}, {}, voices=12)
    about = {"kind": "notes", "lowest_pitch": 40}
    register = of("register", cells, **about)
    assert register[:3] == pytest.approx([11 / 3, 18 / 5, 5], abs=1e-6) and np.isnan(register[3])
    wide = of("range", cells, **about)
    assert wide[:3] == [9, 7, 0] and np.isnan(wide[3])
    leaps = of("leaps", cells, **about)
    assert leaps[:3] == [4.5, 0, 0] and np.isnan(leaps[3])


def test_all_attributes_are_settings_and_fit_the_screen() -> None:
    assert set(ATTRIBUTES) == set(AXES)
    for each in ATTRIBUTES.values():
        assert len(f"{each.low} <X> {each.high}") <= 20


def test_many_sequences_are_measured_as_each_alone(monkeypatch) -> None:
    dataset = music(50, 5)
    names, layout = ("density", "syncopation"), layout_of(dataset)
    wanted = np.concatenate([measured(names, bar[None], layout) for bar in dataset.sequences])
    monkeypatch.setattr("latentrack.model.attributes.PIECE", 100)
    np.testing.assert_array_equal(measured(names, dataset.sequences, layout), wanted)


def test_ranks_are_equal_for_equal_values_and_in_the_middle_for_none() -> None:
    cells = bars({0: (0,)}, {5: (0,)}, {9: (3,)}, {5: (7,)}, {}, voices=12)
    notes = Dataset(cells, "notes", tuple("abcdefghijkl"), lowest_pitch=40)
    assert ranks(("register",), notes)[:, 0].tolist() == [0, 1, 2, 1, 1]


# -- which a model gets ---------------------------------------------------------------------------


def kit(**changes: object) -> Dataset:
    rng = np.random.default_rng(0)
    cells = (rng.random((30, 16, 5)) < 0.3).astype(np.uint8)
    return replace(Dataset(cells, "drums", DRUMS, GROUPS), **changes)  # type: ignore[arg-type]


def test_the_default_suits_the_kind_of_music() -> None:
    assert wanted_axes(kit(), Settings()) == ("density", "syncopation")
    assert wanted_axes(music(30, 3, "rhythm"), Settings()) == ("density", "syncopation")
    assert wanted_axes(music(30, 3, "notes"), Settings()) == ("density", "register")
    assert wanted_axes(kit(), Settings(latent_dim=1)) == ("density",)
    assert wanted_axes(kit(), Settings(axes=())) == ()
    assert wanted_axes(kit(), Settings(model="stacked")) == ()


def test_what_is_the_same_in_all_music_orders_nothing() -> None:
    one_hit = np.zeros((30, 16, 1), np.uint8)
    one_hit[np.arange(30), np.arange(30) % 16] = 1
    same = Dataset(one_hit, "rhythm", ("hit",))
    assert wanted_axes(same, Settings()) == ("syncopation",)
    with pytest.raises(UserError, match="All sequences have the same density.*leave it out"):
        wanted_axes(same, Settings(axes=("density",)))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"axes": ("register",)}, "A drum model has no axis register: choose density, syncop"),
        ({"axes": ("density", "density")}, "axes are density and density: name each once"),
        (
            {"axes": ("density", "balance"), "latent_dim": 1},
            "The model has 1 latent, and axes name density and balance: name fewer",
        ),
        ({"axes": ("density",), "model": "stacked"}, "A stacked model has no axes: leave them out"),
    ],
)
def test_what_cannot_be_is_one_sentence(settings, says) -> None:
    with pytest.raises(UserError, match=says):
        wanted_axes(kit(), Settings(**settings))


def test_an_unknown_axis_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UserError, match="Unknown value 'loudness' for axes: choose density, "):
        Settings(axes=("loudness",))


def test_balance_needs_kick_and_hats() -> None:
    with pytest.raises(UserError, match="needs voices whose names have kick and hat in them"):
        wanted_axes(kit(voice_names=("a", "b", "c", "d", "e")), Settings(axes=("balance",)))


def test_a_layout_without_groups_has_an_instrument_a_drum_and_one_for_all_notes() -> None:
    assert layout_of(kit(groups=())).groups == (0, 1, 2, 3, 4)
    assert layout_of(kit()).groups == (0, 1, 2, 3)
    assert layout_of(music(30, 3, "notes")).groups == (0,)
    assert isinstance(layout_of(kit()), Layout)
