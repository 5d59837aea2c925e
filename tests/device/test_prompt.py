"""The prompt: a name that is not there is refused, and `guide()` and `help()` teach the others."""

from __future__ import annotations

import re

import pytest

from latentrack.module.link import ModuleError
from tests.decoders import DRUMS
from tests.device.memory import Frames
from tests.waiting import until

PARTS = (
    "track", "library", "patch", "presets", "settings", "behaviours", "knobs", "controls",
    "calibration", "instrument", "scales", "quantiser",
)  # fmt: skip
# A part and a name of it, and no path of a file.
NAMED = re.compile(r"(?<![/\w])([a-z]+)\.([a-z_0-9]+)")


@pytest.fixture
def module(rig):
    return rig(DRUMS)


def refused(module, code: str) -> str:
    """What the prompt says to a line: the last of the traceback."""
    with pytest.raises(ModuleError) as caught:
        module.link.run(code)
    return str(caught.value)


# -- names


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("track.treshold = 0.2", "track has no treshold; did you mean threshold?"),
        ("track.treshold", "track has no treshold; did you mean threshold?"),
        ("tracks[1].lenght = 3", "track has no lenght; did you mean length?"),
        ("track.lattents = (0, 0, 0)", "track has no lattents; did you mean latents?"),
        ("track.thresh = 0.2", "did you mean threshold?"),
        ("track.volume = 3", "track has no volume; help(track) says what it has"),
        ("patch.cv5_to = 'off'", "patch has no cv5_to; did you mean cv_5_to?"),
        ("patch.triger_3 = 'off'", "did you mean trigger_3?"),
        ("knobs.treshold", "knobs has no treshold; did you mean threshold?"),
        ("knobs.w = 3", "knobs has no w"),
        ("knobs.x.postion", "knob has no postion; did you mean position?"),
        ("library.mdoels()", "library has no mdoels; did you mean models?"),
        ("presets.sotre(3)", "presets has no sotre; did you mean store?"),
        ("settings.safe()", "settings has no safe; did you mean save?"),
        ("behaviours.swich('fills')", "did you mean switch?"),
        ("controls.opne('play')", "did you mean open?"),
        ("calibration.take_inn('x', 1)", "did you mean take_in?"),
        ("instrument.qiuet = True", "instrument has no qiuet; did you mean quiet?"),
        # What is called, or has names of its own, is not replaced by a value.
        ("library.play = 'funk'", "library.play is called, not set: library.play(...)"),
        ("track.decode = 1", "track.decode is called"),
        ("knobs.x = 0.5", "knobs.x is a knob, not a value"),
        ("instrument.track = 2", "instrument.track is a track, not a value"),
        # Names in quotes.
        ("track.set('treshold', 0.2)", "no parameter is called treshold; did you mean threshold?"),
        ("track.get('treshold')", "did you mean threshold?"),
        ("track.modulate('treshold', 0.2)", "did you mean threshold?"),
        ("track.parameter('kep')", "did you mean keep?"),
        ("patch.cv_5_to = '1.skp'", "cv_5_to cannot be 1.skp; did you mean 1.skip?"),
        ("track.follow = 'beat'", "follow is bar or step or hold, not beat"),
        ("library.play('nothing like it')", "no model is called 'nothing like it'"),
        ("behaviours.switch('fils')", "no behaviour is called fils; did you mean fills?"),
        ("controls.open('preset')", "no page is called preset; did you mean presets?"),
    ],
)
def test_a_name_that_is_not_there_is_refused_with_the_nearest(module, code, says):
    assert says in refused(module, code)


def test_nothing_has_changed_after_a_refusal(module):
    before = module.get("settings.text()")
    for code in ("track.treshold = 0.2", "track.decode = 1", "knobs.x = 0.5"):
        refused(module, code)
    module.frames()
    assert module.get("settings.text()") == before
    assert module.get("[k for k in track.__dict__ if k == 'treshold']") == []
    assert "Error" not in module.run("track.decode()")


def test_what_is_there_can_be_set(module):
    module.run("track.threshold = 0.2\ninstrument.quiet = True\npatch.cv_5 = -0.5\ntrack._mine = 3")
    assert module.get("(track.threshold, patch.cv_5, track._mine)") == (0.2, -0.5, 3)


def test_a_behaviour_is_told_too(module):
    module.run(
        "behaviours.swap('typo', 'def frame(controls, track):\\n    track.treshold = 0.2\\n')"
    )
    module.frames()
    assert module.get("behaviours.is_on('typo')") is False
    assert "did you mean threshold?" in module.get("instrument.message_text")


def test_names_are_completed(module):
    """As the prompt's Tab and `latentrack live --repl` do: all that is there, and quickly."""
    assert {"threshold", "latents", "play", "pitches"} <= set(module.get("dir(track)"))
    assert {"x", "threshold"} <= set(module.get("dir(knobs)"))


def test_a_frame_that_sets_attributes_allocates_nothing(module):
    frames = Frames(module)
    module.link.run("def _set(): track.moves += 1; instrument.quiet = True; knobs.x.position = 1")
    assert module.get("_allocated(1000, _set)") == 0
    assert frames.still() == 0


# -- pitches


def test_pitches_are_a_list(module):
    module.run("track.pitches = (60, 63, 67)")
    assert module.get("(track.pitches, track.pitch_list)") == ((60, 63, 67),) * 2
    assert module.get("(track.pitch1, track.pitch2, track.pitch3)") == (60, 63, 67)
    module.run("track.pitches = [50]")
    assert module.get("track.pitches") == (50,)
    # As a knob, and as a text file of an earlier version: how many of the eight.
    module.run("track.pitches = 3")
    assert module.get("track.pitches") == (50, 63, 67)
    module.run("track.set('pitches', 2)")
    assert module.get("(track.get('pitches'), track.pitches)") == (2, (50, 63))


@pytest.mark.parametrize(
    ("notes", "says"),
    [
        ("()", "pitches goes from 1 to 16, not to 0"),
        ("(1,) * 17", "pitches goes from 1 to 16, not to 17"),
        ("(60, 128)", "from 0 to 127, not to 128"),
        ("(60.5,)", "whole number"),
    ],
)
def test_a_wrong_list_changes_nothing(module, notes, says):
    module.run("track.pitches = (60, 63, 67)")
    assert says in refused(module, f"track.pitches = {notes}")
    assert module.get("track.pitches") == (60, 63, 67)


def test_pitches_are_remembered_in_settings_and_presets(module):
    module.run("track.pitches = (60, 63, 67)\npresets.store(3, now=True)\nsettings.save()")
    lines = "1.pitches 3\n1.pitch1 60\n1.pitch2 63\n1.pitch3 67\n"
    assert lines in module.get("settings.text()")
    module.run("track.pitches = (40, 41)\npresets.recall(3)")
    assert module.get("track.pitches") == (60, 63, 67)
    module.run("track.defaults()\nsettings.load()")
    assert module.get("track.pitches") == (60, 63, 67)


# -- what it teaches


@pytest.mark.parametrize("part", PARTS)
def test_help_says_in_ten_lines_what_a_part_has(module, part):
    said = module.run(f"help({part})").strip().splitlines()
    assert 4 <= len(said) <= 10
    assert max(map(len, said)) <= 95
    assert said[0].startswith(f"{part} ")


def test_guide_names_every_part(module):
    said = module.run("guide()")
    assert len(said.strip().splitlines()) <= 10
    for part in PARTS:
        assert part in said
    assert module.run("help()") == said
    assert module.run("help(tracks)") == module.run("help(track)")
    assert module.run("help(knobs.x)") == module.run("help(knobs)")


def test_all_that_help_names_is_there(module):
    """Every `part.name` in the texts is one that the part has."""
    for part in PARTS:
        for owner, name in re.findall(NAMED, module.run(f"help({part})")):
            if owner in PARTS:
                assert module.get(f"hasattr({owner}, {name!r})"), (part, owner, name)


def test_help_of_anything_else_is_micropythons(module):
    assert "is of type int" in module.run("help(3)")


def test_the_texts_do_not_stay_in_memory(module):
    module.link.run("import gc\nguide()\nhelp(track)\ngc.collect()")
    before = module.get("gc.mem_alloc()")
    module.link.run("for _ in range(5): help(track)")

    def gone() -> bool:
        module.link.run("gc.collect()")
        return bool(module.get("gc.mem_alloc()") - before < 4000)

    # They are some 6 KB; frames and the question itself leave a little, and what looks like an
    # address on the stack may keep something over one collection.
    until(gone)
    assert module.get("'latentrack.guide' in __import__('sys').modules") is False
