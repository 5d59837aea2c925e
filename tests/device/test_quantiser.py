"""The quantiser: outside CV to notes, in volts at the jacks."""

from __future__ import annotations

import pytest

from tests.decoders import CHORALES, DRUMS
from tests.device.memory import Frames
from tests.device.rig import GATE, notes
from tests.device.scale_texts import FILES
from tests.device.test_tunings import nearest, put

MAJOR = (0, 2, 4, 5, 7, 9, 11)
CODE = 10 / 16383
# Of a CV input's converter of 12 bits over 10 V.
STEP = 10 / 4095
PLACE = (1.5, -0.5, 2.0)


@pytest.fixture
def module(rig):
    """Channel 1: CV input 6 to jack 8, in major."""
    module = rig(DRUMS)
    module.run("track.threshold = 1")
    module.link.run("quantiser.in_1 = '6'; quantiser.out_1 = '8'; quantiser.notes_1 = 'major'")
    return module


def heard(module, volts: float, name: str = "6") -> list[tuple[str, int, float]]:
    """What comes out after a CV input has gone to so many volts: kind, jack from 0, volts."""
    module.panel.cv(name, volts)
    module.panel.settle()
    frames(module)
    module.panel.advance(5_000)
    found = [(r.kind, r.jack, r.value) for r in module.panel.settle() if r.kind != "step"]
    module.panel.advance(20_000)
    module.panel.settle()
    return found


def frames(module) -> None:
    """Lets frames pass; called at the prompt, one might be in the midst of another's pixels."""
    module.frames(4)


def stands(module, jack: int = 7) -> float:
    return module.panel.volts()[jack]


def test_a_cv_moves_to_the_nearest_note_of_the_scale(module):
    for semitones in (0, 3.2, 4.4, 5.6, -0.7, 11.6, -14.2, 30.3, -24):
        heard(module, semitones / 12)
        wanted = nearest(60 + semitones, MAJOR)
        assert stands(module) == pytest.approx((wanted - 60) / 12, abs=CODE)
    for code in ("quantiser.root = 'E'", "quantiser.transpose = -2", "quantiser.notes_1 = 'blues'"):
        module.link.run(code)
    heard(module, 3.9 / 12)
    wanted = nearest(60 + 3.9 - 2, (0, 3, 5, 6, 7, 10), root=4)
    assert stands(module) == pytest.approx((wanted - 60) / 12, abs=CODE)


def test_a_gate_rises_with_each_new_note_and_only_then(module):
    module.link.run("quantiser.gate_1 = '7'")
    heard(module, 0)
    for semitones, new in ((2, True), (2.3, False), (4, True), (3.8, False), (-8, True)):
        found = heard(module, semitones / 12)
        kinds = [(kind, jack) for kind, jack, _ in found]
        assert (("rise", 6) in kinds) == new, (semitones, found)
        if new:
            # The pitch stands before its gate.
            at = [jack for _, jack, _ in found]
            assert at.index(7) < at.index(6)
            assert dict((jack, volts) for kind, jack, volts in found if kind == "rise")[6] == (
                pytest.approx(GATE, abs=CODE)
            )
    assert stands(module, 6) == pytest.approx(0, abs=CODE)


def test_a_note_is_left_behind_the_middle_by_the_hysteresis(module):
    """Between 60 and 62 the middle is 61; the converter's step is 2.9 cents."""
    module.link.run("quantiser.hysteresis = 20")
    heard(module, 0)
    heard(module, 1.15 / 12)
    assert stands(module) == pytest.approx(0, abs=CODE)
    heard(module, 1.25 / 12)
    assert stands(module) == pytest.approx(2 / 12, abs=CODE)
    heard(module, 0.85 / 12)
    assert stands(module) == pytest.approx(2 / 12, abs=CODE)
    heard(module, 0.75 / 12)
    assert stands(module) == pytest.approx(0, abs=CODE)


def test_a_channel_may_have_the_scale_or_tuning_of_a_track(module):
    put(module, FILES)
    module.run("quantiser.notes_1 = 'track 2'; tracks[1].scale = 'minor5'; tracks[1].root = 'A'")
    module.run(f"library.play({DRUMS!r}, track=1, remember=False); tracks[1].threshold = 1")
    heard(module, 2 / 12)
    assert stands(module) == pytest.approx((nearest(62, (0, 3, 5, 7, 10), root=9) - 60) / 12,
                                           abs=CODE)  # fmt: skip
    module.run("tracks[1].root = 'C'; tracks[1].tuning = '24edo/Bayati'")
    heard(module, 1.6 / 12)
    assert stands(module) == pytest.approx(1.5 / 12, abs=CODE)


def test_a_channel_may_have_the_chord_that_plays(rig, decoded):
    """The notes that stand at the track's outputs, in every octave."""
    module = rig(CHORALES)
    module.run(f"track.latents = {PLACE}; track.threshold = 0.05")
    module.link.run("quantiser.in_1 = '6'; quantiser.out_1 = '8'; quantiser.notes_1 = 'chord 1'")
    frames(module)
    wanted = notes(decoded(CHORALES, PLACE), 0.05, most=3, jacks=((0, 1, 2), (3, 4, 5)))
    standing: dict[int, float] = {}
    module.panel.trigger("reset")
    module.panel.advance(50_000)
    module.panel.settle()
    moved = set()
    for edge in range(16):
        module.panel.clock(1, spacing_us=20_000)
        module.panel.settle()
        standing |= {jack: volts for jack, volts in wanted[edge].items() if jack in (3, 4, 5)}
        classes = sorted({round(12 * volts) % 12 for volts in standing.values()})
        semitones = 5.3 - edge
        heard(module, semitones / 12)
        if classes:
            nearby = nearest(60 + semitones, classes)
            assert stands(module) == pytest.approx((nearby - 60) / 12, abs=2 * CODE), edge
            moved.add(nearby)
    assert len(moved) > 4


BAYATI = (0, 1.5, 3, 5, 7, 8, 10)
CHORD_NAMES = ["24edo/Bayati/Tertian", "24edo/Rast up/Tertian", "four/Open"]


def tones(scale, degrees, on: int) -> list[float]:
    """A chord's tones in one octave: so many steps of the scale above the one on which it is."""
    above = [scale[(on + each) % len(scale)] for each in degrees]
    return sorted({tone % 12 for tone in above})


def test_a_channel_may_have_a_chord_of_the_references_file(module):
    """Channel 1 chooses the chord's step of the scale, as the reference's chord input does."""
    put(module, FILES)
    assert module.get("instrument.scales.chords") == CHORD_NAMES
    module.link.run(
        f"quantiser.chord = {CHORD_NAMES[0]!r}; quantiser.notes_1 = 'file scale';"
        "quantiser.in_2 = '7'; quantiser.out_2 = '7'; quantiser.notes_2 = 'file chord'"
    )
    seen = set()
    for root, note in (
        (0, 1.2),
        (0, 4.9),
        (1.6, 4.9),
        (3.2, 4.9),
        (7.1, 6.2),
        (-2.1, -9.0),
        (23, 6),
    ):
        heard(module, root / 12)
        heard(module, note / 12, "7")
        on = nearest(60 + root, BAYATI) - 60
        assert stands(module) == pytest.approx(on / 12, abs=CODE)
        chord = tones(BAYATI, (0, 2, 4, 6), BAYATI.index(on % 12))
        wanted = nearest(60 + note, chord)
        assert stands(module, 6) == pytest.approx((wanted - 60) / 12, abs=CODE), (root, note)
        seen.add((tuple(chord), wanted))
    assert len(seen) > 5
    # On the third step, whatever channel 1 does; with another root everything moves.
    module.link.run("quantiser.chord_on = 3; quantiser.root = 'D'")
    chord = [(tone + 2) % 12 for tone in tones(BAYATI, (0, 2, 4, 6), 2)]
    heard(module, 6.6 / 12, "7")
    wanted = nearest(66.6, sorted(chord))
    assert stands(module, 6) == pytest.approx((wanted - 60) / 12, abs=CODE)
    module.link.run("settings.save()")
    assert Frames(module).still() == 0


def test_a_chord_outside_of_groups_counts_the_tunings_degrees(module):
    put(module, FILES)
    module.link.run("quantiser.chord = 'four/Open'; quantiser.notes_1 = 'file chord'")
    module.link.run("quantiser.chord_on = 2")
    for note in (0.4, 4, 8.8, 11):
        heard(module, note / 12)
        wanted = nearest(60 + note, tones((0, 2, 5, 7), (0, 3, 6), 1))
        assert stands(module) == pytest.approx((wanted - 60) / 12, abs=CODE), note
    # It is remembered, and off when its file is gone.
    module.link.run("settings.save(); quantiser.chord = 'off'; settings.load()")
    assert module.get("quantiser.chord") == "four/Open"
    (module.module.flash / "scales" / "four.yml").unlink()
    module.run("instrument.scales.refresh()")
    assert module.get("quantiser.chord") == "off"
    assert "quantiser: chord four/Open is gone" in module.get("instrument.message_text")


def test_its_outputs_are_no_tracks_and_go_back_to_one(rig, decoded):
    module = rig(CHORALES)
    module.run(f"track.latents = {PLACE}; track.threshold = 0.05")
    four = notes(decoded(CHORALES, PLACE), 0.05)
    assert module.jacks() == four
    module.link.run("quantiser.in_1 = '6'; quantiser.out_1 = '1'; quantiser.gate_1 = '2'")
    frames(module)
    three = notes(decoded(CHORALES, PLACE), 0.05, most=3, jacks=((2, 3, 4), (5, 6, 7)))
    assert module.jacks() == three
    heard(module, 1)
    assert stands(module, 0) == pytest.approx(1, abs=CODE)
    module.link.run("quantiser.in_1 = 'off'")
    frames(module)
    assert module.jacks() == four


def test_four_channels_at_once(module):
    put(module, FILES)
    for channel, (name, jack) in enumerate((("x", 1), ("y", 2), ("7", 3)), start=2):
        module.link.run(
            f"quantiser.in_{channel} = {name!r}; quantiser.out_{channel} = '{jack}'\n"
            f"quantiser.notes_{channel} = 'chromatic'; patch.cv_{name}_to = 'off'"
        )
    for name, volts in (("6", 1.01), ("x", 0.52), ("y", -0.99), ("7", 2.26)):
        module.panel.cv(name, volts)
    heard(module, 1.01)
    found = [module.panel.volts()[jack] for jack in (7, 0, 1, 2)]
    assert found == [pytest.approx(v, abs=CODE) for v in (1, 0.5, -1, 2.25)]


def test_slew_lets_its_pitches_glide(module):
    module.link.run("quantiser.slew = 500")
    heard(module, 0)
    found = heard(module, 1)
    assert all(volts < 0.2 for _, jack, volts in found if jack == 7)
    module.panel.advance(600_000)
    module.panel.settle()
    assert stands(module) == pytest.approx(1, abs=CODE)


def test_settings_and_presets_keep_it(module):
    module.run("presets.store(2); settings.save()")
    module.run("quantiser.defaults()")
    assert module.get("quantiser.in_1") == "off"
    module.run("presets.recall(2)")
    assert module.get("(quantiser.in_1, quantiser.out_1, quantiser.notes_1)") == ("6", "8", "major")
    module.link.restart()
    assert module.get("quantiser.out_1") == "8"


def test_a_still_frame_allocates_nothing_with_four_channels(module):
    quiet = Frames(module)
    quiet.still()  # what is drawn for the first time needs a canvas
    for channel, name in enumerate(("x", "y", "7"), start=2):
        module.link.run(
            f"quantiser.in_{channel} = {name!r}; quantiser.out_{channel} = '{channel}'\n"
            f"quantiser.notes_{channel} = 'chord 1'"
        )
    module.panel.cv("6", 1.3)
    module.panel.settle()
    module.link.run("instrument.frame()\ninstrument.frame()")
    module.link.run("instrument.history.close()")  # else a gesture ends a second after the last
    assert quiet.still() == 0


def test_a_board_without_cv_and_levels_plays_on(start, drum_model):
    from latentrack.module.link import Link

    module = start(drum_model, board="bare", manual_time=True)
    with Link(module.port) as link:
        link.run("track.threshold = 0.1\ntrack.refresh()")
        module.panel.clock(33)
        before = [step.gates for step in module.panel.steps()][-16:]
        link.run("quantiser.in_1 = 'x'; quantiser.out_1 = '1'; quantiser.gate_1 = '2'")
        link.run("instrument.frame()")
        module.panel.clock(32)
        assert [step.gates for step in module.panel.steps()][-16:] == before
        assert link.evaluate("instrument.failed_parts") == {}
