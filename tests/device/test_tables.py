"""Every page and every behaviour begins with a table of what the controls and jacks do."""

from __future__ import annotations

import ast
import re

import pytest

from tests.conftest import ROOT

DEVICE = ROOT / "device"
FILES = sorted(
    path
    for folder in ("latentrack/pages", "behaviours")
    for path in (DEVICE / folder).glob("*.py")
    if path.name != "__init__.py"
)
ROW = re.compile(r"^ *(\S+(?: \S+)*) {2,}\S", re.MULTILINE)
CONTROLS = ("knob", "encoder", "push", "button", "jack", "CV", "input")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_begins_with_a_table_of_its_controls(path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text()), clean=False)
    assert text is not None
    rows = ROW.findall(text)
    assert any(word in row for row in rows for word in CONTROLS), rows


def test_a_page_names_every_control() -> None:
    """A page's own rows, with those of the page that it refers to, are all of the panel."""
    for path in FILES:
        if path.parent.name != "pages":
            continue
        rows = " ".join(ROW.findall(ast.get_docstring(ast.parse(path.read_text()), clean=False)))
        for control in ("button", "left push", "encoder"):
            assert control in rows, f"{path.name}: {control}"
        if path.name != "base.py":
            assert "knob" in rows and "right" in rows, path.name
