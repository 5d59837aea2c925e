"""Every gesture of the table, done at the panel, with no more than two actions."""

from __future__ import annotations

import shutil

import pytest

from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.conftest import ROOT, wait_until_playing
from tests.decoders import DRUMS
from tests.device.gesture_table import (
    BUTTON,
    CV,
    GESTURES,
    HOLD,
    KNOB,
    PUSH,
    TRIGGER,
    TURN,
    Gesture,
    table,
)
from tests.device.glass import frames_see
from tests.device.test_controls import hold, open_page, tap
from tests.waiting import until

MOST_ACTIONS = 2
NO_PRESETS = """
import os
def _no_presets():
    if instrument.clocked_recently():
        return False
    for number in presets.used():
        if presets.waits(number):
            return False
        os.remove("/flash/presets/%02d.txt" % number)
    return True
"""


def _named(gesture: Gesture) -> str:
    return f"{gesture.what}: {gesture.words}"


@pytest.fixture(scope="module")
def module(installed_flash, decoders, tmp_path_factory):
    flash = tmp_path_factory.mktemp("gestures") / "flash"
    shutil.copytree(installed_flash, flash)
    (flash / "models" / "perc").mkdir(parents=True)
    shutil.copy(decoders / f"{DRUMS}.tflite", flash / "models" / "perc")
    (flash / "paths").mkdir()
    (flash / "paths" / "rise.txt").write_text("-1 -1\n1 1\n")
    with VirtualModule(flash) as module:
        wait_until_playing(module)
        yield module


@pytest.fixture(scope="module")
def link(module):
    with Link(module.port) as link:
        link.run(NO_PRESETS + "instrument.quiet = True")
        open_page(module, link, "perform")
        yield link


def begin(module, link, gesture: Gesture) -> None:
    """Everything as it is at power-on, on the performing page, with the gesture's cable."""
    link.run("patch.defaults()")
    until(lambda: link.evaluate("_no_presets()"), "presets are stored when the clock stops")
    link.run(
        "controls.end_help(); controls.open('perform')\n"
        "for _track in tracks: _track.defaults(); _track.unlock()\n"
        "patch.slots_at = 'step'\n"
        "presets.last = None; presets.end_morph(); slots.selected = 0\n"
        "slots.stop()\n"
        "controls.page.slot = 1; controls.page.bank = 0\n"
        "instrument.play_in.recording = False"
    )
    module.panel.cv("5", 0)
    for knob, position in (("x", 0), ("y", 0), ("z", 0.3), ("threshold", 0.5)):
        module.panel.turn(knob, position)
    for control, which, _ in gesture.actions:
        if control in (CV, TRIGGER):
            link.run(f"patch.{'cv_5_to' if control == CV else 'trigger_4'} = {which!r}")
    frames_see(module, link)
    link.run(f"history.forget()\n{gesture.before}")


def act(module, link, control: str, which: int | str, far: float) -> None:
    """One action at the panel or by cable."""
    if control in (BUTTON, PUSH):
        tap(module, link, which)
    elif control == HOLD:
        hold(module, link, which)
    elif control == TURN:
        module.panel.turn_encoder(str(which), int(far))
        frames_see(module, link)
    elif control == KNOB:
        for position in (0, 1, far):  # past its value, wherever that is
            module.panel.turn(str(which), position)
            frames_see(module, link)
    elif control == CV:
        module.panel.cv("5", far)
        frames_see(module, link)
    else:
        module.panel.trigger("trigger_4")
        frames_see(module, link)


@pytest.mark.parametrize("gesture", GESTURES, ids=_named)
def test_it_is_done_with_these_actions(module, link, gesture):
    begin(module, link, gesture)
    assert link.evaluate(gesture.shows) != gesture.then or gesture.what == "decode now"
    assert len(gesture.actions) <= MOST_ACTIONS
    for action in gesture.actions:
        act(module, link, *action)
    until(
        lambda: link.evaluate(gesture.shows) == gesture.then,
        lambda: f"{gesture.shows} is {link.evaluate(gesture.shows)}, not {gesture.then}",
    )


@pytest.mark.parametrize("gesture", GESTURES, ids=_named)
def test_one_line_at_the_prompt_does_it_too(module, link, gesture):
    begin(module, link, gesture)
    link.run(gesture.line)
    until(
        lambda: link.evaluate(gesture.shows) == gesture.then,
        lambda: f"{gesture.shows} is {link.evaluate(gesture.shows)}, not {gesture.then}",
    )


def test_the_manual_has_the_table():
    page = (ROOT / "docs" / "playing.md").read_text(encoding="utf-8")
    assert table() in page
