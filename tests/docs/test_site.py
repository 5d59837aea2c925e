"""The site of the pages: built without a warning, whole, and with nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.pages import DOCS, PAGES, name_of

SCREEN = 45
"""Lines that one sees at once."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocstrings", reason="the site needs pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "WARNING" not in said, said
    return folder


class Fetched(HTMLParser):
    """What a browser fetches by itself when it opens a page; and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "src" in given:
            self.fetched.append(given["src"])
        if tag == "link" and given.get("rel") != "canonical":
            self.fetched.append(given.get("href", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def test_every_page_is_there_and_fetches_nothing_from_elsewhere(site: Path) -> None:
    sources = {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")}
    pages = {page.relative_to(site).with_suffix("").as_posix() for page in site.rglob("*.html")}
    assert pages == sources | {"contributing", "changelog", "404"}
    for page in site.rglob("*.html"):
        seen = Fetched()
        seen.feed(page.read_text(encoding="utf-8"))
        assert len(seen.fetched) > 3
        assert not [what for what in seen.fetched if re.match(r"(https?:)?//", what)], page.name
        for link in seen.links:
            target, _, _ = link.partition("#")
            # Without an address of its own the site's 404 page is the one that names no page.
            if target and not re.match(r"https?:", target) and page.stem != "404":
                assert (page.parent / target).exists(), f"{page.name}: {link}"


def test_every_page_is_in_the_menu(site: Path) -> None:
    seen = Fetched()
    seen.feed((site / "index.html").read_text(encoding="utf-8"))
    menu = {link.partition("#")[0] for link in seen.links}
    pages = {page.relative_to(site).as_posix() for page in site.rglob("*.html")}
    assert not pages - menu - {"404.html", "index.html"}


def test_the_reference_is_made_of_the_docstrings(site: Path) -> None:
    text = (site / "reference" / "music.html").read_text(encoding="utf-8")
    assert "Files, folders with all their sub-folders, zip archives" in text
    assert "_in_words" not in text


@pytest.mark.parametrize("path", PAGES, ids=[name_of(page) for page in PAGES])
def test_links_and_paths_of_a_page_lead_somewhere(path: Path) -> None:
    """Also as the page is read in a checkout, where CONTRIBUTING.md is not in docs/."""
    text = path.read_text(encoding="utf-8")
    at_the_top = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        if re.match(r"https?:", link):
            continue
        beside = path.parent / link
        assert beside.exists() or (ROOT / at_the_top.get(link, "?")).exists(), link
    for named in re.findall(r"`((?:host|device|firmware|tests|benchmarks|docs)/[\w./-]+)`", text):
        if not named.startswith(("firmware/build", "docs/studio")):
            assert (ROOT / named).exists(), named


def test_each_part_of_the_readme_is_a_screen_at_most() -> None:
    parts = re.split(r"^## ", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M)
    assert len(parts) > 4
    for part in parts:
        assert len(part.splitlines()) <= SCREEN, part.splitlines()[0]
