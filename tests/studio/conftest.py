"""A real studio, and a person before a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from latentrack.errors import UserError
from latentrack.module.link import Link
from latentrack.module.session import Session
from tests.small_demo import small_demo
from tests.waiting import PATIENCE_S, until
from tests.workers import made_once

PATIENCE_MS = 1000 * PATIENCE_S


@dataclass
class RunningStudio:
    """`latentrack studio` in a process of its own."""

    process: subprocess.Popen[str]
    address: str
    folder: Path

    def says(self, begin: str) -> str:
        """The next line of its output that begins so; "" if it ends before. TimeoutError if none
        comes."""
        lines = self.process.stdout
        assert lines is not None
        # In a thread, which ends with the studio: reading a line that never comes has no limit.
        waiting = ThreadPoolExecutor().submit(
            lambda: next((line.strip() for line in lines if line.startswith(begin)), "")
        )
        return waiting.result(PATIENCE_MS / 1000)

    def stop(self) -> None:
        """As Ctrl-C does; what it started must end with it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def running_studio(folder: Path, *options: str) -> Iterator[RunningStudio]:
    """The command as a user calls it, on a port that is free."""
    command = [sys.executable, "-m", "latentrack.cli", "studio", str(folder), "--no-browser"]
    log = folder.with_name(f"{folder.name}.log")
    # With this, NiceGUI would believe itself part of the test.
    environment = {name: v for name, v in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment | {"PYTHONUNBUFFERED": "1"},
        )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address.startswith("http"), log.read_text()
    studio = RunningStudio(process, address, folder)
    try:
        yield studio
    finally:
        studio.stop()
    said = log.read_text()
    assert "Traceback" not in said, said


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[RunningStudio]:
    """A studio with an empty folder."""
    with running_studio(tmp_path / "studio") as running:
        yield running


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has learnt the demo corpus a little, in a second or two. Copy it, as
    `folder/runs/demo.run`."""
    from latentrack.model.run import save_run
    from latentrack.model.settings import Settings
    from latentrack.model.training import train

    def make(folder: Path) -> None:
        dataset = small_demo()
        training = train(dataset, Settings(epochs=60))
        save_run(folder / "demo.run", training, dataset, music="the demo corpus")

    return made_once(tmp_path_factory, "demo", make) / "demo.run"


def model_file_of(demo_run: Path) -> Path:
    """The model file of `demo_run`, made once beside it: converting is slow."""
    from latentrack.studio.training.run_files import RunFiles
    from latentrack.studio.workspace import Workspace

    files = RunFiles(Workspace(demo_run.parent))
    try:
        return files.model_file(demo_run, "auto")
    finally:
        files.close()


def keep_picture(page: Page, name: str) -> Path:
    """A screenshot, in the folder that LATENTRACK_PICTURES names, else in a temporary one."""
    folder = Path(os.environ.get("LATENTRACK_PICTURES") or tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.screenshot(path=path)
    return path


@contextmanager
def reached(port: str) -> Iterator[Link]:
    """Another program at the module, as soon as the studio lets go of the port."""

    def asked() -> Link | None:
        try:
            return Link(port)
        except UserError:
            return None

    with until(asked, f"{port} is never free", 0.1) as link:
        yield link


def values(port: str, track: int = 0) -> dict[str, Any]:
    """A track's parameters, as the module itself says."""

    def asked() -> dict[str, Any] | None:
        try:
            with reached(port) as link, Session(link) as session:
                found: dict[str, Any] = session.call("values", track)
                return found
        except UserError:
            return None  # a busy computer keeps the module from answering in time

    return until(asked, f"the module at {port} never answers")


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address in a browser of its own; its errors and strange requests fail the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_it(address: str, width: int = 1280, height: int = 800, **more: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        origin = "/".join(address.split("/")[:3])

        def seen(url: str) -> None:
            if not url.startswith((origin, origin.replace("http", "ws"), "data:", "blob:")):
                wrong.append(f"asked another site: {url}")

        page.on("request", lambda request: seen(request.url))
        page.on("pageerror", lambda error: wrong.append(f"error in the page: {error}"))
        page.goto(address)
        # What is done before the page has met the server waits for that, too.
        page.wait_for_function("window.did_handshake")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not wrong, wrong


expect.set_options(timeout=PATIENCE_MS)
