"""Calibration at 1 V steps: of a module whose converters and inputs are off, as real ones are."""

from __future__ import annotations

import numpy as np
import pytest

from tests.decoders import CHORALES, DRUMS
from tests.device.rig import drums, notes

# An output stage: volts = offset + gain * code / 65535. 10 V would be gain 10.
STAGES = [(-0.031 + 0.007 * jack, 10.21 - 0.05 * jack) for jack in range(8)]


def volts_at(jack: int, code: int) -> float:
    offset, gain = STAGES[jack]
    return offset + gain * code / 65535


def measure(module, jack: int) -> None:
    """What a player does with a meter: for each volt, the code at which it shows it."""
    for volts in range(1, 9):
        tried = range(0, 65536)
        shown = [volts_at(jack, code) for code in tried]
        code = int(np.argmin(np.abs(np.array(shown) - volts)))
        module.link.run(f"calibration.try_out({jack}, {code})")
        module.panel.advance(2000)
        seen = [r for r in module.panel.settle() if r.kind == "level"]
        assert [(r.channel, r.value) for r in seen] == [(jack, code)]
        module.link.run(f"calibration.take_out({jack}, {volts}, {code})")


def test_pitches_are_a_volt_an_octave_after_calibration(rig, decoded):
    module = rig(CHORALES)
    latents = (-2.0, 1.0, -1.0)
    setting = f"track.latents = {latents}; track.threshold = 0.05; track.transpose = 40"
    setting += "; track.keep = 'off'"
    module.run(setting)
    wanted = notes(decoded(CHORALES, latents), 0.05, pitch=lambda voice: voice + 40, keep=False)

    def error() -> float:
        worst = 0.0
        heard = module.jacks()
        assert [gates for gates, _ in heard] == [gates for gates, _ in wanted]
        for (_, seen), (_, by_book) in zip(heard, wanted, strict=True):
            assert seen.keys() == by_book.keys()
            for jack, code in seen.items():
                pitch = round(by_book[jack] / 65535 * 120)
                worst = max(worst, abs(volts_at(jack, code) - pitch / 12))
        return worst

    off = error()
    for jack in range(4, 8):
        measure(module, jack)
    on = error()
    # Half a code is 0.08 mV; a cent is 0.83 mV.
    assert off > 0.02 and on < 0.0003
    module.link.run("import latentrack.instrument; latentrack.instrument.QUIET_MS = 50")
    module.frames(10)
    module.link.restart()
    module.run(setting)
    assert error() == pytest.approx(on)
    assert (module.module.flash / "calibration_virtual.txt").exists()
    for jack in range(4, 8):
        module.run(f"calibration.forget({jack})")
    assert error() == pytest.approx(off)


def test_accents_reach_from_0_to_10_volts_after_calibration(rig, decoded):
    module = rig(DRUMS)
    for jack in (5, 6, 7):
        measure(module, jack)
    checked = 0
    for latents in ((1.5, -0.5, 2.0), (-2.0, 1.0, -1.0), (0.5, -3.0, 0.0)):
        wanted = drums(decoded(DRUMS, latents), (1, 1, 6, 2, 2), 0.1)
        heard = module.jacks(f"track.latents = {latents}; track.threshold = 0.1")
        for (gates, levels), (by_book, places) in zip(heard, wanted, strict=True):
            assert gates == by_book and levels.keys() == places.keys()
            for jack, code in levels.items():
                # As far as the output reaches: some of these stop short of 10 V.
                low, high = max(0, volts_at(jack, 0)), min(10, volts_at(jack, 65535))
                volts = low + (high - low) * places[jack] / 65535
                assert volts_at(jack, code) == pytest.approx(volts, abs=5e-4)
                checked += 1
    assert checked > 20


def test_cv_inputs_after_calibration(rig):
    """An input whose volts arrive as 0.93 of them and 0.12 too high."""
    module = rig(DRUMS)

    def patched(volts: float) -> float:
        module.panel.cv("y", 0.12 + 0.93 * volts)
        module.panel.settle()
        module.frames()
        return module.get("controls.cv['y']")

    assert abs(patched(3) - 3) > 0.05
    for volts in (-4, -3, -2, -1, 0, 1, 2, 3, 4):
        patched(volts)
        module.run(f"calibration.take_in('y', {volts})")
    for volts in (-5, -2.5, 0, 0.1, 4.7):
        assert patched(volts) == pytest.approx(volts, abs=0.001)
    module.frames(5)
    module.link.restart()
    assert patched(-1.25) == pytest.approx(-1.25, abs=0.001)
    # The others are as they were.
    module.panel.cv("z", 2)
    module.panel.settle()
    module.frames()
    assert module.get("controls.cv['z']") == pytest.approx(2, abs=0.001)
    module.run("calibration.forget('y')")
    assert abs(patched(3) - 3) > 0.05


def test_one_point_shifts_and_keeps_the_slope(rig):
    module = rig(DRUMS)
    module.run("calibration.take_out(3, 2, 13207)")
    line = module.get("(calibration.outputs[3].per_volt, calibration.outputs[3].code(5))")
    assert line == (6553.5, 32868)


def test_the_least_squares_are_those_of_numpy(rig):
    module = rig(DRUMS)
    rng = np.random.default_rng(4)
    volts = np.arange(0, 9)
    codes = np.round(6400 * volts + 300 + rng.normal(0, 20, 9)).astype(int)
    for v, c in zip(volts, codes, strict=True):
        module.run(f"calibration.take_out(2, {v}, {c})")
    slope, zero = np.polyfit(volts, codes, 1)
    found = module.get("(calibration.outputs[2].per_volt, calibration.outputs[2].zero)")
    assert found == pytest.approx((slope, zero))
