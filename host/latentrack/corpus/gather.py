"""Join the sequences of all files into one Dataset, and count what was left out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.corpus import audio
from latentrack.corpus.bars import LEFT_OUT
from latentrack.corpus.dataset import Dataset, Discard, discards
from latentrack.corpus.harmony import alike_octaves, pitch_name
from latentrack.corpus.meter import ANY_METER
from latentrack.corpus.quantised import QuantisedBars, join
from latentrack.corpus.recipe import recipe
from latentrack.corpus.rules import Rules
from latentrack.corpus.sources import Broken, FoundFile
from latentrack.errors import UserError

ALIKE = "the same as another"
IN_ALIKE = "in a sequence that is the same as another"

_EXAMPLES = 3

OnDiscard = Callable[[str, Mapping[tuple[str, str], int]], None]
"""Called for each file with its name and the count of what was left out by (what, reason)."""


def gather(
    results: Sequence[tuple[FoundFile | Broken, QuantisedBars | str]],
    rules: Rules,
    on_discard: OnDiscard | None = None,
) -> Dataset:
    """Join the sequences of all files into a Dataset.

    results: each file with its bars, or with the reason why it has none.  on_discard: called for
    each file of which something was left out. Raises UserError if no sequence is left.
    """
    account = _Account(on_discard)
    used, each = _usable(results, account)
    bars = join([replace(one, discarded=Counter()) for one in each])
    file_of = np.repeat(np.arange(len(used)), [len(one) for one in each])
    names = [file.name for file in used]

    meter, keep = _in_one_meter(bars, rules, [names[file] for file in file_of], account)
    hits = bars.hits
    if rules.kind == "notes" and rules.octaves:
        hits = alike_octaves(hits, len(bars))
    hits, file_of = _selected(hits, keep), file_of[keep]
    voices = _voices(hits, rules)
    cells = _cells(hits, (len(file_of), _steps(meter, rules), len(voices.names)), voices.lowest)
    if rules.unique and len(cells):
        keep = _first_of_equal(cells)
        _count_equal(keep, hits, rules, [names[file] for file in file_of], account)
        hits, cells, file_of = _selected(hits, keep), cells[keep], file_of[keep]

    discarded = account.discards()
    if not len(cells):
        raise _nothing(results, discarded, rules)
    return Dataset(
        sequences=cells,
        kind=rules.kind,
        voice_names=voices.names,
        groups=rules.percussion.group_sizes if rules.kind == "drums" else (),
        sources=tuple(names[file] for file in file_of),
        styles=tuple(used[file].style for file in file_of),
        steps_per_beat=rules.steps_per_beat,
        files=len(np.unique(file_of)),
        discarded=discarded,
        recipe={"from": _kinds_of_files(used), **_tempo(each), **recipe(rules)},
        velocities=hits["velocity"],
        offsets=np.asarray(np.clip(hits["offset"] / np.float32(254), -0.5, 0.5), np.float32),
        lowest_pitch=voices.lowest,
        meter=meter,
        bars=rules.sequence_bars,
    )


class _Account:
    """Counts what is left out by (what, reason), with a few files as examples of each."""

    def __init__(self, on_discard: OnDiscard | None) -> None:
        self._on_discard = on_discard
        self._counts: dict[tuple[str, str], int] = defaultdict(int)
        self._examples: dict[tuple[str, str], list[str]] = defaultdict(list)

    def add(self, name: str, left_out: Mapping[tuple[str, str], int]) -> None:
        """Add what was left out of one file: a count for each (what, reason)."""
        if self._on_discard and left_out:
            self._on_discard(name, left_out)
        for key, number in left_out.items():
            self._counts[key] += number
            examples = self._examples[key]
            if len(examples) < _EXAMPLES and name not in examples:
                examples.append(name)

    def discards(self) -> tuple[Discard, ...]:
        """Return all that was left out so far, with a few files as examples of each."""
        return discards(self._counts, self._examples)


def _usable(
    results: Sequence[tuple[FoundFile | Broken, QuantisedBars | str]], account: _Account
) -> tuple[list[FoundFile], list[QuantisedBars]]:
    """Return the files with bars, and their bars; count what was left out of each file."""
    used: list[FoundFile] = []
    each: list[QuantisedBars] = []
    for file, result in results:
        if isinstance(result, str):
            account.add(file.name, {("files", result): 1})
        else:
            assert isinstance(file, FoundFile)
            account.add(file.name, result.discarded)
            used.append(file)
            each.append(result)
    return used, each


def _in_one_meter(
    bars: QuantisedBars, rules: Rules, names: Sequence[str], account: _Account
) -> tuple[str, npt.NDArray[np.bool_]]:
    """Return the dataset's meter, and a mask of the sequences in it, (sequences,).

    names: the file's name of each sequence.
    """
    if rules.meter != ANY_METER or not len(bars):
        return ("4/4" if rules.meter == ANY_METER else rules.meter), np.ones(len(bars), bool)
    meter = Counter(bars.meters).most_common(1)[0][0]
    keep = np.array([one == meter for one in bars.meters])
    in_each = np.bincount(bars.hits["sequence"], minlength=len(bars))
    for index in np.flatnonzero(~keep).tolist():
        reason = f"in {bars.meters[index]}, where most are in {meter}"
        left_out = {("bars", reason): rules.sequence_bars}
        left_out[rules.noun, LEFT_OUT] = int(in_each[index])
        account.add(names[index], left_out)
    return meter, keep


def _selected(hits: npt.NDArray[Any], keep: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Return the hits of the sequences that the mask `keep` selects, renumbered from 0."""
    hits = hits[keep[hits["sequence"]]] if len(hits) else hits.copy()
    hits["sequence"] = (np.cumsum(keep) - 1)[hits["sequence"]]
    return hits


def _steps(meter: str, rules: Rules) -> int:
    beats, unit = map(int, meter.split("/"))
    return 4 * rules.steps_per_beat * beats // unit * rules.sequence_bars


def _cells(
    hits: npt.NDArray[Any], shape: tuple[int, int, int], lowest: int | None
) -> npt.NDArray[np.uint8]:
    """Return cells of `shape` (sequences, steps, voices), 1 for a hit.

    lowest: the pitch of the first voice, for notes.
    """
    cells = np.zeros(shape, np.uint8)
    cells[hits["sequence"], hits["step"], hits["voice"] - (lowest or 0)] = 1
    return cells


def _first_of_equal(cells: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return a mask, (sequences,), of the first of each set of equal sequences."""
    rows = np.packbits(cells.reshape(len(cells), -1), axis=1)
    keep = np.zeros(len(cells), bool)
    keep[np.unique(rows, axis=0, return_index=True)[1]] = True
    return keep


def _count_equal(
    keep: npt.NDArray[np.bool_],
    hits: npt.NDArray[Any],
    rules: Rules,
    names: Sequence[str],
    account: _Account,
) -> None:
    in_each = np.bincount(hits["sequence"], minlength=len(keep))
    for index in np.flatnonzero(~keep).tolist():
        left_out = {("sequences", ALIKE): 1, (rules.noun, IN_ALIKE): int(in_each[index])}
        account.add(names[index], left_out)


@dataclass(frozen=True)
class _Voices:
    """names: of the voices.  lowest: MIDI note of the first voice, for notes; else None."""

    names: tuple[str, ...]
    lowest: int | None = None


def _voices(hits: npt.NDArray[Any], rules: Rules) -> _Voices:
    if rules.kind != "notes":
        return _Voices(rules.map.voice_names)
    low, high = 0, 127
    if rules.trim and len(hits):
        low, high = int(hits["voice"].min()), int(hits["voice"].max())
    return _Voices(tuple(pitch_name(pitch) for pitch in range(low, high + 1)), low)


def _kinds_of_files(used: Sequence[FoundFile]) -> str:
    heard = sum(file.suffix in audio.SUFFIXES for file in used)
    if heard and heard < len(used):
        return "audio and MIDI files"
    return "audio files" if heard else "MIDI files"


def _tempo(each: Sequence[QuantisedBars]) -> dict[str, str]:
    """Return {"tempo": counts of the sources of audio files' tempi}, the most frequent first."""
    told = Counter(one.tempo for one in each if one.tempo)
    ways = [
        f"{count:,} {'by' if source == audio.EAR else 'from'} {source}"
        for source, count in told.most_common()
    ]
    return {"tempo": ", ".join(ways)} if ways else {}


def _nothing(
    results: Sequence[tuple[FoundFile | Broken, QuantisedBars | str]],
    discarded: Sequence[Discard],
    rules: Rules,
) -> UserError:
    telling = [
        entry
        for entry in discarded
        if entry.what in ("files", "bars") or entry.reason.startswith("on pitch")
    ]
    files = [file for file, _ in results]
    what = "files" if rules.kind == "rhythm" else "MIDI files"
    if len(files) == 1:
        name = files[0].path if isinstance(files[0], FoundFile) else files[0].name
        if isinstance(files[0], FoundFile) and files[0].member:
            name = f"{name}/{files[0].member}"
        begin = f"{name} cannot be used"
    else:
        begin = f"None of the {len(files):,} {what} named can be used"
    if len(files) == 1 and telling and telling[0].what == "files":
        why = telling[0].reason
    else:
        why = "; ".join(
            f"{entry.counted}{':' if entry.what == 'files' else ''} {entry.reason}"
            for entry in telling
        )
    meter = "any meter" if rules.meter == ANY_METER else rules.meter
    remedy = {
        "drums": f"name MIDI files with drum bars in {meter}, or choose other rules",
        "notes": f"name MIDI files with notes in {meter}, or choose other rules",
        "rhythm": f"name audio loops, or MIDI files with drum bars in {meter}",
    }[rules.kind]
    return UserError(f"{begin} ({why or 'nothing in it'}): {remedy}.")
