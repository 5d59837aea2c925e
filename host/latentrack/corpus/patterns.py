"""Patterns written as text, as a musician would scribble them.

    # a comment
    style: boom bap
    timing: 0 14 0 14

    pattern: head nod
    kick        |X...|..x.|..x.|....| +4
    snare       |....|X...|....|X..o|
    closed hat  |x.x.|x.x.|x.x.|x.x.|

`style:` holds for the patterns after it. A pattern of drums is one bar of 4/4: a line for each
instrument, four beats of four sixteenths between bars. `X` is an accent, `x` a hit, `o` a soft
one, `.` a rest. Instruments have the names of `percussion.INSTRUMENTS`.

`timing:` holds for the patterns after it in the style: how late (+) or early (-) the sixteenths of
a beat are, or with sixteen numbers those of a bar, in hundredths of a step. A number behind a line
moves the hits of that line.

A pattern of notes has lines called `notes`, whose cells are apart by spaces: `A2` is a hit, `a2` a
soft one, `A2!` an accent, `A3+C4` two at once. `key:` says the key, as in `key: A minor`. A pattern
of rhythm has one line called `rhythm`, of two bars.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NoReturn

from latentrack.corpus.bars import BEATS, STEPS, STEPS_PER_BEAT
from latentrack.corpus.percussion import PITCHES
from latentrack.errors import UserError
from latentrack.playing.kinds import Kind
from latentrack.words import count

VELOCITIES = MappingProxyType({".": 0, "o": 50, "x": 90, "X": 120})
SOFT, HIT, ACCENT = (VELOCITIES[sign] for sign in "oxX")

RHYTHM_PITCH = 75
"""What a rhythm is written with in a MIDI file: General MIDI's claves."""
FURTHEST = 45
"""How far a hit may be from its step, in hundredths of a step."""

BARS_OF_RHYTHM = 2
_HEADERS = ("style", "key", "timing", "pattern")
_EXAMPLES = {
    Kind.DRUMS: "an instrument and four beats, as in kick |X...|x...|x...|x...|",
    Kind.NOTES: "four beats of four cells, as in notes |A2! . A2 .|. . C3 .|A2 . G2 .|. e2 . .|",
    Kind.RHYTHM: "eight beats, as in rhythm |x..x|..x.|..x.|x...|x..x|..x.|..x.|x...|",
}

_LINE = re.compile(r"(?P<name>[^|:]*[^|:\s])\s*\|(?P<cells>.*)\|\s*(?P<shift>[^|.]*)")
_NOTE = re.compile(r"([A-Ga-g])([#b]?)(\d)(!?)")
_SEMITONES = MappingProxyType({"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11})


@dataclass(frozen=True)
class WrittenHit:
    """step: from 0.  pitch: of MIDI.  velocity: 1 to 127.  timing: in steps, + is late."""

    step: int
    pitch: int
    velocity: int
    timing: float


@dataclass(frozen=True)
class WrittenPattern:
    """One bar, of a rhythm two: its hits by step and pitch, each (step, pitch) once.

    key: such as "A minor", of notes only; else "".
    """

    name: str
    style: str
    key: str
    steps: int
    hits: tuple[WrittenHit, ...]

    @property
    def strokes(self) -> dict[int, tuple[int, ...]]:
        """The velocity of each step, 0 where it rests, by MIDI pitch."""
        rows: dict[int, list[int]] = {}
        for hit in self.hits:
            rows.setdefault(hit.pitch, [0] * self.steps)[hit.step] = hit.velocity
        return {pitch: tuple(row) for pitch, row in rows.items()}


def read_patterns(text: str, name: str, kind: Kind = Kind.DRUMS) -> list[WrittenPattern]:
    """Read all patterns of a text. `name` is what to call it in an error.

    Raises UserError, with the line, at the first thing that is not as described above.
    """
    reading = _Reading(name, kind)
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        reading.line = number
        key, colon, value = line.partition(":")
        if colon and "|" not in key:
            reading.header(key, value.strip())
        else:
            reading.cells(line)
    reading.close()
    return reading.patterns


@dataclass
class _Reading:
    """What has been read so far, and what holds for the next line."""

    file: str
    kind: Kind
    line: int = 0
    patterns: list[WrittenPattern] = field(default_factory=list)
    style: str = ""
    key: str = ""
    timing: tuple[int, ...] = (0,) * STEPS_PER_BEAT
    title: str = ""
    title_line: int = 0
    hits: dict[tuple[int, int], WrittenHit] = field(default_factory=dict)
    instruments: set[int] = field(default_factory=set)

    def wrong(self, sentence: str, line: int = 0) -> NoReturn:
        """Raises UserError for this line, by default the one that is read."""
        raise UserError(f"{self.file}, line {line or self.line}: {sentence}")

    @property
    def beats(self) -> int:
        """Beats of a pattern of this kind."""
        return BEATS * (BARS_OF_RHYTHM if self.kind is Kind.RHYTHM else 1)

    def header(self, key: str, value: str) -> None:
        """Read a line "key: value"; it ends the pattern that was begun."""
        if key not in _HEADERS or (key == "key" and self.kind is not Kind.NOTES):
            self.wrong(f'"{key}:" means nothing here: write "style:" or "pattern:".')
        if not value:
            self.wrong(f'give the {key} a name after "{key}:".')
        self.close()
        if key == "style":
            self.style, self.timing, self.key = value, (0,) * STEPS_PER_BEAT, ""
        elif key == "key":
            self.key = value
        elif key == "timing":
            self.timing = self._timing(value)
        else:
            self._open(value)

    def _timing(self, value: str) -> tuple[int, ...]:
        words = value.split()
        if len(words) not in (STEPS_PER_BEAT, STEPS) or not all(map(_whole, words)):
            self.wrong(
                f"timing is {STEPS_PER_BEAT} or {STEPS} whole numbers, hundredths of a step, as in "
                '"timing: 0 14 0 14".'
            )
        return tuple(int(word) for word in words)

    def _open(self, title: str) -> None:
        if not self.style:
            self.wrong('say the style first, with a line "style: …".')
        if self.kind is Kind.NOTES and not self.key:
            self.wrong('say the key first, with a line "key: A minor".')
        if any((each.style, each.name) == (self.style, title) for each in self.patterns):
            self.wrong(f'there is a pattern "{title}" already: name it otherwise.')
        self.title, self.title_line = title, self.line

    def close(self) -> None:
        """End the pattern that was begun, if there is one."""
        if not self.title:
            return
        if not self.hits:
            self.wrong(
                f'the pattern "{self.title}" has no hits: write some or remove it.', self.title_line
            )
        hits = tuple(self.hits[at] for at in sorted(self.hits))
        steps = self.beats * STEPS_PER_BEAT
        self.patterns.append(WrittenPattern(self.title, self.style, self.key, steps, hits))
        self.title = ""
        self.hits.clear()
        self.instruments.clear()

    def cells(self, line: str) -> None:
        """Read a line of cells: name |beats| shift."""
        match = _LINE.fullmatch(line)
        if not match:
            self.wrong(f"write {_EXAMPLES[self.kind]}")
        if not self.title:
            self.wrong('say which pattern this is first, with a line "pattern: …".')
        shift = match["shift"].strip()
        if shift and not _whole(shift):
            self.wrong(
                f'"{shift}" cannot be a timing: write hundredths of a step, such as +8, or none.'
            )
        beats = match["cells"].split("|")
        read = self._notes if self.kind is Kind.NOTES else self._strokes
        for step, pitch, velocity in read(match["name"], beats):
            self._hit(step, pitch, velocity, int(shift or 0))

    def _strokes(self, instrument: str, beats: list[str]) -> list[tuple[int, int, int]]:
        if self.kind is Kind.RHYTHM:
            pitch = RHYTHM_PITCH
            if instrument != "rhythm":
                self.wrong(f'a rhythm has one line, called "rhythm", and not "{instrument}".')
        elif instrument in PITCHES:
            pitch = PITCHES[instrument]
        else:
            self.wrong(
                f'no instrument is called "{instrument}": take a name of General MIDI\'s '
                "percussion, such as kick, snare, closed hat, low conga."
            )
        if pitch in self.instruments:
            self.wrong(f"{instrument} has a line in this pattern already: join the two.")
        self.instruments.add(pitch)
        self._check_beats([len(beat) for beat in beats], instrument)
        signs = "".join(beats)
        strange = next((sign for sign in signs if sign not in VELOCITIES), None)
        if strange is not None:
            self.wrong(f'"{strange}" is not a hit: write X, x or o for hits, . for rests.')
        return [(step, pitch, VELOCITIES[sign]) for step, sign in enumerate(signs) if sign != "."]

    def _notes(self, line: str, beats: list[str]) -> list[tuple[int, int, int]]:
        if line != "notes":
            self.wrong(f'lines of notes are called "notes", and not "{line}".')
        self._check_beats([len(beat.split()) for beat in beats], line)
        found = []
        for step, cell in enumerate(" ".join(beats).split()):
            for note in cell.split("+") if cell != "." else ():
                match = _NOTE.fullmatch(note)
                if not match:
                    self.wrong(
                        f'"{note}" is not a note: write A2, C#3 or Bb2, a2 for a soft one, A2! for '
                        "an accent, . for a rest."
                    )
                letter, sign, octave, accent = match.groups()
                pitch = _SEMITONES[letter.upper()] + {"": 0, "#": 1, "b": -1}[sign]
                velocity = ACCENT if accent else SOFT if letter.islower() else HIT
                found.append((step, pitch + 12 * (int(octave) + 1), velocity))
        return found

    def _check_beats(self, lengths: list[int], line: str) -> None:
        if lengths != [STEPS_PER_BEAT] * self.beats:
            bars = "a bar is" if self.kind is not Kind.RHYTHM else f"{BARS_OF_RHYTHM} bars are"
            self.wrong(
                f"{bars} {count(self.beats, 'beat')} of {STEPS_PER_BEAT} sixteenths, "
                f"but {line} has beats of {', '.join(map(str, lengths))}."
            )

    def _hit(self, step: int, pitch: int, velocity: int, shift: int) -> None:
        late = self.timing[step % len(self.timing)] + shift
        if abs(late) > FURTHEST:
            self.wrong(f"a hit is at most {FURTHEST} hundredths from its step, and not {late}.")
        if not 0 <= pitch <= 127:
            self.wrong(f"MIDI has the pitches 0 to 127 (C-1 to G9), and not {pitch}.")
        if (step, pitch) in self.hits:
            self.wrong(f"a note is written twice on step {step + 1}: write it once.")
        self.hits[step, pitch] = WrittenHit(step, pitch, velocity, late / 100)


def _whole(word: str) -> bool:
    return re.fullmatch(r"[+-]?\d{1,3}", word) is not None
