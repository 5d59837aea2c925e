"""Which pages there are."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]


def name_of(page: Path) -> str:
    """As one writes it at the top of the checkout: `docs/live.md`."""
    return page.relative_to(ROOT).as_posix()
