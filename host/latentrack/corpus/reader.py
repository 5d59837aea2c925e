"""From files, folders and archives of music to a Dataset."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack import __version__
from latentrack.corpus import audio, midi
from latentrack.corpus.bars import ANY_METER, LEFT_OUT, Events, lay_bars
from latentrack.corpus.cache import Cache, content_key
from latentrack.corpus.dataset import HINTS, Dataset, Discard, discards
from latentrack.corpus.drum_names import says_drums
from latentrack.corpus.drums import drum_parts, kit_shift, named_drums, single_pitch
from latentrack.corpus.harmony import alike_octaves, transposition
from latentrack.corpus.laid import Laid, from_bytes, join, to_bytes
from latentrack.corpus.midi import Part, Score, read_score
from latentrack.corpus.parallel import on_all_cores
from latentrack.corpus.percussion import INSTRUMENTS
from latentrack.corpus.rules import Rules
from latentrack.corpus.smf import is_midi
from latentrack.corpus.sources import Broken, Found, find
from latentrack.corpus.unreadable import Unreadable
from latentrack.errors import UserError

NO_MUSIC = f"neither MIDI nor audio that is read ({', '.join(audio.SUFFIXES)})"
ONLY_RHYTHM = "audio, of which only a rhythm can be made: say --kind rhythm"
NO_DRUMS = "no drum part: nothing on channel 10, and nothing that looks like a kit"
NO_PITCHES = "no part but drums"
NO_NOTES = "no notes"
FILTERED = "no part matches the filters"
FILTERED_FILE = "whose name the filters leave out"
SHIFTED = "a kit {by} semitones {where}: say --transpose {shift}"
ONE_PITCH = (
    "with all hits on pitch {pitch}, as step sequencers export them: say --kind rhythm, which asks "
    "only when, or map that pitch to a voice with --map"
)
ALIKE = "the same as another"
IN_ALIKE = "in a sequence that is the same as another"

# Raise it when a file gives something else than before by the same rules.
_READING = "3"

_EXAMPLES = 3
_STORE_AT = 256  # results that are stored together


def read(
    sources: Sequence[str | os.PathLike[str]],
    rules: Rules | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    on_discard: Callable[[str, Mapping[tuple[str, str], int]], None] | None = None,
    processes: int | None = None,
    cache: bool = True,
    **changes: Any,
) -> Dataset:
    """Read music into sequences: files, folders with all their sub-folders, zip archives.

    `rules` (or single ones by keyword, as in `read(["songs"], kind="notes", bars=2)`) say how;
    see `Rules`. By default each bar of drums in 4/4 becomes a sequence of 16 steps. A file is
    called by its path below the folder or in the archive that was named (its own name in front
    if several sources were named). Where a folder holds an `info.csv` with the columns
    `midi_filename` and `style`, as the Groove MIDI Dataset has, styles come from it.

    `progress` is called with (files done, files in all). `on_discard` is told, file by file, what
    `Dataset.discarded` has of all: the file's name, and how many by (what, reason); it hears it
    too where nothing could be used. `processes`: how many to use; all cores if None. With `cache`
    what a file gave is kept, so that it need not be read again.

    Raises UserError if a source is not there, if a folder holds no music, if the only file is
    no good, or if nothing could be used.
    """
    if not sources:
        raise UserError("No music was named: name a file or a folder of music.")
    rules = replace(rules or Rules(), **changes)
    paths = [Path(source) for source in sources]
    if rules.kind == "rhythm":
        found = find(paths, audio.SUFFIXES + midi.SUFFIXES, "audio or MIDI", audio.UNREAD)
    else:
        found = find(paths, midi.SUFFIXES, "MIDI")
    results: dict[int, Laid | str] = {}
    if progress:
        progress(0, len(found))
    for index, result in _results(found, rules, processes, Cache() if cache else None):
        results[index] = result
        if progress:
            progress(len(results), len(found))
    return _gather([(file, results[i]) for i, file in enumerate(found)], rules, on_discard)


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
    found: Sequence[Found | Broken], rules: Rules, processes: int | None, cache: Cache | None
) -> Iterator[tuple[int, Laid | str]]:
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
) -> Iterator[tuple[int, Laid | str]]:
    new: dict[bytes, bytes] = {}
    work = partial(_read_file, rules=rules)
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


def _key(file: Found, content: bytes, rules: Rules) -> bytes:
    # Of a file's name as much as decides what is found in it.
    if file.suffix in audio.SUFFIXES:
        hint = repr(audio.told_by_name(file.stem))
    else:
        hint = str(says_drums(file.stem))
    return content_key(f"{__version__} {_READING} {file.suffix} {hint} {rules.of_a_file}", content)


def _bytes_of(file: Found) -> bytes:
    """The file's bytes. Raises Unreadable, also if it is audio that is too long."""
    if file.suffix in audio.SUFFIXES and not file.member and file.path.is_file():
        audio.check_length(file.path)
    return file.read()


def _read_file(file: Found, rules: Rules) -> tuple[bytes, bytes]:
    """The key of a file's content (b"" if it has none), and as bytes what it gives."""
    key = b""
    try:
        content = _bytes_of(file)
        key = _key(file, content, rules)
        if file.suffix in audio.SUFFIXES:
            if rules.kind != "rhythm":
                raise Unreadable(ONLY_RHYTHM)
            laid = audio.read_loop(content, file.stem, file.suffix, rules.grid, rules.tempo)
        elif file.suffix not in midi.SUFFIXES and not is_midi(content):
            raise Unreadable(NO_MUSIC)
        else:
            laid = _lay(read_score(content), file, rules)
        return key, to_bytes(laid)
    except Unreadable as error:
        return key, to_bytes(str(error))


def _lay(score: Score, file: Found, rules: Rules) -> Laid:
    """The sequences of a MIDI file. Raises Unreadable if there is nothing to lay."""
    if not score.parts:
        raise Unreadable(NO_NOTES)
    if rules.kind == "drums" and rules.transpose:
        score = replace(score, parts=tuple(_transposed(p, rules.transpose) for p in score.parts))
    filtered = replace(score, parts=tuple(p for p in score.parts if rules.filter.takes(p)))
    if not filtered.parts:
        raise Unreadable(FILTERED)
    drums = drum_parts(filtered, file.stem)
    if rules.kind == "notes":
        # A melody is easily taken for a kit; here only what says so is one.
        named = named_drums(filtered)
        parts = [p for p in filtered.parts if not p.drums and not any(p is one for one in named)]
        if not parts:
            raise Unreadable(NO_PITCHES)
    elif not drums:
        shifted = _shifted(filtered.parts, score.ticks_per_beat)
        raise Unreadable(f"{NO_DRUMS}, but {shifted}" if shifted else NO_DRUMS)
    else:
        parts = drums

    discarded = Counter(score.passed_over)
    if rules.kind == "drums":
        discarded.update((HINTS, hint) for hint in _hints(parts, score.ticks_per_beat))
    others = score.notes - filtered.notes
    discarded["notes", "of parts that the filters leave out"] += others
    other_kind = "of other parts than the drums" if rules.kind != "notes" else "of drum parts"
    discarded["notes", other_kind] += filtered.notes - sum(len(part.ticks) for part in parts)
    shift = 0
    if rules.kind == "notes" and rules.common_key:
        shift = transposition(np.concatenate([part.pitches for part in parts]))
    together = [parts] if rules.together else [[part] for part in parts]
    laid = [
        lay_bars(
            _events(some, shift, rules, discarded),
            score.signatures,
            score.ticks_per_beat,
            rules.grid,
            rules.noun,
        )
        for some in together
    ]
    joined = join(laid)
    return replace(joined, discarded=joined.discarded + discarded)


def _transposed(part: Part, semitones: int) -> Part:
    return replace(part, pitches=np.clip(part.pitches + semitones, 0, 127))


def _hints(drums: Sequence[Part], ticks_per_beat: int) -> Iterator[str]:
    """What drums are that sound, but hardly as they were meant."""
    pitch = single_pitch(drums)
    if pitch is not None:
        yield ONE_PITCH.format(pitch=pitch)
    if shifted := _shifted(drums, ticks_per_beat):
        yield "with " + shifted


def _shifted(parts: Sequence[Part], ticks_per_beat: int) -> str:
    """What to say of a kit that is too high or too low; "" if these parts are none."""
    shift = kit_shift(parts, ticks_per_beat)
    where = "too high" if shift > 0 else "too low"
    return SHIFTED.format(by=abs(shift), where=where, shift=-shift) if shift else ""


def _events(
    parts: Sequence[Part], shift: int, rules: Rules, discarded: Counter[tuple[str, str]]
) -> Events:
    """The notes of these parts with their voices; what no voice takes is counted."""
    ticks, pitches, velocities = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("ticks", "pitches", "velocities")
    )
    if rules.kind == "notes":
        return Events(ticks, pitches + shift, velocities)
    voices = rules.map.place(pitches, velocities)
    taken = voices >= 0
    for pitch, count in Counter(pitches[~taken].tolist()).items():
        name = INSTRUMENTS.get(pitch, "no percussion instrument")
        discarded[rules.noun, f"on pitch {pitch} ({name}), which the map does not hold"] += count
    return Events(ticks[taken], voices[taken], velocities[taken])


def _gather(
    results: Sequence[tuple[Found | Broken, Laid | str]],
    rules: Rules,
    on_discard: Callable[[str, Mapping[tuple[str, str], int]], None] | None,
) -> Dataset:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    examples: dict[tuple[str, str], list[str]] = defaultdict(list)

    def count(name: str, left_out: Mapping[tuple[str, str], int]) -> None:
        if on_discard and left_out:
            on_discard(name, left_out)
        for key, number in left_out.items():
            counts[key] += number
            if len(examples[key]) < _EXAMPLES and name not in examples[key]:
                examples[key].append(name)

    used: list[Found] = []
    laid: list[Laid] = []
    for file, result in results:
        if isinstance(result, str):
            count(file.name, {("files", result): 1})
        else:
            assert isinstance(file, Found)
            count(file.name, result.discarded)
            used.append(file)
            laid.append(result)

    whole = join([replace(one, discarded=Counter()) for one in laid])
    file_of = np.repeat(np.arange(len(used)), [len(one) for one in laid])
    in_each = np.bincount(whole.hits["sequence"], minlength=len(whole))
    meter = rules.meter
    keep: npt.NDArray[np.bool_] = np.ones(len(whole), bool)
    if meter == ANY_METER and len(whole):
        meters = Counter(whole.meters)
        meter = meters.most_common(1)[0][0]
        keep = np.array([one == meter for one in whole.meters])
        for index in np.flatnonzero(~keep):
            reason = f"in {whole.meters[index]}, where most are in {meter}"
            left_out = {("bars", reason): rules.sequence_bars}
            left_out[rules.noun, LEFT_OUT] = int(in_each[index])
            count(used[file_of[index]].name, left_out)
    elif meter == ANY_METER:
        meter = "4/4"
    beats, unit = map(int, meter.split("/"))
    steps = 4 * rules.steps_per_beat * beats // unit * rules.sequence_bars

    hits = whole.hits
    if rules.kind == "notes" and rules.octaves:
        hits = alike_octaves(hits, len(whole))
    hits = hits[keep[hits["sequence"]]] if len(hits) else hits
    voices, names, lowest = _voices(hits, rules)
    place = np.cumsum(keep) - 1  # of a sequence, among those that are kept
    cells: npt.NDArray[np.uint8] = np.zeros((int(keep.sum()), steps, voices), np.uint8)
    at = (place[hits["sequence"]], hits["step"], hits["voice"] - (lowest or 0))
    cells[at] = 1
    file_of = file_of[keep]
    if rules.unique and len(cells):
        rows = np.packbits(cells.reshape(len(cells), -1), axis=1)
        first = np.sort(np.unique(rows, axis=0, return_index=True)[1])
        again = np.setdiff1d(np.arange(len(cells)), first)
        for index in again:
            left_out = {("sequences", ALIKE): 1}
            left_out[rules.noun, IN_ALIKE] = int(in_each[keep][index])
            count(used[file_of[index]].name, left_out)
        stays = np.zeros(len(cells), bool)
        stays[first] = True
        hits = hits[stays[at[0]]]
        cells, file_of = cells[first], file_of[first]

    discarded = discards(counts, examples)
    if not len(cells):
        raise _nothing(results, discarded, rules)
    return Dataset(
        sequences=cells,
        kind=rules.kind,
        voice_names=names,
        groups=rules.percussion.group_sizes if rules.kind == "drums" else (),
        sources=tuple(used[index].name for index in file_of),
        styles=tuple(used[index].style for index in file_of),
        steps_per_beat=rules.steps_per_beat,
        files=len(np.unique(file_of)),
        discarded=discarded,
        recipe={"from": _kinds_of_files(used), **_tempo(laid), **rules.recipe},
        velocities=hits["velocity"],
        offsets=np.asarray(np.clip(hits["offset"] / np.float32(254), -0.5, 0.5), np.float32),
        lowest_pitch=lowest,
        meter=meter,
        bars=rules.sequence_bars,
    )


def _voices(hits: npt.NDArray[Any], rules: Rules) -> tuple[int, tuple[str, ...], int | None]:
    """How many voices there are, what they are called, and of notes the pitch of the first."""
    if rules.kind != "notes":
        return len(rules.map.voices), rules.map.voice_names, None
    low, high = 0, 127
    if rules.trim and len(hits):
        low, high = int(hits["voice"].min()), int(hits["voice"].max())
    return high - low + 1, tuple(pitch_name(pitch) for pitch in range(low, high + 1)), low


def pitch_name(pitch: int) -> str:
    """A MIDI pitch as musicians write it: 60 is C4."""
    names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    return f"{names[pitch % 12]}{pitch // 12 - 1}"


def _kinds_of_files(used: Sequence[Found]) -> str:
    heard = sum(file.suffix in audio.SUFFIXES for file in used)
    if heard and heard < len(used):
        return "audio and MIDI files"
    return "audio files" if heard else "MIDI files"


def _tempo(laid: Sequence[Laid]) -> dict[str, str]:
    """What told the tempo of audio files, the most frequent first."""
    told = Counter(one.tempo for one in laid if one.tempo)
    ways = [
        f"{count:,} {'by' if source == audio.EAR else 'from'} {source}"
        for source, count in told.most_common()
    ]
    return {"tempo": ", ".join(ways)} if ways else {}


def _nothing(
    results: Sequence[tuple[Found | Broken, Laid | str]],
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
        name = files[0].path if isinstance(files[0], Found) else files[0].name
        if isinstance(files[0], Found) and files[0].member:
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
