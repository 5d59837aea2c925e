"""The sounds, rendered by a real browser into memory, and looked at by their samples."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Page

from latentrack.sound.names import DRUMS
from tests.studio.conftest import running_studio

Samples = npt.NDArray[np.float64]
RATE = 48000
NOTES = ("note", "bass", "pluck")


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page for all: rendering changes nothing of it."""
    with running_studio(tmp_path_factory.mktemp("sounds") / "studio") as studio:
        made = browser.new_page()
        made.goto(f"{studio.address}/listen")
        made.wait_for_function("window.latentrackSound !== undefined")
        yield made
        made.close()


def rendered(
    page: Page, hits: list[Any], seconds: float, mastered: bool = False, reverb: float = 0
) -> Samples:
    """The samples of hits (sound, hertz, velocity, time, seconds), at 48 kHz."""
    options = {"rate": RATE, "mastered": mastered, "reverb": reverb}
    found = page.evaluate(
        """async ([hits, seconds, options]) => {
            const samples = await latentrackSound.render(hits, seconds, options);
            const url = await new Promise((done) => {
                const reader = new FileReader();
                reader.onload = () => done(reader.result);
                reader.readAsDataURL(new Blob([samples]));
            });
            return url.split(",")[1];
        }""",
        [hits, seconds, options],
    )
    return np.frombuffer(base64.b64decode(found), np.float32).astype(np.float64)


def share(samples: Samples, low: float, high: float) -> float:
    """How much of the energy lies between two frequencies."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())


def test_every_voice_sounds_and_ends(page: Page) -> None:
    for sound in (*DRUMS, *NOTES):
        samples = rendered(page, [[sound, 220, 100, 0.1, 0.25]], 2.5)
        assert np.all(samples[: int(0.1 * RATE)] == 0), sound
        assert 0.02 < np.abs(samples).max() < 1.6, sound
        assert np.abs(samples[int(2.2 * RATE) :]).max() < 1e-4, sound
        soft = rendered(page, [[sound, 220, 30, 0.1, 0.25]], 0.6)
        # No direct current, and no click where it ends.
        assert abs(samples.mean()) < 5e-4, sound
        assert np.abs(soft).max() < 0.5 * np.abs(samples).max(), sound


def test_silence_is_silent(page: Page) -> None:
    assert np.all(rendered(page, [], 0.5, mastered=True) == 0)


# Where most of a sound's energy lies, in Hz.
BANDS = [
    ("kick", 0, 20, 200),
    ("snare", 0, 150, 12000),
    ("closed hat", 0, 5000, 24000),
    ("open hat", 0, 5000, 24000),
    ("tom", 80, 60, 200),
    ("tom", 160, 120, 350),
    ("conga", 300, 250, 500),
    ("crash", 0, 3500, 24000),
    ("ride", 0, 4500, 24000),
    ("bell", 560, 400, 1200),
    ("rim", 0, 1200, 5000),
    ("clap", 0, 600, 3000),
    ("block", 1000, 800, 1300),
    ("triangle", 0, 3900, 10000),
    ("shaker", 0, 3500, 12000),
]


def test_a_voice_lies_where_its_instrument_does(page: Page) -> None:
    for sound, hertz, low, high in BANDS:
        samples = rendered(page, [[sound, hertz, 110, 0, 0.25]], 1.0)
        assert share(samples, low, high) > 0.8, sound


def test_a_snare_is_both_drum_and_wires(page: Page) -> None:
    samples = rendered(page, [["snare", 0, 110, 0, 0.25]], 0.5)
    assert share(samples, 150, 400) > 0.05 and share(samples, 1500, 24000) > 0.3


def test_notes_are_in_tune(page: Page) -> None:
    for sound, hertz in product(NOTES, (110.0, 261.63, 880.0)):
        samples = rendered(page, [[sound, hertz, 100, 0, 0.8]], 0.8)[: int(0.25 * RATE)]
        power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 16 * len(samples)))
        bin_hertz = RATE / (16 * len(samples))
        low, high = int(0.7 * hertz / bin_hertz), int(1.4 * hertz / bin_hertz)
        peak = (low + power[low:high].argmax()) * bin_hertz
        assert abs(1200 * np.log2(peak / hertz)) < 12, (sound, hertz)  # cents


def test_a_bar_is_met_to_the_sample(page: Page) -> None:
    """Rims are short: between them it is silent, and an onset is where that ends."""
    times = [0.05 + 0.1317 * step + (0.031 if step % 2 else 0) for step in range(16)]
    samples = rendered(page, [["rim", 0, 100, time, 0.1] for time in times], 2.4)
    loud = np.abs(samples) > 0
    quiet_before = np.concatenate([[True], ~loud[:-1]])
    onsets = np.flatnonzero(loud & quiet_before)
    # A sound is silent for long before its onset: not a zero crossing within it.
    onsets = np.array([at for at in onsets if not loud[max(0, at - 480) : at].any()])
    assert len(onsets) == 16
    assert np.abs(onsets - np.array(times) * RATE).max() <= 1.0


def test_the_master_holds_a_loud_bar_below_full_scale(page: Page) -> None:
    hits = [[sound, 100, 127, 0.05 + 0.5 * beat, 0.25] for beat in range(4) for sound in DRUMS[:8]]
    free = np.abs(rendered(page, hits, 2.2)).max()
    held = np.abs(rendered(page, hits, 2.2, mastered=True)).max()
    assert free > 1.5 and held < 0.75 * free


def test_a_closed_hat_ends_an_open_one(page: Page) -> None:
    ringing = rendered(page, [["open hat", 0, 100, 0, 0.1]], 0.4)
    ended = rendered(page, [["open hat", 0, 100, 0, 0.1], ["pedal hat", 0, 1, 0.1, 0.1]], 0.4)
    after = slice(int(0.2 * RATE), None)
    assert np.abs(ended[after]).max() < 0.05 * np.abs(ringing[after]).max()


def test_a_dozen_notes_at_once_are_eight(page: Page) -> None:
    chord = [["note", 220 * 1.1**n, 100, 0.01 * n, 2.0] for n in range(12)]
    last = [["note", 220 * 1.1**n, 100, 0.01 * n, 2.0] for n in range(4, 12)]
    late = slice(int(0.5 * RATE), int(1.0 * RATE))
    ratio = rendered(page, chord, 1)[late].std() / rendered(page, last, 1)[late].std()
    assert ratio == pytest.approx(1, abs=0.01)


def middle(samples: Samples) -> float:
    """The centre of the spectrum, in Hz: how bright it sounds."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float((power * np.fft.rfftfreq(len(samples), 1 / RATE)).sum() / power.sum())


def test_what_is_struck_harder_is_brighter(page: Page) -> None:
    for sound in (
        "kick",
        "snare",
        "clap",
        "closed hat",
        "open hat",
        "tom",
        "crash",
        "ride",
        *NOTES,
    ):
        soft, hard = (
            rendered(page, [[sound, 110, velocity, 0, 0.25]], 1.5) for velocity in (40, 120)
        )
        assert middle(hard) > 1.05 * middle(soft), sound


def decay(samples: Samples) -> float:
    """Seconds until what is left is 40 dB below the loudest."""
    power = np.convolve(samples**2, np.ones(480) / 480, "same")
    return float(np.flatnonzero(power > 1e-4 * power.max()).max() / RATE)


def test_sounds_ring_as_long_as_their_instruments(page: Page) -> None:
    rings = {
        sound: decay(rendered(page, [[sound, 110, 110, 0, 0.25]], 2.5))
        for sound in ("closed hat", "open hat", "kick", "snare", "tom", "ride", "crash")
    }
    assert rings["closed hat"] < 0.1 < rings["snare"] < 0.3
    assert 0.2 < rings["kick"] < 0.5 and 0.2 < rings["tom"] < 0.8
    assert 0.25 < rings["open hat"] < rings["ride"] < 1.5
    assert rings["open hat"] < rings["crash"] < 2


def test_all_voices_at_once_are_not_cut_off(page: Page) -> None:
    """The ceiling of the master, whatever comes: no sample is beyond it, and it is not silent."""
    every = [[sound, 100, 127, 0.05 + 0.25 * beat, 0.25] for beat in range(4) for sound in DRUMS]
    chord = [["note", 110 * 1.25**n, 127, 0.05, 1.0] for n in range(8)]
    held = rendered(page, every + chord, 1.5, mastered=True, reverb=1.0)
    assert 0.5 < np.abs(held).max() < 0.97
    assert abs(held.mean()) < 2e-3


def test_the_room_rings_after_the_sound_has_ended(page: Page) -> None:
    dry, wet = (
        rendered(page, [["rim", 0, 110, 0, 0.1]], 1.5, mastered=True, reverb=share)
        for share in (0.0, 0.5)
    )
    late = slice(int(0.2 * RATE), int(0.5 * RATE))
    assert np.abs(dry[late]).max() < 1e-4 < np.abs(wet[late]).max()
    assert np.abs(wet[late]).max() < 0.3 * np.abs(wet).max()


def test_an_open_hat_dies_away_until_it_is_closed(page: Page) -> None:
    ringing = rendered(page, [["open hat", 0, 100, 0, 0.1]], 0.4)
    ended = rendered(page, [["open hat", 0, 100, 0, 0.1], ["closed hat", 0, 1, 0.2, 0.1]], 0.4)
    assert np.allclose(ringing[: int(0.2 * RATE)], ended[: int(0.2 * RATE)], atol=1e-6)


def test_hits_that_are_told_of_in_another_order_sound_alike(page: Page) -> None:
    hits = [["open hat", 0, 100, 0, 0.1], ["closed hat", 0, 100, 0.2, 0.1]]
    assert np.allclose(rendered(page, hits, 0.6), rendered(page, hits[::-1], 0.6), atol=1e-6)
