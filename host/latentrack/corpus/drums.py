"""Select the drum parts of a score: by channel, by name, by how they play."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from latentrack.corpus.drum_names import says_drums, says_pitched
from latentrack.corpus.midi import Part, Score

# The pitches without which hardly any kit plays: kicks, snares, hats and rides.
_KICKS, _SNARES, _HATS = (35, 36), (37, 38, 39, 40), (22, 26, 42, 44, 46, 51, 53, 59)
_CORE = (*_KICKS, *_SNARES, *_HATS)
_KIT = (*range(35, 60), 22, 26)  # all that a drummer's kit has, with Roland's edges of the hi-hat
# Programs, from 0, of what may be called percussion and has pitches: bells, timpani, steel drums.
_TUNED = {*range(8, 16), 47, 108, 114}
# By how far exports of drum programs are known to be off: FL Studio's FPC by two octaves.
_SHIFTS = (24, 12, 36, -12, -24)
_ENOUGH = 8  # hits, to say something of a file


def drum_parts(score: Score, name: str = "") -> list[Part]:
    """The parts that are drums; none if the file, called `name`, seems to have none.

    What plays on channel 10 is drums. A file with nothing there may still have drums, for many
    programs export them on channel 1. They are taken to be the parts that are called so; else,
    where all parts are of one instrument, all of them, if the file is called so or they play like a
    kit; else what plays like a kit on a channel of its own.
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
    # A program is chosen for what has a sound of its own; 0 is what is there if nothing is chosen.
    unnamed = [part for part in parts if not part.program]
    return [
        part
        for some in _by_channel(unnamed)
        if _plays_like_a_kit(some, score.ticks_per_beat)
        for part in some
    ]


def named_drums(score: Score, pieces: bool = False) -> list[Part]:
    """The parts that are called drums, or with `pieces` one drum, whatever their channel.

    In a file of one track its title is the name of every part: then how each plays tells more. A
    machine may also send each drum on a channel of its own, which has then one or two pitches.
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
    """By how many semitones these parts are higher than the kit that they play like; 0: not at all.

    Only where hardly any note is a kick, snare, hat or ride as it is, and nearly all are of a kit
    when they are moved.
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
    """The pitch that all hits of these parts are on, if they are on one."""
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
    """Whether most of the notes, so many semitones lower, are kicks, snares, hats and rides, of
    which some sound together. No bass line does that."""
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
