"""The demo corpus is large, varied, playable, and true to its styles."""

from collections import Counter

import numpy as np
import pytest

from latentrack.corpus import EXTENDED, Rules, demo_dataset, read
from latentrack.corpus.demo import demo_patterns
from latentrack.corpus.demo_files import write_demo

KICK, SNARE = EXTENDED.voice_names.index("kick"), EXTENDED.voice_names.index("snare")
HATS = [EXTENDED.voice_names.index(name) for name in ("closed hat", "open hat")]
BEATS = [0, 4, 8, 12]


@pytest.fixture(scope="module")
def demo():
    return demo_dataset()


def of_style(demo, style):
    bars = demo.sequences[[name == style for name in demo.styles]]
    assert len(bars), style
    return bars


def test_it_is_large_and_varied(demo):
    assert len(demo) >= 130
    per_style = Counter(demo.styles)
    assert len(per_style) >= 14
    assert min(per_style.values()) >= 5
    assert demo.different == len(demo)
    assert demo.files == len(demo_patterns())


def test_as_midi_files_it_is_the_same_music(demo, tmp_path):
    """Cells and velocities are equal; timing is, in the unit of a dataset, 1/254 of a step."""
    write_demo(tmp_path)
    again = read([tmp_path], Rules(), cache=False)
    np.testing.assert_array_equal(again.sequences, demo.sequences)
    assert again.styles == demo.styles
    np.testing.assert_array_equal(again.velocities, demo.velocities)
    # A file's first hit cannot be early.
    late = np.flatnonzero((demo.offsets >= 0) | (again.offsets != 0))
    np.testing.assert_allclose(again.offsets[late], demo.offsets[late], atol=0.5 / 254 + 1e-6)


def test_it_is_drums_like_any_other(demo):
    assert demo.kind == "drums"
    assert demo.sequences.shape[1:] == (16, 12)
    assert demo.groups == (1, 1, 6, 2, 2)
    assert demo.discarded == ()
    assert len(demo.velocities) == len(demo.offsets) == demo.hits
    assert set(demo.velocities.tolist()) == {50, 90, 120}
    # every voice is heard somewhere
    assert demo.sequences.any(axis=(0, 1)).all()


def test_every_pattern_has_a_line_to_repeat(demo):
    hits = demo.sequences.sum(axis=(1, 2))
    assert hits.min() >= 4
    assert hits.max() <= 50


def test_a_hi_hat_is_not_open_and_closed_at_once(demo):
    both = demo.sequences[:, :, HATS].all(axis=2).any(axis=1)
    assert [(demo.styles[i], demo.sources[i]) for i in np.flatnonzero(both)] == []


def test_a_drummer_and_a_percussionist_have_hands_enough():
    feet = {35, 36, 44}
    for patterns in demo_patterns().values():
        for pattern in patterns:
            struck = np.array([v for pitch, v in pattern.strokes.items() if pitch not in feet])
            assert (struck > 0).sum(axis=0).max() <= 4, pattern


@pytest.mark.parametrize("style", ["house", "disco", "techno"])
def test_four_on_the_floor(demo, style):
    bars = of_style(demo, style)
    # a fill or a broken bar may leave one out
    assert (bars[:, BEATS, KICK].sum(axis=1) >= 3).mean() >= 0.9
    assert (bars[:, BEATS, KICK].sum(axis=1) == 4).mean() >= 0.75


@pytest.mark.parametrize("style", ["boom bap", "electro", "breakbeat", "drum and bass", "disco"])
def test_backbeat(demo, style):
    bars = of_style(demo, style)
    assert bars[:, 4, SNARE].mean() >= 0.75
    assert bars[:, 12, SNARE].mean() >= 0.6
    assert bars[:, 0, SNARE].mean() == 0


def test_dembow(demo):
    bars = of_style(demo, "reggaeton")
    threes = bars[:, [3, 6, 11, 14], SNARE].sum(axis=1)
    assert (threes >= 3).mean() >= 0.9


def test_one_drop_leaves_the_one_empty(demo):
    bars = of_style(demo, "dub")
    assert (bars[:, 0, KICK] == 0).mean() >= 0.5
    assert bars[:, 8, KICK].all()


def test_trap_claps_on_three(demo):
    bars = of_style(demo, "trap")
    assert bars[:, 8, SNARE].mean() >= 0.6


def test_samba_answers_on_two_and_four():
    patterns = demo_patterns()["samba.txt"]
    answers = 0
    for pattern in patterns:
        low = np.array([v for pitch, v in pattern.strokes.items() if pitch in (36, 87)])
        answers += bool((low[:, 4] > 0).any() and (low[:, 12] > 0).any())
    assert answers >= len(patterns) * 0.6


def test_the_claves_of_cuba(demo):
    """Wherever claves play in the son file it is a clave: three on one side, two on the other."""
    known = {
        (0, 3, 6, 10, 12): "son 3-2",
        (2, 4, 8, 11, 14): "son 2-3",
        (0, 3, 7, 10, 12): "rumba 3-2",
        (2, 4, 8, 11, 15): "rumba 2-3",
    }
    found = Counter()
    for pattern in demo_patterns()["son_cubano.txt"]:
        if 75 in pattern.strokes:
            steps = tuple(step for step, v in enumerate(pattern.strokes[75]) if v)
            found[known[steps]] += 1
    assert len(found) >= 3
