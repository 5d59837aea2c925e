"""When the sequencer plays the hits that swing and feel move, against when its rules ask for them.

The sequencer is lib/sequence compiled for this computer, with the made-up decoder of its tests. The
rules are firmware/lib/sequence/rack.h's and those of their plain twin, tests/firmware/twin.py; here
they are applied to all edges at once.
"""

import ctypes
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from result import Result

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "firmware"
sys.path.insert(0, str(ROOT))
from tests.firmware import twin  # noqa: E402

HITS = 1_000_000
TICK_US = 1_000
STEPS, VOICES = 16, 8
TEMPOS = 40, 300  # beats per minute, of which a step is a quarter
THRESHOLD = Fraction(9, 16)
PATTERNS = 50
RECORDS = 65_536  # of the recorder
PARAMETERS = {"threshold": 0, "feel": 11, "swing": 13}  # enum track_param


@dataclass
class Run:
    """Some bars of one pattern with one swing and feel. `begin` is the number of its first edge."""

    begin: int
    edges: int
    latents: list[int]
    rows: list[twin.Row]
    swing: int
    feel: int


def measure(folder: Path) -> list[Result]:
    """The rows of the table about hits away from their edges."""
    error, wrong = onsets(compile_sequence(folder), HITS, np.random.default_rng(16))
    return [
        Result("groove.onset_error_us", error, "µs", None, TICK_US),
        Result("groove.wrong_hits", wrong, "hits", None, 0),
    ]


def onsets(library: ctypes.CDLL, hits: int, rng: np.random.Generator) -> tuple[float, int]:
    """The largest distance in microseconds between what was asked for and what was played, and how
    many hits were lost or doubled."""
    runs, edges = _runs(hits, rng)
    played = _play(library, runs, edges, int(rng.integers(1, TICK_US)))
    asked = _asked(runs, edges)
    error, wrong = 0.0, 0
    for channel in range(VOICES):
        wanted, heard = np.sort(asked[channel]), np.sort(played[channel])
        wrong += abs(len(wanted) - len(heard))
        if len(wanted) == len(heard) > 0:
            error = max(error, float(np.abs(wanted - heard).max()))
    return error, wrong


def compile_sequence(folder: Path) -> ctypes.CDLL:
    """lib/sequence with the made-up decoder and the recorder of its tests, for this computer."""
    test, lib = FIRMWARE / "test" / "test_sequence", FIRMWARE / "lib"
    sources = [test / f"{name}.c" for name in ("shim", "recorder", "fake_tflite")]
    sources += sorted((lib / "sequence").glob("*.c"))
    sources.append(lib / "outputs" / "lpuart.c")
    includes = [f"-I{lib / name}" for name in ("sequence", "outputs", "tflite")]
    flags = ["-std=c11", "-O2", "-shared", "-fPIC", "-DREGISTERS_HOOKED", "-DLATENTRACK_HOST"]
    target = folder / "sequence.so"
    subprocess.run(["gcc", *flags, *includes, *map(str, sources), "-o", str(target)], check=True)
    library = ctypes.CDLL(str(target))
    for name in ("world_new", "world_rack", "world_track", "world_model"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


def _patterns(rng: np.random.Generator) -> list[tuple[list[int], list[twin.Row]]]:
    """Latents, and what the twin makes of them."""
    track = twin.Rack().track[0]
    track.set_threshold(THRESHOLD)
    track.use(twin.Model(twin.Decoder("perdec", 3, STEPS, VOICES, (), True)))
    made = []
    for _ in range(PATTERNS):
        latents = rng.integers(-9, 10, 3).tolist()
        track.decode(latents)
        assert track.ready
        made.append((latents, track.ready.rows))
    return made


def _runs(hits: int, rng: np.random.Generator) -> tuple[list[Run], np.ndarray]:
    """Runs of so many hits or a few more, and the time of each edge in microseconds."""
    patterns, runs, begin = _patterns(rng), [], 0
    while hits > 0:
        latents, rows = patterns[rng.integers(PATTERNS)]
        bars, swing, feel = rng.integers((1, 50, 0), (5, 76, 201)).tolist()
        runs.append(Run(begin, bars * STEPS, latents, rows, swing, feel))
        hits -= bars * sum(len(row.triggers) for row in rows)
        begin += bars * STEPS
    # One more edge, by which all that waits has been played.
    runs.append(Run(begin, 1, latents, rows, 50, 0))
    tempo = rng.uniform(*TEMPOS, begin // 24 + 1).repeat(24)[:begin]
    return runs, np.append(0, np.cumsum(np.rint(60e6 / 4 / tempo))).astype(np.int64)


def _play(
    library: ctypes.CDLL, runs: list[Run], edges: np.ndarray, tick_us: int
) -> list[np.ndarray]:
    """When each channel rose, in microseconds; the first tick comes at `tick_us`."""
    world = ctypes.c_void_p(library.world_new())
    track = ctypes.c_void_p(library.world_track(world, 0))
    model = ctypes.c_void_p(library.world_model(b"perdec", 3, STEPS, VOICES, None, 0, True))
    tick = ctypes.c_uint32(tick_us)
    rises: list[list[np.ndarray]] = [[] for _ in range(VOICES)]

    def change(name: str, value: float) -> None:
        assert library.track_set(track, PARAMETERS[name], ctypes.c_float(value)) == 0

    def clock(first: int, last: int) -> None:
        times = edges[first:last].astype(np.uint32)
        pointer = times.ctypes.data_as(ctypes.c_void_p)
        library.world_run(world, pointer, len(times), ctypes.byref(tick), TICK_US)
        for channel, when in enumerate(_rises(library, int(edges[max(0, first - 1)]))):
            rises[channel].append(when)

    library.track_use(track, model)
    change("threshold", float(THRESHOLD))
    library.track_decode(track, (ctypes.c_float * 8)(*runs[0].latents))
    for run, following in zip(runs, [*runs[1:], None], strict=True):
        change("swing", run.swing)
        change("feel", run.feel)
        last = run.begin + run.edges - 1
        clock(run.begin, last)
        if following:  # it waits already when the last step plays, so nothing is queued early
            library.track_decode(track, (ctypes.c_float * 8)(*following.latents))
        clock(last, last + 1)
    library.free_block(model)
    library.world_free(world)
    return [np.concatenate(when) for when in rises]


def _rises(library: ctypes.CDLL, since: int) -> list[np.ndarray]:
    """When each channel rose, of what the recorder holds; nothing is older than `since`."""
    records = np.empty((RECORDS, 2), np.uint32)
    count = library.recorder_read(records.ctypes.data_as(ctypes.c_void_p), RECORDS)
    assert count < RECORDS
    times, what = records[:count].T
    when = since + (times - np.uint32(since % 2**32)).astype(np.int64)
    gates = what >> 24 == 0
    return [when[gates & (what >> channel & 1 == 1)] for channel in range(VOICES)]


def _asked(runs: list[Run], edges: np.ndarray) -> list[np.ndarray]:
    """When the rules ask each channel to rise, in microseconds."""
    lengths = _step_lengths(edges)
    following = np.append(edges[1:], edges[-1])
    track = twin.Rack().track[0]
    asked: list[list[np.ndarray]] = [[] for _ in range(VOICES)]
    for run in runs:
        track.swing, track.feel = run.swing, run.feel
        for step, row in enumerate(run.rows):
            played = np.arange(run.begin + step, run.begin + run.edges, STEPS)
            for channel, trigger in row.triggers.items():
                offset = track.offset(step, trigger) / 65536
                late = edges[played] + lengths[played] * max(0.0, offset)
                when = np.minimum(late, following[played])
                # Early by the step before; not where that was another run's, or of unknown length.
                before = np.maximum(played - 1, 0)
                if offset < 0:
                    early = edges[before] + lengths[before] * (1 + offset)
                    queued = (played > run.begin) & (lengths[before] > 0)
                    when = np.where(queued, np.minimum(early, edges[played]), when)
                asked[channel].append(when)
    return [np.concatenate(when) for when in asked]


def _step_lengths(edges: np.ndarray) -> np.ndarray:
    """From each edge to the next, as it is predicted there: the interval before the last, or where
    one of the two is more than four times the other, the shorter one; 0: not known."""
    intervals = np.diff(edges).astype(np.float64)
    last = np.append(0, intervals)
    coming = np.append((0, last[1]), intervals[:-1])
    return np.where(coming // 4 > last, last, coming)
