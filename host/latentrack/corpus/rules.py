"""By which rules music becomes sequences: every choice that a person has, with its default."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import cached_property

from latentrack.corpus.audio import Tempo
from latentrack.corpus.bars import ANY_METER, POLICIES, Grid
from latentrack.corpus.dataset import KINDS
from latentrack.corpus.parts import Filter, parse_filter
from latentrack.corpus.percussion import EXTENDED, RHYTHM, PercussionMap
from latentrack.errors import UserError
from latentrack.words import count, listed

STEPS_PER_BEAT = (3, 4, 6, 12)
MOST_BARS = 4
_EXACT = 0.05  # of a step: what a file's own rounding may do to a note that is on the grid


@dataclass(frozen=True)
class Rules:
    """How files are read. Raises UserError for what makes no sense.

    kind: "drums", "notes" (a voice for each pitch) or "rhythm" (one voice; also from audio).
    percussion: the voices of drums.
    meter: which bars are taken, such as "7/8"; "any" takes the meter that most bars are in.
    steps_per_beat: 3, 4, 6 or 12; a beat is a quarter note.
    bars: in a sequence, 1 to 4; None = 2 for rhythm (32 steps), else 1.
    minimum_notes: sequences with fewer are left out.
    off_grid: "nearest" moves notes to the nearest step, "drop" leaves out those off the grid,
        "discard" leaves out sequences that have any.
    max_offset: the furthest a note may be from its step, 0 to 0.5 of a step; None = 0.5 for
        "nearest", 0.05 else.
    include, exclude: patterns of parts and files, see `parts.parse_pattern`.
    merge: all parts of a file play together in a sequence (True) or each gives its own (False);
        None = together for drums, apart for notes.
    octaves: notes: move each sequence by octaves, so that all have their lowest in the same.
    trim: notes: voices only from the lowest to the highest pitch that occurs, else all 128.
    common_key: notes: transpose each file to C major or A minor.
    unique: keep only the first of equal sequences.
    bpm, loop_bars: audio files' tempo, or the bars that each lasts, where names tell neither.
    transpose: drums: semitones, -48 to 48, by which all pitches are moved before the map sees them.
    """

    kind: str = "drums"
    percussion: PercussionMap = EXTENDED
    meter: str = "4/4"
    steps_per_beat: int = 4
    bars: int | None = None
    minimum_notes: int = 2
    off_grid: str = "nearest"
    max_offset: float | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    merge: bool | None = None
    octaves: bool = False
    trim: bool = True
    common_key: bool = False
    unique: bool = False
    bpm: float | None = None
    loop_bars: float | None = None
    transpose: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "include", tuple(self.include))
        object.__setattr__(self, "exclude", tuple(self.exclude))
        _one_of("kind", self.kind, KINDS)
        _one_of("steps_per_beat", self.steps_per_beat, STEPS_PER_BEAT)
        _one_of("off_grid", self.off_grid, POLICIES)
        if self.bars is not None:
            _one_of("bars", self.bars, tuple(range(1, MOST_BARS + 1)))
        match = re.fullmatch(r"(\d{1,2})/(1|2|4|8|16|32)", self.meter)
        if self.meter != ANY_METER and (not match or not int(match[1])):
            raise UserError(
                f"{self.meter} is not a supported meter: write one such as 4/4 or 7/8, or any."
            )
        if match and 4 * self.steps_per_beat * int(match[1]) % int(match[2]):
            raise UserError(
                f"A bar of {self.meter} is no whole number of steps at {self.steps_per_beat} a "
                "beat (a quarter note): ask for 4 or 12 steps a beat."
            )
        if self.minimum_notes < 1:
            raise UserError("A sequence has at least 1 note: ask for a minimum of 1 or more.")
        if self.max_offset is not None and not 0 <= self.max_offset <= 0.5:
            raise UserError(
                f"A note is never more than 0.5 of a step from the nearest one, so "
                f"{self.max_offset:g} is no limit: name one from 0 to 0.5."
            )
        if not -48 <= self.transpose <= 48:
            raise UserError(
                f"Drums are transposed by at most 48 semitones up or down, not {self.transpose}."
            )
        if self.bpm is not None and not 20 <= self.bpm <= 400:
            raise UserError(f"{self.bpm:g} is no tempo: name one from 20 to 400 beats a minute.")
        if self.loop_bars is not None and not 0 < self.loop_bars <= 256:
            raise UserError(
                f"No loop lasts {count(self.loop_bars, 'bar')}: name a number from 1 to 256."
            )
        self.filter  # noqa: B018  (a wrong pattern shows now, not in the first file)

    @property
    def sequence_bars(self) -> int:
        return self.bars or (2 if self.kind == "rhythm" else 1)

    @property
    def together(self) -> bool:
        return self.kind != "notes" if self.merge is None else self.merge

    @property
    def limit(self) -> float:
        if self.max_offset is not None:
            return self.max_offset
        return 0.5 if self.off_grid == "nearest" else _EXACT

    @property
    def map(self) -> PercussionMap:
        """The voices of what is struck."""
        return RHYTHM if self.kind == "rhythm" else self.percussion

    @property
    def noun(self) -> str:
        """What one note is called."""
        return {"drums": "hits", "notes": "notes", "rhythm": "onsets"}[self.kind]

    @property
    def grid(self) -> Grid:
        return Grid(
            self.meter,
            self.steps_per_beat,
            self.sequence_bars,
            self.off_grid,
            self.limit,
            self.minimum_notes,
        )

    @property
    def tempo(self) -> Tempo:
        return Tempo(self.bpm, self.loop_bars)

    @cached_property
    def filter(self) -> Filter:
        return parse_filter(self.include, self.exclude)

    @cached_property
    def of_a_file(self) -> str:
        """All that decides what a single file gives, as a text."""
        patterns = [
            [pattern for pattern in side if pattern.key != "file"]
            for side in (self.filter.include, self.filter.exclude)
        ]
        voices = None if self.kind == "notes" else self.map
        return repr(
            (
                self.kind,
                self.grid,
                self.together,
                self.common_key,
                self.tempo,
                self.transpose,
                voices,
                patterns,
            )
        )

    @property
    def recipe(self) -> dict[str, str]:
        """What differs from one dataset to the next, for people to read."""
        steps = count(self.steps_per_beat, "step")
        told = {
            "meter": self.meter if self.meter != ANY_METER else "whichever most bars are in",
            "grid": {
                "nearest": f"the nearest of {steps} a beat",
                "drop": f"only what is on one of {steps} a beat",
                "discard": f"only sequences wholly on {steps} a beat",
            }[self.off_grid],
            "bars a sequence": str(self.sequence_bars),
            f"minimum {self.noun}": str(self.minimum_notes),
        }
        if self.kind == "drums":
            told = {"map": self.percussion.name, **told}
        if self.limit != (0.5 if self.off_grid == "nearest" else _EXACT):
            told["largest max_offset"] = f"{self.limit:g} of a step"
        if self.kind == "drums" and self.transpose:
            told["transposed"] = f"{self.transpose:+d} semitones"
        if self.kind == "notes":
            told["parts"] = "together" if self.together else "each for itself"
        for name, said in (("include", self.include), ("exclude", self.exclude)):
            if said:
                told[name] = ", ".join(said)
        for name, on in asdict(self).items():
            if on is True and name in ("octaves", "common_key", "unique"):
                told[name.replace("_", " ")] = "yes"
        if self.bpm:
            told["bpm"] = f"{self.bpm:g}"
        if self.loop_bars:
            told["loop bars"] = f"{self.loop_bars:g}"
        return told


def _one_of(what: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        raise UserError(f"Unknown value {value!r} for {what}: choose {listed(known, 'or')}.")
