"""`latentrack demo --web`: the module in a page plays what LiteRT says."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest
from playwright.sync_api import Browser

from latentrack.errors import UserError
from latentrack.web.bars import read_bars
from latentrack.web.serve import serve
from tests.firmware import in_node
from tests.studio.conftest import PATIENCE_MS
from tests.waiting import PATIENCE_S

COMMAND = ("demo", "--web", "--no-browser", "--epochs", "1")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    in_node.build_page()
    process = subprocess.Popen(
        [sys.executable, "-m", "latentrack.cli", *COMMAND],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.communicate()


def lines_until(process: subprocess.Popen[str], begin: str) -> str:
    assert process.stdout is not None
    return next(line.strip() for line in process.stdout if line.startswith(begin))


def test_128_of_128_steps_are_as_decoded(demo: subprocess.Popen[str], browser: Browser):
    address = lines_until(demo, "http")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    assert lines_until(demo, "demo:") == "demo: 128 steps played, 128 as decoded"
    page.wait_for_function("latentrack.ready")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("latentrack.look?.edges > 130")
    page.close()


class Differs(Exception):
    pass


def test_only_the_page_itself_says_what_it_has_played():
    """Another site is refused; what the page says may end the serving, as a difference does."""
    heard: list[bytes] = []
    addresses: SimpleQueue[str] = SimpleQueue()

    def played(data: bytes) -> None:
        heard.append(data)
        if data == b"differs":
            raise Differs

    with ThreadPoolExecutor() as pool:
        serving = pool.submit(serve, {"index.html": b"page"}, 0, addresses.put, played)
        address = addresses.get(timeout=PATIENCE_S)

        def post(data: bytes, origin: str) -> int:
            request = urllib.request.Request(f"{address}played", data, {"Origin": origin})
            with urllib.request.urlopen(request) as answer:
                return int(answer.status)

        with pytest.raises(urllib.error.HTTPError, match="403"):
            post(b"foreign", "http://elsewhere")
        assert post(b"own", address.rstrip("/")) == 204
        assert post(b"differs", address.rstrip("/")) == 204
        with pytest.raises(Differs):
            serving.result(PATIENCE_S)
    assert heard == [b"own", b"differs"]


@pytest.mark.parametrize("data", [b"", b"[1]", b'[{"heard": [], "reports": []}]', b"[{}]"])
def test_something_else_than_bars_is_refused(data: bytes):
    with pytest.raises(UserError, match="something else than the bars"):
        read_bars(data)
