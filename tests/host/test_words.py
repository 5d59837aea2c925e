"""Counts and lists in sentences, and that the code makes them nowhere by hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from latentrack.words import agree, count, listed
from tests.conftest import ROOT

HOST = ROOT / "host" / "latentrack"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 sequences"),
        (1, "1 sequence"),
        (2, "2 sequences"),
        (1000, "1,000 sequences"),
        (1_234_567, "1,234,567 sequences"),
        (1.0, "1 sequence"),
        (1.5, "1.5 sequences"),
    ],
)
def test_a_noun_goes_with_its_number(number: float, words: str) -> None:
    assert count(number, "sequence") == words


def test_a_plural_may_be_given() -> None:
    assert count(1, "pitch", "pitches") == "1 pitch"
    assert count(2, "pitch", "pitches") == "2 pitches"


@pytest.mark.parametrize(("number", "verb"), [(0, "are"), (1, "is"), (2, "are"), (1000, "are")])
def test_a_verb_goes_with_its_number(number: int, verb: str) -> None:
    assert agree(number, "is", "are") == verb


@pytest.mark.parametrize(
    ("items", "words"),
    [([], ""), ([1], "1"), ([1, 2], "1 and 2"), ([1, 2, 3], "1, 2 and 3")],
)
def test_a_list_has_one_and(items: list[int], words: str) -> None:
    assert listed(items) == words
    assert listed((str(item) for item in items), "or") == words.replace("and", "or")


# -- the code makes none by hand ------------------------------------------------------------------

NOUNS = (
    "argument", "bar", "beat", "cell", "density", "edge", "epoch", "file", "gate", "group", "hit",
    "input", "lane", "latent", "layer", "message", "model", "network", "note", "number", "onset",
    "operator", "option", "output", "pattern", "reason", "seed", "sequence", "step", "style",
    "track", "voice", "weight", "write",
)  # fmt: skip
"""What sentences count. Units (bytes, nats, "samples a second") are written as they are."""
COUNTED = re.compile(rf" ([a-z-]+ ){{0,2}}({'|'.join(NOUNS)})s\b|\s(densities|pitches)\b")
FORMS = [
    {"", "s"},
    {"is", "are"},
    {"has", "have"},
    {"was", "were"},
    {"it", "them"},
    *({noun, f"{noun}s"} for noun in NOUNS),
]
NOT_AN_ADJECTIVE = re.compile(
    r" (is|are|has|and|or|in|of|for|from|with|to|a|its|than|where|plays) "
)


def by_hand(source: str) -> Iterator[tuple[int, str]]:
    """The lines that build a count or a list themselves, each with what is wrong there.

    A number in capitals is a constant, which is known to be more than one; `what` and `shown`
    are words, and "16 × 1 cells" are many.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            before: ast.expr | None = None
            for value, words in zip(node.values, node.values[1:], strict=False):
                before, times = value, before is not None and is_text(before, ".* × ")
                if not (isinstance(value, ast.FormattedValue) and isinstance(words, ast.Constant)):
                    continue
                if times and words.value.startswith(" cells"):
                    continue
                noun = COUNTED.match(words.value)
                if noun and not NOT_AN_ADJECTIVE.match(noun[0]) and not is_constant(value.value):
                    yield node.lineno, f"{{{ast.unparse(value.value)}}}{noun[0]}"
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "join"
            and is_text(node.func.value, r"\W*(and|or)\W*")
        ):
            yield node.lineno, ast.unparse(node)
        elif (
            isinstance(node, ast.IfExp)
            and isinstance(node.body, ast.Constant)
            and isinstance(node.orelse, ast.Constant)
            and {node.body.value, node.orelse.value} in FORMS
        ):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.BinOp) and is_text(node.right, "s"):
            yield node.lineno, ast.unparse(node)


def is_text(node: ast.expr, pattern: str = ".*") -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(pattern, node.value) is not None
    )


def is_constant(node: ast.expr) -> bool:
    names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return any(name.isupper() for name in names) or names == ["what"] or names == ["shown"]


@pytest.mark.parametrize(
    "line",
    [
        'f"{n} sequences"',
        'f"{len(made):,} drum patterns in it"',
        'f"{n} bar" + "s"',
        "f\"{n} bar{'' if n == 1 else 's'}\"",
        '"it" if len(them) == 1 else "them"',
        '" and ".join(names)',
        '" or ".join(names)',
    ],
)
def test_what_is_made_by_hand_is_found(line: str) -> None:
    assert list(by_hand(line))


@pytest.mark.parametrize(
    "line",
    [
        "f\"{count(n, 'sequence')}\"",
        'f"at most {MOST_BARS} bars"',
        'f"{name} has notes"',
        'f"{steps} × {voices} cells"',
        'f"{rate} samples a second"',
        '", ".join(names)',
    ],
)
def test_what_is_not_made_by_hand_is_passed_over(line: str) -> None:
    assert not list(by_hand(line))


def test_no_count_or_list_is_made_by_hand() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in sorted(HOST.rglob("*.py"))
        if path != HOST / "words.py"
        for line, what in by_hand(path.read_text("utf-8"))
    ]
    assert not found, "use latentrack.words:\n" + "\n".join(found)
