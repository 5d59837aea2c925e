"""Every page can be used by everybody: axe-core finds nothing wrong in either look, at any size."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.studio.accessibility import PAGES, in_states, opened, violations
from tests.studio.conftest import PATIENCE_MS, RunningStudio, keep_picture, running_studio
from tests.studio.shown import fits_the_phone

# All of them are in the figure studio.axe_violations; here a narrow and a wide one.
STATES = (((390, 844), "dark"), ((1920, 1080), "light"))


@pytest.fixture(scope="module")
def studio(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio with a model and music."""
    folder = tmp_path_factory.mktemp("accessible") / "studio"
    shutil.copytree(demo_run, folder / "runs" / "demo.run")
    with running_studio(folder) as running:
        yield running


@pytest.fixture(scope="module")
def page(studio: RunningStudio, browser: Browser) -> Iterator[Page]:
    """One page for all, with music in the corpus."""
    made = browser.new_page(viewport={"width": 1280, "height": 800})
    made.set_default_timeout(PATIENCE_MS)
    opened(made, studio.address, "/")
    made.get_by_role("button", name="Add the demo corpus").click()
    expect(made.get_by_role("listbox", name="Files").get_by_role("option").first).to_be_visible()
    yield made
    made.close()


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(page: Page, studio: RunningStudio, path: str) -> None:
    opened(page, studio.address, path)
    for width, look in in_states(page, STATES):
        keep_picture(page, f"page-{PAGES[path].lower().replace(' ', '-')}-{width}-{look}")
        assert violations(page) == [], (width, look)


def test_a_message_of_an_error_can_be_read_and_closed(page: Page, studio: RunningStudio) -> None:
    opened(page, studio.address, "/listen")
    osc = page.get_by_role("region", name="OSC")
    osc.get_by_label("Send messages to: address and port").fill("somewhere")
    osc.get_by_role("switch", name="Send messages to").click()
    message = page.get_by_role("alert")
    expect(message).to_contain_text("'somewhere' is not an address for OSC")
    for width, look in in_states(page, STATES):
        assert violations(page) == [], (width, look)
    message.get_by_role("button", name="Close").click()
    expect(message).to_have_count(0)


def test_a_page_that_is_not_there_leads_on(page: Page, studio: RunningStudio) -> None:
    opened(page, studio.address, "/nowhere")
    expect(page).to_have_title("Page not found · Latentrack studio")
    page.get_by_role("link", name="Go to Corpus").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Corpus")


def test_a_phone_shows_the_map_and_the_whole_grid(page: Page, studio: RunningStudio) -> None:
    opened(page, studio.address, "/explore")
    page.set_viewport_size({"width": 390, "height": 844})
    fits_the_phone(page)
    puck = page.get_by_role("slider", name="Puck on the map")
    first_row = page.get_by_role("row").filter(has=page.get_by_role("gridcell")).first
    expect(puck).to_be_in_viewport(ratio=1)
    cells = first_row.get_by_role("gridcell")
    expect(cells).to_have_count(16)
    expect(cells.last).to_be_in_viewport(ratio=1)


SHOWS_FOCUS = """() => {
    const here = document.activeElement;
    return here.closest(".q-field--focused") || getComputedStyle(here).outlineStyle !== "none" ||
        getComputedStyle(here).boxShadow.endsWith("0px 0px 0px 4px");
}"""
NAME = """() => {
    const here = document.activeElement;
    return (here.ariaLabel || here.closest("label")?.textContent || here.textContent).trim();
}"""


def test_the_keyboard_goes_from_the_top_to_the_bottom(page: Page, studio: RunningStudio) -> None:
    """And what has the focus shows it."""
    opened(page, studio.address, "/listen")
    page.set_viewport_size({"width": 1280, "height": 800})
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        page.wait_for_function(SHOWS_FOCUS)
        name = page.evaluate(NAME)
        if name == "demo":
            break
        seen.append(name)
    order = ["Corpus", "Module", "Swing", "kick", "Look for ports again", "Play", "Tempo"]
    found = [next(i for i, each in enumerate(seen) if want in each) for want in order]
    assert found == sorted(found)
