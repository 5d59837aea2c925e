"""Select the drum parts of a score: by channel, by name, or by their pitches and rhythm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from latentrack.corpus.drum_names import says_drums, says_pitched
from latentrack.corpus.midi import Part, Score

# General MIDI notes that almost every drum part uses: kicks, snares, hats and rides.
_KICKS, _SNARES, _HATS = (35, 36), (37, 38, 39, 40), (22, 26, 42, 44, 46, 51, 53, 59)
_CORE = (*_KICKS, *_SNARES, *_HATS)
_KIT = (*range(35, 60), 22, 26)  # notes of a drum kit, with Roland's for the edge of the hi-hat
# Programs, from 0, of tuned percussion: bells, timpani, steel drums.
_TUNED = {*range(8, 16), 47, 108, 114}
# Semitones by which programs are known to transpose exported drums: FL Studio's FPC by 24.
_SHIFTS = (24, 12, 36, -12, -24)
_ENOUGH = 8  # hits that a file needs to be judged by its pitches


def drum_parts(score: Score, name: str = "") -> list[Part]:
    """Return the drum parts of a score; [] if it seems to have none.

    Parts on channel 10 are drums. Without any, a score may still have drums, because many programs
    export them on channel 1. Then the first of these rules that applies decides: parts named as
    drums; if all parts have one program and channel, all of them if `name`, the file's, says drums
    or they play like a kit; else the channels without a program that play like a kit.
    """
    on_channel = [part for part in score.parts if part.drums]
    if on_channel:
        return on_channel
    named = named_drums(score, pieces=True)
    if named:
        return named
    parts = [part for part in score.parts if not says_pitched(part.name)]
    if len({(part.program, part.channel) for part in score.parts}) == 1:
        if says_drums(name) or _plays_like_a_kit(parts, score.ticks_per_beat):
            return list(score.parts)
        return []
    # A part with a program is a melodic instrument; 0 is also the default if none was chosen.
    unnamed = [part for part in parts if not part.program]
    return [
        part
        for some in _by_channel(unnamed)
        if _plays_like_a_kit(some, score.ticks_per_beat)
        for part in some
    ]


def named_drums(score: Score, pieces: bool = False) -> list[Part]:
    """Return the parts named as drums, or with `pieces` as a single drum, on any channel.

    In a file of one track all parts have the track's title. Then only channels are returned that
    play like a kit, or that have one or two pitches, as of a drum machine with a channel per drum.
    """
    named = [
        part for part in score.parts if says_drums(part.name, pieces) and part.program not in _TUNED
    ]
    channels = list(_by_channel(named))
    if len(channels) < 2 or len({part.name for part in named}) > 1:
        return named
    return [
        part
        for some in channels
        if len(np.unique(_pitches(some))) <= 2 or _plays_like_a_kit(some, score.ticks_per_beat)
        for part in some
    ]


def kit_shift(parts: Sequence[Part], ticks_per_beat: int) -> int:
    """Return by how many semitones the parts are transposed from a kit's pitches; 0 for none.

    + is too high. Not 0 only if at most a fifth of the notes are kicks, snares, hats or rides as
    written, and at least nine tenths are notes of a kit after transposing back.
    """
    pitches = _pitches(parts)
    if len(pitches) < _ENOUGH or 5 * np.isin(pitches, _CORE).sum() > len(pitches):
        return 0
    for shift in _SHIFTS:
        on_kit = np.isin(pitches - shift, _KIT)
        if 10 * on_kit.sum() >= 9 * len(pitches) and _plays_like_a_kit(
            parts, ticks_per_beat, shift
        ):
            return shift
    return 0


def single_pitch(parts: Sequence[Part]) -> int | None:
    """Return the pitch of all hits if they have only one, and are enough; else None."""
    pitches = _pitches(parts)
    if len(pitches) < _ENOUGH or (pitches != pitches[0]).any():
        return None
    return int(pitches[0])


def _by_channel(parts: Iterable[Part]) -> Iterable[list[Part]]:
    channels: dict[int, list[Part]] = {}
    for part in parts:
        channels.setdefault(part.channel, []).append(part)
    return channels.values()


def _pitches(parts: Sequence[Part]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(0, np.int64), *(part.pitches for part in parts)])


def _plays_like_a_kit(parts: Sequence[Part], ticks_per_beat: int, shift: int = 0) -> bool:
    """Whether parts, `shift` semitones lower, look like a kit and not like a bass line.

    At least three fifths of the notes must be kicks, snares, hats or rides, kicks and one of the
    others must occur, and some must sound at the same sixteenth.
    """
    pitches = _pitches(parts) - shift
    core = np.isin(pitches, _CORE)
    if core.sum() * 5 < len(pitches) * 3 or not np.isin(pitches, _KICKS).any():
        return False
    if not np.isin(pitches, _SNARES + _HATS).any():
        return False
    ticks = np.concatenate([part.ticks for part in parts])
    steps = 4 * ticks // ticks_per_beat
    sounding = np.unique(np.stack([steps[core], pitches[core]]), axis=1)
    return bool(len(np.unique(sounding[0])) < sounding.shape[1])
