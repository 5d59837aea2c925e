"""Sounds come out of the mixer at their time, and the mixer is what a sound device plays."""

from __future__ import annotations

import miniaudio
import numpy as np
import pytest

from latentrack.sound.patch import Hit
from latentrack.sound.speaker import LATENCY_S, Mixer, Speaker
from latentrack.sound.synth import RATE, Samples
from tests.waiting import until

BLOCK = 441  # 10 ms


def hit_at(seconds: float, level: float = 1.0) -> Hit:
    return Hit("block", 1000.0, level, round(seconds * 1e6))


def onsets(samples: Samples) -> list[float]:
    """Where sound begins after silence, in seconds."""
    loud = np.abs(samples) > 0.02
    quiet_before = round(0.03 * RATE)
    return [
        at / RATE for at in np.flatnonzero(loud) if not loud[max(at - quiet_before, 0) : at].any()
    ]


def taken(mixer: Mixer, seconds: float) -> Samples:
    blocks = [mixer.take(BLOCK) for _ in range(round(seconds * RATE / BLOCK))]
    return np.concatenate(blocks)


def heard(mixer: Mixer, played: dict[float, float], seconds: float) -> list[float]:
    """When sounds begin, if the mixer hears at some seconds of hits that were played at others."""
    sums = []
    for block in range(round(seconds * RATE / BLOCK)):
        now = block * BLOCK / RATE
        for at in [at for at in played if at <= now]:
            mixer.add(hit_at(played.pop(at)))
        sums.append(mixer.take(BLOCK))
    return onsets(np.concatenate(sums))


def test_hits_are_as_far_apart_as_they_were_played_however_late_one_hears_of_them() -> None:
    played = [100.0, 100.123, 100.25, 100.6]
    late = [0.0, 0.02, 0.005, 0.03]
    came = {at - 100 + more: at for at, more in zip(played, late, strict=True)}
    found = np.array(heard(Mixer(), came, 1.0))
    assert np.abs(found - (np.array(played) - 100 + LATENCY_S)).max() < 0.0005


def test_what_a_busy_computer_has_missed_is_left_out_and_what_follows_is_in_time() -> None:
    came = {0.0: 0.0, 1.0: 0.3, 1.001: 0.5, 1.25: 1.25, 1.5: 1.5}
    wanted = [LATENCY_S + at for at in (0.0, 1.25, 1.5)]
    assert heard(Mixer(), came, 2.0) == pytest.approx(wanted, abs=0.0005)


@pytest.mark.parametrize("speed", [0.995, 1.005])
def test_a_device_whose_clock_differs_keeps_the_latency(speed: float) -> None:
    """Half a percent is far more than real clocks differ by."""
    came = {at * speed: at for at in np.arange(0, 60, 0.5).tolist()}
    hits = list(came)
    found = heard(Mixer(), came, 61.0)
    assert len(found) == len(hits)
    assert np.abs(np.array(found) - hits - LATENCY_S).max() < LATENCY_S + 0.011


def test_a_louder_hit_is_louder_and_many_at_once_stay_in_range() -> None:
    peaks = []
    for level in (0.2, 0.6, 1.0):
        mixer = Mixer()
        mixer.add(hit_at(0.0, level))
        peaks.append(float(np.abs(taken(mixer, 0.3)).max()))
    assert peaks[0] < peaks[1] / 2 < peaks[2] / 2
    mixer = Mixer()
    for _ in range(200):
        mixer.add(hit_at(0.0))
    assert 0.9 < np.abs(taken(mixer, 0.3)).max() <= 1.0
    assert not taken(mixer, 0.3).any()


def test_a_sound_device_takes_what_is_mixed() -> None:
    """The library's own stand-in: it takes samples in real time, and nobody hears them."""
    speaker = Speaker([miniaudio.Backend.NULL])
    sums: list[float] = []
    take = speaker.mixer.take

    def noted(frames: int) -> Samples:
        samples = take(frames)
        sums.append(float(np.abs(samples).sum()))
        return samples

    speaker.mixer.take = noted  # type: ignore[method-assign]
    with speaker:
        until(lambda: len(sums) > 2, "the device takes nothing")
        assert not any(sums)
        speaker.mixer.add(hit_at(0.0))
        until(lambda: any(sums), "the hit never came")


def test_a_computer_without_a_sound_device_says_so(monkeypatch: pytest.MonkeyPatch, capfd) -> None:
    def only_null(**_: object) -> object:
        return real(backends=[miniaudio.Backend.NULL])

    from latentrack.errors import UserError

    real = miniaudio.PlaybackDevice
    monkeypatch.setattr(miniaudio, "PlaybackDevice", only_null)
    with pytest.raises(UserError, match="No sound device"):
        Speaker()

    def none(**_: object) -> object:
        raise miniaudio.MiniaudioError("failed to init device", -401)

    monkeypatch.setattr(miniaudio, "PlaybackDevice", none)
    with pytest.raises(UserError, match="No sound device"):
        Speaker()
    assert capfd.readouterr() == ("", "")
