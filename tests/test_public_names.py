"""Tests ask the code as its users do: by public names, on the computer and on the module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(path for path in HERE.rglob("*.py") if path != Path(__file__))
"""All but this one, whose examples are of what is found."""

OTHERS = re.compile(r"_exit|_tab|_repr_\w+_|_experimental_\w+|_machine|_mpy")
"""Of Python, FlatBuffers, IPython, TensorFlow and MicroPython: there is no other way to them."""
SUBJECT = ("track._now", "track._mine")
"""What hostile behaviours delete, and what a player adds: it is their doing that is tested."""
IN_TEXT = re.compile(r"[\w)\]}]+\._[A-Za-z]\w*")


def private_names(source: str) -> Iterator[tuple[int, str]]:
    """(line, name) of what a file asks other objects for, in its own code and in texts that may be
    code for elsewhere."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            if _is_private(node.attr) and ast.unparse(node.value) not in ("self", "cls", "super()"):
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").startswith(("latentrack", "tests")):
                yield from (
                    (node.lineno, each.name) for each in node.names if _is_private(each.name)
                )
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("setattr", "getattr")):
            for each in node.args[1:2]:
                if isinstance(each, ast.Constant) and _is_private(str(each.value)):
                    yield node.lineno, str(each.value)
        elif isinstance(node, ast.Constant | ast.JoinedStr):
            for name in IN_TEXT.findall(_text(node)):
                if _is_private(name.rpartition(".")[2]) and not name.startswith("self."):
                    yield node.lineno, name


def _text(node: ast.expr) -> str:
    """Of a literal; "{}" stands for what an f-string fills in, and for what is no text."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) for value in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "{}"


def _is_private(name: str) -> bool:
    return name[0] == "_" and name[:2] != "__" and OTHERS.fullmatch(name) is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(HERE).as_posix())
def test_what_is_private_is_left_alone(path: Path) -> None:
    found = [
        f"line {line}: {name}"
        for line, name in private_names(path.read_text("utf-8"))
        if not name.endswith(SUBJECT)
    ]
    assert found == [], "make it public with a docstring, or observe what it does"


@pytest.mark.parametrize(
    "line",
    [
        "bare._raw = False",
        "faults.forks()._start()",
        "from latentrack.playing.cells import _STEPS",
        "monkeypatch.setattr(training, '_STEPS', 5)",
        "monkeypatch.setattr('latentrack.model.training._STEPS', 5)",
        "link.run(f'{CONTROLS}._buttons[3]')",
        "link.evaluate('len(track._kept)')",
    ],
)
def test_each_way_to_ask_is_found(line: str) -> None:
    assert [number for number, _ in private_names(line)] == [1]


@pytest.mark.parametrize(
    "line",
    [
        "self._process = 1",
        "super()._split_scope(1)",
        "os._exit(1)",
        "x.__dict__",
        "link.run('_own = 1')",
        "from tests.end_to_end import faults",
    ],
)
def test_what_is_ones_own_or_nobodys_is_not(line: str) -> None:
    assert list(private_names(line)) == []
