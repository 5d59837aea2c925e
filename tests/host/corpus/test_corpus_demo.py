"""The demo corpus is large, varied and playable."""

from collections import Counter

import numpy as np
import pytest

from latentrack.corpus import EXTENDED, Rules, demo_dataset, read
from latentrack.corpus.demo import demo_patterns
from latentrack.corpus.demo_files import write_demo

HATS = [EXTENDED.voice_names.index(name) for name in ("closed hat", "open hat")]


@pytest.fixture(scope="module")
def demo():
    return demo_dataset()


def test_it_is_large_and_varied(demo):
    assert len(demo) >= 320
    per_style = Counter(demo.styles)
    assert len(per_style) >= 28
    assert min(per_style.values()) >= 8
    assert demo.different == len(demo)
    assert demo.files == len(demo_patterns())


def test_no_two_bars_are_equal(demo):
    named = [(pattern.style, pattern.name) for bars in demo_patterns().values() for pattern in bars]
    twins = {}
    for bar, name in zip(demo.sequences, named, strict=True):
        twins.setdefault(bar.tobytes(), []).append(name)
    assert [names for names in twins.values() if len(names) > 1] == []


def test_nearly_every_bar_has_dynamics():
    bars = [pattern for bars in demo_patterns().values() for pattern in bars]
    flat = [bar for bar in bars if len({hit.velocity for hit in bar.hits}) == 1]
    assert len(flat) <= len(bars) * 0.02


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
