"""A person at the page "Module": switching on, sending, clocking, turning, pulling the cable."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from latentrack.decoder.litert import Decoder
from latentrack.playing.jacks import drum_steps
from latentrack.virtual.module import VirtualModule
from tests.device.rig import DRUM_JACKS
from tests.studio.conftest import RunningStudio, keep_picture, model_file_of, running_studio, values
from tests.studio.shown import fits_the_phone, place_by_mouse
from tests.waiting import until

Open = Callable[..., Page]

# The triggers of five groups of drums; the other jacks carry accents.
JACKS = DRUM_JACKS[:5]


@pytest.fixture(scope="module")
def desk(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio with the demo model open, its file made already."""
    folder = tmp_path_factory.mktemp("desk") / "studio"
    shutil.copytree(demo_run, folder / "runs" / "demo.run")
    (folder / "models").mkdir()
    shutil.copy(model_file_of(demo_run), folder / "models" / "demo.tflite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTRACK_RUNTIME", str(tmp_path_factory.mktemp("runtime")))
        with running_studio(folder) as studio:
            yield studio


def module_card(page: Page) -> Locator:
    return page.get_by_role("region", name="The module")


def switch_on(page: Page) -> str:
    """Its port, when it is on."""
    card = module_card(page)
    expect(card.get_by_role("button").first).to_be_visible()
    if card.get_by_role("button", name="Switch on").count():
        card.get_by_role("button", name="Switch on").click()
    where = card.get_by_text("board xen")
    expect(where).to_be_visible()
    clock = page.get_by_role("combobox", name="Clocked by")
    if "click the clock jack" not in (clock.input_value() or ""):
        clock.click()
        page.get_by_role("option", name="None (click the clock jack)").click()
    return where.inner_text().removeprefix("At ").partition(",")[0]


def pixels(page: Page) -> np.ndarray:
    """What stands on the screen's canvas, (80, 160, 3)."""
    data = page.locator("canvas.lt-panel-screen").evaluate(
        "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 160, 80).data)"
    )
    return np.array(data, np.uint8).reshape(80, 160, 4)[..., :3]


def see(page: Page, true: Callable[[], object]) -> None:
    """Returns when that is seen; the page goes on meanwhile."""
    until(lambda: (page.wait_for_timeout(50), true())[1], "that is never seen", 0)


def rests(page: Page) -> bool:
    """Whether the picture stays the same for a while."""
    before = pixels(page)
    page.wait_for_timeout(500)
    return np.array_equal(pixels(page), before)


def test_a_virtual_module_plays_what_was_trained(desk: RunningStudio, open_tab: Open) -> None:
    page = open_tab(f"{desk.address}/explore")
    expect(page.get_by_role("gridcell").first).to_be_visible()
    page.get_by_role("slider", name="Threshold").fill("0.45")
    place_by_mouse(page, -0.2, 0.4)
    page.goto(f"{desk.address}/module")
    port = switch_on(page)
    models = page.get_by_role("region", name="Models")
    models.get_by_role("button", name="Hear it on the module: demo").click()
    expect(models.get_by_text("Track 1 plays demo.")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="It is not stored")).to_be_visible()

    # It plays what Explore plays. There the knobs take over on their way: one is dragged, another
    # is turned with keys.
    see(page, lambda: values(port)["threshold"] == pytest.approx(0.45, abs=1e-3))
    sent = values(port)["latents"]
    scale = 3
    assert np.allclose(np.divide(sent[:2], scale), (-0.2, 0.4), atol=0.01)
    knob = page.get_by_role("slider", name="Knob X")
    box = knob.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 48, steps=6)  # 0.3 of its way down
    page.mouse.up()
    expect(knob).to_have_attribute("aria-valuenow", "20")
    threshold = page.get_by_role("slider", name="Knob Threshold")
    threshold.focus()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    expect(threshold).to_have_attribute("aria-valuenow", "40")
    decoder = Decoder(desk.folder / "models" / "demo.tflite")
    assert decoder.info.latent_scale == scale
    latents = [-0.6 * scale, *sent[1:]]
    see(page, lambda: np.allclose(values(port)["latents"], latents, atol=2e-3))
    assert values(port)["threshold"] == pytest.approx(0.4, abs=1e-3)

    # A click at the clock's jack is an edge; the lights are those that LiteRT says.
    plate = page.get_by_role("group", name="The panel of the module")
    page.get_by_role("button", name="Input Reset").click()
    expected = drum_steps(decoder.decode([latents])[0], decoder.info.groups, 0.4)
    clock = page.get_by_role("button", name="Input Clock")
    edges = int(plate.get_attribute("data-edges") or 0)
    for number, step in enumerate(expected):
        clock.click()
        expect(plate).to_have_attribute("data-edges", str(edges + number + 1))
        lights = page.locator(".lt-panel-light")
        lit = lights.evaluate_all("all => all.map(light => light.dataset.lit)")
        assert {jack for jack in JACKS if lit[jack] == "1"} == {JACKS[g] for g in step.triggers}
    assert len({step.triggers for step in expected}) > 2

    # Two tabs show one module.
    other = open_tab(f"{desk.address}/module")
    expect(other.get_by_role("slider", name="Knob X")).to_have_attribute("aria-valuenow", "20")
    other.get_by_role("button", name="Button 4, freeze").click()
    for tab in (page, other):
        expect(tab.get_by_role("button", name="Button 4, freeze, lit")).to_be_visible()
    see(page, lambda: pixels(page).any() and np.array_equal(pixels(page), pixels(other)))
    page.get_by_role("button", name="Button 4, freeze").click()
    expect(other.get_by_role("button", name="Button 4, freeze", exact=True)).to_be_visible()

    # Another page of the screen: its title is another.
    see(page, lambda: rests(page))
    title = pixels(page)[:16]
    push = page.get_by_role("button", name="Push the left encoder")

    def other_page() -> bool:
        push.click(delay=100)
        see(page, lambda: rests(page))
        return not np.array_equal(pixels(page)[:16], title)

    # A push that is shorter than a frame of a busy module goes by unseen, as on a real one. The
    # performing page and those of paths and groove come first; then the parameters, whose encoder
    # chooses a line.
    first = title
    for _ in range(4):
        until(other_page, "the page stays the same")
        title = pixels(page)[:16]
    title = first
    page.get_by_role("spinbutton", name="Left encoder").press("ArrowRight")
    push.focus()
    # Held until it is taken for a hold.
    page.keyboard.down("Enter")
    see(page, lambda: np.array_equal(pixels(page)[:16], title))
    page.keyboard.up("Enter")
    clock.click()
    expect(page.locator(".q-notification")).to_have_count(0)
    keep_picture(page, "studio-module")


def connect(page: Page, module: str) -> None:
    """To a virtual module by the name of its flash; whatever was on before is switched off."""
    card = module_card(page)
    switch_off = card.get_by_role("button", name="Switch off")
    way = card.get_by_role("button", name=f"Connect virtual {module}")
    expect(switch_off.or_(way).first).to_be_visible()
    if switch_off.count():
        switch_off.click()
    way.click()
    expect(card.get_by_role("button", name="Let go")).to_be_visible()


def test_a_preset_is_stored_and_a_model_kept_and_removed(
    desk: RunningStudio, open_tab: Open
) -> None:
    page = open_tab(f"{desk.address}/module")
    switch_on(page)
    models, puck = (page.get_by_role("region", name=name) for name in ("Models", "The puck"))
    models.get_by_role("button", name="Store it on the module: demo").click()
    listed = models.get_by_role("listitem").filter(has_text="demo")
    expect(listed).to_be_visible()
    puck.get_by_role("combobox", name="As preset").click()
    page.get_by_role("option", name="Preset 3", exact=True).click()
    puck.get_by_role("button", name="Store the preset").click()
    expect(page.get_by_role("status").filter(has_text="reset 3")).to_be_visible()
    stored = desk.folder / "module" / "presets" / "03.txt"
    see(page, stored.exists)
    assert "1.model demo" in stored.read_text()
    listed.get_by_role("button", name="Remove demo").click()
    page.get_by_role("button", name="Keep").click()
    expect(listed).to_be_visible()
    listed.get_by_role("button", name="Remove demo").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(models.get_by_text("Its library is empty.")).to_be_visible()


def test_a_voltage_is_patched_into_a_cv_input(desk: RunningStudio, open_tab: Open) -> None:
    page = open_tab(f"{desk.address}/module")
    switch_on(page)
    page.get_by_role("button", name="CV Y,").click()
    patch = page.get_by_role("group", name="What goes into CV Y")
    volts = patch.get_by_role("slider", name="Volts")
    volts.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="CV Y, 5.0 V")).to_be_visible()
    # A little below 0 is 0 without a sign.
    volts.evaluate(
        "(e) => { e.step = 'any'; e.value = -0.02; e.dispatchEvent(new Event('input')) }"
    )
    expect(page.get_by_role("button", name="CV Y, 0.0 V")).to_be_visible()
    expect(volts).to_have_attribute("aria-valuetext", "0.0 V")
    page.keyboard.press("Home")
    expect(page.get_by_role("button", name="CV Y, -5.0 V")).to_be_visible()
    patch.get_by_role("button", name="Unplug").click()
    expect(page.get_by_role("button", name="CV Y, 0.0 V")).to_be_visible()


def test_a_button_stays_the_same_while_other_modules_come(
    desk: RunningStudio, open_tab: Open, start: Callable[..., VirtualModule]
) -> None:
    """A click on one that is being replaced would go nowhere."""
    page = open_tab(f"{desk.address}/module")
    switch_on(page)
    button = module_card(page).get_by_role("button", name="Switch off")

    def stays(ms: int) -> bool:
        button.evaluate("button => { button.marked = true; }")
        page.wait_for_timeout(ms)
        return bool(button.evaluate("button => button.marked"))

    see(page, lambda: stays(1000))  # what the module itself tells comes first
    start()
    assert stays(3500)  # it looks for modules every two seconds


def test_the_page_stays_whole_when_the_cable_is_pulled(
    desk: RunningStudio, open_tab: Open, installed_flash: Path, tmp_path: Path
) -> None:
    flash = tmp_path / "pulled"
    shutil.copytree(installed_flash, flash)
    command = [sys.executable, "-m", "latentrack.cli", "virtual", "--flash", str(flash)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    page = open_tab(f"{desk.address}/module")
    card = module_card(page)
    try:
        connect(page, "pulled")
        see(page, lambda: pixels(page).any())
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        expect(card.get_by_role("alert")).to_have_text(
            "Virtual module pulled is gone. It is taken up again when it comes back."
        )
        expect(page.get_by_role("slider", name="Knob X")).to_be_visible()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        expect(card.get_by_role("alert")).to_have_count(0)
        knob = page.get_by_role("slider", name="Knob Y")
        knob.focus()
        page.keyboard.press("End")
        expect(page.get_by_role("slider", name="Knob Y")).to_have_attribute(
            "aria-valuetext", "100 %, waits"
        )
        page.wait_for_timeout(600)
        expect(knob).to_have_attribute("aria-valuenow", "100")
        card.get_by_role("button", name="Let go").click()
        expect(card.get_by_role("button", name="Switch on")).to_be_visible()
    finally:
        process.terminate()
        process.wait()


def test_the_canvas_has_the_very_pixels_of_the_screen(
    desk: RunningStudio, open_tab: Open, start: Callable[..., VirtualModule], drum_model: Path
) -> None:
    module = start(drum_model)
    module.panel.clock(5, spacing_us=20_000)
    page = open_tab(f"{desk.address}/module")
    card = module_card(page)
    connect(page, module.flash.name)
    see(page, lambda: np.array_equal(pixels(page), module.panel.screen()))
    assert pixels(page).any()
    card.get_by_role("button", name="Let go").click()
    expect(card.get_by_role("button", name="Switch on")).to_be_visible()


def test_on_a_phone_nothing_is_wider_than_the_glass(desk: RunningStudio, open_tab: Open) -> None:
    page = open_tab(f"{desk.address}/module", 390, 800, has_touch=True)
    switch_on(page)
    fits_the_phone(page)
    page.get_by_role("button", name="Button 4, freeze").tap()
    expect(page.get_by_role("button", name="Button 4, freeze, lit")).to_be_visible()
    page.get_by_role("button", name="Button 4, freeze").tap()
    expect(page.get_by_role("button", name="Button 4, freeze", exact=True)).to_be_visible()
    keep_picture(page, "studio-module-phone")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Switch on")).to_be_visible()
