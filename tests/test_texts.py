"""Error texts have one of the two forms that docs/architecture.md describes: sentence or clause."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT

SENTENCES = ("module", "virtual", "teensy")
"""The folders of host/latentrack whose UserErrors are checked."""
USER_ERRORS = {"UserError", "NoModule"}
# What a sentence may begin with instead of a capital, and a clause instead of a small letter.
NAMES = ("main.py", "latentrack", "latentcore", "mpremote", "Latentrack", "LATENTRACK", "--")
C_CALL = re.compile(r'\b(?:wrong|load_fail)\((?:loader, )?"((?:[^"\\]|\\.)*)"')
C_CONSTANT = re.compile(r'(?:const char [A-Z_]+\[\] =|#define LOAD_MISSING) "([^"]*)"')


def text_of(node: ast.expr) -> str | None:
    """The text of a literal, with "{}" for what is filled in; None: it is not a literal."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(value) or "{}" for value in node.values)
    if isinstance(node, ast.BinOp):
        left, right = text_of(node.left), text_of(node.right)
        return None if left is None else left + (right or "{}")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return text_of(node.func.value) if node.func.attr == "format" else None
    return None


def is_sentence(text: str) -> bool:
    begins = text[0].isupper() or text.startswith(("{", *NAMES))
    return begins and text.endswith((".", "?", "{}"))


def is_clause(text: str) -> bool:
    begins = not text[0].isupper() or text.startswith(NAMES)
    return begins and not text.endswith(".")


def user_errors() -> Iterator[tuple[str, str]]:
    for folder in SENTENCES:
        for path in sorted((ROOT / "host" / "latentrack" / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in USER_ERRORS:
                    text = text_of(node.args[0])
                    if text is not None:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", text


def device_texts() -> Iterator[tuple[str, str]]:
    """The texts of exceptions and messages of the device code."""
    for path in sorted((ROOT / "device").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            call = node.exc if isinstance(node, ast.Raise) else node
            if not isinstance(call, ast.Call) or not call.args:
                continue
            if call is node and getattr(node.func, "attr", "") != "message":
                continue
            text = text_of(call.args[0])
            if text:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", text


def c_texts() -> Iterator[tuple[str, str]]:
    folders = (ROOT / "firmware" / "lib" / "tflite", ROOT / "firmware" / "mpy")
    for path in sorted(path for folder in folders for path in folder.glob("*.[ch]")):
        source = path.read_text()
        for pattern in (C_CALL, C_CONSTANT):
            for found in pattern.finditer(source):
                yield str(path.relative_to(ROOT)), found[1]


def test_what_the_host_says_of_a_module_is_a_sentence() -> None:
    texts = list(user_errors())
    assert len(texts) > 50
    assert [(where, text) for where, text in texts if not is_sentence(text)] == []


@pytest.mark.parametrize(("texts", "least"), [(device_texts, 40), (c_texts, 40)])
def test_what_the_module_says_is_a_clause(texts, least: int) -> None:
    found = list(texts())
    assert len(found) > least
    assert [(where, text) for where, text in found if not is_clause(text)] == []


@pytest.mark.parametrize("texts", [user_errors, device_texts, c_texts])
def test_an_error_says_is_not_a(texts) -> None:
    """And not "X is no Y"."""
    wrong = re.compile(r"(?<![Tt]here )\b(?:is|are) no (?!longer|more)\b")
    assert [(where, text) for where, text in texts() if wrong.search(text)] == []


def test_the_forms_are_told_apart() -> None:
    assert is_sentence("There is no port {}; plug the module in.")
    assert is_sentence("{} is not a folder; name one.") and is_sentence("main.py is not there.")
    assert not is_sentence("there is no port.") and not is_sentence("There is no port")
    assert is_clause("no model is called {}") and is_clause("Latentrack does not run")
    assert not is_clause("No model is called {}") and not is_clause("no model is called {}.")
