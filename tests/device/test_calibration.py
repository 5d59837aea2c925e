"""Calibration at 1 V steps: of a module whose converters and inputs are off, as real ones are."""

from __future__ import annotations

import numpy as np
import pytest

from tests.decoders import CHORALES, DRUMS
from tests.device.rig import drums, notes

# An output stage that is off: what its jack gives where a right one gives `volts`.
STAGES = [(-0.061 + 0.007 * jack, 1.021 - 0.005 * jack) for jack in range(8)]
# A step of a converter of 14 bits over 10 V.
STEP = 10 / 16384


def off(jack: int, volts: float) -> float:
    offset, gain = STAGES[jack]
    return offset + gain * volts


def measure(module, jack: int) -> None:
    """What a player does with a meter: for each volt, the code at which it shows it."""
    for volts in range(-4, 5):
        shown = [off(jack, at_jack_code(code)) for code in range(0, 65536)]
        code = int(np.argmin(np.abs(np.array(shown) - volts)))
        module.link.run(f"calibration.try_out({jack}, {code})")
        module.panel.advance(2000)
        seen = [r for r in module.panel.settle() if r.kind != "step"]
        assert [r.jack for r in seen] == [jack]
        assert off(jack, seen[0].value) == pytest.approx(volts, abs=STEP)
        module.link.run(f"calibration.take_out({jack}, {volts}, {code})")


def at_jack_code(code: int) -> float:
    """The volts of a right output at a 16-bit code: inverting, 14 bits."""
    return 5 - 10 * (code >> 2) / 16383


def test_pitches_are_a_volt_an_octave_after_calibration(rig, decoded):
    module = rig(CHORALES)
    latents = (-2.0, 1.0, -1.0)
    setting = f"track.latents = {latents}; track.threshold = 0.05; track.transpose = 40"
    setting += "; track.keep = 'off'"
    module.run(setting)
    wanted = notes(decoded(CHORALES, latents), 0.05, pitch=lambda voice: voice + 40, keep=False)

    def error() -> float:
        worst = 0.0
        for seen, by_book in zip(module.jacks(), wanted, strict=True):
            assert seen.keys() == by_book.keys()
            for jack in seen.keys() & set(range(4, 8)):
                pitch = round(by_book[jack] * 12)
                worst = max(worst, abs(off(jack, seen[jack]) - pitch / 12))
        return worst

    before = error()
    for jack in range(4, 8):
        measure(module, jack)
    on = error()
    # A cent is 0.83 mV.
    assert before > 0.02 and on < 1.5 * STEP
    module.link.run("import latentrack.instrument; latentrack.instrument.QUIET_MS = 50")
    module.frames(10)
    module.link.restart()
    module.run(setting)
    assert error() == pytest.approx(on)
    assert (module.module.flash / "calibration_xen.txt").exists()
    for jack in range(4, 8):
        module.run(f"calibration.forget({jack})")
    assert error() == pytest.approx(before)


def test_accents_reach_from_0_to_5_volts_after_calibration(rig, decoded):
    module = rig(DRUMS)
    for jack in (5, 6, 7):
        measure(module, jack)
    checked = 0
    for latents in ((1.5, -0.5, 2.0), (-2.0, 1.0, -1.0), (0.5, -3.0, 0.0)):
        wanted = drums(decoded(DRUMS, latents), (1, 1, 6, 2, 2), 0.1)
        heard = module.jacks(f"track.latents = {latents}; track.threshold = 0.1")
        for seen, by_book in zip(heard, wanted, strict=True):
            assert seen.keys() == by_book.keys()
            for jack in seen.keys() & {5, 6, 7}:
                # As far as the output reaches: some of these stop short of 5 V.
                most = min(5, off(jack, 5))
                assert off(jack, seen[jack]) == pytest.approx(
                    by_book[jack] / 5 * most, abs=1.5 * STEP
                )
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
        assert patched(volts) == pytest.approx(volts, abs=0.003)
    module.frames(5)
    module.link.restart()
    assert patched(-1.25) == pytest.approx(-1.25, abs=0.003)
    # The others are as they were.
    module.panel.cv("z", 2)
    module.panel.settle()
    module.frames()
    assert module.get("controls.cv['z']") == pytest.approx(2, abs=0.003)
    module.run("calibration.forget('y')")
    assert abs(patched(3) - 3) > 0.05


def test_one_point_shifts_and_keeps_the_slope(rig):
    module = rig(DRUMS)
    module.run("calibration.take_out(3, 2, 13207)")
    line = module.get("(calibration.outputs[3].per_volt, calibration.outputs[3].code(5))")
    # 2 V is code 19660.5 of an output that inverts: all codes are 6453.5 lower.
    assert line == (-6553.5, 0)


def test_the_least_squares_are_those_of_numpy(rig):
    module = rig(DRUMS)
    rng = np.random.default_rng(4)
    volts = np.arange(-4, 5)
    codes = np.round(32500 - 6400 * volts + rng.normal(0, 20, 9)).astype(int)
    for v, c in zip(volts, codes, strict=True):
        module.run(f"calibration.take_out(2, {v}, {c})")
    slope, zero = np.polyfit(volts, codes, 1)
    found = module.get("(calibration.outputs[2].per_volt, calibration.outputs[2].zero)")
    assert found == pytest.approx((slope, zero))
