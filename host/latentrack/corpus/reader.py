"""Read files, folders and archives of music into a Dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from latentrack import __version__
from latentrack.corpus import audio, midi
from latentrack.corpus.cache import Cache, content_key
from latentrack.corpus.dataset import Dataset
from latentrack.corpus.drum_names import says_drums
from latentrack.corpus.gather import OnDiscard, gather
from latentrack.corpus.midi import read_score
from latentrack.corpus.parallel import on_all_cores
from latentrack.corpus.quantised import QuantisedBars, from_bytes, to_bytes
from latentrack.corpus.rules import Rules
from latentrack.corpus.scores import quantise_score
from latentrack.corpus.smf import is_midi
from latentrack.corpus.sources import Broken, FoundFile, find
from latentrack.corpus.unreadable import Unreadable
from latentrack.errors import UserError

NO_MUSIC = f"neither MIDI nor audio that is read ({', '.join(audio.SUFFIXES)})"
ONLY_RHYTHM = "audio, of which only a rhythm can be made: say --kind rhythm"
FILTERED_FILE = "whose name the filters leave out"

# Raise it when a file gives something else than before by the same rules.
_READING = "3"

_STORE_AT = 256  # results that are stored together


def read(
    sources: Sequence[str | os.PathLike[str]],
    rules: Rules | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    on_discard: OnDiscard | None = None,
    processes: int | None = None,
    cache: bool = True,
    **changes: Any,
) -> Dataset:
    """Read music into sequences of equal length.

    By default each bar of drums in 4/4 becomes a sequence of 16 steps × 12 voices. A file is called
    by its path below the folder or in the archive that was named (its own name in front if several
    sources were named). Where a folder holds an `info.csv` with the columns `midi_filename` and
    `style`, as the Groove MIDI Dataset has, styles come from it.

    Parameters
    ----------
    sources : sequence of str or path-like
        Files, folders with all their sub-folders, zip archives.
    rules : Rules, default None
        How files are read. None is `Rules()`.
    progress : callable, default None
        Called with (files done, files in all).
    on_discard : callable, default None
        Called file by file, also where nothing could be used, with what `Dataset.discarded` has of
        all: the file's name, and how many were left out by (what, reason).
    processes : int, default None
        How many processes to use; None is one for each core.
    cache : bool, default True
        Keep what a file gave, so that it need not be read again.
    **changes
        Single rules instead of `rules`, or beside them, such as `kind="notes"`.

    Returns
    -------
    Dataset
        The sequences with their provenance, and what was left out.

    Raises
    ------
    UserError
        If a source is not there, a folder holds no music, the only file is no good, nothing could
        be used, or a rule makes no sense.

    Examples
    --------
    >>> import latentrack as lt
    >>> lt.read(["my-beats"])
    <Dataset: 473 drum sequences of 16 steps × 12 voices, 16.9 hits each, from 51 files>
    >>> lt.read(["my-beats"], kind="rhythm", bars=2).steps
    32
    """
    if not sources:
        raise UserError("No music was named: name a file or a folder of music.")
    rules = replace(rules or Rules(), **changes)
    paths = [Path(source) for source in sources]
    if rules.kind == "rhythm":
        found = find(paths, audio.SUFFIXES + midi.SUFFIXES, "audio or MIDI", audio.UNREAD)
    else:
        found = find(paths, midi.SUFFIXES, "MIDI")
    results: dict[int, QuantisedBars | str] = {}
    if progress:
        progress(0, len(found))
    for index, result in _results(found, rules, processes, Cache() if cache else None):
        results[index] = result
        if progress:
            progress(len(results), len(found))
    return gather([(file, results[i]) for i, file in enumerate(found)], rules, on_discard)


def all_audio(sources: Sequence[str | os.PathLike[str]]) -> bool:
    """Whether the sources are audio files, or folders that hold audio and no MIDI files."""
    return all(_which_are_audio(sources, of_none=False))


def any_audio(sources: Sequence[str | os.PathLike[str]]) -> bool:
    """Whether an audio file is among the sources. True where they cannot be looked through."""
    return any(_which_are_audio(sources, of_none=True))


def _which_are_audio(sources: Sequence[str | os.PathLike[str]], *, of_none: bool) -> list[bool]:
    """For each file that can be opened whether it is audio; [of_none] where none can be found."""
    try:
        found = find([Path(s) for s in sources], audio.SUFFIXES + midi.SUFFIXES, "music")
    except UserError:
        return [of_none]
    return [file.suffix in audio.SUFFIXES for file in found if not isinstance(file, Broken)]


def _results(
    found: Sequence[FoundFile | Broken], rules: Rules, processes: int | None, cache: Cache | None
) -> Iterator[tuple[int, QuantisedBars | str]]:
    """What each file gives, by its index, in the order in which it is known."""
    try:
        unread: list[int] = []
        for start in range(0, len(found), _STORE_AT):
            some = range(start, min(start + _STORE_AT, len(found)))
            keys: dict[int, bytes] = {}
            for index in some:
                file = found[index]
                if isinstance(file, Broken):
                    yield index, file.reason
                elif not rules.filter.takes_file(file.name):
                    yield index, FILTERED_FILE
                elif cache:
                    try:
                        keys[index] = _key(file, _bytes_of(file), rules)
                    except Unreadable as error:
                        yield index, str(error)
                else:
                    unread.append(index)
            known = cache.get(keys.values()) if cache else {}
            for index, key in keys.items():
                try:
                    yield index, from_bytes(known[key])
                except (KeyError, ValueError):
                    unread.append(index)
        yield from _read_all([(i, found[i]) for i in unread], rules, processes, cache)
    finally:
        if cache:
            cache.close()


def _read_all(
    files: Sequence[tuple[int, Any]], rules: Rules, processes: int | None, cache: Cache | None
) -> Iterator[tuple[int, QuantisedBars | str]]:
    new: dict[bytes, bytes] = {}
    work = partial(read_file, rules=rules)
    try:
        for which, (key, data) in on_all_cores(work, [file for _, file in files], processes):
            if key and cache:
                new[key] = data
                if len(new) >= _STORE_AT:
                    cache.put(new)
                    new.clear()
            yield files[which][0], from_bytes(data)
    finally:
        # Whoever stops in the middle need not read these again.
        if cache:
            cache.put(new)


def _key(file: FoundFile, content: bytes, rules: Rules) -> bytes:
    # Of a file's name as much as decides what is found in it.
    if file.suffix in audio.SUFFIXES:
        hint = repr(audio.told_by_name(file.stem))
    else:
        hint = str(says_drums(file.stem))
    return content_key(f"{__version__} {_READING} {file.suffix} {hint} {rules.of_a_file}", content)


def _bytes_of(file: FoundFile) -> bytes:
    """The file's bytes. Raises Unreadable, also if it is audio that is too long."""
    if file.suffix in audio.SUFFIXES and not file.member and file.path.is_file():
        audio.check_length(file.path)
    return file.read()


def read_file(file: FoundFile, rules: Rules) -> tuple[bytes, bytes]:
    """The key of a file's content (b"" if it has none), and as bytes what it gives."""
    key = b""
    try:
        content = _bytes_of(file)
        key = _key(file, content, rules)
        if file.suffix in audio.SUFFIXES:
            if rules.kind != "rhythm":
                raise Unreadable(ONLY_RHYTHM)
            bars = audio.read_loop(content, file.stem, file.suffix, rules.grid, rules.tempo)
        elif file.suffix not in midi.SUFFIXES and not is_midi(content):
            raise Unreadable(NO_MUSIC)
        else:
            bars = quantise_score(read_score(content), file.stem, rules)
        return key, to_bytes(bars)
    except Unreadable as error:
        return key, to_bytes(str(error))
