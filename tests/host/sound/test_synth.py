"""The samples of sounds: their frequencies, their lengths and levels."""

from __future__ import annotations

import re

import numpy as np
import pytest

from latentrack.sound.names import DRUMS, sound_of
from latentrack.sound.synth import RATE, SOUNDS, Samples, samples_of
from tests.conftest import ROOT

UNPITCHED = ("kick", "snare", "closed hat", "open hat", "crash", "ride", "clap", "shaker")


def loudest_hertz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples, 1 << 17))
    return float(np.fft.rfftfreq(1 << 17, 1 / RATE)[spectrum.argmax()])


def test_each_sound_that_a_voice_may_have_is_there_and_also_in_the_browser() -> None:
    wanted = {*DRUMS, "note", "pluck"}
    assert wanted <= SOUNDS.keys()
    known = set[str]()
    for name in ("drums", "notes"):
        script = (ROOT / f"host/latentrack/studio/listen/listen_{name}.js").read_text()
        table = script[script.index("export const") :]
        body = table[: table.index("\n};")]
        known |= set(re.findall(r'^  "?([a-z ]+?)"?[:(]', body, re.MULTILINE))
    assert wanted <= known


@pytest.mark.parametrize("sound", sorted(SOUNDS))
def test_it_begins_at_once_dies_away_and_fits(sound: str) -> None:
    samples = samples_of(sound, 330.0)
    assert 0.03 < len(samples) / RATE < 2
    assert 0.2 < np.abs(samples).max() < 1.3
    # The loudest sample comes early, and what is left at the end cannot be heard as a click.
    assert np.abs(samples).argmax() < 0.05 * RATE
    assert np.abs(samples[-20:]).max() < 0.02
    assert np.array_equal(samples, samples_of(sound, 330.0))


@pytest.mark.parametrize("sound", ["note", "pluck", "block"])
@pytest.mark.parametrize("pitch", [45, 57, 69, 84])
def test_a_pitched_sound_has_its_pitch(sound: str, pitch: int) -> None:
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    assert loudest_hertz(samples_of(sound, hertz)) == pytest.approx(hertz, rel=0.02)


def test_drums_lie_where_drums_lie() -> None:
    hertz = {name: loudest_hertz(samples_of(name)) for name in UNPITCHED}
    assert 40 < hertz["kick"] < 160 < hertz["snare"] < 5000
    assert min(hertz["closed hat"], hertz["open hat"], hertz["crash"], hertz["ride"]) > 4000
    assert len(samples_of("open hat")) > 4 * len(samples_of("closed hat"))


def test_toms_are_as_high_as_their_notes() -> None:
    toms = [sound_of("drums", "", pitch) for pitch in (41, 45, 48, 50)]
    assert [sound for sound, _ in toms] == ["tom"] * 4
    heard = [loudest_hertz(samples_of(*tom)) for tom in toms]
    assert heard == sorted(heard) and heard[-1] > 1.5 * heard[0]
