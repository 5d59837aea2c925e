"""How the tests read a page: never at one moment."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

MOMENTARY = {
    "all_inner_texts", "all_text_contents", "count", "get_attribute", "inner_text", "input_value",
    "is_checked", "is_disabled", "is_enabled", "is_hidden", "is_visible", "text_content",
}  # fmt: skip


def races(source: str) -> list[int]:
    """The lines that assert what a locator says now, and do not wait for it."""
    return [
        call.lineno
        for statement in ast.walk(ast.parse(source))
        if isinstance(statement, ast.Assert)
        for call in ast.walk(statement)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in MOMENTARY
        and not (call.func.attr == "count" and call.args)  # of a list or a text
    ]


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parent.glob("test_*.py")), ids=lambda path: path.name
)
def test_what_a_page_shows_is_waited_for(path: Path) -> None:
    assert races(path.read_text("utf-8")) == [], "use expect(), or tests/studio/shown.py"


def test_a_race_is_found() -> None:
    source = 'assert rows.count() >= 5\nassert lamp.get_attribute("on") == "1"\n'
    assert races(source) == [1, 2]
