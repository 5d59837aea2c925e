"""Locked voices keep their row; the others move."""

from __future__ import annotations

import numpy as np
import pytest

from latentrack.module.link import ModuleError
from tests.decoders import CHORALES, DRUMS
from tests.device.rig import drums

GROUPS = (1, 1, 6, 2, 2)
HERE, THERE = (1.5, -0.5, 2.0), (-1.0, 2.5, -2.0)
THRESHOLD = 0.3
FREE = "__import__('latentrack.arena', None, None, ('models',)).models.free()"
# Voices of the groups that Density 1 to 5 are of.
VOICES = (range(1), range(1, 2), range(2, 8), range(8, 10), range(10, 12))


def mixed(decoded, locked, name=DRUMS):
    """What sounds at THERE, but for the groups that are locked elsewhere: group -> latents."""
    found = decoded(name, THERE).copy()
    for group, latents in locked.items():
        found[:, list(VOICES[group])] = decoded(name, latents)[:, list(VOICES[group])]
    return drums(found, GROUPS, THRESHOLD)


def at(latents):
    return f"track.threshold = {THRESHOLD}; track.latents = {latents}"


def test_a_locked_voice_stays_while_the_others_move(rig, decoded):
    module = rig(DRUMS)
    third = (0.0, 1.0, 2.75)
    module.run(f"{at(HERE)}; track.lock(3)")
    assert module.jacks(at(THERE)) == mixed(decoded, {2: HERE})
    module.run(f"{at(third)}; track.lock(1); track.lock(5)")
    assert module.jacks(at(THERE)) == mixed(decoded, {2: HERE, 0: third, 4: third})
    assert module.get("track.locked") == (1, 3, 5)
    module.run("track.unlock(3)")
    assert module.jacks() == mixed(decoded, {0: third, 4: third})
    module.run("track.unlock()")
    assert module.jacks() == mixed(decoded, {})
    assert mixed(decoded, {}) != mixed(decoded, {0: third, 4: third}) != mixed(decoded, {2: HERE})


def test_it_may_be_locked_somewhere_else(rig, decoded):
    module = rig(DRUMS)
    module.run(f"{at(HERE)}; track.lock(3); {at((0.0, 1.0, 2.75))}; track.lock(3)")
    assert module.jacks(at(THERE)) == mixed(decoded, {2: (0.0, 1.0, 2.75)})


def test_threshold_and_density_still_act_on_it(rig, decoded):
    module = rig(DRUMS)
    module.run(f"{at(HERE)}; track.lock(3)")
    steps = module.jacks(at(THERE) + "; track.density3 = 0")
    assert not any(1 in step for step in steps)
    assert any(1 in step for step in module.jacks("track.density3 = 0.5"))


def test_step_mode_keeps_it_too(rig, decoded):
    module = rig(DRUMS)
    module.run(f"{at(HERE)}; track.lock(3); track.lock(4); track.follow = 'step'")
    module.edges(16)
    module.run(at(THERE))
    module.edges(16)
    jacks = [edge.jacks for edge in module.edges(16)]
    assert jacks == mixed(decoded, {2: HERE, 3: HERE})


def test_it_is_kept_by_settings_presets_and_the_next_model(rig, decoded):
    module = rig(DRUMS, CHORALES)
    module.run(f"library.play({DRUMS!r})\n{at(HERE)}\ntrack.lock(3)")
    module.run(f"{at(THERE)}\npresets.store(1, now=True)\nsettings.save()")
    module.run("track.unlock()\npresets.recall(1)")
    assert module.jacks() == mixed(decoded, {2: HERE})
    module.link.restart()
    module.frames()
    assert module.get("track.locked") == (3,)
    assert module.jacks(at(THERE)) == mixed(decoded, {2: HERE})
    module.run(f"library.play({CHORALES!r})\nlibrary.play({DRUMS!r})")
    assert module.jacks() == mixed(decoded, {2: HERE})
    module.run("track.unlock()\npresets.store(1, now=True)\ntrack.lock(1)\npresets.recall(1)")
    assert module.get("track.locked") == ()


@pytest.mark.parametrize("line", ["1.lock3 1 2", "1.lock3 " + "nan " * 11, "1.lock3 x", "1.lock9"])
def test_a_damaged_line_locks_nothing(rig, line):
    module = rig(DRUMS)
    module.run(f"track.lock(2); settings.save()\nstorage = instrument.storage\n"
               f"storage.write('/flash/settings.txt', {line!r} + chr(10), now=True)\n"
               "settings.__init__(instrument); settings.load()")  # fmt: skip
    assert module.get("track.locked") == ()


def test_locks_are_taken_back_by_undo(rig):
    module = rig(DRUMS)
    module.run("history.close(); track.lock(2); history.close(); track.lock(3); history.close()")
    module.run("history.undo()")
    assert module.get("track.locked") == (2,)
    module.run("history.undo()")
    assert module.get("track.locked") == ()
    module.run("history.redo(); history.redo()")
    assert module.get("track.locked, track.locked_mask") == ((2, 3), 0b1100)


@pytest.mark.parametrize(
    ("trigger", "press"), [(True, None), (False, (1, "release")), (False, (1, "hold"))]
)
def test_a_trigger_and_a_button_lock_a_voice_and_let_it_follow(rig, decoded, trigger, press):
    module = rig(DRUMS)
    voice = 5 if press == (1, "hold") else 1
    module.run(f"{at(HERE)}; patch.trigger_4 = 'lock 1'; controls.open('path')")

    def do() -> None:
        if trigger:
            module.panel.trigger("trigger_4")
        else:
            module.run(f"controls.asked.append(({press[1]!r}, {press[0]}, None))")
        module.frames()

    do()
    assert module.get("track.locked") == (voice,)
    assert module.jacks(at(THERE)) == mixed(decoded, {voice - 1: HERE})
    do()
    assert module.get("track.locked") == ()
    assert module.jacks() == mixed(decoded, {})


def test_nothing_is_taken_while_nothing_is_locked(rig):
    module = rig(DRUMS)
    module.edges(20)
    module.frames()
    free = module.get(FREE)
    module.run("track.lock(2)")
    taken = free - module.get(FREE)
    assert 16 * 12 * 4 <= taken <= 16 * 12 * 4 + 256
    module.run("track.lock(3); track.lock(4)")
    assert free - module.get(FREE) == taken


@pytest.mark.parametrize("voice", [0, 9, "kick"])
def test_only_voices_1_to_8_can_be_locked(rig, voice):
    module = rig(DRUMS)
    with pytest.raises(ModuleError, match="voices are numbered 1 to 8"):
        module.link.run(f"track.lock({voice!r})")
    assert module.get("track.locked") == ()


def test_a_locked_note_stays_while_another_quarter_moves(rig, decoded):
    module = rig(CHORALES)
    low = [v for v in range(27) if v * 4 // 27 == 0]
    found = decoded(CHORALES, THERE).copy()
    found[:, low] = decoded(CHORALES, HERE)[:, low]
    assert not np.array_equal(found > 0.05, decoded(CHORALES, THERE) > 0.05)
    module.run(f"track.threshold = 0.05; track.latents = {HERE}; track.lock(1)")
    module.run(f"track.latents = {THERE}")
    module.edges(20)
    cells = module.get("track.cells")
    assert cells == [tuple(np.flatnonzero(row > 0.05)) for row in found]
