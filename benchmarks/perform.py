"""What performing takes: actions a gesture, hits that get lost, how steady the own clock is.

The gestures are those of the table in docs/playing.md, which tests do at the panel. The sequencer
is lib/sequence, compiled for this computer with the made-up decoder of its tests, and ticks as the
module does.
"""

import ctypes
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from groove import RECORDS, TICK_US, compile_sequence
from result import Result

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.device.gesture_table import GESTURES  # noqa: E402
from tests.firmware import twin  # noqa: E402

MOST_ACTIONS = 2
EDGES, TEMPO = 1_000_000, 300
STEPS, VOICES, RATCHET = 16, 8, 4
TEMPI = (20, 97.3, 120, 133.7, 300, 400)
CLOCK_S = 60  # of each tempo
# enum track_param, and rack.h's.
THRESHOLD, DRAW_MOST, DRAW_CHANCE = 0, 19, 20
SOURCE, OWN_TEMPO, RUN = 0, 1, 2


def measure(folder: Path) -> list[Result]:
    """The rows of the table about performing."""
    library = compile_sequence(folder)
    most = max(len(gesture.actions) for gesture in GESTURES)
    jitter = max(clock_jitter_us(library, bpm) for bpm in TEMPI)
    return [
        Result("perform.gestures", most, "actions", None, MOST_ACTIONS),
        Result("perform.clock_jitter_us", jitter, "µs", None, TICK_US),
        Result("perform.edges_lost", lost(library, EDGES), "edges", None, 0),
    ]


class _World:
    """A rack whose first track plays all voices at every step."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.c = library
        self._records = np.empty((RECORDS, 2), np.uint32)
        self.world = ctypes.c_void_p(library.world_new())
        self.rack = ctypes.c_void_p(library.world_rack(self.world))
        self.track = ctypes.c_void_p(library.world_track(self.world, 0))
        kind = (b"perdec", 3, STEPS, VOICES)
        self.model = ctypes.c_void_p(library.world_model(*kind, None, 0, False))
        library.track_use(self.track, self.model)
        self.change(THRESHOLD, 0)

    def decode(self) -> None:
        """Build the pattern, with what has been set."""
        self.c.track_decode(self.track, (ctypes.c_float * 8)())

    def change(self, which: int, value: float) -> None:
        """Set a parameter of the track."""
        assert self.c.track_set(self.track, which, ctypes.c_float(value)) == 0

    def close(self) -> None:
        """Free the memory of C."""
        self.c.free_block(self.model)
        self.c.world_free(self.world)

    def records(self) -> np.ndarray:
        """What came out since the last time: (time, what) each; see recorder.h."""
        records = self._records
        count = self.c.recorder_read(records.ctypes.data_as(ctypes.c_void_p), RECORDS)
        assert count < RECORDS
        return records[:count]


def lost(library: ctypes.CDLL, edges: int) -> int:
    """Of so many clock edges at 300 BPM, each with eight ratchets of up to four, at how many of
    those a hit is missing or one too many."""
    world, hits = _World(library), _hits()
    world.change(DRAW_MOST, RATCHET)
    world.change(DRAW_CHANCE, 100)
    world.decode()
    period = round(60e6 / 4 / TEMPO)
    times = (np.arange(edges + 2, dtype=np.int64) * period).astype(np.uint32)
    tick, wrong = ctypes.c_uint32(TICK_US // 2), 0
    # How long a step is, is known from the third edge on.
    for first, last in _pieces(edges + 2, 1000, begin=2):
        piece = np.ascontiguousarray(times[first:last])
        pointer = piece.ctypes.data_as(ctypes.c_void_p)
        library.world_run(world.world, pointer, len(piece), ctypes.byref(tick), TICK_US)
        when, what = world.records().T
        gates = what >> 24 == 0
        for channel in range(VOICES):
            rises = when[gates & (what >> channel & 1 == 1)]
            if first == 0:
                continue
            # What comes between the last edge of a piece and the next belongs to the next piece.
            since = times[first - 1]
            step = ((rises - since) + np.uint32(TICK_US // 2)) // np.uint32(period)
            counts = np.bincount(step.astype(np.int64), minlength=len(piece) + 1)
            expected = hits[np.arange(first - 1, last) % STEPS, channel]
            expected[0], expected[-1] = expected[0] - 1, 1
            wrong += int((counts != expected).sum())
    world.close()
    return wrong


def _hits() -> np.ndarray:
    """How often each voice is to sound in each step, by the plain twin: (STEPS, VOICES)."""
    track = twin.Rack().track[0]
    track.set_threshold(Fraction(0))
    track.ratchet, track.ratchet_chance = RATCHET, 100
    track.use(twin.Model(twin.Decoder("perdec", 3, STEPS, VOICES, (), False)))
    track.decode([0, 0, 0])
    assert track.ready
    rows = track.ready.rows
    return np.array([[1 + row.triggers[v].more for v in range(VOICES)] for row in rows])


def _pieces(count: int, size: int, begin: int) -> list[tuple[int, int]]:
    return [(0, begin), *((at, min(at + size, count)) for at in range(begin, count, size))]


def clock_jitter_us(library: ctypes.CDLL, bpm: float, seconds: int = CLOCK_S) -> float:
    """How far steps of the own clock come from an even clock of that tempo, from the earliest to
    the latest of so many seconds."""
    world = _World(library)
    for which, value in ((SOURCE, 1), (OWN_TEMPO, bpm), (RUN, 1)):
        assert library.rack_set(world.rack, which, ctypes.c_float(value)) == 0
    world.decode()
    rises = []
    for now_us in range(0, seconds * 1_000_000, TICK_US):
        library.rack_tick(world.rack, now_us)
        _, what = world.records().T
        # A record says when the step is due; at the jacks it is as late as the tick comes.
        if ((what >> 24 == 0) & (what & 1 == 1)).any():
            rises.append(now_us)
    world.close()
    played = np.array(rises, np.float64)
    assert len(played) > 4 * bpm * seconds / 60 - 2
    offset = played - np.arange(len(played)) * (60e6 / 4 / bpm)
    return float(offset.max() - offset.min())
