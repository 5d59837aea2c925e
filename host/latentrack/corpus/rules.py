"""The rules by which music becomes sequences: every choice, declared once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from latentrack.corpus.meter import check_meter
from latentrack.corpus.parts import Filter, parse_filter
from latentrack.corpus.percussion import EXTENDED, MAPS, RHYTHM, PercussionMap
from latentrack.declared import check, declarations, declare, in_short
from latentrack.playing.kinds import Kind

if TYPE_CHECKING:
    from latentrack.corpus.bars import Grid
    from latentrack.corpus.tempo_clues import Tempo

ABOUT_KINDS = {
    str(
        Kind.DRUMS
    ): "A voice for each drum. Drums are what plays on MIDI channel 10, or looks like a kit.",
    str(Kind.NOTES): "A voice for each pitch, from the parts that are not drums.",
    str(Kind.RHYTHM): "One voice: when something is struck. Also from audio loops.",
}
_STEP_LENGTHS = {
    3: "triplet eighths",
    4: "sixteenths",
    6: "triplet sixteenths",
    12: "sixteenths and triplets",
}
OFF_GRID = {
    "nearest": "move to the nearest step",
    "drop": "leave the note out",
    "discard": "leave the whole sequence out",
}
_MERGE = {None: "as usual for the kind", True: "together", False: "each for itself"}
_BARS = {1: "1", 2: "2", 3: "3", 4: "4"}
_MAP_NAMES = ", ".join(f"{each.name} ({len(each.voices)})" for each in MAPS.values())
_METERS = "4/4, 3/4, 2/4, 6/8, 5/4, 7/8, 12/8 or any"

EXACT = 0.05
"""The largest offset, in steps, of a note on the grid: a file's own rounding."""

FILES, BARS, DRUMS, NOTES, AUDIO = "Which music", "How it is cut", "Drums", "Notes", "Audio loops"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How files are read. Raises UserError for what makes no sense.

    `docs/training.md` has a table of all; `declarations(Rules)` has what it says.
    """

    kind: str = declare(
        "drums", label="Kind", choices=ABOUT_KINDS,
        help="What to make of the music: drums, notes (a voice for each pitch), or rhythm (one "
        "voice, also from audio). By default drums, or rhythm if all is audio.",
    )  # fmt: skip
    include: tuple[str, ...] = declare(
        (), label="Only these parts or files", metavar="PATTERN", group=FILES,
        hint="bass, file:*rock* …, then Enter",
        help="Take only these parts or files: `bass` or `name:*bass*`, `program:33-40`, "
        "`program:*organ*`, `channel:10`, `file:*beat_4-4*`. Repeatable.",
    )  # fmt: skip
    exclude: tuple[str, ...] = declare(
        (), label="Leave out these parts or files", metavar="PATTERN", group=FILES,
        hint="program:33-40 …, then Enter",
        help="Leave these parts or files out, in the same way.",
    )  # fmt: skip
    minimum_notes: int = declare(
        2, label="Minimum notes per sequence", low=1, high=9999, metavar="N", group=FILES,
        help="Leave out sequences with fewer notes.",
    )  # fmt: skip
    unique: bool = declare(
        False, label="Skip duplicate sequences", group=FILES, gathered=True,
        help="Skip duplicate sequences.",
    )  # fmt: skip
    meter: str = declare(
        "4/4", label="Meter", metavar="4/4", group=BARS, hint=_METERS,
        help="Take bars in this meter, such as 3/4 or 7/8; `any`: in the most frequent one.",
    )  # fmt: skip
    bars: int | None = declare(
        None, label="Bars each", choices=_BARS, metavar="1-4", group=BARS,
        automatic="1; 2 for rhythm",
        help="Bars per sequence. By default 1, for rhythm 2.",
    )  # fmt: skip
    steps_per_beat: int = declare(
        4, label="Steps per beat", choices=_STEP_LENGTHS, group=BARS,
        help="Steps per beat (a quarter note): 4 are 16ths, 3 and 6 are triplets.",
    )  # fmt: skip
    off_grid: str = declare(
        "nearest", label="Notes off the grid", choices=OFF_GRID, group=BARS,
        help="Notes off the grid: move them to the nearest step, drop them, or discard the "
        "sequences that have any.",
    )  # fmt: skip
    max_offset: float | None = declare(
        None, label="Furthest from a step (0 to 0.5)", low=0, high=0.5, metavar="STEPS", group=BARS,
        more=True, unit="steps", hint="as usual", automatic="0.5; 0.05 to drop and discard",
        help="How far from its step a note may be, in steps. By default 0.5, or 0.05 to drop and "
        "discard.",
    )  # fmt: skip
    percussion: PercussionMap = declare(
        EXTENDED, label="Percussion map", option="--map", metavar="NAME|FILE", group=DRUMS,
        only=("drums",), hint="Drop a TOML file for one of your own",
        help=f"The voices: {_MAP_NAMES}, or a TOML file of your own.",
    )  # fmt: skip
    transpose: int = declare(
        0, label="Transpose drums by semitones", low=-48, high=48, metavar="SEMITONES", group=DRUMS,
        more=True, only=("drums",), unit="semitones",
        help="Move all pitches by so many semitones: -24 for what FL Studio's FPC exports.",
    )  # fmt: skip
    merge: bool | None = declare(
        None, label="The parts of a file", choices=_MERGE, option="--merge/--apart", group=NOTES,
        more=True, automatic="together; apart for notes",
        help="All parts of a file together in a sequence, or each for itself. By default drums are "
        "together, notes apart.",
    )  # fmt: skip
    common_key: bool = declare(
        False, label="Transpose to C major or A minor", group=NOTES, only=("notes",),
        help="Transpose each file to C major or A minor.",
    )  # fmt: skip
    octaves: bool = declare(
        False, label="Move all to one octave", group=NOTES, only=("notes",), gathered=True,
        help="Move sequences by octaves, so that the lowest notes of all lie in the same one.",
    )  # fmt: skip
    trim: bool = declare(
        True, label="Voices only for the range that is played", option="--trim/--all-pitches",
        group=NOTES, only=("notes",), gathered=True,
        help="Voices only for the range that is played, or for all 128 pitches.",
    )  # fmt: skip
    bpm: float | None = declare(
        None, label="Tempo of audio", low=20, high=400, metavar="BPM", unit="BPM", group=AUDIO,
        only=("rhythm",), hint="as heard", automatic="as told or heard",
        help="The tempo of audio whose name does not tell it (as `break_97bpm.wav` does). By "
        "default it is heard.",
    )  # fmt: skip
    loop_bars: float | None = declare(
        None, label="Bars of a loop", above=0, high=256, metavar="BARS", unit="bars", group=AUDIO,
        only=("rhythm",), hint="as heard", automatic="as told or heard",
        help="The bars that each audio file lasts, where its name does not tell it.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        object.__setattr__(self, "include", tuple(self.include))
        object.__setattr__(self, "exclude", tuple(self.exclude))
        check(self)
        check_meter(self.meter, self.steps_per_beat)
        self.filter  # noqa: B018  (a wrong pattern shows now, not in the first file)

    def __repr__(self) -> str:
        return in_short(self)

    @property
    def sequence_bars(self) -> int:
        """Bars per sequence."""
        return self.bars or (2 if self.kind == "rhythm" else 1)

    @property
    def together(self) -> bool:
        """Whether all parts of a file play in one sequence."""
        return self.kind != "notes" if self.merge is None else self.merge

    @property
    def limit(self) -> float:
        """The largest offset of a note from its step, in steps."""
        return self.usual_limit if self.max_offset is None else self.max_offset

    @property
    def usual_limit(self) -> float:
        """`limit` where no other is asked for."""
        return 0.5 if self.off_grid == "nearest" else EXACT

    @property
    def map(self) -> PercussionMap:
        """The voices of what is struck."""
        return RHYTHM if self.kind == "rhythm" else self.percussion

    @property
    def noun(self) -> str:
        """What one note is called, in the plural."""
        return f"{Kind(self.kind).note}s"

    @property
    def grid(self) -> Grid:
        """How bars are cut and notes quantised."""
        from latentrack.corpus.bars import Grid

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
        """What is said of the tempo of audio files."""
        from latentrack.corpus.tempo_clues import Tempo

        return Tempo(self.bpm, self.loop_bars)

    @cached_property
    def filter(self) -> Filter:
        """What include and exclude let through."""
        return parse_filter(self.include, self.exclude)

    @cached_property
    def of_a_file(self) -> str:
        """All rules that decide what a single file gives, as a text: a part of the cache's key."""
        patterns = [
            [pattern for pattern in side if pattern.key != "file"]
            for side in (self.filter.include, self.filter.exclude)
        ]
        elsewhere = ("include", "exclude", "percussion", "bars", "merge", "max_offset")
        values: dict[str, Any] = {
            name: getattr(self, name)
            for name, declared in declarations(Rules).items()
            if name not in elsewhere and not declared.gathered
        }
        voices = None if self.kind == "notes" else self.map
        derived = (self.sequence_bars, self.together, self.limit, voices, patterns)
        return repr((values, derived))
