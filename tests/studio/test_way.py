"""A person's whole way: from twenty MIDI files on the desktop to a module that plays.

Its screenshots are the pictures of the README and of docs/studio.md:
`LATENTRACK_PICTURES=docs/pictures python -m pytest tests/studio/test_way.py` makes them anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from latentrack.corpus.demo_files import write_demo
from latentrack.decoder.litert import Decoder
from latentrack.playing.jacks import drum_steps
from tests.device.rig import DRUM_JACKS
from tests.studio.conftest import RunningStudio, keep_picture, values
from tests.waiting import until

Open = Callable[..., Page]

# The triggers of five groups of drums; the other jacks carry accents.
JACKS = DRUM_JACKS[:5]


@pytest.fixture
def twenty(tmp_path: Path) -> Path:
    """A folder of 20 MIDI files, such as a person has on the desktop: the corpus of the demo."""
    write_demo(tmp_path)
    folder = tmp_path / "my beats"
    folder.mkdir()
    for file in sorted((tmp_path / "demo").glob("*.mid"))[:20]:
        shutil.copy(file, folder)
    assert len(list(folder.iterdir())) == 20
    return folder


def drop(page: Page, folder: Path) -> None:
    """A hand from outside drags it onto the page."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 500, "y": 400, "data": data})


def go(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()


def hits(page: Page) -> list[str]:
    """The cells of the grid that sound, by their names."""
    return list(
        page.get_by_role("gridcell", name=", hit, ").evaluate_all(
            "cells => cells.map(cell => cell.ariaLabel)"
        )
    )


def test_from_twenty_files_to_a_module_that_plays(
    studio: RunningStudio, open_tab: Open, twenty: Path
) -> None:
    page = open_tab(studio.address)

    # Music in.
    drop(page, twenty)
    expect(page.get_by_text(re.compile(r"^\d+ bars from 20 files$"))).to_be_visible()
    expect(page.get_by_role("listbox", name="Files").get_by_role("option").first).to_be_visible()
    keep_picture(page, "studio_corpus")

    # A model learns it.
    page.get_by_role("link", name="Train a model").click()
    page.get_by_label("Name", exact=True).fill("my beats")
    page.get_by_label("Epochs", exact=True).fill("400")
    page.get_by_label("Epochs", exact=True).blur()
    page.get_by_role("button", name="Start training").click()
    # On a fast computer, or with a slow browser, it is over before anything of it was seen.
    explore = page.get_by_role("button", name="Explore it")
    learning = page.get_by_text(re.compile(r"^Epoch \d\d+ of 400"))
    expect(learning.or_(explore).first).to_be_visible()
    keep_picture(page, "studio_train")
    page.reload()
    expect(explore).to_be_visible()
    assert (studio.folder / "runs" / "my beats.run" / "run.toml").is_file()

    # Its space is explored: another position, another pattern.
    explore.click()
    expect(page.get_by_role("gridcell", name=", hit, ").first).to_be_visible()
    puck = page.get_by_role("slider", name="Puck on the map")
    expect(puck).to_have_attribute("aria-valuetext", re.compile("^X .*, Y "))
    before = hits(page)
    box = puck.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.3, steps=12)
    page.mouse.up()
    page.wait_for_function(
        "(was) => JSON.stringify([...document.querySelectorAll('[role=gridcell]')]"
        ".map(cell => cell.ariaLabel).filter(label => label.includes(', hit, '))) !== was",
        arg=str(before).replace("'", '"').replace('", "', '","'),
    )

    # It is heard, from this browser.
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("latentrackSound.log.length > 8 && latentrackSound.level() > 0.01")
    keep_picture(page, "studio_explore")
    page.get_by_role("button", name="Stop", exact=True).click()

    # What is compared below are the steps: each hit is to sound on its own.
    page.get_by_role("slider", name="Feel", exact=True).fill("0")

    # It goes to a module, which is sent to the position of the puck.
    go(page, "Module")
    card = page.get_by_role("region", name="The module")
    card.get_by_role("button", name="Switch on a virtual module").click()
    where = card.get_by_text("board xen")
    expect(where).to_be_visible()
    port = where.inner_text().removeprefix("At ").partition(",")[0]
    models = page.get_by_role("region", name="Models")
    models.get_by_role("button", name="Hear it on the module: my beats").click()
    expect(models.get_by_text(re.compile("Track 1 plays my.beats"))).to_be_visible()
    page.get_by_role("button", name="Send its position").click()
    position = re.findall(r"[−\d.]+", puck_text(page, studio))
    wanted = [float(number.replace("−", "-")) for number in position[:2]]
    scale = 3

    def arrived() -> tuple[list[float], float] | None:
        told = values(port)
        latents, threshold = told["latents"], told["threshold"]
        assert isinstance(latents, list) and isinstance(threshold, float)
        near = all(abs(a / scale - b) < 0.006 for a, b in zip(latents, wanted, strict=False))
        return (latents, threshold) if near else None

    latents, threshold = until(arrived, f"the module does not go to {wanted}")

    # It plays there what LiteRT says that the model plays at that position.
    go(page, "Module")
    clock = page.get_by_role("combobox", name="Clocked by")
    clock.click()
    page.get_by_role("option", name="None (click the clock jack)").click()
    decoder = Decoder(next((studio.folder / "models").glob("*.tflite")))
    expected = drum_steps(decoder.decode([latents])[0], decoder.info.groups, threshold)
    page.get_by_role("button", name="Input Reset").click()
    plate = page.get_by_role("group", name="The panel of the module")
    edges = int(plate.get_attribute("data-edges") or 0)
    for number, step in enumerate(expected):
        page.get_by_role("button", name="Input Clock").click()
        expect(plate).to_have_attribute("data-edges", str(edges + number + 1))
        lit = page.locator(".lt-panel-light").evaluate_all(
            "all => all.map(light => light.dataset.lit)"
        )
        assert {jack for jack in JACKS if lit[jack] == "1"} == {JACKS[g] for g in step.triggers}
    assert len({step.triggers for step in expected}) > 2
    expect(page.locator(".q-notification")).to_have_count(0)
    keep_picture(page, "studio_module")


def puck_text(page: Page, studio: RunningStudio) -> str:
    """Where the puck is, as a screen reader says it."""
    go(page, "Explore")
    puck = page.get_by_role("slider", name="Puck on the map")
    expect(puck).to_have_attribute("aria-valuetext", re.compile("X .*Y"))
    return puck.get_attribute("aria-valuetext") or ""
