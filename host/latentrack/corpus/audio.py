"""Audio loops and recordings in: when something is struck, laid into bars.

A loop lasts a whole number of beats. How many is told by its name (`97bpm`, `_2bar`), else by
the caller, else by an estimate. A loop shorter than a sequence is repeated, as loops are. What
is longer than a loop is cut at bars: at an even pace if its tempo was told, else along the
beats that were heard.
"""

from __future__ import annotations

import io
import re
import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.corpus.bars import ANY_METER, Events, Grid, lay_bars
from latentrack.corpus.laid import Laid, hits_table
from latentrack.corpus.midi import TimeSignature
from latentrack.corpus.unreadable import Unreadable
from latentrack.limits import check_file
from latentrack.words import count

SUFFIXES = (".wav", ".wave", ".flac", ".aif", ".aiff", ".ogg", ".mp3")

NO_TEMPO = "no tempo to be heard; say --bpm or --loop-bars, or name it like drums_97bpm.wav"
SILENCE = "silence"

_LONGEST = 20 * 60.0  # seconds; a whole side of a record
_MOST_SAMPLES = 120_000_000  # of a channel: those 20 minutes at 96 kHz, 480 MB while it is read
_FASTEST_RATE = 384_000  # samples a second
_LONGEST_LOOP = 60.0
_SHORTEST = 0.1
_SURELY_A_LOOP = 15.0
_SLOWEST, _FASTEST = 40.0, 260.0  # beats a minute

_HOP = 256  # samples: 6 ms at 44.1 kHz, a twentieth of a 16th
_PIECE = 1 << 20  # samples of all channels that are decoded at a time
_BLOCK = 4096 * _HOP  # samples whose spectrum is held at a time
_CONTEXT = 16 * _HOP  # samples before and behind that its edges need
_BEFORE = 0.25  # seconds in front, for what is struck at once is heard only against a before
_CARELESS = 0.1  # of a beat: how badly a loop may be cut
_EARLY = 0.03  # seconds by which tracing an onset back may come before the beginning
_BEAT_FRAME = 0.023  # seconds
_TICKS = 9600  # a beat


@dataclass(frozen=True)
class Tempo:
    """What is told of a file's time: beats a minute, or the bars it lasts; None = unknown."""

    bpm: float | None = None
    bars: float | None = None


def told_by_name(stem: str) -> Tempo:
    """The tempo that a file's name says: `funk_97bpm`, `97.5 BPM`, `bpm120`, `break_2bar`."""
    number = r"(\d{2,3}(?:\.\d+)?)"
    bpm = re.search(rf"(?<![\d.]){number}[-_ ]?bpm|bpm[-_ ]?{number}", stem, re.I)
    bars = re.search(r"(?<![\d.])(\d{1,2})[-_ ]?bars?(?![a-z])", stem, re.I)
    pace = float(bpm[1] or bpm[2]) if bpm else None
    if pace is not None and not _SLOWEST <= pace <= _FASTEST:
        pace = None
    return Tempo(pace, float(bars[1]) if bars and int(bars[1]) else None)


def check_length(path: Path) -> None:
    """Raise Unreadable if a file is none of audio, or too long to be held in memory."""
    import soundfile

    try:
        check_file(path, sys.maxsize)  # how long it is says more than how large
        # By a handle: libsndfile takes no name with bytes that are no text.
        with path.open("rb") as handle, soundfile.SoundFile(handle) as file:
            _check(file)
    except OSError as error:
        raise Unreadable(f"unreadable: {error.strerror or error}") from error
    except (soundfile.SoundFileError, RuntimeError, TypeError) as error:
        raise Unreadable(_no_audio(path.suffix)) from error
    except ValueError as error:
        raise Unreadable(str(error)) from error


def read_loop(
    data: bytes, stem: str, suffix: str, grid: Grid, asked: Tempo, noun: str = "onsets"
) -> Laid:
    """The sequences of one audio file, one voice. Raises Unreadable."""
    samples, rate = _decode(data, suffix)
    seconds = len(samples) / rate
    if seconds < _SHORTEST:
        raise Unreadable(f"shorter than {_SHORTEST:g} s")
    heard = _listen(samples, rate, wraps=seconds <= _LONGEST_LOOP)
    if not len(heard.times):
        raise Unreadable("nothing struck in it")
    told = "4/4" if grid.meter == ANY_METER else grid.meter
    meter = TimeSignature(0, *map(int, told.split("/")))
    beats_a_bar = 4 * meter.numerator / meter.denominator
    named = told_by_name(stem)
    tempo = named if named.bpm or named.bars else asked
    beats, in_beats = _pace(heard, seconds, tempo, beats_a_bar, grid.steps_per_beat)
    length, copies = 0, 1
    if beats:
        # What is struck just before the end is early for the beginning.
        half_step = 0.5 / grid.steps_per_beat
        in_beats = np.where(in_beats >= beats - half_step, in_beats - beats, in_beats)
        sequence = beats_a_bar * grid.bars
        copies = max(1, round(sequence / beats))
        if beats < sequence and abs(copies * beats - sequence) > 1e-6:
            raise Unreadable(
                f"a loop of {count(beats, 'beat')}, which does not fill {_bars(grid)} of "
                f"{meter.numerator}/{meter.denominator}"
            )
        length = int(copies * beats / beats_a_bar + 1e-6)
    in_beats = np.concatenate([in_beats + copy * (beats or 0) for copy in range(copies)])
    events = Events(
        np.rint(in_beats * _TICKS).astype(np.int64),
        np.zeros(len(in_beats), np.int64),
        np.tile(heard.velocities, copies),
    )
    within = events.ticks >= -_TICKS // (2 * grid.steps_per_beat)
    events = Events(events.ticks[within], events.voices[within], events.velocities[within])
    if not len(events.ticks):
        return Laid((), hits_table(0), Counter())
    return lay_bars(events, [meter], _TICKS, grid, noun, length)


def _bars(grid: Grid) -> str:
    return "a bar" if grid.bars == 1 else count(grid.bars, "bar")


def _no_audio(suffix: str) -> str:
    return f"not a {suffix.lstrip('.').upper()} file, or a damaged one"


def _too_long(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    lasts = f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
    return f"{lasts} long; cut it into pieces of at most {_LONGEST / 60:.0f} min"


def _decode(data: bytes, suffix: str) -> tuple[npt.NDArray[np.float32], int]:
    """All channels as one, and the samples a second."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            rate = _check(file)
            # Zeros that nothing is written to take no memory, whatever length a header claims.
            samples = np.zeros(file.frames, np.float32)
            length, loudest = 0, 0.0
            for piece in file.blocks(_PIECE // file.channels, dtype="float32", always_2d=True):
                if piece.any():
                    mono = np.nan_to_num(piece.mean(axis=1))
                    samples[length : length + len(piece)] = mono
                    loudest = max(loudest, float(np.abs(mono).max()))
                length += len(piece)
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError) as error:
        raise Unreadable(_no_audio(suffix)) from error
    if loudest < 1e-4:
        raise Unreadable(SILENCE)
    return samples[:length], rate


def _check(file: Any) -> int:
    """The samples a second of an opened file. Raises Unreadable if it is too much to be read."""
    rate, frames = int(file.samplerate), int(file.frames)
    if rate < 1 or frames > _LONGEST * rate:
        raise Unreadable(_too_long(frames / max(rate, 1)))
    if rate > _FASTEST_RATE or frames > _MOST_SAMPLES:
        raise Unreadable(f"of {rate:,} samples a second; convert it to 48,000")
    return rate


@dataclass(frozen=True)
class _Heard:
    """What librosa hears: where something is struck, and how much it rises there."""

    times: npt.NDArray[np.float64]  # seconds, from 0 (or a little before) to the end
    velocities: npt.NDArray[np.int64]  # 1 to 127, by the rise
    envelope: npt.NDArray[np.float32]  # the rise, one value a frame from the beginning
    frame: float  # seconds


def _listen(samples: npt.NDArray[np.float32], rate: int, wraps: bool) -> _Heard:
    import librosa

    front = -(-int(_BEFORE * rate) // _HOP) * _HOP
    # A loop's before is its own end: what rings on over the seam is not struck there.
    before = np.resize(samples[::-1], front)[::-1] if wraps else np.zeros(front, np.float32)
    envelope = _envelope(np.concatenate([before, samples]), rate)
    peaks = librosa.onset.onset_detect(onset_envelope=envelope, sr=rate, hop_length=_HOP)
    try:
        struck = librosa.onset.onset_backtrack(peaks, envelope)
    except librosa.util.exceptions.ParameterError:  # there is no valley to trace back to
        struck = peaks
    frame = _HOP / rate
    times = (struck - front // _HOP) * frame
    inside = times >= -_EARLY
    rise = envelope[peaks[inside]] / max(float(envelope.max()), 1e-9)
    velocities = np.clip(np.rint(127 * rise), 1, 127).astype(np.int64)
    return _Heard(times[inside], velocities, envelope[front // _HOP :], frame)


def _envelope(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float32]:
    """librosa's onset strength, made block by block: an hour's spectrum fits in no memory."""
    import librosa

    pieces = []
    for start in range(0, len(samples), _BLOCK):
        first = max(0, start - _CONTEXT)
        with warnings.catch_warnings():  # about sounds too short or of too low a rate for it
            warnings.simplefilter("ignore")
            piece = librosa.onset.onset_strength(
                y=samples[first : start + _BLOCK + _CONTEXT], sr=rate, hop_length=_HOP
            )
        frames = min(_BLOCK, len(samples) - start) // _HOP
        pieces.append(piece[(start - first) // _HOP :][:frames])
    return np.concatenate(pieces)


def _pace(
    heard: _Heard, seconds: float, tempo: Tempo, beats_a_bar: float, steps_per_beat: int
) -> tuple[float, npt.NDArray[np.float64]]:
    """How many beats the loop has (0 if it is none), and where each onset is, in beats."""
    if tempo.bars:
        beats = tempo.bars * beats_a_bar
        return beats, heard.times * beats / seconds
    if tempo.bpm:
        beats = seconds * tempo.bpm / 60
        whole = round(beats)
        if whole and seconds <= _LONGEST_LOOP and abs(beats - whole) <= _CARELESS:
            return whole, heard.times * whole / seconds
        # Whoever names the tempo of a short file begins it on the one; a long one was recorded.
        one = 0.0 if seconds <= _LONGEST_LOOP else float(heard.times[0])
        return 0, (heard.times - one) * tempo.bpm / 60
    if len(heard.times) < 2:
        raise Unreadable(NO_TEMPO)
    if seconds <= _LONGEST_LOOP:
        estimate = _estimate(heard, seconds)
        beats = _likely_beats(heard.times, seconds, estimate, beats_a_bar, steps_per_beat)
        fits = beats and abs(np.log2(beats * 60 / seconds / estimate)) < 0.05
        if beats and (fits or seconds <= _SURELY_A_LOOP):
            return beats, heard.times * beats / seconds
    return 0, _along_the_beats(heard)


def _estimate(heard: _Heard, seconds: float) -> float:
    """Beats a minute, by librosa, which wants to hear a short loop more than once."""
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
        # The estimate weighs least: of a short loop it is often off by a half or a third.
        cost = np.log2(bpm / estimate) ** 2 / 2 + (np.log2(bpm / 115) / 0.7) ** 2 + together
        if cost < best_cost:
            best, best_cost = beats, cost
    return best


def _along_the_beats(heard: _Heard) -> npt.NDArray[np.float64]:
    """Where each onset is between the beats that are heard, the first heard one being 0."""
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
