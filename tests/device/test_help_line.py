"""The line of help: it says what each control does on the page that is open, and does nothing."""

from __future__ import annotations

import pytest

from tests.decoders import DRUMS

KNOBS = ("x", "y", "z", "threshold")
TOUCHES = (
    *(("knob", knob) for knob in KNOBS),
    ("turn", "left"),
    ("turn", "right"),
    ("press", "right"),
    *(("press", button) for button in (1, 2, 3, 4)),
)
STATE = (
    "(track.numbers, patch.numbers, instrument.quantiser.numbers, track.locked, presets.used(), "
    "controls.track.number, behaviours.names(), track.model.name)"
)


@pytest.fixture
def module(rig):
    module = rig(DRUMS)
    module.run("controls.begin_help()")
    return module


def touch(module, what: str, which: object) -> str:
    """What is said when a control is touched."""
    module.run(f"controls.asked.append(({what!r}, {which!r}, {0.7 if what == 'knob' else 1}))")
    module.frames()
    return module.get("instrument.message_text")


def test_every_control_of_every_page_is_explained_and_nothing_is_done(module):
    before = module.get(STATE)
    names = module.get("[page.name for page in controls.pages]")
    for name in names:
        assert module.get("controls.page.name") == name
        said = [touch(module, what, which) for what, which in TOUCHES]
        assert all(len(text) > 3 and ".py" not in text for text in said), said
        # Only three knobs of one page have nothing to do, and no word.
        assert said.count("nothing here") == (3 if name == "calibration" else 0), said
        # What is said of the last control is not what was said before.
        assert len(set(said)) >= (5 if name in ("presets", "library", "behaviours") else 7), said
        module.run("controls.asked.append(('release', 'left', None))")
        module.frames()
    assert module.get(STATE) == before
    assert module.get("controls.page.name") == names[0]


@pytest.mark.parametrize(
    ("page", "what", "which", "words"),
    [
        ("play", "knob", "y", "the position in the latent space, from end to end of the model's "
         "scale"),
        ("play", "press", 1, "pause: clock edges are ignored until the next reset"),
        ("perform", "press", 1, "mute or unmute voices 1 to 4; held: only until it is "
         "let go"),
        ("groove", "knob", "z", "feel, 0 to 200 %: how much of the learned timing is heard"),
        ("parameters", "knob", "threshold", "W, position along the fourth latent, if "
         "the model has one"),
        ("patch", "turn", "right", "Tempo, beats a minute of the own clock"),
        ("presets", "press", "right", "recall it; held: store all that is set now in "
         "it"),
        ("library", "turn", "left", "choose a model"),
    ],
)  # fmt: skip
def test_it_says_it_in_these_words(module, page, what, which, words):
    module.run(f"controls.open({page!r})")
    assert touch(module, what, which) == words


def test_holding_left_twice_begins_it_and_once_more_ends_it(rig):
    module = rig(DRUMS)
    module.run("controls.open('groove')")
    hold = "controls.asked.append(('hold', 'left', None))"
    module.run(hold)
    module.frames()
    assert module.get("controls.page.name, controls.helper is None") == ("play", True)
    module.run(hold)
    module.frames()
    assert module.get("controls.helper is None") is False
    assert touch(module, "press", 4).startswith("freeze")
    assert module.get("track.freeze") == "off"
    module.run(hold)
    module.frames()
    assert module.get(
        "controls.helper is None, 'latentrack.help_line' in __import__('sys').modules"
    ) == (True, False)
    module.run("controls.asked += [('press', 4, None), ('release', 4, None)]")
    module.frames()
    assert module.get("track.freeze") == "on"
