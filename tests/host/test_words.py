"""Counts and lists in sentences, made by `latentrack.words`."""

from __future__ import annotations

import pytest

from latentrack.words import agree, count, listed


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
