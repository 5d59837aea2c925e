"""Read the corpus and report the result for each file, for the page."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.corpus import audio, midi
from latentrack.corpus.dataset import COUNTED, HINTS, Dataset, Discard, discards
from latentrack.corpus.reader import ONLY_RHYTHM, read
from latentrack.corpus.rules import Rules
from latentrack.corpus.sources import ARCHIVES, FoundFile, find
from latentrack.errors import UserError
from latentrack.words import count

_EXAMPLES = 20
# The reader's messages name command-line options; the page names its controls instead.
_WORDS = (
    (ONLY_RHYTHM, "audio, of which only a rhythm can be made: choose the kind Rhythm"),
    ("; say --bpm or --loop-bars,", "; say the tempo or the bars of a loop under More,"),
    (": say --transpose ", ": under More, transpose by "),
    (": say --kind rhythm,", ": choose the kind Rhythm,"),
    (" with --map", " with a percussion map of your own"),
)


def in_page_words(text: str) -> str:
    """Replace command-line options in a message of the reader by the page's controls."""
    for theirs, ours in _WORDS:
        text = text.replace(theirs, ours)
    return text


@dataclass(frozen=True)
class Place:
    """The path of a file; member: its path inside the archive `path`, "" for a plain file."""

    path: Path
    member: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """A unique key, the same in each reading."""
        return (str(self.path), self.member)


@dataclass(frozen=True)
class CorpusFile:
    """One file of music. count: its sequences.  why: the reason if there are none."""

    name: str  # as in Dataset.sources
    count: int
    why: str = ""
    style: str = ""
    place: Place | None = None  # None: the Dataset is known, but not the file's path


@dataclass(frozen=True, eq=False)
class CorpusReading:
    """The result of a reading: the files in the order of reading, and the Dataset."""

    dataset: Dataset | None = None
    files: tuple[CorpusFile, ...] = ()
    discarded: tuple[Discard, ...] = ()
    # Reasons why sources cannot be read, by path.
    missing: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def hits(self) -> int:
        """Number of hits in all sequences."""
        return self.dataset.hits if self.dataset else 0

    @cached_property
    def different(self) -> int:
        """Number of different sequences."""
        return self.dataset.different if self.dataset else 0

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        if self.dataset:
            for index, name in enumerate(self.dataset.sources):
                places[name].append(index)
        return places

    @cached_property
    def _first_hits(self) -> npt.NDArray[np.int64]:
        """Index of the first hit of each sequence, then the number of hits, (sequences + 1,)."""
        assert self.dataset
        each = self.dataset.sequences.sum(axis=(1, 2), dtype=np.int64)
        return np.concatenate([[0], np.cumsum(each)])

    def bars(self, name: str, start: int = 0, count: int | None = None) -> list[list[int]]:
        """Return sequences of a file, each a flat list of step, voice, velocity (0 to 127).

        start, count: which of its sequences; None for all.  Unknown velocities are 100.
        """
        if not self.dataset:
            return []
        stop = None if count is None else start + count
        return [self._hits(index) for index in self._places.get(name, [])[start:stop]]

    def _hits(self, index: int) -> list[int]:
        assert self.dataset
        at = np.argwhere(self.dataset.sequences[index])
        loud: Any = np.full(len(at), 100)
        if self.dataset.velocities is not None:
            loud = self.dataset.velocities[self._first_hits[index] : self._first_hits[index + 1]]
        table = np.column_stack([at, loud]).astype(int)
        flat: list[int] = table.reshape(-1).tolist()
        return flat

    @cached_property
    def by_name(self) -> dict[str, CorpusFile]:
        """The files by name."""
        return {file.name: file for file in self.files}


def of_dataset(dataset: Dataset) -> CorpusReading:
    """Make a CorpusReading of a Dataset alone; its files have no `place`."""
    counts: dict[str, int] = defaultdict(int)
    styles: dict[str, str] = {}
    for name, style in zip(dataset.sources, dataset.styles, strict=True):
        counts[name] += 1
        styles[name] = style
    files = tuple(CorpusFile(name, count, style=styles[name]) for name, count in counts.items())
    return CorpusReading(dataset, files, dataset.discarded)


def there(sources: Sequence[Path], rules: Rules) -> tuple[list[Path], dict[str, str]]:
    """Return the sources with music for these rules, and the reasons for the others by path."""
    suffixes, what = _wanted(rules)
    good: list[Path] = []
    missing: dict[str, str] = {}
    for source in sources:
        try:
            find([source], suffixes, what)
            good.append(source)
        except UserError as error:
            missing[str(source)] = str(error)
    return good, missing


def read_all(
    sources: Sequence[Path],
    rules: Rules,
    removed: frozenset[tuple[str, str]],
    progress: Callable[[int, int], None],
) -> CorpusReading:
    """Read all files except those whose `Place.key` is in `removed`.

    progress: called with the numbers of files done and in total.  Raises UserError if nothing is
    left.
    """
    good, missing = there(sources, rules)
    if not good:
        _nothing_at_all(sources, rules, missing)
    found = find(good, *_wanted(rules))
    places = {one.name: Place(one.path, one.member) for one in found if isinstance(one, FoundFile)}
    out = {name for name, place in places.items() if place.key in removed}
    if len(out) == len(found):
        raise UserError("All files are taken out of the corpus: put some back, or drop others.")
    patterns = tuple(f"file:{_only(name)}" for name in sorted(out))

    left_out: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))

    def hear(name: str, told: Mapping[tuple[str, str], int]) -> None:
        for key, count in told.items():
            left_out[name][key] += count

    narrower = replace(rules, exclude=rules.exclude + patterns)
    dataset = read(good, narrower, progress=progress, on_discard=hear)
    for name in out:
        left_out.pop(name, None)
    for name, place in _unheard_audio(sources, rules).items():
        left_out[name]["files", ONLY_RHYTHM] += 1
        places[name] = place
    counts = of_dataset(dataset).by_name
    files = []
    for name in dict.fromkeys([*(one.name for one in found), *sorted(left_out)]):
        if name in out:
            continue
        count = counts[name].count if name in counts else 0
        style = counts[name].style if name in counts else ""
        why = "" if count else _why(left_out.get(name, {}))
        files.append(CorpusFile(name, count, why, style, places.get(name)))
    return CorpusReading(dataset, tuple(files), _in_all(left_out), missing)


def _wanted(rules: Rules) -> tuple[tuple[str, ...], str]:
    if rules.kind == "rhythm":
        return audio.SUFFIXES + midi.SUFFIXES, "audio or MIDI"
    return midi.SUFFIXES, "MIDI"


def _nothing_at_all(sources: Sequence[Path], rules: Rules, missing: Mapping[str, str]) -> None:
    if rules.kind != "rhythm" and there(sources, Rules(kind="rhythm"))[0]:
        raise UserError(
            "All that is here is audio, of which only a rhythm can be made: choose the kind "
            "Rhythm, or drop MIDI files."
        )
    folders = [reason for path, reason in missing.items() if Path(path) != sources[0]]
    raise UserError(
        folders[0] if folders else "There is no music here: drop MIDI files or audio loops."
    )


def _unheard_audio(sources: Sequence[Path], rules: Rules) -> dict[str, Place]:
    """Return the audio files, by name, that a reading of MIDI files ignores."""
    if rules.kind == "rhythm":
        return {}
    good, _ = there(sources, Rules(kind="rhythm"))
    heard = find(good, *_wanted(Rules(kind="rhythm")))
    return {
        one.name: Place(one.path, one.member)
        for one in heard
        if isinstance(one, FoundFile) and one.suffix in audio.SUFFIXES
    }


def _only(name: str) -> str:
    """Return a filter pattern that matches this name only."""
    escaped = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name.lower())
    if escaped != name.lower():
        return escaped
    # A pattern without wildcards would match any name that contains it.
    return f"{escaped[:-1]}[{escaped[-1]}]"


def _why(left_out: Mapping[tuple[str, str], int]) -> str:
    """Return in a few words why a file gave no sequences."""
    for what in COUNTED:
        reasons = sorted(
            ((number, reason) for (unit, reason), number in left_out.items() if unit == what),
            reverse=True,
        )
        if reasons and what in ("files", HINTS):
            return in_page_words(reasons[0][1])
        if reasons:
            return "; ".join(
                f"{count(number, what.removesuffix('s'))} {in_page_words(reason)}"
                for number, reason in reasons[:2]
            )
    return "nothing in it"


def _in_all(left_out: Mapping[str, Mapping[tuple[str, str], int]]) -> tuple[Discard, ...]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    examples: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, told in left_out.items():
        for key, number in told.items():
            counts[key] += number
            if len(examples[key]) < _EXAMPLES:
                examples[key].append(name)
    return discards(counts, examples)


def has_files(folder: Path) -> bool:
    """Whether the folder of music has any music or archive in it."""
    known = audio.SUFFIXES + midi.SUFFIXES + ARCHIVES
    return any(name.lower().endswith(known) for _, _, names in os.walk(folder) for name in names)
