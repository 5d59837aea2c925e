"""A kind is declared once: what else there is of kinds in this project agrees with it."""

from __future__ import annotations

import ast
import json

import pytest

from latentrack.corpus import Rules
from latentrack.corpus.dataset import KINDS
from latentrack.playing.kinds import Kind
from latentrack.playing.parameters import TRACK
from tests.conftest import ROOT


def constant(path: str, name: str):
    """A constant of a file of the device that only MicroPython can run."""
    tree = ast.parse((ROOT / path).read_text())
    (value,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    return ast.literal_eval(value)


def test_a_kind_is_its_word() -> None:
    assert Kind("notes") is Kind.NOTES
    assert Kind.NOTES == "notes" and f"{Kind.NOTES} {Kind.NOTES!s}" == "notes notes"
    assert json.dumps([Kind.DRUMS]) == '["drums"]'
    assert {Kind.DRUMS: 1}["drums"] == 1
    with pytest.raises(ValueError, match="song"):
        Kind("song")


def test_the_module_plays_these_kinds() -> None:
    assert TRACK["mode"].choices == ("auto", *Kind)
    model = "device/latentrack/model.py"
    assert constant(model, "FOLDERS") == {kind.code[:3]: kind.folder for kind in Kind}


def test_datasets_and_rules_know_these_kinds() -> None:
    assert KINDS == tuple(Kind)
    assert {kind: Rules(kind=kind).noun for kind in KINDS} == {k: f"{k.note}s" for k in Kind}
