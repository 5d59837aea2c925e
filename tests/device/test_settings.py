"""What is set is there again after power-on, whole, whenever the power goes."""

from __future__ import annotations

import runpy
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.decoders import CHORALES, DRUMS
from tests.device.power_cuts import count_calls, cut_at, restarted
from tests.device.rig import drums
from tests.waiting import until

GROUPS = (1, 1, 6, 2, 2)
CALLS = ["open", "opened", "half", "written", "half", "written", "closed", "rename", "renamed"]


def whole(path) -> bool:
    text, _, check = path.read_bytes().rpartition(b"check ")
    return int(check, 16) == zlib.crc32(text)


def test_what_is_set_is_there_after_power_on(rig):
    module = rig(DRUMS, CHORALES)
    module.frames()
    module.run(
        "track.length = 12; track.follow = 'step'; track.scale = 'dorian'; track.gate = 33.5"
    )
    module.run("tracks[1].transpose = -7; tracks[1].density3 = 0.25; patch.cv_6_to = '2.skip'")
    module.run("patch.cv_6 = -0.5; patch.trigger_4 = '1.dice'; settings.save()")
    module.link.restart()
    assert module.get("(track.length, track.follow, track.scale)") == (12, "step", "dorian")
    assert module.get("track.gate") == pytest.approx(33.5)
    assert module.get("(tracks[1].transpose, tracks[1].density3)") == (-7, 0.25)
    assert module.get("(patch.cv_6_to, patch.cv_6)") == ("2.skip", -0.5)
    assert module.get("(patch.trigger_4, patch.trigger_3)") == ("1.dice", "decode")
    # And it counts: the first track plays 12 steps.
    assert [edge.steps[0] for edge in module.bar(steps=14)] == [*range(12), 0, 1]


def test_settings_are_written_when_no_clock_comes_and_not_before(rig):
    module = rig(DRUMS, manual_time=False)
    # A computer that is busy may make pauses between the edges.
    module.link.run(
        "import latentrack.settings, latentrack.instrument\n"
        "latentrack.settings.PATIENCE_MS = 200; latentrack.instrument.QUIET_MS = 1 << 28"
    )
    file = module.module.flash / "settings.txt"
    module.panel.clock(10, spacing_us=10_000)
    module.frames()
    module.link.run("track.length = 9")
    waits = "instrument.storage.waits('/flash/settings.txt')"
    until(lambda: module.get(waits), "they do not wait")
    module.panel.clock(10, spacing_us=10_000)
    module.frames(20)
    assert module.get(waits) and not file.exists()
    module.link.run("latentrack.instrument.QUIET_MS = 600")
    until(file.exists, "they are never written")
    assert "1.length 9\n" in file.read_text() and whole(file)


@pytest.mark.parametrize("count", range(1, len(CALLS) + 1))
def test_settings_survive_a_kill_at_every_write(rig, count):
    """Old or new, never none: and the next ones are stored as if nothing had been."""
    module = rig(DRUMS)
    module.run("track.length = 5; track.root = 'D'; settings.save()")
    after = cut_at(module, count, "track.length = 11; track.root = 'G'; settings.save()")
    old, new = (5, "D"), (11, "G")
    found = after.get("(track.length, track.root)")
    assert found == (new if CALLS[count - 1] == "renamed" else old)
    flash = module.module.flash
    assert whole(flash / "settings.txt") and not list(flash.glob("*.damaged"))
    after.run("track.length = 7; settings.save()")
    after.link.restart()
    assert after.get("track.length") == 7
    after.link.close()


def test_there_are_no_other_calls_of_the_file_system(rig):
    module = rig(DRUMS)
    module.run("settings.save()")
    count_calls(module)
    module.run("track.length = 11; settings.save()")
    assert module.get("_Count.calls") == CALLS


@pytest.mark.parametrize("count", [3, 6, 8])
def test_presets_survive_a_kill(rig, count):
    module = rig(DRUMS)
    module.run("track.length = 5; presets.store(2, now=True)")
    after = cut_at(module, count, "track.length = 11; presets.store(2, now=True)")
    after.run("track.length = 1; presets.recall(2)")
    assert after.get("track.length") == 5
    after.link.close()


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "binary"])
def test_a_damaged_file_is_set_aside_and_said(rig, damage):
    module = rig(DRUMS)
    module.run("track.length = 5; settings.save()")
    module.link.close()
    file = module.module.flash / "settings.txt"
    data = file.read_bytes()
    broken = {
        "cut": data[:-12],
        "flip": data.replace(b"length 5", b"length 6"),
        "empty": b"",
        "binary": b"\xff\x00\x80" * 99,
    }[damage]
    assert broken != data
    file.write_bytes(broken)
    module.module.kill()
    after = restarted(module.module)
    assert after.get("track.length") == 0
    assert "settings.txt was damaged" in after.get("instrument.message_text")
    assert (module.module.flash / "settings.txt.damaged").read_bytes() == broken
    after.run("track.length = 8; settings.save()")
    after.link.restart()
    assert after.get("track.length") == 8
    after.link.close()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_damage_is_taken_for_settings(tmp_path_factory, data):
    """One bit, one cut, one piece twice: it reads as it was written, or as damaged."""
    storage = runpy.run_path(str(ROOT / "device" / "latentrack" / "storage.py"))
    path = str(tmp_path_factory.mktemp("s") / "f.txt")
    text = data.draw(st.text(alphabet="ab1. ñ\n", max_size=60)) + "\n"
    storage["write"](path, text)
    assert storage["read"](path) == text
    with open(path, "rb") as file:
        good = file.read()
    at = data.draw(st.integers(0, len(good) - 1))
    how = data.draw(st.sampled_from(("flip", "cut", "double")))
    bad = bytearray(good)
    if how == "flip":
        bad[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "cut":
        del bad[at:]
    else:
        bad[at:at] = bad[: at + 1]
    with open(path, "wb") as file:
        file.write(bad)
    with pytest.raises(ValueError):
        storage["read"](path)
    assert storage["read"](path) is None


def test_lines_of_another_version_are_passed_over(rig):
    module = rig(DRUMS)
    lines = (
        "1.loudness 3\n1.length 700\n1.root H\n1.notes 2.5\n1.skip nan\n1.rotation inf\n"
        "9.length 3\nnonsense\n1.division 3\n"
    )
    module.link.run(
        f"import latentrack.storage\nlatentrack.storage.write('/flash/settings.txt', {lines!r})"
    )
    module.link.restart()
    assert module.get("(track.length, track.root, track.notes, track.skip)") == (0, "C", 4, 0)
    assert module.get("(track.rotation, track.division)") == (0, 3)


def test_sixteen_presets(rig, decoded):
    """With the models that play; the knobs then wait until they have been turned there."""
    module = rig(DRUMS, CHORALES)
    module.frames()
    for number in range(1, 17):
        module.run(
            f"track.length = {number}\ntrack.threshold = {number / 32}\npresets.store({number})"
        )
    module.run(f"library.play({CHORALES!r}); track.latents = (1, -1, 2); track.length = 0")
    module.run("presets.store(16)")
    assert module.get("presets.used()") == list(range(1, 17))
    module.frames(20)
    assert len(list((module.module.flash / "presets").glob("*.txt"))) == 16
    module.link.restart()
    assert module.get("presets.used()") == list(range(1, 17))
    for number in (3, 15, 1):
        module.run(f"presets.recall({number})")
        assert module.get("(track.model.name, track.length)") == (DRUMS, number)
        assert module.get("track.threshold") == pytest.approx(number / 32)
    module.run("presets.recall(16)")
    assert module.get("track.model.name") == CHORALES
    assert module.get("track.latents") == pytest.approx((1, -1, 2))
    # The knobs stand elsewhere, and change nothing until they are turned through their values.
    module.frames(5)
    assert module.get("track.latents") == pytest.approx((1, -1, 2))
    for position, x in ((0.55, 1), (0.6, 1), (0.72, 1.32), (0.5, 0)):
        module.panel.turn("x", position)
        module.panel.settle()
        module.frames()
        assert module.get("track.latents") == pytest.approx((x, -1, 2), abs=1e-3)
    for number in (0, 17):
        said = module.link.run(
            f"try:\n    presets.recall({number})\nexcept ValueError as error:\n    print(error)"
        )
        assert "1 to 16" in said


def test_a_preset_says_which_tracks_are_silent(rig):
    module = rig(DRUMS, CHORALES)
    module.run("presets.store(1)")
    module.run(f"library.play({CHORALES!r}, track=1); presets.store(2); presets.recall(1)")
    assert module.get("[t.model and t.model.name for t in tracks]") == [DRUMS, None]
    module.run("presets.recall(2)")
    assert module.get("[t.model and t.model.name for t in tracks]") == [DRUMS, CHORALES]


def test_a_preset_stored_while_the_clock_runs_can_be_recalled_at_once(rig):
    module = rig(DRUMS)
    module.edges(4)
    module.run("track.length = 6; presets.store(4); track.length = 3")
    module.frames(5)
    assert not (module.module.flash / "presets" / "04.txt").exists()
    assert "when the clock stops" in module.get("instrument.message_text")
    module.run("presets.recall(4)")
    assert module.get("track.length") == 6
    module.edges(2)
    module.run("presets.store(5, now=True)")
    assert (module.module.flash / "presets" / "05.txt").exists()


def test_an_empty_preset_changes_nothing(rig):
    module = rig(DRUMS)
    module.run("track.length = 6; print(presets.recall(9))")
    assert module.get("track.length") == 6
    assert "preset 9 is empty" in module.get("instrument.message_text")


def test_a_full_flash_is_said_and_the_music_goes_on(rig, decoded):
    module = rig(DRUMS)
    module.run("track.length = 5; settings.save()")
    filler = module.module.flash / "filler.bin"
    free = module.get("(lambda s: s[0] * s[3])(__import__('os').statvfs('/flash'))")
    filler.write_bytes(bytes(free))
    module.run("track.length = 16; settings.save()")
    assert "not stored" in module.get("instrument.message_text")
    latents = (1.5, -0.5, 2.0)
    assert module.jacks(f"track.latents = {latents}; track.threshold = 0.3") == drums(
        decoded(DRUMS, latents), GROUPS, 0.3
    )
    assert "1.length 5\n" in (module.module.flash / "settings.txt").read_text()
    filler.unlink()
    module.run("settings.save()")
    module.link.restart()
    assert module.get("track.length") == 16


def test_a_board_without_a_display_plays(rig, decoded):
    module = rig(DRUMS)
    board = module.module.flash / "latentrack" / "boards" / "xen.py"
    source = board.read_text()
    for without, said in (
        ("DISPLAY = None", ""),
        ("del DISPLAY['select']", "no screen"),
    ):
        board.write_text(source + f"\n\n{without}\n")
        module.link.restart()
        assert said in module.get("instrument.message_text")
        latents = (1.5, -0.5, 2.0)
        assert module.jacks(f"track.latents = {latents}; track.threshold = 0.3") == drums(
            decoded(DRUMS, latents), GROUPS, 0.3
        )
