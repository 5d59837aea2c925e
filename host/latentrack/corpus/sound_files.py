"""Decode sound files, also those whose writer was cut off or wrote a stream.

libsndfile decodes, and is given the sizes that a writer left open. Samples that are not numbers, or
far beyond all others, are silence and are counted.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from latentrack.corpus.sound_sizes import with_sizes
from latentrack.corpus.unreadable import Unreadable
from latentrack.extra import missing
from latentrack.limits import check_file

SUFFIXES = (
    ".wav", ".wave", ".bwf", ".rf64", ".w64", ".flac", ".aif", ".aiff", ".aifc", ".caf", ".au",
    ".snd", ".ogg", ".oga", ".opus", ".mp3",
)  # fmt: skip
UNREAD = (".m4a", ".mp4", ".aac", ".wma", ".ape", ".wv", ".mpc", ".rex", ".rx2", ".rcy", ".sd2")
"""Of audio that is not read: counted where a folder has any."""

SILENCE = "silence"

_LONGEST = 20 * 60.0  # seconds; a whole side of a record
_MOST_SAMPLES = 120_000_000  # of a channel: those 20 minutes at 96 kHz
_FASTEST_RATE = 384_000  # samples a second
_PIECE = 1 << 20  # samples of all channels that are decoded at a time
_CHANNELS = 32  # that are listened to
_QUIETEST = 1e-4
_LOUDEST = 4.0  # what is beyond it, and beyond a hundred times the others, is damage


def check_length(path: Path) -> None:
    """Raise Unreadable if a file is none of audio, or too long to be listened to."""
    try:
        check_file(path, sys.maxsize)  # how long it is says more than how large
        # By a handle: libsndfile refuses a name that is not valid UTF-8.
        with path.open("rb") as handle, _opened(handle, path.suffix) as file:
            _check(file)
    except OSError as error:
        raise Unreadable(f"unreadable: {error.strerror or error}") from error
    except ValueError as error:
        raise Unreadable(str(error)) from error


def decode(
    data: bytes, suffix: str, hear: Callable[[int, npt.NDArray[np.float32]], None]
) -> tuple[int, int]:
    """Decode a file, and call `hear` with the samples a second and piece after piece of it.

    A piece has the shape (frames, channels) and only finite numbers. Returns the samples a second,
    and how many samples were not numbers, or far too large, and are 0. Raises Unreadable, also if
    all is silence.
    """
    length, loudest, damaged = 0, 0.0, 0
    with _opened(io.BytesIO(data), suffix) as file:
        rate = _check(file)
        while True:
            piece = file.read(max(1, _PIECE // file.channels), "float32", always_2d=True)
            if not len(piece):
                break
            length += len(piece)
            if length > _LONGEST * rate:
                raise Unreadable(_too_long(length / rate))
            sound = piece[:, :_CHANNELS]
            damaged += _mend(sound)
            loudest = max(loudest, float(sound.max()), -float(sound.min()))
            hear(rate, sound)
    if not length and suffix in (".ogg", ".oga", ".opus", ".mp3") and len(data) > 1000:
        raise Unreadable("nothing in it that can be decoded: cut off, or damaged")
    if loudest < _QUIETEST:
        raise Unreadable(SILENCE)
    return rate, damaged


@contextmanager
def _opened(file: IO[bytes], suffix: str) -> Iterator[Any]:
    """A soundfile.SoundFile. Raises Unreadable for what it raises, also in the body."""
    if lacks := missing("soundfile", "audio loops need the library soundfile"):
        raise Unreadable(lacks)
    import soundfile

    try:
        with soundfile.SoundFile(with_sizes(file)) as sound:
            yield sound
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError) as error:
        raise Unreadable(f"not a {suffix.lstrip('.').upper()} file, or a damaged one") from error


def _check(file: Any) -> int:
    """The samples a second of an opened file. Raises Unreadable if it is too much to be read."""
    rate, frames = int(file.samplerate), int(file.frames)
    if frames >= 1 << 62:
        raise Unreadable("of a length that it does not say; save it again")
    if rate < 1 or frames > _LONGEST * rate:
        raise Unreadable(_too_long(frames / max(rate, 1)))
    if rate > _FASTEST_RATE or frames > _MOST_SAMPLES:
        raise Unreadable(f"of {rate:,} samples a second; convert it to 48,000")
    return rate


def _too_long(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    lasts = f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
    return f"{lasts} long; cut it into pieces of at most {_LONGEST / 60:.0f} min"


def _mend(sound: npt.NDArray[np.float32]) -> int:
    """Silence the samples that no sound has, in place; how many they were."""
    height = np.abs(sound)
    if float(height.max()) <= _LOUDEST:  # not so if any is not a number
        return 0
    bad = ~np.isfinite(height)
    height[bad] = 0
    # Files of floating point may be as large as their writer liked, but all of their samples.
    at = min(height.size - 1, int(0.999 * height.size))
    usual = float(np.partition(height, at, axis=None)[at])
    bad |= height > max(_LOUDEST, 100 * usual)
    sound[bad] = 0
    return int(bad.sum())
