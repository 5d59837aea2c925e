"""The manual's pictures are the module's real screens, and the manual leaves nothing out.

    LATENTRACK_PICTURES=write pytest tests/device/test_pictures.py

makes docs/pictures/*.png anew; without that a picture that has become another fails the test.
"""

from __future__ import annotations

import os
import re
import shutil

import numpy as np
import pytest

from latentrack.module.link import Link
from latentrack.virtual.picture import png, read_png
from tests.conftest import ROOT
from tests.decoders import CHORALES, DRUMS, FELT, FOUR
from tests.device.glass import Glass, frames_see

MANUAL = ROOT / "docs" / "playing.md"
PICTURES = ROOT / "docs" / "pictures"
SCALE = 4
PATH = "-0.8 -0.6\n-0.5 0.3\n0 0.75\n0.4 0.2\n0.75 0.6\n"
MODELS = {"groove": DRUMS, "chorales": CHORALES}


def line_of(name: str) -> str:
    """Code that chooses a parameter's line on the page that is open."""
    return f"controls.page.choose([e.name for e in controls.page.values().TABLE].index({name!r}))"


# What is done at the prompt before each picture is taken, one after the other; and at the panel:
# clicks of the left and the right encoder.
SCENES = {
    "play_drums": ("tracks[1].threshold = 0.08; tracks[1].latents = (1.2, -0.9, -1.5)", 0, 0),
    "play_notes": ("controls.choose_track(1)", 0, 0),
    "play_hold": ("tracks[1].follow = 'hold'; controls.page.tell('follow hold')", 0, 0),
    "parameters": (
        "tracks[1].follow = 'bar'; track.length = 12; controls.choose_track(0);"
        f"controls.open('parameters'); {line_of('length')}",
        0,
        0,
    ),
    "densities": (f"track.density2 = 0.8; track.density4 = 0.3; {line_of('density4')}", 0, 0),
    "patch": (
        "patch.cv_y = -0.5; patch.cv_y_to = '1.threshold'; controls.open('patch');"
        + line_of("cv_y_to"),
        0,
        0,
    ),
    "triggers": (f"patch.trigger_4 = '1.dice'; {line_of('trigger_4')}", 0, 0),
    "quantiser": ("instrument.quantiser.in_1 = '6'; instrument.quantiser.notes_1 = 'chord 1';"
                  "controls.open('quantiser')", 0, 0),
    "library": ("controls.open('library')", 0, 0),
    "presets": ("instrument.presets.store(1); instrument.presets.store(3);"
                "controls.open('presets')", 2, 0),
    "behaviours": ("instrument.behaviours.switch('lfo_on_x'); controls.open('behaviours')", 2, 0),
    "calibrate_in": ("controls.open('calibration')", 0, 0),
    "calibrate_out": ("instrument.calibration.outputs[0].measured[0.0] = 0", 9, 3),
    "play_feel": ("instrument.behaviours.switch('lfo_on_x', False); library.play('felt');"
                  "track.length = 0; track.threshold = 0.25;"
                  "track.latents = (1.5, -0.5, 2, 0.5, -1); controls.open('play')", 0, 0),
    "groove": ("track.swing = 62; track.feel_y = 0.6; controls.open('groove')", 0, 0),
    "perform": (
        "track.swing = 50; track.mute2 = 'on'; patch.tempo = 132; instrument.presets.store(2);"
        "controls.open('perform')", 0, 1),
    "path": (
        "track.mute2 = 'off'; track.latents = (0, 0, 2, 0.5, -1); instrument.paths.refresh();"
        "track.path = 'rise'; track.path_at = 0.55; track.lock(2); track.lock(4);"
        "controls.open('path')", 0, 0),
    "help": ("controls.open('perform'); controls.begin_help();"
             "controls.helper.turn('right', 1)", 0, 0),
    "play_w": ("controls.end_help(); track.path = 'off'; track.unlock();"
               "library.play('four'); track.threshold = 0.2;"
               "track.swing = 50; track.latents = (-1, 1.5, 2, 0); controls.open('play')", -20, 0),
}  # fmt: skip


@pytest.fixture(scope="module")
def screens(installed_flash, shared_data, felt, four, tmp_path_factory):
    """Every scene's picture, from one module that plays in manual time."""
    from latentrack.virtual.module import VirtualModule

    flash = tmp_path_factory.mktemp("pictures") / "flash"
    shutil.copytree(installed_flash, flash)
    for name, model in MODELS.items():
        folder = flash / "models" / ("perc" if "perc" in model else "notes")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(shared_data / "decoders" / f"{model}.tflite", folder / f"{name}.tflite")
    (flash / "paths").mkdir()
    (flash / "paths" / "rise.txt").write_text(PATH)
    pictures = {}
    with VirtualModule(flash, manual_time=True) as module:
        panel = module.panel
        for knob, position in (("x", 0.3), ("y", 0.7), ("z", 0.62), ("threshold", 0.3)):
            panel.turn(knob, position)
        panel.cv("z", 1.01)
        panel.cv("6", -2.5)
        with Link(module.port) as link:
            glass = Glass(module, link)
            link.run(
                "controls, patch = instrument.controls, instrument.patch\n"
                "tracks = instrument.tracks\n"
                "patch.cv_z_to = 'off'\n"
                "library.play('groove')\n"
                "library.play('chorales', 1)\n"
            )
            for name, (code, left, right) in SCENES.items():
                if name == "play_feel":  # not before the library's picture
                    perc = flash / "models" / "perc"
                    shutil.copy(felt / f"{FELT}.tflite", perc / "felt.tflite")
                    shutil.copy(four / f"{FOUR}.tflite", perc / "four.tflite")
                link.run(code)
                frames_see(module, link)
                if "tell" not in code and name != "help":  # what was said before is over
                    link.run("instrument.screen.message.clear()")
                panel.turn_encoder("left", left)
                frames_see(module, link)
                # All in one frame, whatever else the computer does: fast clicks count for more.
                link.run(f"controls.page.turn('right', {right})")
                frames_see(module, link)
                if name in ("play_drums", "play_feel", "play_w", "perform", "path"):
                    panel.clock(16 + 7, spacing_us=20_000)
                pictures[name] = glass.at_rest()
    return pictures


@pytest.mark.parametrize("name", SCENES)
def test_a_picture_of_the_manual_is_the_real_screen(screens, name):
    path = PICTURES / f"{name}.png"
    image = screens[name].repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    if os.environ.get("LATENTRACK_PICTURES") == "write":
        PICTURES.mkdir(exist_ok=True)
        path.write_bytes(png(screens[name], SCALE))
    kept = read_png(path.read_bytes())
    assert kept.shape == image.shape
    differing = int(np.any(kept != image, axis=-1).sum()) // SCALE**2
    assert differing == 0, f"{differing} pixels of {path} are others on the screen"


def test_the_manual_shows_every_picture_and_no_other():
    shown = re.findall(r"\(pictures/(\w+)\.png\)", MANUAL.read_text())
    assert sorted(shown) == sorted(SCENES)
    other_pages = [page.read_text() for page in MANUAL.parent.glob("*.md") if page != MANUAL]
    for path in PICTURES.glob("*.png"):
        assert path.stem in SCENES or any(path.name in text for text in other_pages), path


def test_the_manual_describes_every_parameter_and_every_page():
    manual = MANUAL.read_text()
    scope: dict[str, object] = {}
    exec((ROOT / "device" / "latentrack" / "parameters.py").read_text(), scope)
    described = set(re.findall(r"^\| \*\*(.+?)\*\* \|", manual, re.MULTILINE))
    numbered = re.compile(r" \d+$")
    for entry in (*scope["TRACK"], *scope["PATCH"], *scope["QUANTISER"]):  # type: ignore[misc]
        title = entry.title
        if title.startswith("CV "):
            title = "CV … to" if title.endswith(" to") else "CV …"
        elif numbered.search(title) and not title.startswith("Trigger"):
            title = numbered.sub(" …", title)
        assert title in described, f"{title} is not in {MANUAL}"
    scope = {}
    exec((ROOT / "device" / "latentrack" / "pages" / "__init__.py").read_text(), scope)
    for page in scope["NAMES"]:  # type: ignore[union-attr]
        assert re.search(rf"^## .*\b{page}\b", manual, re.MULTILINE | re.IGNORECASE), page


def test_every_test_that_the_manual_names_is_there():
    named = set(re.findall(r"`(test_\w+)`", MANUAL.read_text()))
    assert len(named) > 30
    there = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        there |= set(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))
    for path in (ROOT / "firmware" / "test").rglob("main.c"):
        there |= set(re.findall(r"^(?:static )?void (test_\w+)", path.read_text(), re.MULTILINE))
    assert not named - there, f"no such tests: {sorted(named - there)}"
