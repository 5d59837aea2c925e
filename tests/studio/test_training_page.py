"""The page "Train" as a person uses it."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from latentrack.decoder.litert import Decoder
from latentrack.model import load_run
from tests.small_demo import small_demo
from tests.studio.conftest import RunningStudio, keep_picture, running_studio
from tests.studio.shown import at_least, evaluated, fits_the_phone
from tests.studio.test_training import learners
from tests.waiting import until

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """One with the demo corpus, shared by these tests."""
    folder = tmp_path_factory.mktemp("training") / "studio"
    folder.mkdir()
    small_demo().save(folder / "dataset.npz")
    with running_studio(folder) as running:
        yield running


@pytest.fixture
def begin(studio: RunningStudio, open_tab: Open) -> Callable[..., Page]:
    """Opens the page and starts a training."""

    def begin(name: str, epochs: int, knobs: int = 4) -> Page:
        page = open_tab(f"{studio.address}/train")
        another = page.get_by_role("button", name="Train another")
        form = page.get_by_role("button", name="Start training")
        expect(another.or_(form)).to_be_visible()
        if another.is_visible():
            another.click()
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("radio", name=str(knobs), exact=True).click()
        page.get_by_label("Epochs", exact=True).fill(str(epochs))
        page.get_by_label("Epochs", exact=True).blur()
        form.click()
        return page

    return begin


def epoch(page: Page) -> int:
    """The number that is shown."""
    state = page.get_by_text(re.compile(r"^Epoch [\d,]+ of"))
    expect(state).to_be_visible()
    return int(re.findall(r"[\d,]+", state.inner_text())[0].replace(",", ""))


def drawn(canvas: Locator) -> int:
    """A number that is another when the picture is another."""
    return int(
        canvas.evaluate(
            """(canvas) => {
                const data = canvas.getContext("2d")
                    .getImageData(0, 0, canvas.width, canvas.height).data;
                let sum = 0;
                for (let i = 0; i < data.length; i += 1) sum = (sum * 31 + data[i]) % 1000003;
                return sum;
            }"""
        )
    )


def coloured(canvas: Locator) -> int:
    """How many pixels have a colour that is no grey: what is drawn besides frame and figures."""
    return int(
        canvas.evaluate(
            """(canvas) => {
                const data = canvas.getContext("2d")
                    .getImageData(0, 0, canvas.width, canvas.height).data;
                let count = 0;
                for (let i = 0; i < data.length; i += 4) {
                    const [r, g, b, a] = data.slice(i, i + 4);
                    if (a > 100 && Math.max(r, g, b) - Math.min(r, g, b) > 60) count += 1;
                }
                return count;
            }"""
        )
    )


def row(page: Page, name: str) -> Locator:
    """Of the table of runs."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def test_a_training_is_watched_left_alone_and_stopped(
    studio: RunningStudio, begin: Callable[..., Page], open_tab: Open
) -> None:
    page = begin("watched", 200_000)
    curves, positions = (
        page.get_by_role("region", name=name).locator("canvas") for name in ("Curves", "Latent map")
    )
    first = epoch(page)
    expect(curves).to_have_attribute("aria-label", re.compile("^Loss over [2-9]"))
    expect(positions).to_have_attribute(
        "aria-label", re.compile(f"{len(small_demo())} sequences of watched")
    )
    until(lambda: coloured(curves) > 200 and coloured(positions) > 500, "nothing is drawn")
    before = drawn(positions)
    until(lambda: drawn(positions) != before, "the sequences do not move")
    expect(page.get_by_text(re.compile("^About .* left$"))).to_be_visible()
    # A reload in the middle, and a second tab: it goes on, and both show the same one.
    page.reload()
    until(lambda: epoch(page) > first, "it does not go on")
    other = open_tab(f"{studio.address}/train")
    expect(other.get_by_role("heading", name="Training watched")).to_be_visible()
    keep_picture(other, "studio-train")
    now = epoch(other)
    until(lambda: epoch(other) > now, "it does not go on")
    assert len(learners(studio.folder)) == 1
    # What the curves say is also read with the keyboard.
    reading = other.get_by_text(re.compile(r"^Epoch [\d,]+: loss"))
    expect(reading).to_have_count(0)
    other.get_by_role("region", name="Curves").locator("canvas").focus()
    other.keyboard.press("ArrowLeft")
    expect(reading).to_be_visible()
    other.get_by_role("button", name="Stop and keep the best").click()
    for tab in (other, page):
        expect(tab.get_by_role("heading", name="watched is ready")).to_be_visible()
        expect(tab.get_by_text(re.compile(r"^Stopped after epoch [\d,]+;"))).to_be_visible()
        expect(row(tab, "watched ended early")).to_be_visible()
    assert load_run(studio.folder / "runs" / "watched.run").history[-1].number > now
    assert learners(studio.folder) == []


def test_a_finished_training_leads_to_its_space(
    studio: RunningStudio, begin: Callable[..., Page]
) -> None:
    page = begin("finished", 30, knobs=2)
    expect(page.get_by_role("heading", name="finished is ready")).to_be_visible()
    expect(page.get_by_text("Played back from its own position")).to_be_visible()
    expect(page.get_by_text("--")).to_have_count(0)
    run = load_run(studio.folder / "runs" / "finished.run")
    assert run.model.latents == 2 and run.history[-1].number == 30
    page.get_by_role("button", name="Explore it →").click()
    expect(page).to_have_url(re.compile("/explore$"))
    expect(page.get_by_text("finished").first).to_be_visible()


def test_a_training_that_is_killed(studio: RunningStudio, begin: Callable[..., Page]) -> None:
    page = begin("doomed", 200_000)
    expect(page.get_by_text(re.compile(r"^epoch [\d,]+$"))).to_be_visible()  # safe
    [pid] = learners(studio.folder)
    os.kill(pid, signal.SIGKILL)
    expect(page.get_by_role("heading", name="doomed was cut short")).to_be_visible()
    expect(page.get_by_text("was ended from outside")).to_be_visible()
    expect(page.get_by_text("is kept as doomed: train on from it.")).to_be_visible()
    assert load_run(studio.folder / "runs" / "doomed.run").history
    # And the page goes on from there.
    page.get_by_role("button", name="More for doomed").click()
    page.get_by_role("menuitem", name="Continue training").click()
    expect(page.get_by_text("Goes on where doomed ended")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_label("Epochs", exact=True).fill("3")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("heading", name="doomed-2 is ready")).to_be_visible()


def test_a_setting_out_of_range_is_said_and_nothing_begins(
    studio: RunningStudio, open_tab: Open
) -> None:
    page = open_tab(f"{studio.address}/train")
    another = page.get_by_role("button", name="Train another")
    start = page.get_by_role("button", name="Start training")
    expect(another.or_(start)).to_be_visible()
    if another.is_visible():
        another.click()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("combobox", name="Feel").click()
    page.get_by_role("option", name="hits only").click()
    page.get_by_label("Learning rate", exact=True).fill("20")
    # The form says so as well, in fewer lines: what stands below moves up, and a click would miss.
    expect(page.get_by_text("learning rate is 20")).to_be_visible()
    start.click()
    expect(page.get_by_role("alert")).to_contain_text("learning rate is 20")
    assert learners(studio.folder) == []
    page.get_by_label("Learning rate", exact=True).fill("")
    size = page.get_by_text(re.compile("kB on the module, which every module holds"))
    expect(size).to_be_visible()


def test_two_runs_are_compared_and_looked_after(
    studio: RunningStudio, demo_run: Path, open_tab: Open, tmp_path: Path
) -> None:
    runs = studio.folder / "runs"
    for name in ("alpha", "beta"):
        shutil.copytree(demo_run, runs / f"{name}.run")
    header = runs / "beta.run" / "run.toml"
    header.write_text(header.read_text().replace("learning_rate = 0.004", "learning_rate = 0.003"))
    page = open_tab(f"{studio.address}/train")
    expect(row(page, "alpha")).to_contain_text(str(len(small_demo())))
    page.get_by_role("checkbox", name="Compare alpha").click()
    page.get_by_role("checkbox", name="Compare beta").click()
    curves = page.get_by_role("img", name=re.compile("^loss of .*epoch by epoch"))
    curves.scroll_into_view_if_needed()
    until(lambda: coloured(curves) > 200, "nothing is drawn")
    different = page.get_by_role("row").filter(has_text="learning rate")
    expect(different).to_contain_text("0.003")
    expect(different).to_contain_text("0.004")
    keep_picture(page, "studio-train-compare")
    # On a phone what can be done with a run is in reach, too.
    phone = open_tab(f"{studio.address}/train", width=390)
    expect(row(phone, "alpha")).to_be_visible()
    for name in ("Explore alpha", "Report of alpha", "More for alpha"):
        box = phone.get_by_role("button", name=name).bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
    fits_the_phone(phone)
    # Rename, delete, undo.
    page.get_by_role("button", name="More for beta").click()
    page.get_by_role("menuitem", name="Rename …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("alpha")
    dialog.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a run alpha already")
    dialog.get_by_label("Name").fill("gamma")
    dialog.get_by_role("button", name="Rename").click()
    expect(row(page, "gamma")).to_be_visible()
    expect(row(page, "beta")).to_have_count(0)
    page.get_by_role("button", name="More for gamma").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(row(page, "gamma")).to_have_count(0)
    assert not (runs / "gamma.run").exists()
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "gamma")).to_be_visible()
    assert load_run(runs / "gamma.run").settings.learning_rate == 0.003
    # A model file to take away.
    page.get_by_role("button", name="More for alpha").click()
    page.get_by_role("menuitem", name="Model file …").click()
    page.get_by_role("radio", name=re.compile("^float16")).click()
    page.get_by_role("button", name="Write the file").click()
    download = page.get_by_role("button", name="Download alpha-float16.tflite")
    expect(download).to_be_visible()
    with page.expect_download() as waiting:
        download.click()
    waiting.value.save_as(tmp_path / "got.tflite")
    kept = studio.folder / "models" / "alpha-float16.tflite"
    assert (tmp_path / "got.tflite").read_bytes() == kept.read_bytes()
    assert Decoder(kept.read_bytes()).latents == 4


def test_the_report_opens_with_its_pictures(
    studio: RunningStudio, demo_run: Path, open_tab: Open
) -> None:
    run = studio.folder / "runs" / "told.run"
    shutil.copytree(demo_run, run)
    page = open_tab(f"{studio.address}/train")
    page.get_by_role("button", name="Report of told").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_be_visible()
    inside = page.frame_locator("iframe[title='Report of told']")
    expect(inside.get_by_role("heading", name="In short")).to_be_visible()
    for picture in at_least(inside.get_by_role("img"), 5):
        evaluated(picture, "(image) => image.complete && image.naturalWidth > 300")
    # What it shows side by side is heard one after the other.
    pairs = page.get_by_role("group", name="Hear the pairs of the report")
    pairs.get_by_role("button", name="Hear pair 1: music").click()
    page.wait_for_function("latentrackSound.auditioned !== null")
    page.wait_for_function("latentrackSound.auditioned === null")
    pairs.get_by_role("button", name="Hear pair 1: model").click()
    page.wait_for_function("latentrackSound.auditioned !== null")
    keep_picture(page, "studio-train-report")
    page.get_by_role("button", name="Close the report").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    # It lies beside the run now, as the command line would have put it.
    assert (run / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_without_music_it_says_where_to_begin(tmp_path: Path, open_tab: Open) -> None:
    with running_studio(tmp_path / "empty") as empty:
        page = open_tab(f"{empty.address}/train", width=390)
        expect(page.get_by_role("button", name="Start training")).to_be_disabled()
        fits_the_phone(page)
        page.get_by_role("link", name="Add some on the Corpus page →").click()
        expect(page).to_have_url(re.compile("/$"))


def test_the_end_of_the_studio_is_the_end_of_the_training(tmp_path: Path, open_tab: Open) -> None:
    folder = tmp_path / "ending"
    folder.mkdir()
    small_demo().save(folder / "dataset.npz")
    with running_studio(folder) as ending:
        page = open_tab(f"{ending.address}/train")
        page.get_by_label("Name", exact=True).fill("cut")
        page.get_by_label("Epochs", exact=True).fill("200000")
        page.get_by_role("button", name="Start training").click()
        epoch(page)
        assert len(learners(folder)) == 1
        ending.stop()
        until(lambda: not learners(folder))
    assert load_run(folder / "runs" / "cut.run").history
