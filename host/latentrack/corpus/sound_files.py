"""Sound files opened and decoded, also those whose writer was cut off or wrote a stream.

libsndfile decodes; a size that the writer left open (0, or all ones) is given to it as what is
there. Samples that are not numbers, or far beyond all others, are silence and are counted.
"""

from __future__ import annotations

import io
import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from latentrack.corpus.unreadable import Unreadable
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
_ENDLESS = 1 << 62  # frames of a stream whose length its writer did not know
_LOUDEST = 4.0  # what is beyond it, and beyond a hundred times the others, is damage
_HEAD = 1 << 16  # bytes in which the beginning of the samples is looked for


def check_length(path: Path) -> None:
    """Raise Unreadable if a file is none of audio, or too long to be listened to."""
    try:
        check_file(path, sys.maxsize)  # how long it is says more than how large
        # By a handle: libsndfile takes no name with bytes that are no text.
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
    import soundfile

    try:
        with soundfile.SoundFile(_with_sizes(file)) as sound:
            yield sound
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError) as error:
        raise Unreadable(f"not a {suffix.lstrip('.').upper()} file, or a damaged one") from error


def _check(file: Any) -> int:
    """The samples a second of an opened file. Raises Unreadable if it is too much to be read."""
    rate, frames = int(file.samplerate), int(file.frames)
    if frames >= _ENDLESS:  # counted while it is decoded
        frames = 0
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


# -- sizes that were left open --------------------------------------------------------------------


def _with_sizes(file: IO[bytes]) -> Any:
    """The file, or a view of it in which the size of its samples is what is there."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    try:
        changed = _sizes(file, head, end)
    except struct.error:
        changed = {}
    file.seek(0)
    return _View(file, changed) if changed else file


def _sizes(file: IO[bytes], head: bytes, end: int) -> dict[int, bytes]:
    """What is to be written over the head, by place; nothing if its sizes are good."""
    kind = head[:4]
    if kind in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        places = _chunks(head, 12, "<I")
        at = places.get(b"data", 0)
        if not at:
            return {}
        rest, long = end - at - 8, places.get(b"ds64", 0)
        if kind == b"RF64" and long:
            (size,) = struct.unpack_from("<Q", head, long + 16)
            if size in (0, 2**64 - 1) and rest > 0:
                return {long + 8: struct.pack("<QQ", end - 8, rest)}
        elif head[at + 4 : at + 8] == bytes(4) and _is_sound(file, at + 8, end, "<I"):
            return {at + 4: struct.pack("<I", min(rest, 2**32 - 1))}
    elif kind == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        at = _chunks(head, 12, ">I").get(b"SSND", 0)
        # 8 bytes of it come before the samples. A size of 0 libsndfile takes as we do.
        if at and head[at + 4 : at + 8] == bytes([0, 0, 0, 8]) and end - at > 16:
            if _is_sound(file, at + 16, end, ">I"):
                return {at + 4: struct.pack(">I", min(end - at - 8, 2**32 - 1))}
    elif kind == b"caff":
        at = _chunks(head, 8, ">q").get(b"data", 0)
        if at:
            (size,) = struct.unpack_from(">q", head, at + 4)
            if size == -1 or (size in (0, 4) and _is_sound(file, at + 16, end, ">q")):
                return {at + 4: struct.pack(">q", end - at - 12)}
    elif kind == b".snd" and head[8:12] == bytes(4) and end > struct.unpack_from(">I", head, 4)[0]:
        return {8: b"\xff\xff\xff\xff"}  # which says by the format that the size is not known
    return {}


def _chunks(head: bytes, at: int, form: str) -> dict[bytes, int]:
    """Where chunks begin, by their names, as far as the head goes."""
    places: dict[bytes, int] = {}
    width = struct.calcsize(form)
    while at + 4 + width <= len(head):
        name = head[at : at + 4]
        (size,) = struct.unpack_from(form, head, at + 4)
        places.setdefault(name, at)
        if size < 0 or name in (b"data", b"SSND"):
            break
        at += 4 + width + size
        at += size & 1 if width == 4 else 0
    return places


def _is_sound(file: IO[bytes], at: int, end: int, form: str) -> bool:
    """Whether what lies from here to the end is samples, and not chunks one after the other."""
    width = struct.calcsize(form)
    if end - at < 4 + width:
        return False
    for _ in range(100):
        file.seek(at)
        name, size = file.read(4), file.read(width)
        if at >= end or not name.strip(b"\0"):
            return False
        length = struct.unpack(form, size)[0] if len(size) == width else -1
        if not name.decode("latin-1").isprintable() or not 0 <= length <= end - at - 4 - width:
            return True
        at += 4 + width + length
        at += length & 1 if width == 4 else 0
    return False


class _View:
    """A file with other bytes at a few places near its beginning, as soundfile reads files."""

    def __init__(self, file: IO[bytes], changed: dict[int, bytes]) -> None:
        self._file = file
        self._changed = changed

    def seek(self, to: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(to, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, count: int = -1) -> bytes:
        at = self._file.tell()
        data = self._file.read(count)
        for place, written in self._changed.items():
            first, last = max(place, at), min(place + len(written), at + len(data))
            if first < last:
                part = written[first - place : last - place]
                data = data[: first - at] + part + data[last - at :]
        return data
