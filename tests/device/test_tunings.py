"""Files of scales: what each format means, in volts at the jacks, and that damaged ones change
nothing. The pitches are computed here from what the formats say of themselves."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from math import log2

import pytest

from tests.decoders import CHORALES, DRUMS, WIDE
from tests.device.claims import covers
from tests.device.rig import notes, pitch_volts, rhythm
from tests.device.scale_texts import FILES, NAMES

PLACE = (1.5, -0.5, 2.0)
JUST = [12 * log2(ratio) for ratio in (1, 9 / 8, 5 / 4, 4 / 3, 3 / 2, 5 / 3, 15 / 8)]
PELOG = [0, 1.2, 2.7, 5.4, 6.7, 12 * log2(8 / 5), 9.5]
FOUR = ((0, 1, 2, 3), (4, 5, 6, 7))
# Notes of a rhythm: on both sides of the middle, near and far.
STEPPED = (60, 61, 62, 64, 67, 68, 72, 59, 55, 48)


def tuned(rig, model=DRUMS, files=FILES):
    """A module that knows these files; with DRUMS it steps through STEPPED."""
    module = rig(model)
    put(module, files)
    if model == DRUMS:
        module.run(f"track.latents = {PLACE}; track.threshold = 0.1; track.mode = 'rhythm'")
        module.run(f"track.pitches = {STEPPED}")
    return module


def put(module, files) -> list[str]:
    """Puts files on the module; the names of tunings it then offers."""
    folder = module.module.flash / "scales"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        data = text if isinstance(text, bytes) else text.encode("latin-1")
        (folder / name).write_bytes(data)
    return module.get("instrument.scales.refresh()")


def as_kept(pitch: float) -> Fraction:
    """In 1/256 semitone, kept to what notes and outputs have."""
    return min(Fraction(math.floor(256 * max(pitch, 0) + 0.5), 256), Fraction(120))


def folded(pitch: float, period: float = 12) -> float:
    while pitch < 0:
        pitch += period
    while pitch >= 128:
        pitch -= period
    return pitch


def degree(number: int, steps, period: float = 12) -> float:
    """Semitones of a degree above degree 0."""
    return period * (number // len(steps)) + steps[number % len(steps)]


def nearest(note: float, steps, period: float = 12, root: int = 0) -> float:
    """Of two equally near the lower."""
    pitches = [60 + root + degree(n, steps, period) for n in range(-300, 300)]
    return min(sorted(pitches), key=lambda pitch: abs(pitch - note))


def check(module, decoded, code: str, pitch_of) -> None:
    """Plays a bar in which each hit takes the next of STEPPED, and each has `pitch_of` it."""
    pitches = [as_kept(pitch_of(note)) for note in STEPPED]
    wanted = rhythm(decoded(DRUMS, PLACE), 0.1, pitches, jacks=FOUR)
    heard = {volts for step in wanted for jack, volts in step.items() if jack > 3}
    assert len(heard) > 3
    assert module.jacks(code or "pass") == wanted


def test_a_fifth_is_three_halves_of_a_volts_octave(rig):
    """3/2 is 7.01955 semitones, 0.58496 V, as near as a converter of 14 bits comes."""
    module = tuned(rig)
    module.run("track.tuning = 'just'; track.keys = 'degrees'; track.pitches = (64,)")
    heard = {volts for step in module.jacks() for jack, volts in step.items() if jack > 3}
    assert [*heard] == [pytest.approx(0.58496, abs=10 / 16384)]


@covers("tuning")
def test_a_note_is_a_degree_of_a_scala_file(rig, decoded):
    module = tuned(rig)
    check(module, decoded, "track.tuning = 'off'", lambda note: note)
    check(module, decoded, "track.tuning = 'just'", lambda note: 60 + degree(note - 60, JUST))
    fifths = [1.40391 * n for n in range(5)]
    check(
        module,
        decoded,
        "track.tuning = 'fifths'",
        lambda note: folded(60 + degree(note - 60, fifths, 12 * log2(3 / 2)), 12 * log2(3 / 2)),
    )


@covers("keys")
def test_keys_say_whether_notes_are_degrees_or_move_to_the_nearest(rig, decoded):
    module = tuned(rig)
    module.run("track.tuning = 'just'")
    check(module, decoded, "track.keys = 'nearest'", lambda note: nearest(note, JUST))
    check(module, decoded, "track.keys = 'degrees'", lambda note: 60 + degree(note - 60, JUST))
    module.run("track.keys = 'auto'; track.tuning = 'pelog'")
    check(module, decoded, "track.keys = 'nearest'", lambda note: nearest(note, PELOG, 12.1))
    check(module, decoded, "track.keys = 'auto'", lambda note: nearest(note, PELOG, 12.1))
    check(
        module,
        decoded,
        "track.keys = 'degrees'",
        lambda note: folded(60 + degree(note - 60, PELOG, 12.1), 12.1),
    )


def test_a_mapping_says_which_keys_are_which_degrees(rig, decoded):
    """A is 440 Hz and 5/3 of C, so C is 264 Hz; a black key plays as the white one below it."""
    module = tuned(rig)
    middle = 69 + 12 * log2(264 / 440)
    white = (0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5, 6)

    def pitch(note: int) -> float:
        return middle + JUST[white[note % 12]] + 12 * (note // 12 - 5)

    check(module, decoded, "track.tuning = 'white'", pitch)
    # The root moves no mapping; keys beyond its range play as usual.
    check(module, decoded, "track.root = 'E'", pitch)
    module.run("track.pitches = (23, 24, 96, 97); track.root = 'C'")
    wanted = rhythm(
        decoded(DRUMS, PLACE), 0.1, [23, as_kept(pitch(24)), as_kept(pitch(96)), 97], jacks=FOUR
    )
    assert module.jacks() == wanted


def test_a_linear_mapping_moves_degree_0_and_the_pitch(rig, decoded):
    mapping = "0\n0\n127\n62\n62\n300.0\n0\n"
    module = tuned(rig, files={"low.scl": FILES["just.scl"], "low.kbm": mapping})
    low = 69 + 12 * log2(300 / 440)
    check(module, decoded, "track.tuning = 'low'", lambda note: low + degree(note - 62, JUST))


@pytest.mark.parametrize(
    ("name", "steps", "period"),
    [
        ("24edo", [n / 2 for n in range(24)], 12),
        ("24edo/Bayati", [0, 1.5, 3, 5, 7, 8, 10], 12),
        ("24edo/Rast up", [0, 0.5, 2, 3.5, 5, 7, 9], 12),
        ("13edt", [12 * 1.585 * n / 13 for n in range(13)], 12 * 1.585),
        ("12just", [12 * log2(r) for r in (1, 21 / 20, 9 / 8, 6 / 5, 5 / 4, 4 / 3, 7 / 5, 3 / 2,
                                           8 / 5, 5 / 3, 7 / 4, 15 / 8)], 12),
        ("four", [0, 2, 5, 7], 12),
        ("four/Two", [0, 7], 12),
    ],
)  # fmt: skip
def test_the_references_files_are_scales_of_the_nearest_note(rig, decoded, name, steps, period):
    module = tuned(rig)

    def pitch(note: int) -> float:
        return folded(nearest(note, steps, period), period)

    check(module, decoded, f"track.tuning = {name!r}", pitch)


def test_root_transpose_and_octaves_are_the_tunings(rig, decoded):
    module = tuned(rig)
    module.run("track.tuning = 'pelog'; track.root = 'D'; track.transpose = 5")
    check(module, decoded, "", lambda note: nearest(note + 5, PELOG, 12.1, root=2))
    module.run("track.tuning = 'just'")
    check(module, decoded, "", lambda note: 62 + degree(note + 5 - 62, JUST))
    module.run("track.transpose = 0; track.root = 'C'; track.tuning = 'fifths'")
    module.run("track.lowest = 5; track.octaves = 1")
    fifths, period = [1.40391 * n for n in range(5)], 12 * log2(3 / 2)

    def pitch(note: int) -> float:
        pitch = 60 + degree(note - 60, fifths, period)
        while pitch < 60:
            pitch += period
        while pitch >= 72:
            pitch -= period
        return pitch

    check(module, decoded, "", pitch)


def test_notes_of_a_model_are_tuned_and_stay_in_order(rig, decoded):
    module = tuned(rig, WIDE)
    steps = [n / 2 for n in (0, 3, 6, 10, 14, 16, 20)]

    def pitch(voice: int) -> Fraction:
        return as_kept(nearest(voice, steps))

    wanted = notes(decoded(WIDE, PLACE), 0.02, pitch=pitch)
    setting = f"track.latents = {PLACE}; track.threshold = 0.02; track.tuning = '24edo/Bayati'"
    assert module.jacks(setting) == wanted
    assert any(volts not in map(pitch_volts, range(121)) for step in wanted
               for jack, volts in step.items() if jack > 3)  # fmt: skip


def test_what_is_offered_are_the_files_that_can_be_read(rig):
    module = tuned(rig)
    assert module.get("instrument.scales.names()") == NAMES
    assert module.get("instrument.scales.refused") == {}
    entry = "track.parameter('tuning')"
    assert module.get(f"{entry}.most, {entry}.choices") == (len(NAMES), ["off", *NAMES])
    # A knob goes through all of them.
    assert module.get(f"{entry}.text({entry}.from_position(1))") == "white"


DAMAGED = {
    "few.scl": ("few\n3\n9/8\n5/4\n", "as many as its second line says"),
    "none.scl": ("none\n0\n", "expected 1 to 256 notes"),
    "words.scl": ("words\n1\nfifth\n", "expected a number, got fifth"),
    "minus.scl": ("minus\n2\n-3/2\n2/1\n", "expected a ratio of numbers above 0, got -3/2"),
    "down.scl": ("down\n2\n100.0\n-200.0\n", "must lie above its first"),
    "empty.scl": ("", "expected a description"),
    "mapped.scl": (FILES["just.scl"], "the key of its frequency is not mapped"),
    "short.scl": (FILES["just.scl"], "a mapping has seven numbers"),
    "silent.txt": ("# nothing\n", "expected 1 to 256 notes, got 0"),
    "notes.txt": ("C D E\n", "expected a number, got C"),
    "period.txt": ("0 7\nperiod\n", "expected a number, got nothing"),
    "huge.txt": ("0 1e9\n", "more than a hundred octaves away"),
    "long.txt": ("0\n" * 20000, "more than 32 KB"),
    "untuned.yml": ("scales:\n  - name: x\n    notes: [0]\n", "a tuning with eq or ratios"),
    "zero.yml": ("tuning:\n  eq: [0, 1]\n", "expected 1 to 256 notes, got 0"),
    "nan.yml": ("tuning:\n  eq: [12, nan]\n", "expected a number, got nan"),
}
MAPPINGS = {
    "mapped.kbm": FILES["white.kbm"].replace("\n69\n", "\n61\n"),
    "short.kbm": "12\n0\n127\n",
}


def test_a_damaged_file_is_refused_in_one_sentence_and_nothing_else_happens(rig):
    module = tuned(rig)
    before = module.jacks("track.tuning = 'just'")
    damaged = {name: text for name, (text, _) in DAMAGED.items()}
    assert put(module, damaged | MAPPINGS) == NAMES
    refused = module.get("instrument.scales.refused")
    assert sorted(refused) == sorted(DAMAGED)
    for name, (_, why) in DAMAGED.items():
        stem = name.partition(".")[0]
        said = refused[name]
        assert said.startswith(f"{stem}.") and why in said and "\n" not in said
    assert module.jacks() == before
    with pytest.raises(Exception, match="tuning is off or 12just or .* not few"):
        module.link.run("track.tuning = 'few'")


def test_garbage_of_any_kind_is_a_scale_or_is_refused(rig):
    module = tuned(rig)
    rng = random.Random(7)
    files: dict[str, bytes] = {}
    for number in range(150):
        name, text = rng.choice(sorted(FILES.items()))
        data = bytearray(text.encode("latin-1"))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            if rng.random() < 0.3:
                del data[at : at + rng.randint(1, 40)]
                data += b"\n"
            else:
                data[at] = rng.choice(b"\x00\xff-/.[]:#!x 0129\n")
        stem = f"s{number}"
        files[stem + name[name.index(".") :]] = bytes(data)
        if name.endswith(".kbm"):
            files[stem + ".scl"] = FILES["just.scl"].encode("latin-1")
    offered = put(module, files)
    refused = module.get("instrument.scales.refused")
    for file in files:
        stem, _, ending = file.partition(".")
        if ending != "kbm":
            assert (stem in offered) != (file in refused), file
    # Whatever is offered plays.
    module.link.run(
        "for _name in instrument.scales.names():\n"
        "    track.tuning = _name; track.keys = 'degrees'\n    track.refresh()\n"
        "    track.keys = 'nearest'\n    track.refresh()\n    assert track.read_tuning[0] == _name"
    )


def test_a_file_that_goes_takes_its_tuning_along(rig, decoded):
    module = tuned(rig)
    module.run("track.tuning = 'just'; tracks[1].tuning = 'pelog'")
    (module.module.flash / "scales" / "just.scl").unlink()
    offered = module.get("instrument.scales.refresh()")
    assert "just" not in offered and "pelog" in offered
    assert module.get("(track.tuning, tracks[1].tuning)") == ("off", "pelog")
    check(module, decoded, "", lambda note: note)


def test_a_file_that_is_another_is_heard(rig, decoded):
    module = tuned(rig)
    module.run("track.tuning = 'pelog'; tracks[1].tuning = 'white'")
    put(module, {"pelog.txt": "0 7\n", "aaa.txt": "0 5\n"})
    assert module.get("(track.tuning, tracks[1].tuning)") == ("pelog", "white")
    check(module, decoded, "", lambda note: nearest(note, [0, 7]))


def test_presets_and_settings_keep_the_name(rig):
    module = tuned(rig)
    module.run("track.tuning = '24edo/Rast up'; tracks[1].tuning = 'just'; presets.store(3)")
    assert "1.tuning 24edo/Rast up\n" in module.get("settings.text()")
    # Other names move the numbers behind them.
    put(module, {"0.txt": "0 7\n"})
    module.run("track.tuning = 'off'; presets.recall(3)")
    assert module.get("(track.tuning, tracks[1].tuning)") == ("24edo/Rast up", "just")
    module.run("settings.save()")
    (module.module.flash / "scales" / "just.scl").unlink()
    module.link.restart()
    module.frames()
    assert module.get("(track.tuning, tracks[1].tuning)") == ("24edo/Rast up", "off")


def test_a_module_without_files_offers_none(rig):
    module = rig(CHORALES)
    assert module.get("instrument.scales.refresh()") == []
    assert module.get("track.parameter('tuning').most") == 0
