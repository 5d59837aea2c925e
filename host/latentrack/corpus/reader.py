"""From files and folders of music to a Dataset."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from latentrack.corpus.bars import MINIMUM_HITS, STEPS, STEPS_PER_BEAT, Bars, lay_bars
from latentrack.corpus.dataset import Dataset, Discard
from latentrack.corpus.midi import SUFFIXES, Unreadable, drum_notes, read_score
from latentrack.corpus.parallel import on_all_cores
from latentrack.corpus.percussion import EXTENDED, PercussionMap
from latentrack.errors import UserError

NO_DRUMS = "no drum part: nothing on channel 10, and nothing that looks like a kit"
NO_NOTES = "no notes"

_EXAMPLES = 3


@dataclass(frozen=True)
class _Found:
    """A file to read, and what the Dataset will call it."""

    path: Path
    name: str
    style: str


def read(
    sources: Sequence[str | os.PathLike[str]],
    *,
    percussion: PercussionMap = EXTENDED,
    minimum_hits: int = MINIMUM_HITS,
    progress: Callable[[int, int], None] | None = None,
    processes: int | None = None,
) -> Dataset:
    """Read MIDI files, and folders of them with all their sub-folders, as drum bars.

    Each bar in 4/4 with at least `minimum_hits` hits becomes one sequence of 16 steps. A file
    is called by its path below the folder that was named (the folder's own name in front if
    several sources were named). Where a folder holds an `info.csv` with the columns
    `midi_filename` and `style`, as the Groove MIDI Dataset has, styles come from it.

    `progress` is called with (files done, files in all). `processes`: how many to use; all
    cores if None.

    Raises UserError if a source is not there, if a folder holds no MIDI files, if the only
    file is no good, or if not one bar could be used.
    """
    if not sources:
        raise UserError("No music was named: name a MIDI file or a folder of MIDI files.")
    found = _find([Path(source) for source in sources])
    results: dict[int, Bars | str] = {}
    work = partial(_read_file, percussion=percussion, minimum_hits=minimum_hits)
    if progress:
        progress(0, len(found))
    for index, result in on_all_cores(work, found, processes):
        results[index] = result
        if progress:
            progress(len(results), len(found))
    return _gather([(file, results[i]) for i, file in enumerate(found)], percussion, minimum_hits)


def _read_file(file: _Found, percussion: PercussionMap, minimum_hits: int) -> Bars | str:
    """The file's bars, or why it has none."""
    try:
        score = read_score(file.path)
    except Unreadable as error:
        return str(error)
    if not score.notes:
        return NO_NOTES
    notes = drum_notes(score, file.path.stem)
    if not notes:
        return NO_DRUMS
    bars = lay_bars(notes, score.signatures, score.ticks_per_beat, percussion, minimum_hits)
    if len(notes) < len(score.notes):
        bars.discarded["notes", "of other parts than the drums"] += len(score.notes) - len(notes)
    return bars


def _gather(
    results: Sequence[tuple[_Found, Bars | str]], percussion: PercussionMap, minimum_hits: int
) -> Dataset:
    sequences: list[np.ndarray] = []
    names: list[str] = []
    styles: list[str] = []
    counts: dict[tuple[str, str], int] = defaultdict(int)
    examples: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file, result in results:
        if isinstance(result, str):
            left_out: Mapping[tuple[str, str], int] = {("files", result): 1}
        else:
            left_out = result.discarded
            sequences.append(result.cells)
            names += [file.name] * len(result.cells)
            styles += [file.style] * len(result.cells)
        for key, count in left_out.items():
            counts[key] += count
            if len(examples[key]) < _EXAMPLES:
                examples[key].append(file.name)
    order = ("files", "bars", "hits", "notes")
    discarded = tuple(
        Discard(what, reason, count, tuple(examples[what, reason]))
        for (what, reason), count in sorted(
            counts.items(), key=lambda entry: (order.index(entry[0][0]), -entry[1], entry[0][1])
        )
    )
    if not names:
        raise _nothing([file for file, _ in results], discarded)
    return Dataset(
        sequences=np.concatenate(sequences),
        kind="drums",
        voice_names=percussion.voice_names,
        groups=percussion.group_sizes,
        sources=tuple(names),
        styles=tuple(styles),
        steps_per_beat=STEPS_PER_BEAT,
        files=len(set(names)),
        discarded=discarded,
        recipe={
            "from": "MIDI files",
            "map": percussion.name,
            "steps": f"{STEPS}, one bar of 4/4",
            "grid": "nearest 16th",
            "minimum hits": str(minimum_hits),
        },
    )


def _nothing(files: Sequence[_Found], discarded: Sequence[Discard]) -> UserError:
    telling = [
        entry
        for entry in discarded
        if entry.what in ("files", "bars") or entry.reason.startswith("on pitch")
    ]
    if len(files) == 1:
        begin = f"{files[0].path} cannot be used"
    else:
        begin = f"None of the {len(files):,} MIDI files named can be used"
    if len(files) == 1 and telling and telling[0].what == "files":
        why = telling[0].reason
    else:
        why = "; ".join(
            f"{entry.count:,} {entry.what if entry.count > 1 else entry.what[:-1]}"
            f"{':' if entry.what == 'files' else ''} {entry.reason}"
            for entry in telling
        )
    return UserError(f"{begin} ({why}): name MIDI files with drum bars in 4/4.")


def _find(sources: Sequence[Path]) -> list[_Found]:
    """All MIDI files of these sources, each once, in the order of their names."""
    found: dict[Path, _Found] = {}
    for source in sources:
        if source.is_dir():
            files = list(_walk(source))
            if not files:
                raise UserError(
                    f"The folder {source} holds no MIDI files ({', '.join(SUFFIXES)}), nor do "
                    "the folders in it: name a folder of MIDI files."
                )
            styles = _styles({path.parent for path in files} | {source})
            for path in files:
                name = path.relative_to(source)
                if len(sources) > 1:
                    name = source.resolve().name / name
                key = path.resolve()
                found.setdefault(key, _Found(path, name.as_posix(), styles.get(path, "")))
        elif source.exists():
            found.setdefault(source.resolve(), _Found(source, source.name, ""))
        else:
            raise UserError(
                f"There is no file or folder {source}: name a MIDI file or a folder of MIDI files."
            )
    return list(found.values())


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise UserError(
            f"The folder {error.filename} cannot be read ({error.strerror}): "
            "allow reading it, or name another folder."
        ) from error

    for where, folders, files in os.walk(folder, onerror=refuse):
        folders.sort()
        for file in sorted(files):
            # macOS leaves "._name.mid" beside a file on a foreign disk; it is no music.
            if file.lower().endswith(SUFFIXES) and not file.startswith("._"):
                yield Path(where, file)


def _styles(folders: Iterable[Path]) -> dict[Path, str]:
    """The styles that the `info.csv` files in these folders tell, by path of the MIDI file."""
    styles: dict[Path, str] = {}
    for folder in folders:
        try:
            with (folder / "info.csv").open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    if row.get("midi_filename") and row.get("style"):
                        styles[folder / row["midi_filename"]] = row["style"]
        except (OSError, ValueError, csv.Error):
            continue  # no such file, or one of another kind
    return styles
