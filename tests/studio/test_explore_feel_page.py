"""The feel on the page "Explore" in a real browser: pad, sliders, grid and sound."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.studio.conftest import RunningStudio, keep_picture, running_studio
from tests.studio.explored import save_with_feel
from tests.studio.shown import fits_the_phone
from tests.waiting import until

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def feeling(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio with two runs with a feel and one without; the tests of this file share it."""
    folder = tmp_path_factory.mktemp("feel") / "studio"
    shutil.copytree(demo_run, folder / "runs" / "plain.run")
    for latents in (1, 2):
        save_with_feel(demo_run, latents, folder / "runs" / f"felt{latents}.run")
    with running_studio(folder) as running:
        yield running


@pytest.fixture
def page(feeling: RunningStudio, open_tab: Open) -> Page:
    return opened(feeling, open_tab, "felt2")


def opened(studio: RunningStudio, open_tab: Open, model: str, **more: object) -> Page:
    page = open_tab(f"{studio.address}/explore", **more)
    expect(page.get_by_role("gridcell")).to_have_count(16 * 12)
    if page.get_by_role("combobox", name="Model").input_value() != model:
        page.get_by_role("combobox", name="Model").click()
        page.get_by_role("option", name=model).click()
    expect(page.get_by_role("combobox", name="Model")).to_have_value(model)
    expect(page.get_by_role("gridcell", name=", hit, ").first).to_be_visible()
    return page


def pad(page: Page) -> Locator:
    return page.get_by_role("slider", name="Feel: how loud and how late")


def labels(page: Page) -> list[str]:
    hits = page.get_by_role("gridcell", name=", hit, ")
    found: list[str] = hits.evaluate_all("cells => cells.map(cell => cell.ariaLabel)")
    return found


def struck(page: Page) -> list[str]:
    return [label.split(", hit")[0] for label in labels(page)]


def other_than(page: Page, before: list[str]) -> list[str]:
    until(lambda: labels(page) != before, "the grid stays as it was")
    return labels(page)


def test_a_hit_is_drawn_louder_and_later_by_mouse_and_keys(page: Page) -> None:
    hits = struck(page)
    name = hits[len(hits) // 2]
    cell = page.get_by_role("gridcell", name=re.compile(f"^{re.escape(name)}, hit, "))
    label = cell.get_attribute("aria-label")
    box = cell.bounding_box()
    assert label is not None and box is not None
    velocity = int(re.findall(r"velocity (\d+)", label)[0])
    up = 40 if velocity < 80 else -40
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0], middle[1] - up, steps=5)
    page.mouse.up()
    expect(cell).to_have_attribute("aria-label", re.compile(f"hit, velocity {velocity + up}\\b"))
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 3 * box["width"], middle[1], steps=5)
    page.mouse.up()
    expect(cell).to_have_attribute("aria-label", re.compile(", 50 % of a step late"))
    keep_picture(page, "explore-drawn-feel")
    cell.focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(cell).to_have_attribute("aria-label", re.compile(", 45 % of a step late"))
    page.keyboard.press("Shift+ArrowDown")
    wanted = re.compile(f"hit, velocity {max(1, velocity + up - 8)}\\b")
    expect(cell).to_have_attribute("aria-label", wanted)
    assert struck(page) == hits
    for _ in range(4):
        page.get_by_role("button", name="Undo").click()
    expect(cell).to_have_attribute("aria-label", label)


def test_the_pad_changes_how_hits_are_played_and_undo_brings_it_back(page: Page) -> None:
    expect(pad(page)).to_have_attribute("aria-valuetext", "louder 0.00, later 0.00")
    hits, before = struck(page), labels(page)
    assert any(label.endswith("early") for label in before)
    assert any(label.endswith("late") for label in before)
    pad(page).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect(pad(page)).to_have_attribute("aria-valuetext", "louder 0.15, later −0.01")
    by_keys = other_than(page, before)
    box = pad(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 40, box["y"] - 20, steps=4)
    page.mouse.up()
    expect(pad(page)).to_have_attribute("aria-valuetext", "louder 1.00, later 1.00")
    other_than(page, by_keys)
    assert struck(page) == hits
    keep_picture(page, "explore-feel")
    page.get_by_role("button", name="Undo").click()
    expect(pad(page)).to_have_attribute("aria-valuetext", "louder 0.15, later −0.01")
    until(lambda: labels(page) == by_keys, "undo does not bring the hits back")
    page.get_by_role("button", name="Undo").click()
    expect(pad(page)).to_have_attribute("aria-valuetext", "louder 0.00, later 0.00")
    until(lambda: labels(page) == before, "undo does not bring the hits back")


def test_sliders_say_how_much_of_it_is_heard_and_the_grid_shows_it(page: Page) -> None:
    before = labels(page)
    late = page.get_by_role("gridcell", name=re.compile("hit, .* late$")).first
    shift = "cell => parseFloat(getComputedStyle(cell, '::before').left)"
    assert late.evaluate(shift) > 0
    page.get_by_role("slider", name="Feel", exact=True).fill("0")
    expect(page.get_by_role("gridcell", name=re.compile("hit, .*(late|early)$"))).to_have_count(0)
    page.get_by_role("slider", name="Dynamics").fill("0")
    until(lambda: all(label.endswith("velocity 76") for label in labels(page)), "not all alike")
    for name in ("Feel", "Dynamics"):
        page.get_by_role("slider", name=name, exact=True).fill("100")
    until(lambda: labels(page) == before, "100 % is not as learned")


def test_what_is_drawn_is_heard_with_the_feel_there(page: Page) -> None:
    page.get_by_role("gridcell", name="crash, step 7, no hit").click()
    drawn = page.get_by_role("gridcell", name=re.compile(r"crash, step 7, hit, velocity \d+, \d"))
    expect(drawn).to_be_visible()
    before = drawn.get_attribute("aria-label")
    pad(page).press("ArrowUp")
    until(lambda: drawn.get_attribute("aria-label") != before, "the feel does not move it")
    keep_picture(page, "explore-feel-drawn")
    pad(page).press("Home")
    expect(pad(page)).to_have_attribute("aria-valuetext", "louder 0.00, later 0.00")
    page.get_by_role("button", name="Back to the model").click()
    expect(page.get_by_role("gridcell", name="drawn")).to_have_count(0)


def test_the_browser_sounds_hits_at_their_time(page: Page) -> None:
    wanted = offsets_shown(page)
    assert any(late < -0.05 for step in wanted.values() for late in step)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("latentrackSound.log.filter((step) => step.late < -0.07).length >= 20")
    page.get_by_role("button", name="Stop", exact=True).click()
    log: list[dict[str, Any]] = page.evaluate("latentrackSound.log")
    # The very first step has no hit before it; what came late to this computer sounds at once.
    told = [step for step in log[1:] if step["late"] < -0.07]
    for step in told:
        away = sorted((time - step["when"]) / 0.125 for time in step["times"])  # at 120 BPM
        assert away == pytest.approx(sorted(wanted.get(step["number"], [])), abs=0.012)


def offsets_shown(page: Page) -> dict[int, list[float]]:
    """For each step from 0 how late its hits are in the grid, in steps."""
    found: dict[int, list[float]] = {}
    for label in labels(page):
        step = re.search(r"step (\d+)", label)
        late = re.search(r"(\d+) % of a step (early|late)", label)
        assert step
        offset = 0.0 if late is None else int(late[1]) / 100 * (1 if late[2] == "late" else -1)
        found.setdefault(int(step[1]) - 1, []).append(offset)
    return found


def test_one_latent_is_one_axis_and_without_a_feel_there_is_no_pad(
    feeling: RunningStudio, open_tab: Open
) -> None:
    page = opened(feeling, open_tab, "felt1", width=390, height=800)
    expect(pad(page)).to_have_attribute("aria-valuetext", "louder 0.00")
    pad(page).press("ArrowUp")
    pad(page).press("ArrowRight")
    expect(pad(page)).to_have_attribute("aria-valuetext", "louder 0.05")
    fits_the_phone(page)
    pad(page).scroll_into_view_if_needed()
    keep_picture(page, "explore-feel-phone")
    opened(feeling, open_tab, "plain")
    plain = opened(feeling, open_tab, "plain")
    expect(pad(plain)).to_have_count(0)
    expect(plain.get_by_role("slider", name="Dynamics")).to_have_count(0)
    expect(plain.get_by_role("gridcell", name=re.compile("hit, .*(late|early)$"))).to_have_count(0)
