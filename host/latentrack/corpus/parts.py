"""Select the parts and files to read by include and exclude patterns.

A pattern is a text such as `bass`, `name:soprano`, `program:*organ*`, `program:33-40`,
`channel:10` or `file:*beat_4-4*`. Musicians count programs and channels from 1, so do these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from latentrack.corpus.general_midi import PROGRAMS
from latentrack.errors import UserError

if TYPE_CHECKING:
    from latentrack.corpus.midi import Part

KEYS = ("name", "program", "channel", "file")


@dataclass(frozen=True)
class PartPattern:
    """One thing to include or exclude."""

    key: str  # one of KEYS
    glob: str  # in lower case; "" if it is numbers
    numbers: range | None = None  # from 0

    def fits(self, part: Part) -> bool:
        """Whether a part is meant (a pattern of files means none)."""
        if self.key == "name":
            return fnmatchcase(part.name.lower(), self.glob)
        if self.key == "channel":
            return self._holds(part.channel)
        # The drum channel's program is the kit; as an instrument's name it would be a lie.
        if self.key == "program" and self.numbers is None:
            name = "drums" if part.drums else PROGRAMS[part.program]
            return fnmatchcase(name, self.glob)
        return self.key == "program" and self._holds(part.program)

    def fits_file(self, name: str) -> bool:
        """Whether a file of this name is meant (only a pattern of files means any)."""
        return self.key == "file" and fnmatchcase(name.lower(), self.glob)

    def _holds(self, number: int) -> bool:
        return self.numbers is not None and number in self.numbers


@dataclass(frozen=True)
class Filter:
    """What to take and what to leave, parts and files alike.

    Something is taken if it fits one of the including patterns of each key that has any, and
    none of the excluding ones.
    """

    include: tuple[PartPattern, ...] = ()
    exclude: tuple[PartPattern, ...] = ()

    def takes(self, part: Part) -> bool:
        """Whether a part passes both sides."""
        for key in ("name", "program", "channel"):
            wanted = [pattern for pattern in self.include if pattern.key == key]
            if wanted and not any(pattern.fits(part) for pattern in wanted):
                return False
        return not any(pattern.fits(part) for pattern in self.exclude)

    def takes_file(self, name: str) -> bool:
        """Whether a file of this name passes both sides."""
        wanted = [pattern for pattern in self.include if pattern.key == "file"]
        if wanted and not any(pattern.fits_file(name) for pattern in wanted):
            return False
        return not any(pattern.fits_file(name) for pattern in self.exclude)


def parse_pattern(text: str) -> PartPattern:
    """Read a pattern as described above. Raises UserError.

    Capital and small letters are the same. A text without `*`, `?` or `[` fits wherever it
    occurs: `bass` is `name:*bass*`.
    """
    key, colon, what = (word.strip().lower() for word in text.partition(":"))
    if not colon:
        key, what = "name", key
    if key not in KEYS or not what:
        raise UserError(
            f'The pattern "{text}" means nothing: write a name such as bass, or '
            "program:33-40, program:*organ*, channel:10, file:*rock*."
        )
    numbers = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", what)
    last = {"channel": 16, "program": 128}.get(key, 0)
    if last and numbers:
        low, high = int(numbers[1]), int(numbers[2] or numbers[1])
        if 1 <= low <= high <= last:
            return PartPattern(key, "", range(low - 1, high))
    if key == "channel" or (key == "program" and numbers):
        raise UserError(
            f'The pattern "{text}" names no {key}: write {key}:N or {key}:N-M with numbers from '
            f"1 to {last}."
        )
    return PartPattern(key, what if re.search(r"[*?\[]", what) else f"*{what}*")


def parse_filter(include: Iterable[str], exclude: Iterable[str]) -> Filter:
    """Read the patterns of both sides. Raises UserError."""
    return Filter(tuple(map(parse_pattern, include)), tuple(map(parse_pattern, exclude)))
