"""Every public class, function, method and property of host and device has a docstring."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

FILES = sorted(
    path
    for folder in (ROOT / "host" / "latentrack", ROOT / "device")
    for path in folder.rglob("*.py")
)
# A setter is documented by its property, an overload by its function.
PASSED_OVER = ("setter", "overload")


def undocumented(body: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    """(line, name) of each public definition without a docstring, methods of classes included.

    Methods of a private class that has a base are not listed: the base documents them.
    """
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        private = node.name.startswith("_")
        if not (private or is_passed_over(node) or ast.get_docstring(node)):
            yield node.lineno, node.name
        if isinstance(node, ast.ClassDef) and not (private and node.bases):
            yield from undocumented(node.body)


def is_passed_over(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether a decorator says that another definition has the docstring."""
    names = (ast.unparse(decorator).rsplit(".", 1)[-1] for decorator in node.decorator_list)
    return any(name in PASSED_OVER for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_all_that_is_public_has_a_docstring(path: Path) -> None:
    missing = list(undocumented(ast.parse(path.read_text("utf-8")).body))
    assert not missing, "say in one sentence what each does"


def test_classes_methods_properties_and_functions_are_found() -> None:
    source = '''
class Public:
    def method(self): ...
    @property
    def value(self): ...
    @value.setter
    def value(self, value): ...
    def _private(self): ...
    def documented(self):
        """It has one."""
class _Override(Public):
    def method(self): ...
class _Private:
    def method(self): ...
async def function():
    def inner(): ...
'''
    found = [name for _, name in undocumented(ast.parse(source).body)]
    assert found == ["Public", "method", "value", "method", "function"]
