"""Read audio loops and recordings: their onsets, quantised into bars.

A loop lasts a whole number of beats. How many is said by its name (`97bpm`, `_2bar`), its tags,
its length or the caller, which are held against each other, or is estimated. A loop shorter than a
sequence is repeated, as loops are. What is longer than a loop is cut at bars: at an even pace if
its tempo was told, else along the beats that were heard.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.corpus import sound_files
from latentrack.corpus.bars import Events, Grid, quantise_bars
from latentrack.corpus.meter import ANY_METER
from latentrack.corpus.midi import TimeSignature
from latentrack.corpus.onsets import Heard, OnsetListener
from latentrack.corpus.quantised import QuantisedBars, hits_table
from latentrack.corpus.sound_files import SILENCE as SILENCE
from latentrack.corpus.sound_files import SUFFIXES as SUFFIXES
from latentrack.corpus.sound_files import UNREAD as UNREAD
from latentrack.corpus.sound_files import check_length as check_length
from latentrack.corpus.sound_tags import Said, in_file
from latentrack.corpus.tempo_clues import ASKED, LONGEST_LOOP, NAME, TempoReading, take, unusual
from latentrack.corpus.tempo_clues import EAR as EAR
from latentrack.corpus.tempo_clues import Tempo as Tempo
from latentrack.corpus.tempo_clues import told_by_name as told_by_name
from latentrack.corpus.unreadable import Unreadable
from latentrack.extra import missing
from latentrack.words import count

NO_TEMPO = "no tempo to be heard; say --bpm or --loop-bars, or name it like drums_97bpm.wav"
TAIL = "in the tail behind the loop"
BEFORE = "before the first bar"
DAMAGED = "not a number, or far too large: taken as silence"

_SHORTEST_S = 0.1
_SURELY_A_LOOP_S = 15.0
_FASTEST_BY_EAR_BPM = 220
_FEWEST_OF_A_TAIL, _SURELY_ON_STEPS = 6, 0.85  # onsets, and how well they fit
_BEAT_FRAME = 0.023  # seconds
_TICKS = 9600  # a beat


def read_loop(
    data: bytes, stem: str, suffix: str, grid: Grid, asked: Tempo, noun: str = "onsets"
) -> QuantisedBars:
    """The sequences of one audio file, one voice. Raises Unreadable."""
    heard, seconds, damaged = _listen(data, suffix)
    if not len(heard.times):
        raise Unreadable("nothing struck in it")
    said = [*_said_by_people(stem, asked), *in_file(data)]
    meter = _meter(said, grid)
    beats_a_bar = 4 * meter.numerator / meter.denominator
    reading, in_beats = _pace(heard, seconds, said, beats_a_bar, grid.steps_per_beat)
    beats, length, copies = reading.beats, 0, 1
    discarded = Counter({("clues", f"{what}, as others disagree"): 1 for what in reading.doubted})
    discarded["samples", DAMAGED] += damaged
    half_step = 0.5 / grid.steps_per_beat
    velocities = heard.velocities
    if beats:
        # What is struck just before the end is early for the beginning.
        early = (in_beats >= beats - half_step) & (in_beats < beats)
        in_beats = np.where(early, in_beats - beats, in_beats)
        tail = in_beats >= beats
        discarded[noun, TAIL] += int(tail.sum())
        in_beats, velocities = in_beats[~tail], velocities[~tail]
        sequence = beats_a_bar * grid.bars
        copies = max(1, round(sequence / beats))
        if beats < sequence and abs(copies * beats - sequence) > 1e-6:
            raise Unreadable(
                f"a loop of {count(beats, 'beat')}, which does not fill {_bars(grid)} of "
                f"{meter.numerator}/{meter.denominator}"
            )
        length = int(copies * beats / beats_a_bar + 1e-6)
    within = in_beats >= -half_step
    discarded[noun, BEFORE] += int((~within).sum())
    in_beats, velocities = in_beats[within], velocities[within]
    events = Events(
        np.rint(np.concatenate([in_beats + copy * beats for copy in range(copies)]) * _TICKS)
        .astype(np.int64),
        np.zeros(len(in_beats) * copies, np.int64),
        np.tile(velocities, copies),
    )  # fmt: skip
    if not len(events.ticks):
        return QuantisedBars((), hits_table(0), +discarded, reading.source)
    bars = quantise_bars(events, [meter], _TICKS, grid, noun, length)
    return replace(bars, discarded=bars.discarded + discarded, tempo=reading.source)


def _bars(grid: Grid) -> str:
    return "a bar" if grid.bars == 1 else count(grid.bars, "bar")


def _said_by_people(stem: str, asked: Tempo) -> list[Said]:
    """What the name says, or else what the caller does."""
    named = told_by_name(stem)
    source, tempo = (NAME, named) if named.bpm or named.bars else (ASKED, asked)
    return [Said(source, tempo.bpm, bars=tempo.bars)] if tempo.bpm or tempo.bars else []


def _meter(said: list[Said], grid: Grid) -> TimeSignature:
    """The meter that the file says where any is taken, else the one that is asked for."""
    if grid.meter != ANY_METER:
        return TimeSignature(0, *map(int, grid.meter.split("/")))
    return TimeSignature(0, *next((one.meter for one in said if one.meter), (4, 4)))


def _listen(data: bytes, suffix: str) -> tuple[Heard, float, int]:
    """What is struck, how many seconds it lasts, and how many samples were damaged."""
    listeners: list[OnsetListener] = []
    length = 0

    def hear(rate: int, piece: npt.NDArray[np.float32]) -> None:
        nonlocal length
        if not listeners:
            listeners.append(OnsetListener(rate))
        listeners[0].hear(piece)
        length += len(piece)

    rate, damaged = sound_files.decode(data, suffix, hear)
    seconds = length / rate
    if seconds < _SHORTEST_S:
        raise Unreadable(f"shorter than {_SHORTEST_S:g} s")
    return listeners[0].listen(wraps=seconds <= LONGEST_LOOP), seconds, damaged


def _pace(
    heard: Heard, seconds: float, said: list[Said], beats_a_bar: float, steps_per_beat: int
) -> tuple[TempoReading, npt.NDArray[np.float64]]:
    """How the file's time is taken, and where each onset is, in beats."""

    def fit(beats: float, bpm: float) -> float:
        return _fit(heard, beats, bpm, steps_per_beat)

    def heard_beats() -> float:
        if len(heard.times) < 2:
            return 0
        estimate = _estimate(heard, seconds)
        beats = _likely_beats(heard.times, seconds, estimate, beats_a_bar, steps_per_beat)
        fits = beats and abs(np.log2(beats * 60 / seconds / estimate)) < 0.05
        return beats if fits or seconds <= _SURELY_A_LOOP_S else 0

    def heard_bpm(beats: float) -> float:
        # The loop ends behind its last onset, and well before the file does.
        whole = 60 * beats / seconds
        last = max(float(heard.times[-1]), _SHORTEST_S)
        tempi = np.arange(1.02 * whole, min(60 * beats / last, _FASTEST_BY_EAR_BPM), whole / 500)
        fits = [fit(beats, bpm) for bpm in tempi.tolist()]
        best = int(np.argmax(fits)) if fits and len(heard.times) >= _FEWEST_OF_A_TAIL else -1
        return float(tempi[best]) if best >= 0 and fits[best] >= _SURELY_ON_STEPS else 0

    def heard_end(bpm: float) -> float:
        # Loops are of 1, 2, 4, 8, … bars.
        bars = (float(heard.times[-1]) * bpm / 60 + 0.5 / steps_per_beat) / beats_a_bar
        beats = beats_a_bar * 2.0 ** np.ceil(np.log2(max(1.0, bars)))
        return beats if beats * 60 / bpm < seconds else 0

    reading = take(said, seconds, beats_a_bar, fit, heard_beats, heard_bpm, heard_end)
    if reading is None:
        if len(heard.times) < 2:
            raise Unreadable(NO_TEMPO)
        return TempoReading(0, 0, False, EAR), _along_the_beats(heard)
    # A short file begins on the one if its tempo is named; a long one was recorded.
    begins = bool(reading.beats) or seconds <= LONGEST_LOOP
    one = 0.0 if begins else float(heard.times[0])
    return reading, (heard.times - one) * reading.bpm / 60


def _fit(heard: Heard, beats: float, bpm: float, steps_per_beat: int) -> float:
    """How well onsets lie on the steps: 1 exactly, about 0 by chance, less between the steps.

    Those behind the loop count against it: a tail has few of them.
    """
    in_steps = heard.times * bpm / 60 * steps_per_beat
    inside = in_steps < (beats or np.inf) * steps_per_beat
    near = np.where(inside, np.cos(2 * np.pi * in_steps), -0.5)
    return float(np.average(near, weights=heard.velocities))


def _estimate(heard: Heard, seconds: float) -> float:
    """Beats a minute, by librosa, which wants to hear a short loop more than once."""
    if lacks := missing("librosa", "audio loops need the library librosa"):
        raise Unreadable(lacks)
    import librosa

    envelope = np.tile(heard.envelope, max(1, int(np.ceil(8 / seconds))))
    found: Any = librosa.feature.tempo(onset_envelope=envelope, sr=1 / heard.frame, hop_length=1)
    return float(found[0])


def _likely_beats(
    times: npt.NDArray[np.float64],
    seconds: float,
    estimate: float,
    beats_a_bar: float,
    steps_per_beat: int,
) -> float:
    """How many beats a loop has, if any number makes sense: 0 if none does.

    Nearly all loops are of 1, 2, 4, 8, … bars, or of half or a quarter of one. Of these the one
    is taken whose tempo is near the estimate and near what people play, and whose steps keep
    the onsets apart.
    """
    best, best_cost = 0.0, np.inf
    for bars in (0.25, 0.5, 1, 2, 4, 8, 16):
        beats = bars * beats_a_bar
        bpm = beats * 60 / seconds
        if not 50 <= bpm <= 220:
            continue
        steps = np.rint(times * beats / seconds * steps_per_beat)
        together = 1 - len(np.unique(steps)) / len(steps)
        # With every second step empty, half the tempo would do.
        idle = 0.5 if steps_per_beat % 2 == 0 and not (steps % 2).any() else 0
        # The estimate weighs least: of a short loop it is often off by a half or a third.
        off = np.log2(bpm / estimate) ** 2 / 2
        cost = off + unusual(bpm) + together + idle
        if cost < best_cost:
            best, best_cost = beats, cost
    return best


def _along_the_beats(heard: Heard) -> npt.NDArray[np.float64]:
    """Where each onset is between the beats that are heard, the first heard one being 0."""
    if lacks := missing("librosa", "audio loops need the library librosa"):
        raise Unreadable(lacks)
    import librosa

    # As coarse as librosa takes it by itself: its memory grows with the frames, and their square.
    every = max(1, round(_BEAT_FRAME / heard.frame))
    coarse = np.maximum.reduceat(heard.envelope, np.arange(0, len(heard.envelope), every))
    rate = 1 / (heard.frame * every)
    a_minute = int(60 * rate)
    minutes = [coarse[at : at + a_minute] for at in range(0, len(coarse), a_minute)]
    tempi = [
        float(librosa.feature.tempo(onset_envelope=minute, sr=rate, hop_length=1)[0])
        for minute in minutes
        if minute.any() and len(minute) * 2 >= min(a_minute, len(coarse))
    ]
    beats: npt.NDArray[np.float64] = np.zeros(0)
    if tempi:
        _, beats = librosa.beat.beat_track(
            onset_envelope=coarse, sr=rate, hop_length=1, bpm=float(np.median(tempi)), units="time"
        )
    if len(beats) < 4:
        raise Unreadable(NO_TEMPO)
    # Where something is struck at the beat, that is where the beat is.
    behind_it = np.clip(np.searchsorted(heard.times, beats), 1, len(heard.times) - 1)
    earlier, later = heard.times[behind_it - 1], heard.times[behind_it]
    nearest = np.where(beats - earlier < later - beats, earlier, later)
    beats = np.where(np.abs(nearest - beats) < 2 * _BEAT_FRAME, nearest, beats)
    beats = np.maximum.accumulate(beats)
    inside = np.interp(heard.times, beats, np.arange(len(beats)))
    before = (heard.times - beats[0]) / max(beats[1] - beats[0], _BEAT_FRAME)
    behind = len(beats) - 1 + (heard.times - beats[-1]) / max(beats[-1] - beats[-2], _BEAT_FRAME)
    return np.where(
        heard.times < beats[0], before, np.where(heard.times > beats[-1], behind, inside)
    )
