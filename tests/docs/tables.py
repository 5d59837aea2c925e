"""Tables of the docs that come from declared settings: each stands between two marks.

<!-- table: Settings -->
...
<!-- end -->
"""

from __future__ import annotations

import re
from pathlib import Path

from latentrack.corpus import Rules
from latentrack.declared import markdown
from latentrack.model import Settings

TABLES = {"Rules": Rules, "Settings": Settings}
_MARKED = re.compile(r"(<!-- table: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """The page with its tables as the declarations have them."""
    return _MARKED.sub(lambda found: found[1] + markdown(TABLES[found[2]]) + found[4], text)


def tables_in(text: str) -> list[str]:
    """The names of the tables that a page has."""
    return [found[2] for found in _MARKED.finditer(text)]


def write(page: Path) -> None:
    """Brings the tables of a page up to date."""
    text = page.read_text(encoding="utf-8")
    if (new := with_tables(text)) != text:
        page.write_text(new, encoding="utf-8")
