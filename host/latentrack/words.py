"""Counts and lists in sentences: "1 sequence", "2,100 bars", "1, 2 and 3"."""

from __future__ import annotations

from collections.abc import Iterable


def count(number: float, one: str, many: str | None = None) -> str:
    """A number with its noun: count(1, "bar") is "1 bar", count(2100, "bar") "2,100 bars".

    `one` is the singular, with any words before it ("drum bar"); `many` the plural where it is
    not the singular with an s. Fractions are written with up to six digits, "1.5 bars".
    """
    digits = f"{int(number):,}" if number == int(number) else f"{number:g}"
    return f"{digits} {agree(number, one, many)}"


def agree(number: float, one: str, many: str | None = None) -> str:
    """The form of a noun or a verb that goes with a number: agree(2, "is", "are") is "are".

    Without `many` it is the singular with an s.
    """
    return one if number == 1 else many or f"{one}s"


def listed(items: Iterable[object], last: str = "and") -> str:
    """The items as a sentence has them: "1", "1 and 2", "1, 2 and 3"; "" for none.

    `last` is the word before the last one, "and" or "or".
    """
    words = [str(item) for item in items]
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
