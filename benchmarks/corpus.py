"""How much of the recordings the corpus keeps, how fast it reads them, and how odd they may be.

The peer that reads notation is music21, which the reference project uses; that of the parsing is
mido, which most MIDI programs use. mido also says how many notes a file has.
"""

import csv
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
GROOVE = DATA / "groove"
BEATS = ("file:*_beat_4-4.mid",)

REFERENCE_KEEPS = 65.2  # % of the hits: it has no drum instrument for some, and snaps to thirds
TUNES = 20  # that are written in each odd way


def measure(folder: Path) -> list[Result]:
    """Hits kept and seconds a file on beats in 4/4; seconds for the whole folder from the cache."""
    sys.path.insert(0, str(ROOT))
    odd = Result("corpus.odd_files_read", _odd_files_read(), "%", None, 95.0, at_least=True)
    if not GROOVE.is_dir():
        print("corpus: only odd files, for ../shared/data/groove is not there")
        return [odd]
    from latentrack.corpus.midi import read_score

    with (GROOVE / "info.csv").open(newline="") as file:
        files = [
            GROOVE / row["midi_filename"]
            for row in csv.DictReader(file)
            if row["beat_type"] == "beat" and row["time_signature"] == "4-4"
        ]
    some = files[:: max(1, len(files) // 40)]
    ours = _median(lambda path: read_score(path.read_bytes()), some)
    return [
        Result("corpus.hits_kept", _kept(files), "%", REFERENCE_KEEPS, 100.0, at_least=True),
        Result("corpus.file_s", _file_seconds(len(files)), "s", _music21(some[::8]), 0.002),
        Result("corpus.parse_s", ours, "s", _median(_mido, some)),
        Result("corpus.cached_s", _cached(folder), "s", goal=1.0),
        Result("corpus.account_gap", _account_gap(), "notes", goal=0),
        odd,
    ]


def _account_gap() -> int:
    """Notes of all recordings and chorales, by mido's count, that are neither kept nor counted."""
    import mido

    from tests.host.corpus.account import account_gap

    gap = 0
    for path in sorted([*GROOVE.rglob("*.mid"), *(DATA / "chorales").rglob("*.mid")]):
        messages = mido.merge_tracks(mido.MidiFile(path, clip=True).tracks)
        gap += account_gap(path, sum(m.type == "note_on" and m.velocity > 0 for m in messages))
    return gap


def _odd_files_read() -> float:
    """Percent of odd files, each way with several tunes, whose notes are just those written.

    Those that are refused are not read, even where no reader could.
    """
    from latentrack.corpus.midi import read_score
    from latentrack.corpus.unreadable import Unreadable
    from tests.host.corpus.odd_midi import odd, random_tune, refused

    right: list[bool] = []
    for seed in range(TUNES):
        tune = random_tune(seed)
        for data in [*odd(tune).values(), *(data for data, _ in refused(tune).values())]:
            try:
                found = read_score(data).parts
            except Unreadable:
                right.append(False)
                continue
            notes = [pair for part in found for pair in zip(part.ticks, part.pitches, strict=True)]
            right.append(sorted(notes) == tune.wanted)
    return 100 * statistics.mean(right)


def _kept(files: list[Path]) -> float:
    """Percent of all struck notes, by mido's count, that are in a cell or share one.

    Bars with a single hit are taken too, for leaving them out is a choice and no loss.
    """
    import mido

    from latentrack.corpus import read

    made = read([GROOVE], include=BEATS, minimum_notes=1, cache=False)
    shared = sum(entry.count for entry in made.discarded if "plays already" in entry.reason)
    struck = sum(
        message.type == "note_on" and message.velocity > 0
        for path in files
        for message in mido.merge_tracks(mido.MidiFile(path).tracks)
    )
    return 100 * (made.hits + shared) / struck


def _file_seconds(files: int) -> float:
    """One process, nothing cached, from the files to the Dataset; the best of three."""
    from latentrack.corpus import read

    taken = []
    for _ in range(3):
        start = time.perf_counter()
        read([GROOVE], include=BEATS, processes=1, cache=False)
        taken.append(time.perf_counter() - start)
    return min(taken) / files


def _cached(folder: Path) -> float:
    """Reading all 1,021 files a second time, in a process that has just begun."""
    script = (
        "import time; from latentrack.corpus import read; start = time.perf_counter(); "
        f"read([{str(GROOVE)!r}]); print(time.perf_counter() - start)"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(folder.resolve())}
    command = [sys.executable, "-c", script]
    taken = [
        float(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
        for _ in range(4)
    ]
    return min(taken[1:])


def _music21(files: list[Path]) -> float | None:
    try:
        from music21 import converter
    except ImportError:
        print("corpus: music21 is not measured, for it is not installed (make bench installs it)")
        return None
    return _median(lambda path: converter.parse(path, forceSource=True), files)


def _mido(path: Path) -> None:
    import mido

    mido.MidiFile(path)


def _median(work: Callable[[Path], object], files: list[Path]) -> float:
    work(files[0])  # what is imported at the first use is not the file's fault
    taken = []
    for path in files:
        start = time.perf_counter()
        work(path)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
