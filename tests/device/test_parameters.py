"""What every parameter does to the outputs; each test that claims to cover some is held to it
(claims.py), and one of the last ones here says that all are covered."""

from __future__ import annotations

import math
import runpy

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.decoders import CHORALES, DRUMS, WIDE

# What they claim counts here, too.
from tests.device import (  # noqa: F401
    test_gestures,
    test_glide,
    test_groove,
    test_midi,
    test_morph,
    test_paths,
    test_performing,
    test_tunings,
    test_w,
)
from tests.device.claims import CLAIMED, covers
from tests.device.rig import drums, notes, parameters, pitch_volts, rhythm

GROUPS = (1, 1, 6, 2, 2)
PLACE = (1.5, -0.5, 2.0)
OTHER = (-2.0, 1.0, -1.0)
SIXTEEN = (*range(48, 60), 24, 72, 36, 84)


def at(latents, threshold=0.3) -> str:
    return f"track.latents = {tuple(latents)}\ntrack.threshold = {threshold}"


def plain(decoded, latents=PLACE, threshold=0.3):
    return drums(decoded(DRUMS, latents), GROUPS, threshold)


# -- where in the latent space


@covers("x", "y", "z")
def test_x_y_z_are_positions_in_the_latent_space(rig, decoded):
    """-1 to 1 is the whole scale of the model, which is 3 here."""
    module = rig(DRUMS)
    seen = set()
    for name, latent in (("x", 0), ("y", 1), ("z", 2)):
        for place in (-1, -0.25, 1):
            latents = [0.0, 0.0, 0.0]
            latents[latent] = 3 * place
            jacks = module.jacks(
                f"{at((0, 0, 0))}\ntrack.{name} = {place}",
            )
            assert jacks == plain(decoded, latents)
            seen.add(str(jacks))
    assert len(seen) > 5


@covers("threshold")
def test_threshold(rig, decoded):
    module = rig(DRUMS)
    for threshold in (0, 0.1, 0.5, 0.9, 1):
        assert module.jacks(at(PLACE, threshold)) == plain(decoded, PLACE, threshold)


@covers("chaos", "dice")
def test_chaos_is_a_throw_of_the_dice_that_repeats_until_asked(rig, decoded):
    module = rig(DRUMS)
    assert module.jacks(at(PLACE)) == plain(decoded)
    bars = set()
    for dice in (0, 1, 2, 57):
        bar = module.jacks(f"track.chaos = 0.5\ntrack.dice = {dice}")
        # It is a place of the model's space, no farther off than chaos says, and not the knobs'.
        latents = module.get("tuple(track.decoded)")
        away = np.abs(np.array(latents) - PLACE) / 3
        assert 0 < away.max() <= 0.5
        assert max(np.abs(latents)) <= 3
        assert bar == plain(decoded, latents)
        # It repeats, and it comes back when the same dice are asked for.
        assert [edge.jacks for edge in module.edges(32)] == bar + bar
        bars.add(str(bar))
    assert len(bars) == 4
    again = module.jacks("track.dice = 0")
    assert str(again) in bars
    assert module.jacks("track.chaos = 0") == plain(decoded)


def test_throws_are_spread_evenly(rig):
    throws = rig(DRUMS).get(
        "[__import__('latentrack.dice', None, None, ('throw',)).throw(n, i)"
        " for n in range(100) for i in range(8)]"
    )
    assert -1 <= min(throws) < -0.98 and 0.98 < max(throws) <= 1
    assert abs(np.mean(throws)) < 0.06
    assert np.std(throws) == pytest.approx(1 / math.sqrt(3), abs=0.04)
    assert len(set(throws)) > 780


# -- when new patterns play


def moved(module, follow):
    """What is played from the sixth step on, and in the next bar, by one who moves after five."""
    module.run(f"track.follow = 'bar'\n{at(PLACE)}")
    module.jacks(f"track.follow = {follow!r}", steps=5)
    module.run(at(OTHER))
    return [edge.jacks for edge in module.edges(11 + 16)]


def test_follow_bar_waits_for_the_bar(rig, decoded):
    before, after = plain(decoded), plain(decoded, OTHER)
    assert moved(rig(DRUMS), "bar") == before[5:] + after


@covers("follow")
def test_follow_step_is_heard_at_the_step_after_the_next(rig, decoded):
    """The next step stands ready already; the one behind it is decoded when that one plays."""
    module = rig(DRUMS)
    before, after = plain(decoded), plain(decoded, OTHER)
    assert moved(module, "step") == before[5:6] + after[6:] + after
    assert moved(module, "hold") == before[5:] + before
    assert before[6:] != after[6:]


def test_follow_hold_decodes_by_hand(rig, decoded):
    module = rig(DRUMS)
    before, after = plain(decoded), plain(decoded, OTHER)
    module.run(at(PLACE))
    module.run(f"track.follow = 'hold'\n{at(OTHER)}")
    assert module.jacks() == before
    module.run("instrument.decode()")
    assert module.jacks() == after


@covers("freeze")
def test_freeze_lets_nothing_through(rig, decoded):
    """Not even what is decoded by hand, nor in step mode; afterwards the knobs' place is heard."""
    module = rig(DRUMS)
    before, after = plain(decoded), plain(decoded, OTHER)
    for follow in ("bar", "step", "hold"):
        module.jacks(f"track.follow = 'bar'\n{at(PLACE)}")
        module.run(f"track.freeze = 'on'\ntrack.follow = {follow!r}\n{at(OTHER)}\ntrack.decode()")
        assert [edge.jacks for edge in module.edges(32)] == before + before
        module.run("track.freeze = 'off'\ntrack.decode()")
        assert [edge.jacks for edge in module.edges(32)][16:] == after
        assert module.jacks() == after


# -- steps


@covers("length")
def test_length(rig, decoded):
    bar = plain(decoded)
    module = rig(DRUMS)
    for length in (1, 5, 16, 23, 128):
        wanted = [bar[edge % length % 16] for edge in range(150)]
        assert module.jacks(f"{at(PLACE)}\ntrack.length = {length}", 150) == wanted
        assert module.jacks("track.length = 0", 20) == (bar + bar)[:20]


@covers("rotation")
def test_rotation(rig, decoded):
    bar = plain(decoded)
    module = rig(DRUMS)
    for rotation in (3, 15, 20):
        wanted = [bar[(edge + rotation) % 16] for edge in range(16)]
        assert module.jacks(f"{at(PLACE)}\ntrack.rotation = {rotation}") == wanted


@covers("division")
def test_division(rig, decoded):
    bar = plain(decoded)
    module = rig(DRUMS)
    for division in (2, 3, 32):
        edges = module.bar(f"{at(PLACE)}\ntrack.division = {division}", 4 * 32, 10_000)
        steps = -(-4 * 32 // division)
        assert [edge.jacks for edge in edges] == [bar[step % 16] for step in range(steps)]
        times = [edge.time_us for edge in edges]
        assert set(np.diff(times)) == {division * 10_000}


def gate_lengths(module, code_to_run, spacing_us):
    """How long the gates are that the module plays in a bar."""
    module.bar(code_to_run, 16, spacing_us)  # the clock is known afterwards
    module.panel.settle()
    module.panel.clock(16, spacing_us=spacing_us)
    module.panel.advance(2_000_000)
    up, lengths = {}, []
    for report in module.panel.settle():
        if report.kind == "rise":
            up[report.jack] = report.time_us
        elif report.kind == "fall" and report.jack in up:
            lengths.append(report.time_us - up.pop(report.jack))
    assert not up and len(lengths) > 8
    module.saw(("gates", spacing_us), lengths)
    return lengths


@covers("gate")
def test_gate_is_in_milliseconds_but_not_more_than_three_quarters_of_a_step(rig):
    """The timer that ends gates comes once a millisecond."""
    module = rig(DRUMS)
    for ms in (1, 10, 70):
        for length in gate_lengths(module, f"{at(PLACE)}\ntrack.gate = {ms}", 100_000):
            assert ms * 1000 <= length <= ms * 1000 + 1000
    for length in gate_lengths(module, "track.gate = 1000", 100_000):
        assert 75_000 <= length <= 76_000


@covers("gate_part")
def test_gate_part_is_a_part_of_the_step(rig):
    module = rig(DRUMS)
    for part, spacing_us in ((50, 100_000), (25, 40_000), (90, 100_000)):
        module.run(f"{at(PLACE)}\ntrack.gate_part = {part}")
        for length in gate_lengths(module, "", spacing_us):
            assert 0 <= length - spacing_us * part / 100 <= 1010


@covers("skip")
def test_skip_leaves_steps_out_by_the_dice(rig, decoded):
    """The dice are those of firmware/lib/sequence/rack.h: the upper 16 bits, from 0 on."""
    module = rig(DRUMS)
    bar = plain(decoded)
    dice, skipped = 0, []
    for _ in range(64):
        dice = (dice * 1664525 + 1013904223) % 2**32
        skipped.append(dice >> 16 < 0.4 * 65536)
    assert 15 < sum(skipped) < 35
    wanted = [{} if skip else bar[step % 16] for step, skip in enumerate(skipped)]
    assert module.jacks(f"{at(PLACE)}\ntrack.skip = 0.4", 64) == wanted
    assert module.jacks("track.skip = 1") == [{}] * 16
    assert module.jacks("track.skip = 0") == bar


# -- what a model is played as


@covers("mode")
def test_mode_plays_a_model_as_something_else(rig, decoded):
    module = rig(DRUMS)
    probabilities = decoded(DRUMS, PLACE)
    assert module.jacks(at(PLACE)) == drums(probabilities, GROUPS, 0.3)
    assert module.jacks("track.mode = 'notes'") == notes(probabilities, 0.3)
    four = ((0, 1, 2, 3), (4, 5, 6, 7))
    pitches = (36, 39, 43, 46)
    assert module.jacks("track.mode = 'rhythm'") == rhythm(probabilities, 0.3, pitches, jacks=four)
    assert module.jacks("track.mode = 'drums'") == drums(probabilities, GROUPS, 0.3)
    assert module.jacks("track.mode = 'auto'") == drums(probabilities, GROUPS, 0.3)


@covers("jacks")
def test_jacks(rig, decoded):
    module = rig(DRUMS)
    probabilities = decoded(DRUMS, PLACE)
    for name, jacks in (("all", range(8)), ("1-4", range(4)), ("5-8", range(4, 8)), ("off", ())):
        wanted = drums(probabilities, GROUPS, 0.3, jacks)
        assert module.jacks(f"{at(PLACE)}\ntrack.jacks = {name!r}") == wanted
    assert module.jacks("track.jacks = 'auto'") == drums(probabilities, GROUPS, 0.3)


@covers("notes")
def test_notes_at_once(rig, decoded):
    module = rig(CHORALES)
    probabilities = decoded(CHORALES, PLACE)
    for most in (1, 2, 3, 4):
        jacks = (range(most), range(most, 2 * most))
        wanted = notes(probabilities, 0.05, most=most, jacks=jacks)
        assert module.jacks(f"{at(PLACE, 0.05)}\ntrack.notes = {most}") == wanted


@covers("keep")
def test_keep(rig, decoded):
    module = rig(CHORALES)
    for place in (OTHER, (1.0, 1.0, 1.0)):
        probabilities = decoded(CHORALES, place)
        kept, moved = (notes(probabilities, 0.02, keep=keep) for keep in (True, False))
        assert kept != moved
        assert module.jacks(f"{at(place, 0.02)}\ntrack.keep = 'on'") == kept
        assert module.jacks("track.keep = 'off'") == moved


def note_of(voice, *, transpose=0, scale=range(12), root=0, lowest=0, octaves=11):
    """A voice's MIDI note by plain search: moved, to the nearest of the scale, into octaves."""
    wanted = voice + transpose
    in_scale = [n for n in range(-120, 260) if (n - root) % 12 in scale]
    nearest = min(in_scale, key=lambda n: (abs(n - wanted), n))
    low, high = 12 * lowest, min(12 * (lowest + octaves), 128)
    while nearest < low:
        nearest += 12
    while nearest >= high:
        nearest -= 12
    return max(nearest, 0)


def check_notes(module, decoded, change, **rules):
    wanted = notes(decoded(WIDE, PLACE), 0.02, pitch=lambda voice: note_of(voice, **rules))
    assert any(wanted)
    defaults = "track.transpose = 0; track.scale = 0; track.root = 0; track.lowest = 0"
    assert module.jacks(f"{at(PLACE, 0.02)}\n{defaults}; track.octaves = 11\n{change}") == wanted
    return wanted


@covers("transpose")
def test_transpose(rig, decoded):
    module = rig(WIDE)
    for semitones in (0, 7, -12, 48, -48):
        check_notes(module, decoded, f"track.transpose = {semitones}", transpose=semitones)


@covers("scale", "root")
def test_scale_and_root(rig, decoded):
    """The notes of the scales are written down here once more, from a book."""
    module = rig(WIDE)
    major, minor5 = (0, 2, 4, 5, 7, 9, 11), (0, 3, 5, 7, 10)
    check_notes(module, decoded, "track.scale = 'major'", scale=major)
    check_notes(module, decoded, "track.scale = 'major'; track.root = 'F#'", scale=major, root=6)
    check_notes(module, decoded, "track.scale = 'minor5'; track.root = 'A'", scale=minor5, root=9)
    change = "track.scale = 'whole'; track.root = 'D'; track.transpose = 5"
    whole = range(0, 12, 2)
    check_notes(module, decoded, change, scale=whole, root=2, transpose=5)


@pytest.mark.parametrize(
    "name, letters",
    [
        ("chromatic", "C C# D D# E F F# G G# A A# B"),
        ("major", "C D E F G A B"),
        ("minor", "C D D# F G G# A#"),
        ("dorian", "C D D# F G A A#"),
        ("phrygian", "C C# D# F G G# A#"),
        ("lydian", "C D E F# G A B"),
        ("mixolydian", "C D E F G A A#"),
        ("locrian", "C C# D# F F# G# A#"),
        ("harmonic", "C D D# F G G# B"),
        ("major5", "C D E G A"),
        ("minor5", "C D# F G A#"),
        ("blues", "C D# F F# G A#"),
        ("whole", "C D E F# G# A#"),
        ("diminished", "C D D# F F# G# A B"),
    ],
)
def test_the_notes_of_each_scale(name, letters):
    table = parameters()
    scales = runpy.run_path(str(ROOT / "device" / "latentrack" / "scales.py"))
    steps = scales["STEPS"][table.SCALES.index(name)]
    assert [table.KEYS[step] for step in steps] == letters.split()


def test_every_note_finds_its_place_in_every_scale_and_range():
    table = parameters()
    scales = runpy.run_path(str(ROOT / "device" / "latentrack" / "scales.py"))
    for steps in scales["STEPS"]:
        for root in (0, 1, 7):
            for voice in range(-48, 176, 5):
                found = scales["nearest"](voice, steps, root)
                wanted = [n for n in range(-60, 190) if (n - root) % 12 in steps]
                assert found == min(wanted, key=lambda n: (abs(n - voice), n))
    assert len(scales["STEPS"]) == len(table.SCALES)
    for voice in range(-48, 176):
        for lowest in (0, 1, 4, 9):
            for octaves in (1, 2, 5, 11):
                found = scales["folded"](voice, lowest, octaves)
                assert found == note_of(voice, lowest=lowest, octaves=octaves)
                assert 0 <= found <= 127 and (found - voice) % 12 == 0


@covers("lowest", "octaves")
def test_octave_range(rig, decoded):
    module = rig(WIDE)
    check_notes(module, decoded, "track.lowest = 5", lowest=5)
    check_notes(module, decoded, "track.octaves = 3", octaves=3)
    check_notes(module, decoded, "track.lowest = 3; track.octaves = 1", lowest=3, octaves=1)
    change = "track.lowest = 9; track.octaves = 11; track.scale = 'blues'"
    blues = (0, 3, 5, 6, 7, 10)
    check_notes(module, decoded, change, lowest=9, octaves=11, scale=blues)


def voice_threshold(threshold, density):
    """At 0.5 as it is; in straight lines to 1 at density 0 and to 0 at density 1."""
    return np.interp(density, (0, 0.5, 1), (1, threshold, 0))


@covers("density1", "density2", "density3", "density4", "density5")
def test_density_of_a_drum(rig, decoded):
    """Every voice of its group gets another threshold; the others stay as they are."""
    module = rig(DRUMS)
    module.run(at(PLACE))
    probabilities = decoded(DRUMS, PLACE)
    for drum, size in enumerate(GROUPS):
        start = sum(GROUPS[:drum])
        for density in (0, 0.2, 0.8, 1):
            limits = np.full(sum(GROUPS), 0.3)
            limits[start : start + size] = voice_threshold(0.3, density)
            wanted = drums(probabilities, GROUPS, limits)
            assert module.jacks(f"track.density{drum + 1} = {density}") == wanted
        module.run(f"track.density{drum + 1} = 0.5")


@covers("density1", "density2", "density3", "density4")
def test_density_of_a_quarter_of_the_notes(rig, decoded):
    module = rig(CHORALES)
    probabilities = decoded(CHORALES, PLACE)
    voices = probabilities.shape[1]
    module.run(at(PLACE, 0.1))
    for quarter in range(4):
        silent = probabilities.copy()
        for voice in range(voices):
            if voice * 4 // voices == quarter:
                silent[:, voice] = 0
        names = [f"track.density{n + 1} = {0 if n == quarter else 0.5}" for n in range(4)]
        assert module.jacks("; ".join(names)) == notes(silent, 0.1)


@covers("density6", "density7", "density8")
def test_density_of_the_sixth_to_eighth_voice(rig, decoded):
    """Of a model played as a rhythm, voice by voice; the last knob has all that are left."""
    module = rig(DRUMS)
    probabilities = decoded(DRUMS, PLACE)
    module.run(f"{at(PLACE, 0.1)}\ntrack.mode = 'rhythm'")
    four = ((0, 1, 2, 3), (4, 5, 6, 7))
    for knob, voices in ((6, [5]), (7, [6]), (8, [7, 8, 9, 10, 11])):
        shifted = probabilities.copy()
        shifted[:, voices] = 0
        silent = [f"track.density{n} = {0 if n == knob else 0.5}" for n in (6, 7, 8)]
        wanted = rhythm(shifted, 0.1, (36, 39, 43, 46), jacks=four)
        assert module.jacks("; ".join(silent)) == wanted


@covers("pitches", *(f"pitch{n}" for n in range(1, 17)))
def test_pitches_that_a_rhythm_steps_through(rig, decoded):
    module = rig(DRUMS)
    probabilities = decoded(DRUMS, PLACE)
    four = ((0, 1, 2, 3), (4, 5, 6, 7))
    module.run(f"{at(PLACE, 0.1)}\ntrack.mode = 'rhythm'")
    for pitches in ((60,), (10, 127, 0), (24, 36, 31, 43, 29, 60, 52, 48), SIXTEEN):
        for number, pitch in enumerate(pitches):
            module.run(f"track.pitch{number + 1} = {pitch}")
        wanted = rhythm(probabilities, 0.1, [min(p, 120) for p in pitches], jacks=four)
        assert module.jacks(f"track.pitches = {len(pitches)}") == wanted
    assert module.jacks("track.pitch_list = (40, 50)") == rhythm(
        probabilities, 0.1, (40, 50), jacks=four
    )


# -- the patch


@covers(*(f"cv_{name}" for name in ("x", "y", "z", "threshold")))
@covers(*(f"cv_{name}_to" for name in ("x", "y", "z", "threshold")))
def test_cv_moves_what_is_written_beside_it(rig, decoded):
    """10 V are the whole way of a knob, times the attenuverter. A CV of 2.5 V at X: half of 3."""
    module = rig(DRUMS)
    module.frames()
    module.run(at((0, 0, 0), 0.5))
    for name, latent in (("x", 0), ("y", 1), ("z", 2)):
        for volts, amount, to in (
            (2.5, 1, f"1.{name}"),
            (-5, 1, f"1.{name}"),
            (4, -0.5, f"1.{name}"),
            (4, 0, f"1.{name}"),
            (4, -0.5, "off"),
        ):
            module.run(f"patch.cv_{name} = {amount}\npatch.cv_{name}_to = {to!r}")
            module.panel.cv(name, volts)
            module.panel.settle()
            module.frames()
            latents = [0.0] * 3
            latents[latent] = 0.0 if to == "off" else 6 * volts / 10 * amount
            found = module.get("tuple(track.decoded)")
            assert found == pytest.approx(latents, abs=2e-3)
            assert module.jacks() == plain(decoded, found, 0.5)
        module.panel.cv(name, 0)
        module.frames()
    module.panel.cv("threshold", -3)
    module.panel.settle()
    for amount, to, threshold in ((1, "1.threshold", 0.2), (-0.5, "1.threshold", 0.65),
                                  (1, "off", 0.5)):  # fmt: skip
        module.run(f"patch.cv_threshold = {amount}\npatch.cv_threshold_to = {to!r}")
        module.frames()
        assert module.jacks() == plain(decoded, (0, 0, 0), threshold)


@covers("knobs", moving=("x", "y", "z", "threshold"))
def test_knobs_reversed_turns_all_four_round(rig, decoded):
    """For hardware whose potentiometers are wired the other way than the board's table says."""
    module = rig(DRUMS)
    for name in ("x", "y", "z", "threshold"):
        module.panel.turn(name, 0.75)
    for setting, share in (("normal", 0.75), ("reversed", 0.25), ("normal", 0.75)):
        module.run(f"patch.knobs = {setting!r}")
        module.frames()
        found = module.get("track.latents + (track.threshold,)")
        latents = [(2 * share - 1) * 3] * 3
        assert found == pytest.approx((*latents, share), abs=2e-3)
        assert module.jacks() == plain(decoded, found[:3], found[3])


def test_an_input_with_nothing_in_it_moves_nothing(rig):
    module = rig(DRUMS)
    module.frames()
    module.run(at(PLACE))
    pattern = module.get("__import__('latentcore').decode(0, track.decoded)")
    for volts in (0.004, -0.006, 0.009, 0):
        module.panel.cv("x", volts)
        module.panel.settle()
        module.frames()
    assert module.get("tuple(track.decoded)") == pytest.approx(PLACE, abs=1e-6)
    assert module.get("__import__('latentcore').decode(0, track.decoded)") == pattern + 1


@covers(*(f"cv_{n}" for n in "5678"), *(f"cv_{n}_to" for n in "5678"))
def test_cv_5_to_8_move_any_parameter(rig, decoded):
    module = rig(DRUMS)
    bar = plain(decoded)
    module.frames()
    module.run(f"{at(PLACE)}\ntrack.length = 64")
    # From the middle of 0 to 128, 0.45 of the way down.
    shorter = 64 - round(0.45 * 129)
    for jack in "5678":
        module.panel.cv(jack, -4.5)
        module.panel.settle()
        for to, amount, length in (("off", 1, 64), ("1.length", 1, shorter), ("1.length", 0, 64)):
            module.run(f"patch.cv_{jack}_to = {to!r}\npatch.cv_{jack} = {amount}")
            module.frames()
            assert module.jacks(steps=30) == [bar[n % length % 16] for n in range(30)]
        module.run(f"patch.cv_{jack}_to = 'off'\npatch.cv_{jack} = 1")
        module.panel.cv(jack, 0)


@covers("trigger_3")
def test_trigger_3_decodes_by_hand_at_first(rig, decoded):
    module = rig(DRUMS)
    module.run(at(PLACE))
    assert module.get("patch.trigger_3") == "decode"
    module.run(f"track.follow = 'hold'\n{at(OTHER)}")
    for action, place in (("off", PLACE), ("decode", OTHER)):
        module.run(f"patch.trigger_3 = {action!r}")
        module.panel.trigger("trigger_3")
        module.panel.settle()
        module.frames()
        assert module.jacks() == plain(decoded, place)


@covers("trigger_4", moving=("rotation",))
def test_trigger_4_moves_any_parameter_on(rig, decoded):
    module = rig(DRUMS)
    bar = plain(decoded)
    assert module.jacks(at(PLACE)) == bar
    module.run("patch.trigger_4 = '1.rotation'")
    for rotation in (1, 2, 3):
        module.panel.trigger("trigger_4")
        module.panel.settle()
        module.frames()
        assert module.jacks() == bar[rotation:] + bar[:rotation]
    module.run("track.rotation = 0\npatch.trigger_4 = '1.freeze'")
    module.panel.trigger("trigger_4")
    module.panel.settle()
    module.frames()
    module.run(at(OTHER))
    assert module.jacks() == bar
    module.panel.trigger("trigger_4")
    module.panel.settle()
    module.frames()
    assert module.jacks() == plain(decoded, OTHER)
    # Quick pulses are all counted.
    module.run("patch.trigger_4 = '1.division'\ntrack.division = 1")
    for _ in range(3):
        module.panel.trigger("trigger_4", width_us=10)
    module.panel.settle()
    module.frames()
    assert module.get("track.division") == 4


def test_triggers_pause_and_reset(rig, decoded):
    module = rig(DRUMS)
    bar = plain(decoded)
    module.run("patch.trigger_3 = 'pause'\npatch.trigger_4 = 'reset'")
    assert module.jacks(at(PLACE), 5) == bar[:5]
    module.panel.trigger("trigger_3")
    module.panel.settle()
    module.frames()
    assert module.edges(7) == []
    module.panel.trigger("trigger_4")
    module.panel.settle()
    module.frames()
    assert [edge.jacks for edge in module.edges(16)] == bar


def test_a_pause_ends_at_the_reset_jack_at_once(rig, decoded):
    """Without a frame between: the very next edge plays step 0; and so does an edge just before."""
    module = rig(DRUMS)
    bar = plain(decoded)
    module.jacks(at(PLACE), 5)
    module.run("instrument.pause()")
    assert module.edges(3) == []
    module.panel.advance(20_000)
    module.panel.trigger("reset")
    module.panel.advance(20_000)
    assert [edge.jacks for edge in module.edges(4)] == bar[:4]
    module.run("instrument.pause()")
    module.panel.advance(20_000)
    module.panel.trigger("clock", width_us=100)
    module.panel.trigger("reset")
    module.panel.advance(20_000)
    assert [edge.jacks for edge in module.edges(3)] == bar[1:4]


# -- the table


def test_values_out_of_range_are_refused_with_words(rig):
    module = rig(DRUMS)
    for code_to_run, words in (
        ("track.length = 129", "length goes from 0 to 128, not to 129"),
        ("track.length = 1.5", "length is a whole number"),
        ("track.follow = 'never'", "follow is bar or step or hold, not never"),
        ("track.set('loudness', 1)", "loudness"),
    ):
        said = module.link.run(
            f"try:\n    {code_to_run}\nexcept (ValueError, KeyError) as error:\n    print(error)"
        )
        assert words in said


def test_positions_of_knobs_cover_every_value():
    table = parameters()
    for entry in table.TRACK + table.PATCH:
        assert entry.from_position(0) == pytest.approx(entry.least)
        assert entry.from_position(1) == pytest.approx(entry.most)
        assert entry.from_position(-0.1) == pytest.approx(entry.least)
        if entry.whole:
            values = range(entry.least, entry.most + 1)
            places = [entry.from_position(n / 4000) for n in range(4001)]
            assert sorted(set(places)) == list(values) and places == sorted(places)
        else:
            values = np.linspace(entry.least, entry.most, 17)
        for value in values:
            assert entry.from_position(entry.to_position(value)) == pytest.approx(value)
        assert entry.least <= entry.default <= entry.most
        assert entry.about and entry.title and len(entry.text(entry.default)) <= 12


def test_every_parameter_has_a_test_of_what_it_does():
    table = parameters()
    assert {entry.name for entry in table.TRACK + table.PATCH} == CLAIMED


def test_a_semitone_is_a_twelfth_of_a_volt():
    """What the converters' 14 bits leave of it: 0.6 mV a step."""
    for note in range(0, 120):
        volts = pitch_volts(note + 1) - pitch_volts(note)
        assert volts == pytest.approx(1 / 12, abs=7e-4)
    assert pitch_volts(60) == pytest.approx(0, abs=4e-4)
    assert (pitch_volts(0), pitch_volts(127)) == pytest.approx((-5, 5))
