"""A person at the page "Corpus": music dropped, seen, changed, taken out, found again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from latentrack.corpus import Dataset, demo_dataset, read
from tests.studio.conftest import RunningStudio, keep_picture, running_studio
from tests.studio.shown import fits_the_phone
from tests.studio.test_music import BEAT, MAP, OTHER, TUNE, batch, midi_bytes
from tests.waiting import PATIENCE_S, until

Open = Callable[..., Page]


def drop(page: Page, *paths: Path) -> None:
    """Files and folders of the disk, dragged onto the page by a hand from outside."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 500, "y": 400, "data": data})


def write(folder: Path, **files: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.mid").write_bytes(content)


def count(page: Page, text: str) -> None:
    expect(page.locator(".lt-music-big")).to_have_text(text)


def rows(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Files").get_by_role("option")


def rest(page: Page) -> None:
    expect(page.locator(".lt-music-busy")).to_be_hidden()


@pytest.fixture
def twenty(tmp_path: Path) -> Path:
    """A folder of 20 MIDI files and a letter. Each file has three bars of five hits, but for
    the first bar of every fourth, which has six."""
    folder = tmp_path / "beats"
    for number in range(20):
        notes = [(step, 36, 90) for step in range(0, 48, 4)]
        notes += [(4 + number % 4, 38, 110), (20, 38, 100), (40, 42, 50)]
        notes += [(6, 46, 70)] if number % 4 == 0 else []
        write(folder / ("deep" if number % 2 else ""), **{f"beat{number:02}": midi_bytes(notes)})
    (folder / "letter.txt").write_text("dear all")
    return folder


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio with a few files in it, for tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("full") / "studio"
    write(folder / "music", beat=BEAT, other=OTHER, tune=TUNE)
    with running_studio(folder) as running:
        yield running


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio without music, for tests that leave it so."""
    with running_studio(tmp_path_factory.mktemp("empty") / "studio") as running:
        yield running


def test_a_folder_of_twenty_files_is_dropped_and_seen(
    studio: RunningStudio, open_tab: Open, twenty: Path
) -> None:
    page = open_tab(studio.address)
    expect(page.get_by_text("Drop music anywhere on this page")).to_be_visible()
    keep_picture(page, "corpus-empty")
    drop(page, twenty)
    count(page, "60 bars from 20 files")
    rest(page)
    expect(page.get_by_text("20 files taken, 1 not taken")).to_be_visible()

    expect(rows(page).first).to_have_accessible_name("beats/beat00.mid, 3 bars")
    expect(page.get_by_role("heading", name="beats/beat00.mid")).to_be_visible()
    expect(page.get_by_role("img", name="Bar 1:")).to_have_accessible_name(
        "Bar 1: kick 1, 5, 9, 13; snare 5; open hat 7"
    )
    page.get_by_role("option", name="beats/beat02.mid").click()
    expect(page.get_by_role("img", name="Bar 1:")).to_have_accessible_name(
        "Bar 1: kick 1, 5, 9, 13; snare 7"
    )
    expect(page.get_by_role("img", name="Bar 3:")).to_have_accessible_name(
        "Bar 3: kick 1, 5, 9, 13; closed hat 9"
    )
    page.get_by_role("tab", name="Left out").click()
    table = page.get_by_role("table", name="Files left out: 1")
    expect(table).to_contain_text("neither MIDI nor audio that is read")
    expect(table).to_contain_text("beats/letter.txt")

    kept = sorted(p.name for p in (studio.folder / "music").rglob("*") if p.is_file())
    assert kept == [f"beat{number:02}.mid" for number in range(20)]
    made = Dataset.load(studio.folder / "dataset.npz")
    twenty.joinpath("letter.txt").unlink()
    assert made.digest == read([twenty], cache=False).digest

    page.reload()
    count(page, "60 bars from 20 files")
    expect(page.get_by_role("heading", name="beats/beat00.mid")).to_be_visible()
    keep_picture(page, "corpus")
    page.get_by_role("link", name="Train a model").click()
    expect(page).to_have_url(re.compile("/train$"))


def test_rules_change_what_is_seen_and_are_found_again(
    studio: RunningStudio, open_tab: Open, twenty: Path
) -> None:
    page = open_tab(studio.address)
    other = open_tab(studio.address)
    page.get_by_label("Folder of music").set_input_files(twenty)
    count(page, "60 bars from 20 files")
    count(other, "60 bars from 20 files")

    page.get_by_label("Minimum notes per sequence").fill("6")
    count(page, "5 bars from 5 files")
    expect(page.get_by_text("before: 60 from 20 files")).to_be_visible()
    expect(other.get_by_label("Minimum notes per sequence")).to_have_value("6")
    count(other, "5 bars from 5 files")

    page.get_by_label("Minimum notes per sequence").fill("0")
    expect(page.get_by_role("alert").filter(has_text="choose 1 to")).to_be_visible()
    count(page, "5 bars from 5 files")
    page.get_by_label("Minimum notes per sequence").fill("7")
    expect(page.get_by_role("alert").filter(has_text="fewer than 7 hits")).to_be_visible()
    count(page, "5 bars from 5 files")
    keep_picture(page, "corpus-rules")
    page.get_by_role("button", name="All rules as they were at first").click()
    count(page, "60 bars from 20 files")
    expect(page.get_by_role("alert").filter(has_text="hits")).to_be_hidden()

    page.get_by_role("button", name="Rhythm").click()
    count(page, "20 sequences of 2 bars from 20 files")
    expect(page.get_by_text("32 steps × 1 voice")).to_be_visible()
    expect(page.get_by_role("combobox", name="Percussion map")).to_be_hidden()
    page.get_by_role("button", name="Drums").click()
    exclude = page.get_by_role("combobox", name="Leave out these parts or files")
    exclude.fill("file:*beat1*")
    exclude.press("Enter")
    count(page, "30 bars from 10 files")
    exclude.fill("channel:77")
    exclude.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="from 1 to 16")).to_be_visible()
    count(page, "30 bars from 10 files")
    exclude.press("Backspace")
    expect(page.get_by_role("alert").filter(has_text="from 1 to 16")).to_be_hidden()
    meter = page.get_by_role("combobox", name="Meter")
    meter.fill("9/8")
    meter.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="drum bars in 9/8")).to_be_visible()
    expect(other.get_by_role("combobox", name="Meter")).to_have_value("9/8")


def test_a_studio_started_again_finds_all_as_it_was(
    tmp_path: Path, open_tab: Open, twenty: Path
) -> None:
    (tmp_path / "my kit.toml").write_bytes(MAP)
    with running_studio(tmp_path / "studio") as studio:
        page = open_tab(studio.address)
        drop(page, twenty, tmp_path / "my kit.toml")
        count(page, "60 bars from 20 files")
        expect(page.get_by_role("combobox", name="Percussion map")).to_have_value("my kit.toml")
        expect(page.get_by_text("16 steps × 2 voices")).to_be_visible()
        page.get_by_role("combobox", name="Bars each").click()
        page.get_by_role("option", name="3", exact=True).click()
        count(page, "20 sequences of 3 bars from 20 files")
        rest(page)
    with running_studio(tmp_path / "studio") as studio:
        page = open_tab(studio.address)
        count(page, "20 sequences of 3 bars from 20 files")
        expect(page.get_by_text("48 steps × 2 voices")).to_be_visible()
        expect(page.get_by_role("combobox", name="Percussion map")).to_have_value("my kit.toml")
        page.get_by_role("tab", name="Left out").click()
        expect(page.get_by_role("table", name="Files left out")).to_contain_text("letter.txt")


def test_files_are_taken_out_and_come_back(full: RunningStudio, open_tab: Open) -> None:
    page = open_tab(full.address)
    count(page, "3 bars from 2 files")
    expect(rows(page)).to_have_count(3)
    expect(rows(page).nth(2)).to_have_accessible_name(re.compile("tune.mid: no drum part"))
    page.get_by_role("button", name="Take out beat.mid").click()
    count(page, "1 bar from 1 file")
    expect(page.get_by_text("1 sequence is few: a training adds variations of it")).to_be_visible()
    expect(page.get_by_role("link", name="Train a model")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    count(page, "3 bars from 2 files")

    page.get_by_role("listbox", name="Files").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", name="other.mid")).to_be_visible()
    page.keyboard.press("Delete")
    count(page, "2 bars from 1 file")
    page.get_by_role("button", name="Undo").click()
    count(page, "3 bars from 2 files")

    page.get_by_label("Which files are listed").select_option("Files without")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Take these out").click()
    expect(page.get_by_text("No matching files.")).to_be_visible()
    page.get_by_label("Which files are listed").select_option("All files")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_count(3)
    page.get_by_label("Find a file or a style").fill("oth")
    expect(rows(page)).to_have_count(1)


def test_what_is_dropped_on_another_page_is_added(
    studio: RunningStudio, open_tab: Open, twenty: Path
) -> None:
    page = open_tab(f"{studio.address}/listen")
    expect(page.get_by_role("heading", level=1)).to_have_text("Listen")
    drop(page, twenty)
    expect(page.get_by_text("20 files taken, 1 not taken")).to_be_visible()
    # The page is still there, and leads to what was added.
    expect(page.get_by_role("region", name="Sound")).to_be_visible()
    page.get_by_role("link", name="Go to Corpus").click()
    count(page, "60 bars from 20 files")


def test_each_bar_can_be_heard(full: RunningStudio, open_tab: Open) -> None:
    page = open_tab(full.address)
    count(page, "3 bars from 2 files")
    page.wait_for_function("latentrackSound.exchanges.length >= 3")
    hear = page.get_by_role("button", name="Hear bar 1")
    hear.click()
    page.wait_for_function("latentrackSound.level() > 0.02")
    # It ends by itself, or by the same button.
    expect(hear).to_be_visible()
    hear.click()
    page.get_by_role("button", name="Stop bar 1").click()
    page.wait_for_function("latentrackSound.level() < 0.001")


def test_clearing_asks_first_and_can_be_undone(full: RunningStudio, open_tab: Open) -> None:
    page = open_tab(full.address)
    count(page, "3 bars from 2 files")
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("button", name="Keep all").click()
    count(page, "3 bars from 2 files")
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("dialog").get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_role("button", name="Take out")).to_have_count(0)
    expect(page.locator(".lt-music-work")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    count(page, "3 bars from 2 files")


def test_a_folder_is_read_where_it_is(empty: RunningStudio, open_tab: Open, twenty: Path) -> None:
    page = open_tab(empty.address)
    page.get_by_role("button", name="Use a folder on this computer").click()
    path = page.get_by_label("Path of the folder")
    path.fill(f"{twenty}/nowhere")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("alert").filter(has_text="There is no folder")).to_be_visible()
    path.fill(str(twenty))
    path.press("Enter")
    count(page, "60 bars from 20 files")
    assert not (empty.folder / "music").exists()
    page.get_by_role("button", name="Take out beat00.mid").click()
    count(page, "57 bars from 19 files")
    assert (twenty / "beat00.mid").exists()
    page.get_by_role("button", name="Forget this folder").click()
    expect(page.locator(".lt-music-sum")).to_be_hidden()
    assert len(list(twenty.rglob("*.mid"))) == 20


def test_guests_from_the_network_cannot_read_folders_of_this_computer(
    empty: RunningStudio, open_tab: Open
) -> None:
    here = open_tab(empty.address)
    expect(here.get_by_role("button", name="Use a folder on this computer")).to_be_visible()
    # What a server says for whom it asks is believed of this computer only.
    guest = open_tab(empty.address, extra_http_headers={"X-Forwarded-For": "192.0.2.7"})
    expect(guest.get_by_role("button", name="Choose files")).to_be_visible()
    expect(guest.get_by_role("button", name="Use a folder on this computer")).to_have_count(0)


def test_the_demo_corpus_and_a_phone(studio: RunningStudio, open_tab: Open) -> None:
    page = open_tab(studio.address, 390, 800)
    page.get_by_role("button", name="Add the demo corpus").click()
    demo = demo_dataset()
    count(page, f"{len(demo)} bars from {demo.files} files")
    keep_picture(page, "corpus-phone")
    fits_the_phone(page)
    expect(page.get_by_role("link", name="Train a model")).to_be_in_viewport()


def test_200_megabytes_are_refused_or_taken_while_the_page_goes_on(
    studio: RunningStudio, open_tab: Open, tmp_path: Path
) -> None:
    for name in ("big.mid", "big.wav"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(200_000_000)
    (tmp_path / "beat.mid").write_bytes(BEAT)
    page = open_tab(studio.address)
    files = page.get_by_label("Files of music")
    files.set_input_files([tmp_path / "big.mid", tmp_path / "beat.mid"])
    count(page, "2 bars from 1 file")
    page.get_by_role("tab", name="Left out").click()
    expect(page.get_by_role("table", name="Files left out: 1")).to_contain_text(
        "too large to be dropped: use its folder where it is (200 MB, not 16 MB)big.mid"
    )
    used = sum(p.stat().st_blocks * 512 for p in studio.folder.rglob("*"))
    assert used < 10_000_000

    files.set_input_files(tmp_path / "big.wav")
    # Its name is there only when all of it is, and others are answered meanwhile.
    arrived, answered = studio.folder / "music" / "big.wav", 0
    while not arrived.exists():
        with urlopen(studio.address, timeout=PATIENCE_S) as answer:
            assert answer.status == 200
        answered += not arrived.exists()
        page.get_by_role("tab", name="Bars").click()
        page.get_by_role("tab", name="Left out").click()
    assert answered and arrived.stat().st_size == 200_000_000
    assert not list((studio.folder / "incoming").iterdir())
    rest(page)
    expect(rows(page).filter(has_text="big.wav")).to_contain_text("only a rhythm can be made")


def test_two_thousand_files(studio: RunningStudio, open_tab: Open, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    for number in range(2000):
        write(folder / f"{number // 100:02}", **{f"f{number:04}": BEAT if number % 2 else OTHER})
    page = open_tab(studio.address)
    drop(page, folder)
    expect(page.get_by_text("2,000 files taken.")).to_be_visible()
    count(page, "3,000 bars from 2,000 files")
    # Of which only those in sight are there.
    until(lambda: 0 < rows(page).count() < 40, "as many rows as there are files")
    page.get_by_role("listbox", name="Files").focus()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", name="many/19/f1999.mid")).to_be_visible()
    expect(rows(page).last).to_have_accessible_name("many/19/f1999.mid, 2 bars")
    page.get_by_label("Find a file or a style").fill("f17")
    expect(page.get_by_text("100 files", exact=True)).to_be_visible()
    page.get_by_role("button", name="Take these out").click()
    count(page, "2,850 bars from 1,900 files")
    page.get_by_role("button", name="Undo").click()
    count(page, "3,000 bars from 2,000 files")


def test_a_cancelled_drop_keeps_what_has_come_whole(
    studio: RunningStudio, open_tab: Open, tmp_path: Path
) -> None:
    for number in range(200):
        write(tmp_path / "some", **{f"f{number:03}": BEAT})
    page = open_tab(studio.address)
    held = []
    page.route("**/music/upload", lambda route: held.append(route) if held else hold(route))

    def hold(route: Route) -> None:
        held.append(route)
        route.continue_()

    drop(page, tmp_path / "some")
    # The second batch waits, while another page is looked at.
    expect(page.get_by_text("64 of 200 files")).to_be_visible()
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("link", name="Corpus", exact=True).click()
    expect(page.get_by_text("64 of 200 files")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. 64 files taken.")).to_be_visible()
    count(page, "128 bars from 64 files")
    kept = [p for p in studio.folder.rglob("*") if p.suffix in (".mid", ".part")]
    assert {p.read_bytes() for p in kept} == {BEAT} and len(kept) == 64


def test_a_request_that_is_no_batch_is_refused(full: RunningStudio) -> None:
    for data in (b"", b"\0\0\0\2[]", batch(("a.mid", BEAT))[:-1]):
        request = Request(f"{full.address}/studio/music/upload", data=data, method="POST")
        with pytest.raises(HTTPError) as refusal:
            urlopen(request, timeout=PATIENCE_S)
        assert refusal.value.code == 400
        assert "not a batch of files" in json.load(refusal.value)["error"]
    request.add_header("Origin", "http://elsewhere.example")
    with pytest.raises(HTTPError) as refusal:
        urlopen(request, timeout=PATIENCE_S)
    assert refusal.value.code == 403
    kept = sorted(p.name for p in (full.folder / "music").rglob("*.mid"))
    assert kept == ["beat.mid", "other.mid", "tune.mid"]
    assert not list((full.folder / "incoming").glob("*"))


def test_no_request_leads_out_of_the_corpus(full: RunningStudio) -> None:
    for name in ("../dataset.npz", "/etc/passwd", "no.mid", ""):
        address = f"{full.address}/studio/music/bars?name={quote(name)}&start=-5&count=999999"
        with urlopen(address, timeout=PATIENCE_S) as answer:
            told = json.load(answer)
        assert told["bars"] == [] and told["total"] == 0
