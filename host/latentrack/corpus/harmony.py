"""Transpose music to a common key, and to the octave in which most of it lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# How much each degree of the scale, from the tonic up in semitones, belongs to a major and a
# minor key: the probe tone ratings of Krumhansl and Kessler (1982).
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def transposition(pitches: npt.NDArray[np.int64]) -> int:
    """By how many semitones, -5 to 6, these pitches come to C major or A minor.

    The key is the one whose ratings correlate best with how often each pitch class occurs
    (Krumhansl and Schmuckler); key signatures in files are too often left at C to be believed.
    """
    often = np.bincount(pitches % 12, minlength=12).astype(float)
    if len(pitches) == 0 or often.std() == 0:
        return 0
    best = max(
        (float(np.corrcoef(np.roll(ratings, tonic), often)[0, 1]), (home - tonic) % 12)
        for ratings, home in ((_MAJOR, 0), (_MINOR, 9))
        for tonic in range(12)
    )[1]
    shift = best - 12 if best > 6 else best
    if int(pitches.min()) + shift < 0:
        return shift + 12
    return shift - 12 if int(pitches.max()) + shift > 127 else shift


def alike_octaves(hits: npt.NDArray[Any], sequences: int) -> npt.NDArray[Any]:
    """Each sequence moved by whole octaves, so that the lowest notes of all lie in one octave.

    `hits` are those of `bars`; the octave (from C to B) is the one in which most sequences have
    their lowest note already. A sequence that would end above pitch 127 lies lower.
    """
    if not len(hits):
        return hits
    lowest = np.full(sequences, 128, np.int64)
    np.minimum.at(lowest, hits["sequence"], hits["voice"].astype(np.int64))
    octaves = lowest // 12
    home = int(np.bincount(octaves[lowest < 128]).argmax())
    moved = hits.copy()
    shift = (12 * (home - octaves))[hits["sequence"]]
    top = np.full(sequences, -1, np.int64)
    np.maximum.at(top, hits["sequence"], hits["voice"] + shift)
    too_high = np.maximum(0, -(-(top - 127) // 12)) * 12
    moved["voice"] = hits["voice"] + shift - too_high[hits["sequence"]]
    return moved


def pitch_name(pitch: int) -> str:
    """A MIDI pitch as musicians write it: 60 is C4."""
    names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    return f"{names[pitch % 12]}{pitch // 12 - 1}"
