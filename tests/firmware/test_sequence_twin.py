"""The sequencer in C against its plain twin, driven by hypothesis through random interleavings.

The decoder is the made-up one of firmware/test/test_sequence/fake_tflite.c, so that scores,
cut-offs and codes are exact in both. After every call everything that came out of the jacks must
agree, to the microsecond, and so must what plays and which models are still in use.
"""

from __future__ import annotations

import ctypes
import subprocess
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.firmware import twin

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
NAMES = (
    "threshold",
    "mode",
    "notes",
    "follow",
    "length",
    "rotation",
    "division",
    "gate_us",
    "gate_part",
    "skip",
    "keep",
    "feel",
    "dynamics",
    "swing",
    "accent",
    "gate_velocity",
    "take",
    "direction",
    "draw",
    "ratchet",
    "ratchet_chance",
    "ratchet_by",
    "flam",
    "mutes",
    "mute_at",
    "multiply",
    "velocity_out",
    *("lengths",) * 8,
    *("shifts",) * 8,
)
ROUTE_AUTO = 0xFFFFFFFE
SIXTEENTHS = st.integers(0, 16).map(lambda n: Fraction(n, 16))
DENSITIES = st.integers(0, 200).map(lambda n: Fraction(n, 200))
# In 1/256 semitone: whole ones, and sixteenths, of which a float has every code exactly.
PITCHES = st.lists(
    st.integers(0, 127).map(lambda note: 256 * note) | st.integers(0, 4095).map(lambda n: 16 * n),
    min_size=1,
    max_size=32,
)
LATENTS = st.lists(st.integers(-3, 3), min_size=3, max_size=3)
TRACKS = st.sampled_from((0, 0, 0, 0, 1, 1, 1, 2, 3))


class Record(ctypes.Structure):
    _fields_ = [("time", ctypes.c_uint32), ("what", ctypes.c_uint32)]


@pytest.fixture(scope="session")
def sequence_c(tmp_path_factory) -> ctypes.CDLL:
    """lib/sequence with the made-up decoder and a recorder, as a shared object."""
    target = tmp_path_factory.mktemp("sequence") / "sequence.so"
    test, lib = FIRMWARE / "test" / "test_sequence", FIRMWARE / "lib"
    sources = [test / "shim.c", test / "recorder.c", test / "fake_tflite.c"]
    sources += sorted((lib / "sequence").glob("*.c"))
    sources.append(lib / "outputs" / "lpuart.c")
    includes = [f"-I{lib / name}" for name in ("sequence", "outputs", "tflite")]
    flags = ["-std=c11", "-O1", "-g", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"]
    flags += ["-fsanitize=undefined", "-fno-sanitize-recover=all", "-DREGISTERS_HOOKED"]
    flags += ["-DLATENTRACK_HOST"]
    subprocess.run(["gcc", *flags, *includes, *map(str, sources), "-o", str(target)], check=True)
    library = ctypes.CDLL(str(target))
    for name in ("world_new", "world_rack", "world_track", "world_model"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


class Pair:
    """The C and the twin, side by side; every method does the same to both."""

    def __init__(self, c: ctypes.CDLL, start: int = 0) -> None:
        self.c = c
        self.world = ctypes.c_void_p(c.world_new())
        self.rack_c = ctypes.c_void_p(c.world_rack(self.world))
        self.tracks_c = [ctypes.c_void_p(c.world_track(self.world, i)) for i in range(4)]
        self.rack = twin.Rack()
        self.models: list[tuple[twin.Model, ctypes.c_void_p]] = []
        self.now = start
        self.records = (Record * 4096)()
        self.sent = 0
        self.all: list[tuple] = []

    def close(self) -> None:
        for _, block in self.models:
            self.c.free_block(block)
        self.c.world_free(self.world)

    def events(self) -> list[tuple]:
        """What the C put out since the last time, as the twin would tell it."""
        count = self.c.recorder_read(self.records, len(self.records))
        assert count < len(self.records)
        told: list[tuple] = []
        for record in self.records[:count]:
            time, what = record.time, record.what
            kind, where, value = what >> 24, what >> 16 & 255, what & 0xFFFF
            if kind == 0:
                told.append(("gates", time, bits(value & 255), bits(value >> 8)))
            else:
                told.append((("level", "step")[kind - 1], time, where, value))  # a step's time is 0
        return told

    def agree(self) -> None:
        expected = [
            (kind, 0 if kind == "step" else time & 0xFFFFFFFF, *rest)
            for kind, time, *rest in self.rack.events
        ]
        self.rack.events.clear()
        got = self.events()
        assert got == expected
        self.all += got
        cells = (ctypes.c_uint8 * (255 * 255))()
        for track, track_c in zip(self.rack.track, self.tracks_c, strict=True):
            number = self.c.world_playing(self.world, track.index, cells)
            assert number == (track.playing.number if track.playing else 0)
            if track.playing and track.playing.model:
                voices = track.playing.model.decoder.voices
                for step, row in enumerate(track.playing.rows):
                    line = cells[step * voices : (step + 1) * voices]
                    assert [voice for voice, cell in enumerate(line) if cell] == row.cells
                self.agree_on_feel(track.playing, track.index)
            for model, block in self.models:
                assert bool(self.c.track_uses(track_c, block)) == track.uses(model)

    def agree_on_feel(self, pattern: twin.Pattern, track: int) -> None:
        voices = pattern.model.decoder.voices
        learned = (ctypes.c_uint8 * (255 * 255))(), (ctypes.c_int8 * (255 * 255))()
        found = self.c.world_feel(self.world, track, *learned)
        assert found == (pattern.number if pattern.model.decoder.feel else 0)
        if found:
            for step, row in enumerate(pattern.rows):
                for values, expected in zip(learned, (row.velocity, row.timing), strict=True):
                    line = values[step * voices : (step + 1) * voices]
                    assert line == [expected.get(voice, 0) for voice in range(voices)]

    # Interrupts.

    def wait(self, us: int) -> None:
        """Time passes; a long time with ticks in it, as on the module."""
        while us > 1 << 29:
            self.now += 1 << 29
            us -= 1 << 29
            for _ in range(8):  # each plays one step between two edges, and 7 may be due
                self.tick()
        self.now += us

    def clock(self) -> None:
        self.c.rack_clock(self.rack_c, self.now & 0xFFFFFFFF)
        self.rack.clock(self.now)

    def jack(self) -> None:
        self.c.rack_jack(self.rack_c, self.now & 0xFFFFFFFF)
        self.rack.jack(self.now)

    def set_rack(self, name: str, value: int, channel: int = 0) -> None:
        number = ("source", "tempo", "run", "bridge", "outs").index(name) + channel
        assert self.c.rack_set(self.rack_c, number, ctypes.c_float(value)) == 0
        if name == "outs":
            self.rack.outs[channel] = value
        else:
            setattr(self.rack, name, value)

    def reset(self) -> None:
        self.c.rack_reset(self.rack_c, self.now & 0xFFFFFFFF)
        self.rack.reset(self.now)

    def tick(self) -> None:
        self.c.rack_tick(self.rack_c, self.now & 0xFFFFFFFF)
        self.rack.tick(self.now)

    # Python's side.

    def model(
        self,
        kind: str,
        steps: int,
        voices: int,
        groups: tuple[int, ...] = (),
        feel: bool = False,
    ) -> int:
        sizes = (ctypes.c_uint8 * 255)(*groups)
        block = self.c.world_model(kind.encode(), 3, steps, voices, sizes, len(groups), feel)
        assert block
        decoder = twin.Decoder(kind, 3, steps, voices, groups, feel)
        self.models.append((twin.Model(decoder), ctypes.c_void_p(block)))
        return len(self.models) - 1

    def use(self, track: int, index: int | None) -> None:
        model, block = self.models[index] if index is not None else (None, None)
        self.c.track_use(self.tracks_c[track], block)
        self.rack.track[track].use(model)

    def set(self, track: int, name: str, value) -> None:
        channel = 0
        if isinstance(value, tuple):
            channel, value = value
        result = self.c.track_set(
            self.tracks_c[track], NAMES.index(name) + channel, ctypes.c_float(float(value))
        )
        assert result == 0
        if name == "threshold":
            self.rack.track[track].set_threshold(value)
        elif name in ("lengths", "shifts"):
            getattr(self.rack.track[track], name)[channel] = value
        else:
            setattr(self.rack.track[track], name, value)

    def decode(self, track: int, latents: list[int]) -> None:
        number = self.c.track_decode(self.tracks_c[track], (ctypes.c_float * 8)(*latents))
        assert number == self.rack.track[track].decode(latents)

    def post(self, track: int, latents: list[int]) -> None:
        self.c.track_post(self.tracks_c[track], (ctypes.c_float * 8)(*latents), len(latents))
        self.rack.track[track].post(latents)

    def silence(self, track: int) -> None:
        self.c.track_silence(self.tracks_c[track])
        self.rack.track[track].silence()

    def density(self, index: int, voice: int, value: Fraction) -> None:
        model, block = self.models[index]
        assert self.c.model_set_density(block, voice, ctypes.c_float(float(value))) == 0
        model.density[voice] = value

    def chance(self, index: int, voice: int, value: Fraction) -> None:
        model, block = self.models[index]
        assert self.c.model_set_chance(block, voice, ctypes.c_float(float(value))) == 0
        model.chance[voice] = value

    def pitches(self, index: int, pitches: list[int]) -> None:
        model, block = self.models[index]
        values = (ctypes.c_uint16 * len(pitches))(*pitches)
        assert self.c.model_set_pitches(block, values, len(pitches)) == 0
        model.pitches = list(pitches)

    def route(self, track: int, triggers, levels) -> None:
        words = [
            ROUTE_AUTO if route is None else sum(c << 4 * i for i, c in enumerate(route))
            for route in (triggers, levels)
        ]
        self.c.track_route(self.tracks_c[track], *map(ctypes.c_uint32, words))
        self.rack.track[track].triggers = triggers
        self.rack.track[track].levels = levels

    def calibrate(
        self, channel: int, offset: Fraction, slope: Fraction, low: int, high: int
    ) -> None:
        numbers = ctypes.c_float(float(offset)), ctypes.c_float(float(slope))
        assert self.c.rack_calibrate(self.rack_c, channel, *numbers, low, high) == 0
        self.rack.calibration[channel] = twin.Calibration(offset, slope, low, high)

    def ask_reset(self) -> None:
        self.c.rack_ask_reset(self.rack_c)
        self.rack.reset_asked = True

    def pause(self) -> None:
        self.c.rack_pause(self.rack_c)
        self.rack.paused = True


def bits(mask: int) -> frozenset[int]:
    return frozenset(i for i in range(8) if mask >> i & 1)


@st.composite
def shapes(draw) -> tuple[str, int, int, tuple[int, ...], bool]:
    kind = draw(st.sampled_from(("perdec", "seqdec", "rhydec", "other!")))
    steps = draw(st.one_of(st.integers(1, 20), st.sampled_from((32, 255))))
    if kind == "perdec" and draw(st.booleans()):
        groups = tuple(draw(st.lists(st.sampled_from((1, 1, 2, 3, 6)), min_size=1, max_size=10)))
        return kind, min(steps, 40), sum(groups), groups, draw(st.booleans())
    voices = draw(st.sampled_from((1, 2, 4, 8, 9, 12, 40)))
    steps = min(steps, 20) if voices > 12 else min(steps, 40)
    return kind, steps, voices, (), draw(st.booleans())


@st.composite
def spread_routes(draw) -> tuple[int, ...]:
    """Routes that mostly lead to different channels."""
    order = draw(st.permutations(range(8)))
    return tuple(draw(st.sampled_from((c, c, c, c, c, 15))) for c in order)


ROUTES = (
    st.none() | spread_routes() | st.lists(st.integers(0, 15), min_size=8, max_size=8).map(tuple)
)
DELAYS = st.one_of(
    st.integers(0, 1100),
    st.sampled_from((0, 1, 250, 500, 999, 1000, 1001, 125_000)),
    st.integers(0, 3_000_000),
    st.sampled_from(((1 << 30) - 1, 1 << 30, (1 << 32) - 1, 1 << 32)),
)

WINDOWS = st.integers(0, 600) | st.sampled_from((200, 350, 500, 750, 1000))
CHANNELS = st.integers(0, 7)
PERFORMED = (
    st.tuples(st.just("take"), st.integers(0, 1)),
    st.tuples(st.just("direction"), st.integers(0, 3)),
    st.tuples(st.just("draw"), st.sampled_from((0, 1, 255))),
    st.tuples(st.just("ratchet"), st.integers(1, 4)),
    st.tuples(st.just("ratchet_chance"), st.sampled_from((0, 25, 50, 100, 100))),
    st.tuples(st.just("ratchet_by"), st.integers(0, 1)),
    st.tuples(st.just("flam"), st.sampled_from((0, 0, 50, 100))),
    st.tuples(st.just("mutes"), st.sampled_from((0, 0, 1, 6, 255))),
    st.tuples(st.just("mute_at"), st.integers(0, 1)),
    st.tuples(st.just("multiply"), st.sampled_from((1, 1, 2, 3, 8))),
    st.tuples(st.just("lengths"), st.tuples(CHANNELS, st.sampled_from((0, 1, 3, 5, 255)))),
    st.tuples(st.just("shifts"), st.tuples(CHANNELS, st.sampled_from((0, 1, 7, 255)))),
)
CHANGES = st.lists(
    st.one_of(
        *PERFORMED,
        st.tuples(st.just("threshold"), SIXTEENTHS),
        st.tuples(st.just("mode"), st.integers(0, 3)),
        st.tuples(st.just("notes"), st.integers(1, 8)),
        st.tuples(st.just("follow"), st.integers(0, 2)),
        st.tuples(st.just("length"), st.sampled_from((0, 1, 2, 3, 5, 16, 255))),
        st.tuples(st.just("rotation"), st.sampled_from((0, 1, 2, 7, 254))),
        st.tuples(st.just("division"), st.sampled_from((1, 1, 2, 3, 5, 255))),
        st.tuples(st.just("gate_us"), st.sampled_from((1, 500, 10_000, 10_000_000))),
        st.tuples(st.just("gate_part"), st.sampled_from((0, 0, 1, 33, 50, 99, 100))),
        st.tuples(st.just("skip"), st.sampled_from((0, 0, 1, 33, 50, 100))),
        st.tuples(st.just("keep"), st.integers(0, 1)),
        st.tuples(st.just("dynamics"), st.sampled_from((0, 50, 100, 150, 200))),
        st.tuples(st.just("accent"), st.integers(0, 1)),
        st.tuples(st.just("feel"), st.sampled_from((0, 1, 50, 100, 100, 150, 200))),
        st.tuples(st.just("swing"), st.sampled_from((50, 51, 60, 66, 75))),
        st.tuples(st.just("gate_velocity"), st.sampled_from((0, 1, 50, 100))),
        st.tuples(st.just("velocity_out"), st.sampled_from((0, 0, 1, 6, 8))),
    ),
    min_size=1,
    max_size=5,
)


GROOVE_CHANGES = st.one_of(
    *PERFORMED,
    st.tuples(st.just("feel"), st.sampled_from((0, 100, 100, 200))),
    st.tuples(st.just("swing"), st.sampled_from((50, 60, 75))),
    st.tuples(st.just("gate_velocity"), st.sampled_from((0, 50, 100))),
    st.tuples(st.just("velocity_out"), st.sampled_from((0, 8))),
    st.tuples(st.just("skip"), st.sampled_from((0, 0, 50))),
    st.tuples(st.just("follow"), st.integers(0, 2)),
    st.tuples(st.just("division"), st.sampled_from((1, 1, 2, 3))),
    st.tuples(st.just("length"), st.sampled_from((0, 1, 2, 3))),
    st.tuples(st.just("threshold"), st.sampled_from((Fraction(0), Fraction(1, 4)))),
)
# What comes some eighths of a step after an edge; after 8 the clock stands for a while.
MEANWHILE = st.tuples(
    st.sampled_from(("tick", "reset", "reset", "pause", "ask_reset", "decode")),
    st.sampled_from((0, 0, 1, 4, 7, 7, 8)),
)
# What is set, microseconds of a step, eighths of two steps that the first one takes, edges.
GROOVES = st.tuples(
    st.lists(GROOVE_CHANGES, max_size=4),
    st.sampled_from((3000, 12_000, 50_000)),
    st.sampled_from((4, 4, 5, 6)),
    st.integers(1, 8),
    st.lists(MEANWHILE, max_size=3),
)


def play_groove(
    pair: Pair,
    track: int,
    changes: list[tuple],
    us: int,
    eighths: int,
    count: int,
    meanwhile: list[tuple[str, int]],
) -> None:
    """A clock that is swung itself, ticks as on the module, and what comes in between."""
    for change in changes:
        pair.set(track, *change)

    def tick_for(us: int) -> None:
        for left in range(us, 0, -1000):
            pair.tick()
            pair.wait(min(left, 1000))

    def edges(count: int) -> None:
        for edge in range(count):
            pair.clock()
            tick_for(us * 2 * (8 - eighths if edge % 2 else eighths) // 8)
            pair.agree()

    edges(count)
    for what, part in meanwhile:
        pair.clock()
        tick_for(us * part // 8)
        if what == "decode":
            pair.decode(track, [1, 2, 3])
        else:
            getattr(pair, what)()
        pair.agree()
        tick_for(us - us * part // 8 if part < 8 else 6 * us)
    edges(3)


# What is set of the rack, what is set of a track, microseconds between edges at the jack, which of
# them are lost, ticks between them.
CLOCKS = st.tuples(
    st.lists(
        st.one_of(
            st.tuples(st.just("source"), st.sampled_from((0, 0, 1, 1, 2))),
            st.tuples(st.just("tempo"), st.sampled_from((20, 97, 120, 400))),
            st.tuples(st.just("run"), st.sampled_from((0, 1, 1))),
            st.tuples(st.just("bridge"), st.sampled_from((0, 1, 1, 4))),
            st.tuples(st.just("outs"), st.sampled_from((0, 1, 2, 3, 256, 257)), CHANNELS),
        ),
        max_size=4,
    ),
    st.lists(st.one_of(*PERFORMED), max_size=2),
    st.sampled_from((3000, 7000, 40_000)),
    st.sets(st.integers(2, 7), max_size=3),
    st.integers(-1, 1),
)


def play_clock(
    pair: Pair, rack: list[tuple], track: list[tuple], us: int, lost: set[int], late: int
) -> None:
    """Edges at the jack, some of them lost or late by a quarter, and ticks as on the module."""
    for name, value, *channel in rack:
        pair.set_rack(name, value, *channel)
    for change in track:
        pair.set(0, *change)
    for edge in range(8):
        if edge not in lost:
            pair.jack()
        pair.agree()
        for left in range(us + (late * us // 4 if edge % 3 == 0 else 0), 0, -1000):
            pair.wait(min(left, 1000))
            pair.tick()
        pair.agree()


def machine(c: ctypes.CDLL) -> type[RuleBasedStateMachine]:
    class Machine(RuleBasedStateMachine):
        @initialize(
            start=st.sampled_from((0, (1 << 32) - 2000, (1 << 31) - 500)),
            shape=shapes(),
            pitches=PITCHES,
            follow=st.sampled_from((twin.BAR, twin.STEP, twin.STEP, twin.HOLD)),
        )
        def begin(self, start, shape, pitches, follow):
            self.pair = Pair(c, start)
            self.owner = {self.pair.model(*shape): 0}
            self.pair.use(0, 0)
            self.pair.set(0, "follow", follow)
            self.pair.pitches(0, pitches)
            self.pair.decode(0, [0, 0, 0])
            self.pair.calibrate(4, Fraction(100), Fraction(1, 4), 0, 27720)

        @rule(
            track=TRACKS, shape=shapes(), latents=LATENTS, densities=st.lists(DENSITIES, max_size=5)
        )
        def load(self, track, shape, latents, densities):
            if len(self.pair.models) < 6:
                before = [index for index, owner in self.owner.items() if owner == track]
                for index in before[-1:]:
                    for voice, density in enumerate(densities):
                        if voice < self.pair.models[index][0].decoder.voices:
                            self.pair.density(index, voice, density)
                index = self.pair.model(*shape)
                self.owner[index] = track
                self.pair.use(track, index)
                self.pair.decode(track, latents)

        @rule(data=st.data())
        def use_again(self, data):
            index = data.draw(st.sampled_from(sorted(self.owner)))
            self.pair.use(self.owner[index], index)

        @rule(track=TRACKS)
        def unload(self, track):
            self.pair.use(track, None)

        @rule(us=DELAYS)
        def clock(self, us):
            self.pair.wait(us)
            self.pair.clock()

        @rule(
            us=st.sampled_from((400, 700, 1000, 2000, 60_000)),
            count=st.integers(2, 24),
            eighth=st.integers(1, 7),
        )
        def run(self, us, count, eighth):
            for _ in range(count):
                self.pair.clock()
                self.pair.wait(us * eighth // 8)
                self.pair.tick()
                self.pair.wait(us - us * eighth // 8)
            self.pair.clock()

        @rule(track=TRACKS, groove=GROOVES)
        def groove(self, track, groove):
            play_groove(self.pair, track, *groove)

        @rule(clocks=st.lists(CLOCKS, min_size=1, max_size=4))
        def clocks(self, clocks):
            for clock in clocks:
                play_clock(self.pair, *clock)
            self.pair.set_rack("source", 0)  # the other rules are edges of the one source

        @rule(track=TRACKS, changes=CHANGES, latents=LATENTS, count=st.integers(1, 12))
        def change_and_run(self, track, changes, latents, count):
            for change in changes:
                self.pair.set(track, *change)
            self.pair.decode(track, latents)
            for _ in range(count):
                self.pair.wait(1500)
                self.pair.clock()
                self.pair.agree()

        @rule(
            us=st.sampled_from((0, 400, 60_000)), delays=st.lists(WINDOWS, min_size=1, max_size=3)
        )
        def resets_after_an_edge(self, us, delays):
            self.pair.wait(us)
            self.pair.clock()
            for us in delays:
                self.pair.wait(us)
                self.pair.reset()

        @rule(us=DELAYS)
        def reset(self, us):
            self.pair.wait(us)
            self.pair.reset()

        @rule(us=DELAYS)
        def tick(self, us):
            self.pair.wait(us)
            self.pair.tick()

        @rule()
        def ask_reset(self):
            self.pair.ask_reset()

        @rule(count=st.integers(0, 3))
        def pause(self, count):
            self.pair.pause()
            for _ in range(count):
                self.pair.wait(1500)
                self.pair.clock()

        @rule(track=TRACKS, latents=LATENTS)
        def decode(self, track, latents):
            self.pair.decode(track, latents)

        @rule(track=TRACKS, latents=LATENTS)
        def post(self, track, latents):
            self.pair.post(track, latents)

        @rule(track=TRACKS)
        def silence(self, track):
            self.pair.silence(track)

        @rule(track=TRACKS, changes=CHANGES)
        def set(self, track, changes):
            for change in changes:
                self.pair.set(track, *change)

        @rule(data=st.data(), density=DENSITIES)
        def density(self, data, density):
            index = data.draw(st.sampled_from(sorted(self.owner)))
            voices = self.pair.models[index][0].decoder.voices
            self.pair.density(index, data.draw(st.integers(0, voices - 1)), density)

        @rule(data=st.data(), chance=DENSITIES)
        def chance(self, data, chance):
            index = data.draw(st.sampled_from(sorted(self.owner)))
            voices = self.pair.models[index][0].decoder.voices
            self.pair.chance(index, data.draw(st.integers(0, voices - 1)), chance)

        @rule(data=st.data(), pitches=PITCHES)
        def pitches(self, data, pitches):
            self.pair.pitches(data.draw(st.sampled_from(sorted(self.owner))), pitches)

        @rule(track=TRACKS, triggers=ROUTES, levels=ROUTES)
        def route(self, track, triggers, levels):
            self.pair.route(track, triggers, levels)

        @rule(
            channel=st.integers(0, 7),
            offset=st.integers(-4000, 60000),
            slope=st.integers(-2000, 4000).map(lambda n: Fraction(n, 4)),
            span=st.sampled_from(((0, 27720), (55440, 0), (10000, 37720), (7, 7))),
        )
        def calibrate(self, channel, offset, slope, span):
            self.pair.calibrate(channel, Fraction(offset), slope, *span)

        @invariant()
        def agree(self):
            if hasattr(self, "pair"):
                self.pair.agree()

        def teardown(self):
            if hasattr(self, "pair"):
                self.pair.close()

    return Machine


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    shape=shapes(),
    threshold=SIXTEENTHS,
    mode=st.integers(0, 3),
    notes=st.integers(1, 8),
    keep=st.integers(0, 1),
    latents=LATENTS,
    pitches=PITCHES,
    densities=st.lists(DENSITIES, max_size=12),
    triggers=ROUTES,
    levels=ROUTES,
    inverted=st.booleans(),
    dynamics=st.sampled_from((0, 50, 100, 150, 200)),
    accent=st.integers(0, 1),
)
def test_a_bar_agrees_with_the_twin(
    sequence_c, shape, threshold, mode, notes, keep, latents, pitches, densities, triggers, levels,
    inverted, dynamics, accent,
):  # fmt: skip
    pair = Pair(sequence_c)
    pair.use(0, pair.model(*shape))
    changes = {"threshold": threshold, "mode": mode, "notes": notes, "keep": keep}
    changes |= {"dynamics": dynamics, "accent": accent, "feel": 0}
    for name, value in changes.items():
        pair.set(0, name, value)
    pair.pitches(0, pitches)
    for voice, density in enumerate(densities[: shape[2]]):
        pair.density(0, voice, density)
    pair.route(0, triggers, levels)
    for channel in range(8):
        if inverted:
            pair.calibrate(channel, Fraction(65535), Fraction(-500 - channel), 55440, 27720)
        else:
            pair.calibrate(channel, Fraction(7 * channel), Fraction(400 + channel), 0, 27720)
    pair.decode(0, latents)
    for _ in range(shape[1]):
        pair.wait(1000)
        pair.clock()
    pair.agree()
    pair.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.integers(1, 5),
    second=st.booleans(),
    latents=LATENTS,
    grooves=st.lists(GROOVES, min_size=1, max_size=5),
)
def test_grooves_agree_with_the_twin(sequence_c, steps, second, latents, grooves):
    pair = Pair(sequence_c, start=(1 << 32) - 100_000)
    for track in range(1 + second):  # on the same channels
        pair.use(track, pair.model("perdec", steps + track, 6, (1, 2, 3), True))
        pair.set(track, "threshold", Fraction(1, 8))
        pair.decode(track, latents)
    for turn, groove in enumerate(grooves):
        play_groove(pair, turn % (1 + second), *groove)
    pair.agree()
    pair.close()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.integers(1, 8),
    length=st.integers(0, 9),
    rotation=st.integers(0, 9),
    latents=LATENTS,
    edges=st.lists(
        st.tuples(
            st.integers(1500, 60_000),  # microseconds until the next edge
            st.none()
            | st.tuples(st.just("feel"), st.integers(0, 200))
            | st.tuples(st.just("swing"), st.integers(50, 75))
            | st.tuples(st.just("division"), st.integers(1, 3))
            | st.tuples(st.just("follow"), st.sampled_from((twin.BAR, twin.HOLD)))
            | st.just("decode"),
        ),
        min_size=5,
        max_size=40,
    ),
)
def test_every_trigger_of_every_step_is_one_gate(
    sequence_c, steps, length, rotation, latents, edges
):
    """Whatever is changed meanwhile: none is lost, none is doubled. (Nothing is cancelled here: no
    reset, no pause. The same pattern is decoded again, so what is played early is what comes.)"""
    pair = Pair(sequence_c)
    pair.use(0, pair.model("perdec", steps, 6, (1, 2, 3), True))
    pair.set(0, "threshold", Fraction(1, 8))
    pair.set(0, "length", length)
    pair.set(0, "rotation", rotation)
    pair.decode(0, latents)
    rows = pair.rack.track[0].ready.rows
    for us, change in [*edges, (60_000, ("feel", 0)), (60_000, ("swing", 50)), (60_000, None)]:
        if change == "decode":
            pair.decode(0, latents)
        elif change:
            pair.set(0, *change)
        pair.clock()
        for left in range(us, 0, -1000):
            pair.wait(min(left, 1000))
            pair.tick()
    wait_for_division = pair.rack.track[0].division
    for _ in range(wait_for_division):  # a step without feel and swing, so that nothing waits
        pair.clock()
        pair.wait(60_000)
        pair.tick()
    asked, rose, high = Counter(), Counter(), set()
    for kind, _, *rest in pair.events():
        if kind == "step":
            asked.update(set(rows[rest[1]].triggers))
        elif kind == "gates":
            rising, falling = rest
            assert not rising & (high - falling)  # a gate that stands falls before it rises
            rose.update(rising)
            high = (high - falling) | rising
    pair.close()
    assert rose == asked
    assert not high  # all have ended


def test_every_interleaving_agrees_with_the_twin(sequence_c):
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        lambda: machine(sequence_c)(),
        settings=settings(
            max_examples=150,
            stateful_step_count=40,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=quiet,
        ),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.integers(1, 5), latents=LATENTS, clocks=st.lists(CLOCKS, min_size=1, max_size=6))
def test_clocks_agree_with_the_twin(sequence_c, steps, latents, clocks):
    pair = Pair(sequence_c, start=(1 << 32) - 100_000)
    pair.use(0, pair.model("perdec", steps, 6, (1, 2, 3), True))
    pair.set(0, "threshold", Fraction(1, 8))
    pair.decode(0, latents)
    for clock in clocks:
        play_clock(pair, *clock)
    pair.agree()
    pair.close()


def test_the_own_clock_keeps_its_tempo(sequence_c):
    """97 beats a minute are 154,639.175… us an edge: after 300 edges none of that is lost."""
    pair = Pair(sequence_c)
    pair.use(0, pair.model("perdec", 4, 6, (1, 2, 3)))
    pair.set(0, "threshold", Fraction(1, 8))
    pair.decode(0, [1, 2, 3])
    for name, value in (("source", 1), ("tempo", 97), ("run", 1)):
        pair.set_rack(name, value)
    while pair.rack.edges < 301:
        pair.tick()
        pair.wait(1000)
        if pair.now % 500_000 == 0:
            pair.agree()
    heard = pair.now - 1000
    assert 0 <= heard - 300 * Fraction(15_000_000, 97) < 1000
    pair.close()


def test_a_track_without_a_model_plays_nothing_between_two_edges(sequence_c):
    """It was rewound with the others, and its steps between the edges found no row."""
    pair = Pair(sequence_c)
    pair.use(0, pair.model("perdec", 4, 2, (1, 1), False))
    pair.set(0, "threshold", Fraction(1, 8))
    pair.decode(0, [1, 2, 3])
    pair.set(2, "multiply", 8)
    for _ in range(3):
        pair.clock()
        pair.wait(8000)
        pair.tick()
    pair.clock()
    pair.wait(100)
    pair.reset()
    for _ in range(8):
        pair.wait(1000)
        pair.tick()
    pair.agree()
    pair.close()
