"""A person at the module's page, opened from a folder: plays it, drops a model, comes back."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.studio.conftest import PATIENCE_MS, keep_picture
from tests.studio.shown import fits_the_phone

DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
}"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of its own, which keeps what pages store until the test is over."""
    context = browser.new_context(viewport={"width": 1180, "height": 860})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def open_page(context: BrowserContext, page_folder: Path) -> Iterator[Callable[[], Page]]:
    """Opens the page from its folder; errors, and requests for anything else, fail the test."""
    wrong: list[str] = []
    origin = page_folder.as_uri()

    def open_it() -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error in the page: {error}"))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((origin, "data:", "blob:"))
                or wrong.append(f"asked for {request.url}")
            ),
        )
        page.goto(f"{origin}/index.html")
        page.wait_for_function("latentrack.ready")
        return page

    yield open_it
    assert not wrong, wrong


def becomes(page: Page, expression: str, true: str) -> None:
    """Waits until a Python expression of the module is so; true: JavaScript that sees `value`."""
    page.wait_for_function(
        f"async (expression) => {{ const value = await latentrack.ask('value', {{ expression }});"
        f" return {true}; }}",
        arg=expression,
    )


def at_prompt(page: Page, line: str) -> None:
    page.get_by_label("Python to run on the module").fill(line)
    page.keyboard.press("Enter")


def drop(page: Page, name: str, data: bytes) -> None:
    page.evaluate(DROP, [name, base64.b64encode(data).decode()])


def test_it_plays_and_is_turned(open_page: Callable[[], Page]):
    page = open_page()
    expect(page.get_by_role("button", name="four_drums", pressed=True)).to_be_visible()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("latentrack.late?.hits > 10 && latentrack.look.edges > 16")
    knob = page.get_by_role("slider", name="Knob X")
    knob.press("End")
    becomes(page, "track.latents[0]", "value > 2.9")
    knob.press("Home")
    becomes(page, "track.latents[0]", "value < -2.9")
    page.get_by_role("button", name="Button 1, pause").press("Enter")
    expect(page.get_by_role("button", name="Button 1, pause, lit")).to_be_visible()
    becomes(page, '__import__("latentcore").paused()', "value")
    page.get_by_role("button", name="CV X").click()
    page.get_by_label("Source").select_option("sine")
    becomes(page, "round(10 * track.latents[0])", "value !== (globalThis.seen ??= value)")
    keep_picture(page, "web-module")
    at_prompt(page, "print(6 * 7)")
    expect(page.get_by_role("log")).to_contain_text(">>> print(6 * 7)\n42\n>>>")
    page.set_viewport_size({"width": 390, "height": 844})
    fits_the_phone(page)
    keep_picture(page, "web-module-phone")


def test_a_dropped_model_and_a_preset_are_there_after_a_reload(
    open_page: Callable[[], Page], four: Path
):
    page = open_page()
    drop(page, "My Beat 2.tflite", four.read_bytes())
    expect(page.get_by_role("button", name="my_beat_2", pressed=True)).to_be_visible()
    at_prompt(page, "track.length = 11")
    at_prompt(page, "presets.store(3)")
    kept = page.get_by_role("region", name="Files")
    expect(kept.get_by_role("button", name="models/perc/my_beat_2.tflite")).to_be_visible()
    expect(kept.get_by_role("button", name="preset")).to_be_visible()
    at_prompt(page, "track.length = 16")
    becomes(page, "track.length", "value === 16")
    page.reload()
    page.wait_for_function("latentrack.ready")
    expect(page.get_by_role("button", name="my_beat_2", exact=True)).to_be_visible()
    at_prompt(page, "presets.recall(3)")
    becomes(page, "track.length", "value === 11")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("song.mid", b"MThd", "song.mid is not a model; drop a .tflite file"),
        ("song.tflite", b"MThd", "The module cannot play song.tflite: ValueError: not a .tflite"),
    ],
)
def test_what_is_no_model_is_refused_in_one_sentence(
    open_page: Callable[[], Page], name: str, data: bytes, said: str
):
    page = open_page()
    drop(page, name, data)
    expect(page.get_by_role("alert")).to_contain_text(said)
