"""Drum patterns written as text, as a drummer would scribble them.

    # a comment
    style: house

    pattern: four to the floor
    kick        |X...|X...|X...|X...|
    clap        |....|x...|....|x...|
    open hat    |..x.|..x.|..x.|..x.|

`style:` holds for the patterns after it. A pattern is one bar of 4/4: a line for each
instrument, four beats of four sixteenths between bars. `X` is an accent, `x` a hit, `o` a
soft one, `.` a rest. Instruments have the names of `percussion.INSTRUMENTS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from latentrack.corpus.bars import BEATS, STEPS, STEPS_PER_BEAT
from latentrack.corpus.percussion import PITCHES, PercussionMap
from latentrack.errors import UserError

VELOCITIES = MappingProxyType({".": 0, "o": 50, "x": 90, "X": 120})

_LINE = re.compile(r"(?P<name>[^|:]*[^|:\s])\s*\|(?P<cells>.*)\|")


@dataclass(frozen=True)
class DrumPattern:
    """One bar: for each instrument (a MIDI pitch) 16 velocities, 0 where it rests."""

    name: str
    style: str
    strokes: Mapping[int, tuple[int, ...]]

    def velocities(self, percussion: PercussionMap) -> npt.NDArray[np.uint8]:
        """0 to 127, shape (16, voices); of instruments of the same voice the loudest."""
        cells = np.zeros((STEPS, len(percussion.voices)), np.uint8)
        for pitch, strokes in self.strokes.items():
            loud = np.array(strokes)
            voices = percussion.place(np.full(STEPS, pitch), loud)
            struck = np.flatnonzero((loud > 0) & (voices >= 0))
            at = (struck, voices[struck])
            cells[at] = np.maximum(cells[at], loud[struck])
        return cells

    def cells(self, percussion: PercussionMap) -> npt.NDArray[np.uint8]:
        """As 0 and 1, shape (16, voices)."""
        return (self.velocities(percussion) > 0).astype(np.uint8)


def read_patterns(text: str, name: str) -> list[DrumPattern]:
    """Read all patterns of a text. `name` is what to call it in an error.

    Raises UserError, with the line, at the first thing that is not as described above.
    """
    patterns: list[DrumPattern] = []
    style = ""
    title, title_line = "", 0
    strokes: dict[int, tuple[int, ...]] = {}

    def wrong(number: int, sentence: str) -> UserError:
        return UserError(f"{name}, line {number}: {sentence}")

    def close() -> None:
        if not title:
            return
        if not any(any(line) for line in strokes.values()):
            raise wrong(title_line, f'the pattern "{title}" has no hits: write some or remove it.')
        patterns.append(DrumPattern(title, style, MappingProxyType(dict(strokes))))
        strokes.clear()

    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if colon and "|" not in key:
            if key not in ("style", "pattern"):
                raise wrong(number, f'"{key}:" means nothing here: write "style:" or "pattern:".')
            if not value.strip():
                raise wrong(number, f'give the {key} a name after "{key}:".')
            close()
            title = ""
            if key == "style":
                style = value.strip()
                continue
            title, title_line = value.strip(), number
            if not style:
                raise wrong(number, 'say the style first, with a line "style: …".')
            if any((p.style, p.name) == (style, title) for p in patterns):
                raise wrong(number, f'there is a pattern "{title}" already: name it otherwise.')
            continue
        match = _LINE.fullmatch(line)
        if not match:
            raise wrong(
                number, "write an instrument and four beats, as in kick |X...|x...|x...|x...|"
            )
        if not title:
            raise wrong(number, 'say which pattern this is first, with a line "pattern: …".')
        instrument = match["name"]
        if instrument not in PITCHES:
            raise wrong(
                number,
                f'no instrument is called "{instrument}": take a name of General MIDI\'s '
                "percussion, such as kick, snare, closed hat, low conga.",
            )
        if PITCHES[instrument] in strokes:
            raise wrong(number, f"{instrument} has a line in this pattern already: join the two.")
        beats = match["cells"].split("|")
        if [len(beat) for beat in beats] != [STEPS_PER_BEAT] * BEATS:
            lengths = ", ".join(str(len(beat)) for beat in beats)
            raise wrong(
                number,
                f"a bar is {BEATS} beats of {STEPS_PER_BEAT} sixteenths, "
                f"but {instrument} has beats of {lengths}.",
            )
        signs = "".join(beats)
        strange = next((sign for sign in signs if sign not in VELOCITIES), None)
        if strange is not None:
            raise wrong(number, f'"{strange}" is not a hit: write X, x or o for hits, . for rests.')
        strokes[PITCHES[instrument]] = tuple(VELOCITIES[sign] for sign in signs)
    close()
    return patterns
