"""Onsets of rendered loops: a dozen of the benchmark's, all sample rates, and the account."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from latentrack.corpus import read
from latentrack.corpus.onsets import OnsetListener
from tests.host.corpus.loops import PATTERNS, Loop, loops, share_right

DOZEN = (0, 3, 5, 7, 9, 14, 17, 18, 23, 26, 34, 42)


def heard_in(samples, rate, wraps=True, piece=None):
    listener = OnsetListener(rate)
    sound = np.asarray(samples, np.float32).reshape(len(samples), -1)
    for start in range(0, len(sound), piece or len(sound)):
        listener.hear(sound[start : start + (piece or len(sound))])
    return listener.listen(wraps)


def test_the_set_is_what_the_page_says_of_it():
    all_of_them = loops()
    assert len(all_of_them) == len({loop.name for loop in all_of_them}) == 48
    assert len({loop.kit for loop in all_of_them}) == 8
    assert {loop.pattern for loop in all_of_them} == set(PATTERNS)
    assert (min(loop.bpm for loop in all_of_them), max(loop.bpm for loop in all_of_them)) == (
        60,
        180,
    )
    assert {loop.bars for loop in all_of_them} == {1, 2, 4}
    assert len({loop.suffix for loop in all_of_them}) == 10
    rates = {loop.rate for loop in all_of_them}
    assert (min(rates), max(rates)) == (8_000, 96_000)


def test_steps_are_counted_by_hand():
    loop = Loop("clave", "clicks", 100)  # x..x..x...x.x..., twice
    row = np.zeros(32, np.uint8)
    row[[0, 3, 6, 10, 12, 16, 19, 22, 26]] = 1
    assert share_right(loop, row[None]) == 0.9  # one is not found
    row[1] = 1
    assert share_right(loop, row[None]) == 9 / 11  # and one is wrong
    assert share_right(replace(loop, bars=1), row[None]) == 9 / 11
    assert share_right(loop, np.zeros((0, 32), np.uint8)) == 0


def test_a_dozen_rendered_loops_are_right(tmp_path):
    shares = {}
    for loop in (loops()[index] for index in DOZEN):
        made = read([loop.write(tmp_path)], kind="rhythm", minimum_notes=1, cache=False)
        shares[loop.name] = share_right(loop, made.sequences[:, :, 0])
    assert np.mean(list(shares.values())) >= 0.97, shares
    assert min(shares.values()) >= 0.85, shares


RATES = [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000]


@pytest.mark.parametrize("rate", RATES)
def test_every_rate_gives_the_same_steps_and_times(rate):
    shares = []
    for kit in ("machine", "noise", "room", "claps", "plucks"):
        loop = Loop("break", kit, 110, soft=0.5, rate=rate)
        in_steps = heard_in(loop.render(), rate).times / (60 / 110 / 4)
        steps = np.rint(in_steps).astype(int)
        heard = set((steps % 32).tolist())
        shares.append(len(heard & loop.steps) / len(heard | loop.steps))
        right = np.isin(steps % 32, list(loop.steps))
        assert np.abs(in_steps - steps)[right].max() < 0.1, kit  # 14 ms
    assert np.mean(shares) >= 0.98 and min(shares) >= 0.92, shares


@pytest.mark.parametrize("piece", [1, 37, 500, 4096, 100_000])
@pytest.mark.parametrize("wraps", [True, False])
def test_pieces_of_any_length_give_the_same(piece, wraps):
    loop = Loop("clave", "noise", 120, 1, rate=8_000, channels="wide")
    sound = loop.render()[: 4_000 if piece == 1 else None]
    whole, in_pieces = heard_in(sound, 8_000, wraps), heard_in(sound, 8_000, wraps, piece)
    assert len(whole.times) > 1
    np.testing.assert_allclose(in_pieces.times, whole.times)
    np.testing.assert_allclose(in_pieces.envelope, whole.envelope, atol=1e-3)


@pytest.mark.parametrize("length", [1, 100, 700, 2_000])
def test_a_sound_shorter_than_a_spectrum_is_heard(length):
    for wraps in (True, False):
        heard = heard_in(np.ones(length), 22_050, wraps)
        assert len(heard.times) <= 1


def test_silence_has_no_onsets():
    for wraps in (True, False):
        assert not len(heard_in(np.zeros(22_050), 22_050, wraps).times)


def test_what_rings_on_over_the_seam_is_not_struck():
    time = np.arange(2 * 22_050) / 22_050
    ring = np.sin(2 * np.pi * 110 * time) * np.exp(-time / 0.8)
    struck = np.roll(ring, 33_000)  # what is over at the end goes on at the beginning
    assert heard_in(struck, 22_050).times == pytest.approx([33_000 / 22_050], abs=0.012)


def test_a_ring_that_is_cut_off_at_the_end_strikes_nothing_at_the_beginning():
    time = np.arange(11_100) / 22_050
    ring = np.sin(2 * np.pi * 52 * time) * np.exp(-time / 0.4)
    struck = np.concatenate([np.zeros(33_000), ring])
    assert heard_in(struck, 22_050).times == pytest.approx([33_000 / 22_050], abs=0.012)


def test_a_steady_tone_and_steady_noise_are_not_struck():
    time = np.arange(3 * 44_100) / 44_100
    tone = 0.5 * np.sin(2 * np.pi * 441 * time)
    clicks = 0.9 * np.exp(-(time % 1) / 0.01) * np.sin(2 * np.pi * 2_000 * time)
    hiss = 0.001 * np.random.default_rng(2).standard_normal(len(time))
    assert heard_in(tone + clicks, 44_100).times == pytest.approx([0, 1, 2], abs=0.012)
    assert heard_in(clicks + hiss, 44_100).times == pytest.approx([0, 1, 2], abs=0.012)


def test_every_onset_is_kept_or_counted(tmp_path):
    """In loops with tails, of one bar, and where several are on a step."""
    for loop in (
        Loop("house", "claps", 126, tail=1.1, named="bpm"),
        Loop("clave", "machine", 140, 1),
        Loop("trap", "machine", 75, 4, named="bars"),
        Loop("busy", "machine", 110, named=""),
    ):
        path = loop.write(tmp_path)
        sound, rate = soundfile.read(path, always_2d=True, dtype="float32")
        heard = len(heard_in(sound, rate).times)
        for steps_per_beat in (3, 4):
            made = read([path], kind="rhythm", cache=False, steps_per_beat=steps_per_beat)
            lost = sum(entry.count for entry in made.discarded if entry.what == "onsets")
            assert made.hits + lost == heard * (2 if loop.bars == 1 else 1), loop.name
