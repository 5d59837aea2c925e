"""The page "Explore" in a real browser: the puck, the grid, paths, undo, and files to take away."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import mido
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from latentrack.corpus import Dataset
from latentrack.model import Settings, load_run, save_run, train
from tests.studio.conftest import RunningStudio, keep_picture, running_studio
from tests.studio.shown import fits_the_phone, place_by_mouse, puck, spot
from tests.waiting import until

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def exploring(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio with one run, which it opens by itself; the tests of this file share it."""
    folder = tmp_path_factory.mktemp("explore") / "studio"
    shutil.copytree(demo_run, folder / "runs" / "demo.run")
    with running_studio(folder) as running:
        yield running


@pytest.fixture
def page(exploring: RunningStudio, open_tab: Open) -> Page:
    return opened(exploring, open_tab)


def opened(studio: RunningStudio, open_tab: Open, **more: object) -> Page:
    page = open_tab(f"{studio.address}/explore", **more)
    expect(page.get_by_role("gridcell")).to_have_count(16 * 12)
    # The puck cannot be dragged before the map has its position.
    expect(puck(page)).to_have_attribute("aria-valuetext", re.compile("^X .*, Y "))
    return page


def pattern(page: Page) -> list[str]:
    """The labels of the cells that are hit."""
    hits = page.get_by_role("gridcell", name=re.compile(", hit, "))
    return [label.split(", hit")[0] for label in hits.evaluate_all(LABELS)]


LABELS = "cells => cells.map(cell => cell.ariaLabel)"


def test_the_mouse_moves_the_puck_and_undo_brings_it_back(page: Page) -> None:
    place_by_mouse(page, 0, 0)
    expect(puck(page)).to_have_attribute("aria-valuetext", "X 0.00, Y 0.00")
    expect(page.get_by_role("gridcell", name=", hit, ").first).to_be_visible()
    before = pattern(page)
    place_by_mouse(page, 0.6, -0.5)
    expect(puck(page)).to_have_attribute("aria-valuetext", re.compile(r"X 0\.(60|59), Y −0\.5"))
    expect_other(page, before)
    keep_picture(page, "explore")
    page.get_by_role("button", name="Undo").click()
    expect(puck(page)).to_have_attribute("aria-valuetext", "X 0.00, Y 0.00")
    expect_pattern(page, before)
    page.keyboard.press("Control+Shift+Z")
    expect(puck(page)).to_have_attribute("aria-valuetext", re.compile(r"X 0\.(60|59), Y −0\.5"))


def expect_pattern(page: Page, wanted: list[str]) -> None:
    page.wait_for_function(f"(wanted) => JSON.stringify({HITS}) === wanted", arg=as_json(wanted))


def expect_other(page: Page, unwanted: list[str]) -> None:
    page.wait_for_function(f"(was) => JSON.stringify({HITS}) !== was", arg=as_json(unwanted))


HITS = (
    "[...document.querySelectorAll('[role=gridcell]')].map(cell => cell.ariaLabel)"
    ".filter(label => label.includes(', hit, ')).map(label => label.split(', hit')[0])"
)


def as_json(labels: list[str]) -> str:
    return "[" + ",".join(f'"{label}"' for label in labels) + "]"


def test_arrows_move_the_puck_with_shift_by_small_steps(page: Page) -> None:
    place_by_mouse(page, 0, 0)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(puck(page)).to_have_attribute("aria-valuetext", "X 0.15, Y 0.00")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    expect(puck(page)).to_have_attribute("aria-valuetext", "X 0.15, Y 0.01")
    for name, value in (("Z", "-0.5"), ("W", "0.75")):
        page.get_by_role("slider", name=name, exact=True).fill(value)
    expect(puck(page)).to_have_attribute("aria-valuetext", "X 0.15, Y 0.01")
    again = page.context.new_page()
    again.goto(page.url)
    for name, value in (("Z", "-0.5"), ("W", "0.75")):
        expect(again.get_by_role("slider", name=name, exact=True)).to_have_value(value)


def test_beside_a_latent_stands_what_more_of_it_brings(page: Page) -> None:
    across, up = page.locator(".lt-explore-axis-x"), page.locator(".lt-explore-axis-y")
    expect(across).to_have_text("X: busier →")
    expect(up).to_have_text("Y: more syncopated →")
    expect(page.locator("#lt-explore-keys")).to_contain_text(
        "X makes it busier. Y makes it more syncopated."
    )
    # The third latent has no meaning. As the map's axis it stands alone, and X has the slider.
    slider = page.locator(".lt-explore-range").first
    expect(slider).to_have_text(re.compile(r"^\s*Z\s*−?\d"))
    page.get_by_role("combobox", name="Across").click()
    page.get_by_role("option", name="Z", exact=True).click()
    expect(across).to_have_text("Z →")
    expect(slider).to_have_text(re.compile(r"^\s*X: busier\s*−?\d"))
    keep_picture(page, "explore-axes")


def test_touch_moves_the_puck(exploring: RunningStudio, open_tab: Open) -> None:
    page = opened(exploring, open_tab, width=390, height=800, has_touch=True)
    page.touchscreen.tap(*spot(page, -1, 1))
    expect(puck(page)).to_have_attribute("aria-valuetext", "X −1.00, Y 1.00")
    fits_the_phone(page)
    keep_picture(page, "explore-phone")


def test_a_point_is_jumped_to_and_the_pointer_shows_what_is_there(
    page: Page, demo_run: Path
) -> None:
    run = load_run(demo_run)
    positions = run.model.encode(run.dataset.sequences) / run.model.info.latent_scale
    apart = np.linalg.norm(positions[:, None, :2] - positions[None, :, :2], axis=2)
    np.fill_diagonal(apart, 9)
    lonely = int(apart.min(axis=1).argmax())
    x, y, z, w = (float(value) for value in positions[lonely])
    place_by_mouse(page, -x, -y)
    at = spot(page, x, y)
    page.mouse.move(*at)
    expect(page.locator(".lt-explore-thumb")).to_contain_text(run.dataset.styles[lonely])
    keep_picture(page, "explore-pointer")
    # Where it is wanted, the music there is heard, too.
    page.mouse.move(at[0] + 100, at[1])
    page.get_by_role("switch", name="Hear what is pointed at").click()
    page.mouse.move(*at)
    page.wait_for_function("latentrackSound.auditioned !== null")
    page.get_by_role("switch", name="Hear what is pointed at").click()
    page.mouse.move(*at)
    page.mouse.click(*at)
    # Not only where the mouse was, but the exact latents of that sequence.
    for name, value in (("Z", z), ("W", w)):
        slider = page.get_by_role("slider", name=name, exact=True)
        page.wait_for_function(
            "([node, value]) => Math.abs(node.value - value) < 0.0051",
            arg=[slider.element_handle(), value],
        )

    def shown() -> list[float]:
        words = puck(page).get_attribute("aria-valuetext") or ""
        return [float(value.replace("−", "-")) for value in re.findall(r"−?[\d.]+", words)]

    until(lambda: shown() == pytest.approx([x, y], abs=0.0051), "the puck is not there")


def test_what_is_drawn_sounds_and_stays(page: Page) -> None:
    """By mouse and keyboard: a click, a drag over several cells, how loud, away again."""
    place_by_mouse(page, 0, 0)
    before = pattern(page)
    click(page, "crash, step 7")
    expect_pattern(page, sorted_as_shown(page, [*before, "crash, step 7"]))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(cell(page, "ride, step 8", ", hit, .*drawn$")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="2 cells are drawn")).to_be_visible()
    # From an empty cell sideways: hits, as far as the hand goes, also if it hurries.
    row = [name for step in range(9, 17) if (name := f"high tom, step {step}") not in before]
    drag(page, row[0], row[-1])
    wanted = {
        *before,
        "crash, step 7",
        "ride, step 8",
        *(f"high tom, step {s}" for s in range(9, 17)),
    }
    wanted = {name for name in wanted if "high tom" not in name or name >= row[0] or name in before}
    drawn = sorted_as_shown(page, [*{*wanted, *row}])
    expect_pattern(page, drawn)
    # Up within a cell: louder; a click on a hit: gone; by the right button: several.
    box = cell(page, row[0]).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 8, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + 9, box["y"] - 5, steps=4)
    page.mouse.up()
    expect(cell(page, row[0], ", hit, velocity 120, drawn")).to_be_visible()
    keep_picture(page, "explore-drawn")
    # It is a layer: the puck moves, what was drawn stays.
    place_by_mouse(page, -0.9, 0.8)
    for name in ("crash, step 7", "ride, step 8", *row):
        expect(cell(page, name, ", hit, .*drawn$")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect_pattern(page, drawn)
    drag(page, row[0], row[-1], button="right")
    click(page, "ride, step 8")
    expect_pattern(
        page, sorted_as_shown(page, [n for n in drawn if n not in (*row, "ride, step 8")])
    )
    for _ in range(2):
        page.get_by_role("button", name="Undo").click()
    expect_pattern(page, drawn)
    page.get_by_role("button", name="Back to the model").click()
    expect_pattern(page, before)


def test_what_is_drawn_is_what_the_browser_sounds(page: Page) -> None:
    """A click is heard at once while nothing plays, and then in each bar; a muted voice is not."""
    place_by_mouse(page, 0, 0)
    click(page, "high tom, step 3")
    page.wait_for_function("latentrackSound.running")
    page.get_by_role("button", name="Solo high tom").click()
    expect(cell(page, "kick, step 1", ", .*not played$")).to_be_visible()
    only = [name for name in pattern(page) if name.startswith("high tom")]
    sounding = "latentrackSound.log.filter((step) => step.hits).map((step) => step.number)"
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(f"{sounding}.length >= {len(only) + 1}")
    steps = {int(name.split()[-1]) - 1 for name in only}
    assert set(page.evaluate(sounding)) == steps and 2 in steps
    # While it plays, too: the next time its turn comes.
    click(page, "high tom, step 5" if 4 not in steps else "high tom, step 6")
    page.wait_for_function(f"new Set({sounding}).size === {len(steps) + 1}")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Solo high tom").click()
    page.get_by_role("button", name="Back to the model").click()
    expect(page.get_by_role("gridcell", name="drawn")).to_have_count(0)


def test_tools_act_on_what_is_selected(page: Page) -> None:
    place_by_mouse(page, 0, 0)
    before = pattern(page)
    page.get_by_role("button", name="crash", exact=True).click()
    page.get_by_role("button", name="Fill a voice").click()
    page.get_by_text("Every 4th step", exact=True).click()
    others = [name for name in before if not name.startswith("crash")]
    fours = [f"crash, step {step}" for step in (1, 5, 9, 13)]
    expect_pattern(page, sorted_as_shown(page, others + fours))
    cell(page, "crash, step 1").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect_pattern(
        page, sorted_as_shown(page, others + [f"crash, step {s}" for s in (2, 6, 10, 14)])
    )
    page.keyboard.press("Control+c")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Control+v")  # of the row above the focus, from its first step on
    rides = [f"ride, step {s}" for s in (2, 6, 10, 14)]
    expect_pattern(
        page,
        sorted_as_shown(
            page,
            [name for name in others if not name.startswith("ride")]
            + rides
            + [f"crash, step {s}" for s in (2, 6, 10, 14)],
        ),
    )
    page.keyboard.press("Control+Shift+End")
    page.keyboard.press("Delete")
    expect(page.get_by_role("gridcell", name=re.compile("^(ride|crash).*, hit, "))).to_have_count(0)
    # What the model makes of it stands beside it, and takes its place when that is wanted.
    page.get_by_role("button", name="Find nearest").click()
    found = page.get_by_role("status").filter(has_text=re.compile("nearest that the model|exactly"))
    expect(found).to_be_visible()
    differs = page.get_by_role("gridcell", name="the nearest differs")
    told = re.search(r"(\d+) cell", found.inner_text())
    expect(differs).to_have_count(int(told[1]) if told else 0)
    wanted = set(pattern(page)) ^ {
        ", ".join(label.split(", ")[:2]) for label in differs.evaluate_all(LABELS)
    }
    page.get_by_role("button", name="Take it over").click()
    expect(page.get_by_role("gridcell", name=re.compile("drawn|erased"))).to_have_count(0)
    expect_pattern(page, sorted_as_shown(page, [*wanted]))


def cell(page: Page, name: str, more: str = ", ") -> Locator:
    """By its voice and step, such as "kick, step 3", and what is said of it further."""
    return page.get_by_role("gridcell", name=re.compile(f"^{name}{more}"))


def click(page: Page, name: str) -> None:
    """Press the cell in its middle."""
    cell(page, name).click()


def drag(page: Page, first: str, last: str, button: Literal["left", "right"] = "left") -> None:
    """From one cell to another, so fast that most between them are not told of."""
    at, to = cell(page, first).bounding_box(), cell(page, last).bounding_box()
    assert at is not None and to is not None
    page.mouse.move(at["x"] + 10, at["y"] + 10)
    page.mouse.down(button=button)
    page.mouse.move(at["x"] + 22, at["y"] + 10)
    page.mouse.move(to["x"] + 10, to["y"] + 10, steps=2)
    page.mouse.up(button=button)


def sorted_as_shown(page: Page, labels: list[str]) -> list[str]:
    """In the order of the cells on the page."""
    every = page.get_by_role("gridcell").evaluate_all(LABELS)
    names = [", ".join(label.split(", ")[:2]) for label in every]
    return sorted(labels, key=names.index)


def test_threshold_densities_and_steps_change_what_sounds(page: Page, demo_run: Path) -> None:
    place_by_mouse(page, 0.2, 0.2)
    threshold = page.get_by_role("slider", name="Threshold")
    threshold.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("gridcell", name=", hit, ")).to_have_count(0)
    expect(page.get_by_text("Nothing is above the threshold here, nor anywhere")).to_be_visible()
    keep_picture(page, "explore-silent")
    # Now at the quietest of many places: music sounds elsewhere.
    run = load_run(demo_run)
    places = np.random.default_rng(0).uniform(-0.8, 0.8, (5000, run.model.latents)).round(2)
    peaks = run.model.logits(run.model.info.latent_scale * places).max(axis=(1, 2))
    x, y, z, w = places[peaks.argmin()]
    loudest = run.model.logits(run.model.encode(run.dataset.sequences)).max()
    assert peaks.min() < 0.5 < 3 < loudest  # in logits: probabilities of 0.62 and 0.95
    place_by_mouse(page, x, y)
    for name, value in (("Z", z), ("W", w)):
        page.get_by_role("slider", name=name, exact=True).fill(str(value))
    threshold.fill("0.95")
    arrow = page.get_by_role("button", name="Nearest music this way: go there")
    expect(arrow).to_be_visible()
    expect(page.get_by_text("Nothing is above the threshold here.")).to_be_visible()
    keep_picture(page, "studio_silence")
    arrow.click()
    expect(page.get_by_role("gridcell", name=", hit, ").first).to_be_visible()
    expect(arrow).to_have_count(0)
    threshold.focus()
    page.keyboard.press("Home")
    expect(page.get_by_role("gridcell", name=", no hit")).to_have_count(0)
    threshold.fill("0.4")
    page.get_by_role("slider", name="Density of kick").fill("1")
    expect(page.get_by_role("gridcell", name=re.compile("^kick.*, hit, "))).to_have_count(16)
    page.get_by_role("slider", name="Density of kick").fill("0")
    expect(page.get_by_role("gridcell", name=re.compile("^kick.*, hit, "))).to_have_count(0)
    page.get_by_role("slider", name="Density of kick").fill("0.5")
    page.get_by_role("slider", name="Steps").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("gridcell", name="not played")).to_have_count(12)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("gridcell", name="not played")).to_have_count(0)


def test_a_path_is_drawn_kept_and_played_along(page: Page, exploring: RunningStudio) -> None:
    page.get_by_role("button", name="Draw a path").click()
    # The button says so a moment before the map draws.
    expect(page.locator(".lt-explore-drawing")).to_be_visible()
    corners = [(-0.8, -0.8), (-0.8, 0.8), (0.8, 0.8)]
    for index, (x, y) in enumerate(corners):
        page.mouse.move(*spot(page, x, y), steps=8 if index else 1)
        if not index:
            page.mouse.down()
    page.mouse.up()
    page.get_by_role("button", name="Move the puck").click()
    expect(page.get_by_role("button", name="Play along")).to_be_enabled()
    page.get_by_role("spinbutton", name="Bars").fill("3")
    page.get_by_role("spinbutton", name="Tempo").fill("400")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Play along").click()
    expect(puck(page)).to_have_attribute("aria-valuetext", re.compile("X −0.80, Y −0.80"))
    keep_picture(page, "explore-path")
    page.get_by_role("button", name="Play", exact=True).click()
    # Half of the way's length is at the corner, the end at the other.
    for words in ("X −0.80, Y 0.80", "X 0.80, Y 0.80", "X −0.80, Y 0.80", "X −0.80, Y −0.80"):
        expect(puck(page)).to_have_attribute("aria-valuetext", words)
    page.get_by_role("button", name="Stop there").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="More about paths").click()
    page.get_by_text("Keep it by a name…").click()
    page.get_by_label("Name of the path").fill("corner")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The path is kept as corner.")).to_be_visible()
    assert (exploring.folder / "paths" / "corner.json").exists()
    page.get_by_role("button", name="Send to the module").click()
    expect(page.get_by_text("No module is connected")).to_be_visible()


def test_what_plays_can_be_taken_away_as_a_file(page: Page, exploring: RunningStudio) -> None:
    place_by_mouse(page, 0, 0)
    hits = len(pattern(page))
    page.get_by_role("button", name="MIDI file").click()
    with page.expect_download() as download:
        page.get_by_text("The pattern, 4 times").click()
    file = mido.MidiFile(file=io.BytesIO(download.value.path().read_bytes()))
    struck = [message for message in file if message.type == "note_on"]
    assert hits and len(struck) == 4 * hits
    assert {message.channel for message in struck} == {9}
    assert (exploring.folder / "midi" / download.value.suggested_filename).exists()


def test_slots_are_kept_recalled_at_the_bar_and_compared_by_one_key(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 960})
    slots = page.get_by_role("region", name="Slots")
    place_by_mouse(page, 0.4, -0.4)
    slots.get_by_role("button", name="Slot 1, empty").click()
    expect(slots.get_by_role("button", name="Slot 1, demo, threshold")).to_be_visible()
    first = pattern(page)
    place_by_mouse(page, -0.7, 0.6)
    click(page, "low tom, step 4")
    page.keyboard.press("Shift+Digit2")
    drawn = slots.get_by_role("button", name=re.compile("Slot 2, demo, .*, 1 drawn"))
    expect(drawn).to_have_attribute("aria-pressed", "true")
    second = pattern(page)
    assert first != second
    page.keyboard.press("1")
    expect_pattern(page, first)
    page.keyboard.press("x")
    expect_pattern(page, second)
    # While it plays: from the next bar on, of which the first steps are told of before.
    page.get_by_role("spinbutton", name="Tempo").fill("20")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("latentrackSound.log.some((step) => step.number === 2)")
    slots.get_by_role("button", name="Slot 1, demo").click()
    expect(slots.get_by_text("Slot 1 plays from the next bar on.")).to_be_visible()
    keep_picture(page, "studio_slots")
    expect_pattern(page, second)
    page.get_by_role("spinbutton", name="Tempo").fill("400")
    page.keyboard.press("Enter")
    expect_pattern(page, first)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("spinbutton", name="Tempo").fill("120")
    page.keyboard.press("Enter")
    page.reload()
    expect(drawn).to_be_visible()
    drawn.click()
    expect_pattern(page, second)
    for index in (1, 2):
        slots.get_by_role("button", name=f"More about slot {index}").click()
        page.get_by_text("Empty", exact=True).click()
        expect(slots.get_by_role("button", name=f"Slot {index}, empty")).to_be_visible()
        expect(page.get_by_text("Empty", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Back to the model").click()
    expect(page.get_by_role("gridcell", name="drawn")).to_have_count(0)


def test_two_tabs_show_the_same(exploring: RunningStudio, open_tab: Open) -> None:
    first, second = (opened(exploring, open_tab) for _ in range(2))
    place_by_mouse(first, -0.4, 0.7)
    expect(puck(second)).to_have_attribute("aria-valuetext", re.compile(r"X −0\.4\d?, Y 0\.7"))
    expect_pattern(second, pattern(first))
    first.reload()
    expect(puck(first)).to_have_attribute("aria-valuetext", re.compile(r"X −0\.4\d?, Y 0\.7"))


def test_a_rhythm_takes_the_pitches_that_are_written(
    exploring: RunningStudio, open_tab: Open
) -> None:
    cells = (np.random.default_rng(0).random((30, 32, 1)) < 0.5).astype(np.uint8)
    dataset = Dataset(cells, "rhythm", ("hit",))
    training = train(dataset, Settings(epochs=1))
    save_run(exploring.folder / "runs" / "pulse.run", training, dataset)
    page = opened(exploring, open_tab)
    choose(page, "pulse")
    expect(page.get_by_role("gridcell")).to_have_count(32)
    page.get_by_role("slider", name="Threshold").fill("0.01")
    expect(page.get_by_role("gridcell", name=", hit, ")).to_have_count(32)
    pitches = page.get_by_label("Pitches, taken in turn")
    pitches.fill("C3 H9")
    expect(page.get_by_text("One to 16 notes, such as")).to_be_visible()
    pitches.fill("C3 Eb3 67")
    expect(page.get_by_text("One to 16 notes, such as")).to_have_count(0)
    page.get_by_role("button", name="MIDI file").click()
    with page.expect_download() as download:
        page.get_by_text("The pattern, once").click()
    file = mido.MidiFile(file=io.BytesIO(download.value.path().read_bytes()))
    notes = [message.note for message in file if message.type == "note_on"]
    assert notes == [(48, 51, 67)[i % 3] for i in range(32)]
    choose(page, "demo")
    expect(page.get_by_role("gridcell")).to_have_count(16 * 12)


def choose(page: Page, model: str) -> None:
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=model).click()


def test_an_empty_studio_says_where_to_go(studio: RunningStudio, open_tab: Open) -> None:
    page = open_tab(f"{studio.address}/explore")
    expect(page.get_by_text("No model yet")).to_be_visible()
    page.get_by_role("link", name="Choose music").click()
    expect(page).to_have_url(re.compile(r":\d+/$"))
    page.goto(f"{studio.address}/explore")
    page.get_by_role("link", name="Train a model").click()
    expect(page).to_have_url(re.compile("/train$"))


def test_an_empty_studio_has_the_models_that_come_with_it(
    factory_models: Path, studio: RunningStudio, open_tab: Open
) -> None:
    page = open_tab(f"{studio.address}/explore")
    expect(page.get_by_text("These come with Latentrack")).to_be_visible()
    keep_picture(page, "explore_factory")
    page.get_by_role("button", name="funk", exact=True).click()
    expect(page.get_by_role("gridcell").first).to_be_visible()
    assert [run.name for run in (studio.folder / "runs").iterdir()] == ["funk.run"]
    # It is a run like any other now.
    choose(page, "funk")
    page.goto(f"{studio.address}/train")
    expect(page.get_by_text("funk").first).to_be_visible()
