"""Whom the studio answers, and that nothing in its folder becomes a part of its pages."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from latentrack.corpus.demo_files import write_demo
from latentrack.studio.protection import HEADERS, TimedHeaders
from tests.small_demo import small_demo
from tests.studio.conftest import RunningStudio, running_studio
from tests.waiting import PATIENCE_S

Open = Callable[..., Page]

# Ends an attribute in double or single quotes, and would then be markup, a property that is
# compiled as script, or one that is written as markup.
EVIL = (
    """x"><img src=x onerror=window.hit=1> " :title="window.hit=1" innerHTML="<img src=x """
    """onerror=window.hit=1>" '{{window.hit=1}}' `${window.hit=1}`"""
)


@pytest.fixture(scope="module")
def plain_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """One with an empty folder, whose pages were built once."""
    with running_studio(tmp_path_factory.mktemp("plain") / "studio") as running:
        urlopen(running.address, timeout=PATIENCE_S).close()
        yield running


@pytest.fixture(scope="module")
def evil_studio(
    tmp_path_factory: pytest.TempPathFactory, demo_run: Path
) -> Iterator[RunningStudio]:
    """One in whose folder everything that has a name is called EVIL."""
    folder = tmp_path_factory.mktemp("evil") / "studio"
    music = folder / "music"
    write_demo(folder)
    shutil.move(folder / "demo", music)
    for file in sorted(music.glob("*.mid"))[:2]:
        file.rename(music / f"{file.stem[0]}{EVIL}.mid")
    table = [
        f'"{name.name.replace(chr(34), chr(34) * 2)}",{quoted(EVIL)}'
        for name in music.glob("*.mid")
    ]
    (music / "info.csv").write_text("\n".join(["midi_filename,style", *table]))
    shutil.copytree(demo_run, folder / "runs" / f"{EVIL}.run")
    shutil.copytree(demo_run, folder / "runs" / f"b{EVIL}.run")
    header = folder / "runs" / f"{EVIL}.run" / "run.toml"
    lines = [
        f"music = {json.dumps(EVIL)}" if line.startswith("music =") else line
        for line in header.read_text().splitlines()
    ]
    # Another seed, so that the two runs side by side differ in something.
    header.write_text("\n".join(lines).replace("seed = 0", "seed = 7"))
    (folder / "runs" / f"{EVIL}.run" / "report.html").write_text(
        "<p>A report</p><script>parent.hit = 1; window.hit = 1; document.title = 'hit'</script>"
    )
    dataset = small_demo()
    names = tuple(f"{number}{EVIL}" for number in range(dataset.voices))
    demo = replace(dataset, voice_names=names, styles=(EVIL,) * len(dataset))
    demo.save(folder / "dataset.npz")
    path = {"format": "latentrack path 1", "points": [[0, 0], [1, 1]], "axes": [0, 1]}
    (folder / "paths").mkdir()
    (folder / "paths" / f"{EVIL}.json").write_text(json.dumps(path))
    (folder / "maps").mkdir()
    (folder / "maps" / f"{EVIL}.toml").write_text("[[group]]\nkick = [36]\n")
    with running_studio(folder) as running:
        yield running


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def settle(page: Page) -> None:
    """Return when an image that is not there has been asked for in vain: it is asked for after all
    that the page has, so what was to come of that has come. (A page that looks for news now and
    then is never without requests for as long as Playwright's "networkidle" wants.)"""
    page.evaluate(
        """() => new Promise((known) => {
            const image = new Image();
            image.onerror = () => known();
            image.src = `/no-such-image-${Math.random()}`;
        })"""
    )


def unharmed(page: Page) -> None:
    """Nothing of EVIL has become an element or a script of this page."""
    settle(page)
    assert page.evaluate("window.hit ?? 0") == 0
    expect(page.locator("img[src=x]")).to_have_count(0)


def test_names_stay_names_on_the_page_of_runs(evil_studio: RunningStudio, open_tab: Open) -> None:
    page = open_tab(f"{evil_studio.address}/train")
    rows = page.get_by_role("row").filter(has_text="onerror")
    expect(rows).to_have_count(2)
    for name in (EVIL, f"b{EVIL}"):
        page.get_by_role("checkbox", name=f"Compare {name}", exact=True).click()
    expect(page.get_by_role("columnheader", name=EVIL, exact=True)).to_be_visible()
    unharmed(page)
    for what, title in (("Model file …", "Model file of"), ("Rename …", "Rename")):
        page.get_by_role("button", name=f"More for {EVIL}", exact=True).click()
        page.get_by_role("menuitem", name=what).click()
        dialog = page.get_by_role("dialog", name=f"{title} {EVIL}", exact=True)
        expect(dialog).to_be_visible()
        unharmed(page)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)


def test_a_report_that_came_with_a_run_runs_nothing(
    evil_studio: RunningStudio, open_tab: Open, browser: Browser
) -> None:
    page = open_tab(f"{evil_studio.address}/train")
    page.get_by_role("button", name=f"Report of {EVIL}", exact=True).click()
    expect(page.locator("iframe[sandbox]")).to_have_count(1)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("A report")).to_be_visible()
    unharmed(page)
    # Nothing in it runs, so it is no page of the studio that would say when it is ready.
    alone = browser.new_page()
    alone.goto(f"{evil_studio.address}/training/report/{quote(EVIL)}")
    expect(alone.get_by_text("A report")).to_be_visible()
    assert alone.title() == ""
    # It belongs to no site, so it could neither ask the studio for anything.
    assert alone.evaluate("window.origin") == "null"
    alone.close()


@pytest.mark.parametrize("path", ["/", "/explore", "/listen", "/module"])
def test_names_stay_names(evil_studio: RunningStudio, open_tab: Open, path: str) -> None:
    page = open_tab(f"{evil_studio.address}{path}")
    if path == "/":
        expect(page.get_by_role("option").filter(has_text="onerror").first).to_be_visible()
        page.get_by_label("Percussion map").click()
        expect(page.get_by_role("option", name=re.compile("onerror.*toml")).first).to_be_visible()
    elif path == "/explore":
        page.get_by_role("button", name=EVIL, exact=True).or_(
            page.get_by_role("button", name="More about paths")
        ).first.click()
        page.get_by_role("button", name="More about paths").click()
        expect(
            page.get_by_role("button", name=f"Delete the path {EVIL}", exact=True)
        ).to_be_visible()
    else:
        expect(page.get_by_role("heading", level=2).first).to_be_visible()
    unharmed(page)


def test_no_page_can_be_put_into_a_frame(
    plain_studio: RunningStudio, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "trap.html").write_text(f"<iframe src='{plain_studio.address}/train'></iframe>")
    page = browser.new_page()
    with page.expect_console_message(lambda message: "frame-ancestors 'none'" in message.text):
        page.goto((tmp_path / "trap.html").as_uri())
    settle(page)
    expect(page.frame_locator("iframe").get_by_role("navigation")).to_have_count(0)
    page.close()


@pytest.mark.parametrize("path", ["/", "/train", "/no-such-page", "/studio/music/files"])
def test_every_answer_says_what_a_browser_may_do_with_it(
    plain_studio: RunningStudio, path: str
) -> None:
    try:
        answer = urlopen(plain_studio.address + path, timeout=PATIENCE_S)
    except HTTPError as error:
        answer = error
    with answer:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
        ({"Host": "[::1"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_other_sites_may_lead_here_and_use_nothing(
    plain_studio: RunningStudio, headers: dict[str, str], status: int
) -> None:
    request = Request(f"{plain_studio.address}/studio/music/files", headers=headers)
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:
            assert answer.status == status
    except HTTPError as error:
        assert error.code == status


@pytest.mark.parametrize(
    "told",
    [
        "[" * 100_000,
        '{"files":' * 50_000,
        '{"files":[{"name":"a.mid","size":Infinity,"sent":true}]}',
        '{"files":[{"name":"a.mid","size":1e999,"sent":true}]}',
        '{"files":[{"name":"a.mid","size":NaN,"sent":true}]}',
        '{"files":[{"name":"a.mid","size":"","sent":true}]}',
        '{"files":[{"name":"a.mid","size":[],"sent":true}]}',
        f'{{"files":[{{"name":"a.mid","size":{"9" * 5000},"sent":true}}]}}',
        f"[{'[],' * 600_000}0]",
        '"\\ud800"',
    ],
)
def test_a_list_of_files_that_is_a_trap_is_refused(plain_studio: RunningStudio, told: str) -> None:
    data = len(told).to_bytes(4, "big") + told.encode()
    request = Request(f"{plain_studio.address}/studio/music/upload", data=data, method="POST")
    with pytest.raises(HTTPError) as refusal:
        urlopen(request, timeout=PATIENCE_S)
    assert refusal.value.code == 400
    sentence = json.load(refusal.value)["error"]
    assert sentence.startswith("This is not a batch of files") and sentence.endswith(".")


# -- beyond this computer -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def open_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """One that listens beyond this computer; its address is a link, which works once."""
    with running_studio(tmp_path_factory.mktemp("open") / "studio", "--host", "0.0.0.0") as running:
        yield running


def status(address: str, **headers: str) -> int:
    request = Request(address, headers={name.replace("_", "-"): v for name, v in headers.items()})
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_a_link_opens_it_in_one_browser(
    open_studio: RunningStudio, open_tab: Open, browser: Browser
) -> None:
    link = open_studio.address
    plain = link.split("/?")[0]
    # A person without a link sees how to get one, wherever they look.
    for path in ("/", "/train", "/studio/music/files", "/_nicegui_ws/socket.io/?transport=polling"):
        assert status(plain + path) == 403
    assert status(f"{plain}/?key=wrong") == 403
    page = open_tab(link)
    # The page is at work, so its WebSocket was let in, too.
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    assert "key=" not in page.url
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    assert not page.evaluate("document.cookie")
    # The link is used up; the cookie is good for other requests.
    assert status(link) == 403
    assert status(plain, Cookie=f"{cookie['name']}={cookie['value']}") == 200
    assert status(plain, Cookie=f"{cookie['name']}={cookie['value']}x") == 403


def test_the_terminal_shows_a_new_link_when_one_was_used(tmp_path: Path) -> None:
    with running_studio(tmp_path / "studio", "--host", "0.0.0.0") as studio:
        first = studio.says("http")
        host = urlsplit(first).netloc

        def phone(link: str) -> int:
            # By the address that this computer has in the network, which may be none here.
            return status(link.replace(host, urlsplit(studio.address).netloc), Host=host)

        assert phone(first) == 200
        assert phone(first) == 403
        second = studio.says("http")
        assert second != first
        assert phone(second) == 200


@pytest.mark.parametrize("cookie", ["", "Cookie: latentrack-1=x\r\n"])
def test_no_websocket_opens_without_the_cookie(open_studio: RunningStudio, cookie: str) -> None:
    where = urlsplit(open_studio.address)
    assert where.hostname and where.port
    with socket.create_connection((where.hostname, where.port), timeout=PATIENCE_S) as wire:
        wire.sendall(
            f"GET /_nicegui_ws/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            f"Host: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"{cookie}\r\n".encode()
        )
        assert wire.recv(100).startswith(b"HTTP/1.1 403")


# -- requests that never end ----------------------------------------------------------------------


class HastyHeaders(TimedHeaders):
    SECONDS = 0.2


def heads(*pieces: bytes, protocol: type[TimedHeaders]) -> list[bytes]:
    """What a server answers to a client that sends these pieces on one connection, each after the
    answer to the one before, until the server has closed it (b"" then)."""
    import uvicorn

    async def app(scope: object, receive: object, send: Callable[..., object]) -> None:
        await asyncio.sleep(3 * protocol.SECONDS)
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
        )  # type: ignore[misc]
        await send({"type": "http.response.body", "body": b"ok"})  # type: ignore[misc]

    async def talk() -> list[bytes]:
        config = uvicorn.Config(
            app,
            http=protocol,
            lifespan="off",
            log_config=None,
            timeout_keep_alive=600,  # type: ignore[arg-type]
        )
        server = uvicorn.Server(config)
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        answers = []
        for piece in pieces:
            writer.write(piece)
            answer = b""
            while not answer.endswith(b"ok"):
                some = await asyncio.wait_for(reader.read(4096), 60)
                if not some:
                    break
                answer += some
            answers.append(answer)
        writer.close()
        server.should_exit = True
        await serving
        return answers

    # Playwright has a loop in this thread.
    with ThreadPoolExecutor() as thread:
        return thread.submit(asyncio.run, talk()).result()


WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "


@pytest.mark.parametrize("begin", [b"", b"G", HALF])
def test_a_request_head_that_does_not_end_is_closed(begin: bytes) -> None:
    (answer,) = heads(begin, protocol=HastyHeaders)
    assert answer.startswith(b"HTTP/1.1 408")


def test_a_later_head_on_the_same_connection_has_the_same_limit() -> None:
    first, second = heads(WHOLE, HALF, protocol=HastyHeaders)
    assert first.endswith(b"ok")
    assert second.startswith(b"HTTP/1.1 408")


def test_whole_heads_are_answered_however_long_that_takes() -> None:
    assert all(answer.endswith(b"ok") for answer in heads(WHOLE, WHOLE, protocol=HastyHeaders))
