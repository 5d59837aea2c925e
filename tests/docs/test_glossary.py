"""Words that docs/glossary.md calls by another name stay out of messages and docs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT

BANNED = {
    r"(?<!\bthere )\b(is|are|was|were) no (?!longer\b|more\b)": '"is not a"',
    r"\bif nothing is said\b": '"by default"',
    r"\bcan be said again\b": '"repeatable"',
    r"\bto an end\b": '"timed out", "ended"',
    r"\bto and fro\b": '"oscillates"',
    r"\bheld[ -]out\b": '"validation set"',
    r"\bprior[_ -]width\b": '"prior std"',
    r"\bdead latents?\b": '"collapsed latent"',
    r"\bdreams?\b": '"replay"',
    r"\bdeviations?\b": '"offset"',
    r"\blanes?\b": '"voice"',
    r"\bspoilt\b": '"damaged", "rejected"',
    r"\bchores?\b": '"task"',
    r"\b(steps|bars|sequences|notes) a (beat|bar|sequence|step)\b": '"per"',
    r"\bonce more\b": '"again"',
    r"\b(nobody|somebody|anew)\b": 'who it is; "again"',
    r"\bbends?\b": '"modulation"',
}
"""Patterns of words, and what is said instead."""

# Another thing, and a figure whose name stays.
ALLOWED = (
    "standard deviation",
    "model.dead_latents",
)
PAGES_OF_OTHERS = ("CHANGELOG.md", "glossary.md")


def messages() -> Iterator[tuple[str, str]]:
    """(place, text) of each text in the code of host and device that is not documentation."""
    for folder in (ROOT / "host", ROOT / "device"):
        for path in sorted(folder.rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            documentation = {
                id(node.value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    if id(node) not in documentation:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def helps() -> Iterator[tuple[str, str]]:
    """(place, text) of each command's docstring, which is its help."""
    for path in sorted((ROOT / "host/latentrack/commands").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield f"{path.name}:{node.lineno}", ast.get_docstring(node) or ""


def pages() -> Iterator[tuple[str, str]]:
    for path in PAGES:
        if path.name not in PAGES_OF_OTHERS:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                yield f"{path.name}:{number}", line


def wrong(texts: Iterator[tuple[str, str]]) -> list[str]:
    found = []
    for place, text in texts:
        for allowed in ALLOWED:
            text = re.sub(re.escape(allowed), "", text, flags=re.IGNORECASE)
        found += [
            f"{place}: {match[0]!r}: say {instead}"
            for pattern, instead in BANNED.items()
            if (match := re.search(pattern, text, re.IGNORECASE))
        ]
    return found


@pytest.mark.parametrize("texts", [messages, helps, pages])
def test_banned_words_stay_out(texts) -> None:
    assert wrong(texts()) == []


def test_a_banned_word_is_found() -> None:
    assert wrong(iter([("here", "groove.npz is no .tflite file")])) == [
        "here: 'is no ': say '\"is not a\"'".replace("'\"", '"').replace("\"'", '"')
    ]


def test_each_word_of_the_glossary_has_one_meaning() -> None:
    page = Path(ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    words = [
        word.strip()
        for row in re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)
        for word in row.split(",")
        if row not in ("word", "---")
    ]
    twice = {word for word in words if words.count(word) > 1}
    assert twice <= {"step"}  # of a pattern, and of a training
