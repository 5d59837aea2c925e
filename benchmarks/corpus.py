"""How much of the Groove recordings the corpus keeps, and how fast it reads them.

The peer that reads notation is music21, which the reference project uses: measured here where it
is installed, else its figures are those once measured on this kind of machine. mido, which most
MIDI programs use, is always measured beside our own parsing.
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

GROOVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "groove"
BEATS = ("file:*_beat_4-4.mid",)

REFERENCE_KEEPS = 65.2  # % of the hits: it has no drum instrument for some, and snaps to thirds
MUSIC21_FILE = 0.335  # seconds


def measure(folder: Path) -> list[Result]:
    """Hits kept and seconds a file on beats in 4/4; seconds for the whole folder from the cache."""
    if not GROOVE.is_dir():
        print("corpus: not measured, for ../shared/data/groove is not there")
        return []
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
    ]


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


def _music21(files: list[Path]) -> float:
    try:
        from music21 import converter
    except ImportError:
        return MUSIC21_FILE
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
