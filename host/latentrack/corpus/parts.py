"""Which parts of a score are food: the drums or all but them, and what patterns let through.

A pattern is a text such as `bass`, `name:soprano`, `program:*organ*`, `program:33-40`,
`channel:10` or `file:*beat_4-4*`. Musicians count programs and channels from 1, so do these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from latentrack.corpus.general_midi import PROGRAMS
from latentrack.corpus.midi import Part, Score
from latentrack.errors import UserError

KEYS = ("name", "program", "channel", "file")


@dataclass(frozen=True)
class Pattern:
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

    include: tuple[Pattern, ...] = ()
    exclude: tuple[Pattern, ...] = ()

    def takes(self, part: Part) -> bool:
        for key in ("name", "program", "channel"):
            wanted = [pattern for pattern in self.include if pattern.key == key]
            if wanted and not any(pattern.fits(part) for pattern in wanted):
                return False
        return not any(pattern.fits(part) for pattern in self.exclude)

    def takes_file(self, name: str) -> bool:
        wanted = [pattern for pattern in self.include if pattern.key == "file"]
        if wanted and not any(pattern.fits_file(name) for pattern in wanted):
            return False
        return not any(pattern.fits_file(name) for pattern in self.exclude)


def parse_pattern(text: str) -> Pattern:
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
            return Pattern(key, "", range(low - 1, high))
    if key == "channel" or (key == "program" and numbers):
        raise UserError(
            f'The pattern "{text}" names no {key}: write {key}:N or {key}:N-M with numbers from '
            f"1 to {last}."
        )
    return Pattern(key, what if re.search(r"[*?\[]", what) else f"*{what}*")


def parse_filter(include: Iterable[str], exclude: Iterable[str]) -> Filter:
    """Read the patterns of both sides. Raises UserError."""
    return Filter(tuple(map(parse_pattern, include)), tuple(map(parse_pattern, exclude)))


# Words by which people call a drum part ("Drums", "DRUMKIT 2", "808 kit", "perc_loop").
_DRUM_WORDS = re.compile(r"drum|percuss|\bperc|\bkit\b|\bbeats?\b", re.IGNORECASE)

# The pitches without which hardly any kit plays: kicks, snares, hats.
_KICKS, _SNARES, _HATS = {35, 36}, {37, 38, 39, 40}, {22, 26, 42, 44, 46}


def drum_parts(score: Score, name: str = "") -> list[Part]:
    """The parts that are drums; none if the file seems to have none.

    What plays on channel 10 is drums. A file with nothing there may still be drums, for many
    programs export a drum clip on channel 1. It is taken for one if a track's name says so;
    or, all parts being of one instrument, if the file's name says so or most of the notes are
    kicks, snares and hats of which some sound together (no bass line does that).
    """
    on_channel = [part for part in score.parts if part.drums]
    if on_channel:
        return on_channel
    named = [part for part in score.parts if says_drums(part.name)]
    if named:
        return named
    if len({(part.program, part.channel) for part in score.parts}) != 1:
        return []
    if says_drums(name) or _plays_like_a_kit(score.parts, score.ticks_per_beat):
        return list(score.parts)
    return []


def says_drums(name: str) -> bool:
    """Whether a name is one that people give to drums."""
    return bool(_DRUM_WORDS.search(name.replace("_", " ").replace("-", " ")))


def _plays_like_a_kit(parts: Sequence[Part], ticks_per_beat: int) -> bool:
    pitches = [pitch for part in parts for pitch in part.pitches.tolist()]
    core = _KICKS | _SNARES | _HATS
    if sum(pitch in core for pitch in pitches) * 5 < len(pitches) * 3:
        return False
    if not (set(pitches) & _KICKS and set(pitches) & (_SNARES | _HATS)):
        return False
    together: dict[int, set[int]] = {}
    for part in parts:
        for tick, pitch in zip(part.ticks.tolist(), part.pitches.tolist(), strict=True):
            together.setdefault(4 * tick // ticks_per_beat, set()).add(pitch)
    return any(len(sounding & core) > 1 for sounding in together.values())
