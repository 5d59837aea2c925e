"""Read the tempo that sound files state: acid and Apple Loops chunks, ID3, Vorbis and other tags.

Each reader extracts only beats, tempo and meter from its format. Readers accept any bytes: damaged,
truncated or implausible data is ignored, and no exception is raised.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ACID, APPLE, TAGS = "the acid chunk", "the Apple Loops chunk", "the tags"

SLOWEST, FASTEST = 40.0, 260.0  # quarter notes per minute; other values are ignored

_MOST_BEATS = 4096
_MOST_CHUNKS = 1000
_MOST_BYTES = 1 << 20  # of tags; larger ones, such as pictures, are cut off
_W64 = bytes.fromhex("f3acd3118cd100c04f8edb8a")  # rest of a chunk's GUID after 4 letters

_TEMPO_KEYS = ("bpm", "tempo", "tbpm", "tbp", "tmpo", "ibpm", "beats per minute", "beatsperminute")
_BEATS_KEYS = ("beat count", "beats", "beatcount", "number of beats")
_TEXT_KEYS = ("comment", "comments", "description", "title", "name")


@dataclass(frozen=True)
class Said:
    """The values that one source states about a file; None for those that it does not.

    source: its name for messages.  bpm: quarter notes per minute.  beats: length of the loop in
    quarter notes.  bars: length in bars.  meter: (numerator, denominator).
    """

    source: str
    bpm: float | None = None
    beats: float | None = None
    bars: float | None = None
    meter: tuple[int, int] | None = None


def in_file(data: bytes) -> list[Said]:
    """Return what a file's bytes state, at most one Said per source; the first value wins."""
    readers = {
        b"RIFF": _riff, b"RF64": _riff, b"riff": _w64, b"FORM": _aiff, b"caff": _caf,
        b"fLaC": _flac, b"OggS": _ogg, b".snd": _au,
    }  # fmt: skip
    found: list[Said] = []
    body = data
    if data[:3] == b"ID3":
        found += _id3(data[: _MOST_BYTES + 10])
        behind = _id3_size(data)
        body = data[behind:] if data[behind : behind + 4] == b"fLaC" else b""
    reader = readers.get(body[:4])
    if reader:
        found += reader(body)
    together: dict[str, Said] = {}
    for said in found:
        before = together.get(said.source, said)
        together[said.source] = Said(
            said.source,
            before.bpm or said.bpm,
            before.beats or said.beats,
            before.bars or said.bars,
            before.meter or said.meter,
        )
    return [said for said in together.values() if said.bpm or said.beats or said.meter]


def bpm_in_words(text: str) -> float | None:
    """Return the tempo in a text, such as `funk_97bpm`, `97.5 BPM` or `bpm120`; None without."""
    number = r"(\d{2,3}(?:\.\d+)?)"
    found = re.search(rf"(?<![\d.]){number}[-_ ]?bpm|bpm[-_ ]?{number}", text, re.I)
    return _bpm(float(found[1] or found[2])) if found else None


# -- containers -----------------------------------------------------------------------------------


def _riff(data: bytes) -> Iterator[Said]:
    for name, body in _chunks(data, 12, "<I"):
        if name == b"acid":
            yield from _acid(body)
        elif name == b"LIST" and body[:4] == b"INFO":
            yield from _info(body)
        elif name.lower() == b"id3 ":
            yield from _id3(body)


def _w64(data: bytes) -> Iterator[Said]:
    at = 40
    for _ in range(_MOST_CHUNKS):
        if at + 24 > len(data):
            return
        (size,) = struct.unpack_from("<Q", data, at + 16)
        if data[at : at + 16] == b"acid" + _W64:
            yield from _acid(data[at + 24 : at + 24 + 64])
        if size < 24:
            return
        at += size + -size % 8


def _aiff(data: bytes) -> Iterator[Said]:
    for name, body in _chunks(data, 12, ">I"):
        if name == b"basc":
            yield from _apple(body)
        elif name in (b"ANNO", b"NAME", b"AUTH", b"APPL", b"COMT"):
            yield from _in_words(body)
        elif name.lower() == b"id3 ":
            yield from _id3(body)


def _caf(data: bytes) -> Iterator[Said]:
    for name, body in _chunks(data, 8, ">q"):
        # Apple Loops use a uuid chunk, which has the same layout after 16 bytes.
        words = body[4:] if name == b"info" else body[20:] if name == b"uuid" else b""
        strings = words[:_MOST_BYTES].split(b"\0")
        pairs = zip(strings[::2], strings[1::2], strict=False)
        yield from _tags((_text(key), _text(value)) for key, value in pairs)


def _flac(data: bytes) -> Iterator[Said]:
    at = 4
    for _ in range(_MOST_CHUNKS):
        if at + 4 > len(data):
            return
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        body = data[at + 4 : at + 4 + size]
        if kind & 127 == 4:
            yield from _vorbis(body)
        elif kind & 127 == 2 and body[:8] == b"riffacid":  # the WAV file's, kept by the encoder
            yield from _acid(body[12:])
        if kind & 128:
            return
        at += 4 + size


def _ogg(data: bytes) -> Iterator[Said]:
    """Read the comments, which are the second packet and may span several pages."""
    packets, at, packet = 0, 0, b""
    while data[at : at + 4] == b"OggS" and at + 27 <= len(data) and packets < 2:
        count = data[at + 26]
        sizes = data[at + 27 : at + 27 + count]
        at += 27 + count
        for size in sizes:
            packet += data[at : at + size]
            at += size
            if size < 255:
                packets += 1
                if packets == 2:
                    break
                packet = b""
        if len(packet) > _MOST_BYTES:
            break
    for head in (b"\x03vorbis", b"OpusTags"):
        if packet.startswith(head):
            yield from _vorbis(packet[len(head) :])
    if packet[:1] and packet[0] & 127 == 4:  # FLAC in Ogg
        yield from _vorbis(packet[4:])


def _au(data: bytes) -> Iterator[Said]:
    if len(data) >= 24:
        (begin,) = struct.unpack_from(">I", data, 4)
        yield from _in_words(data[24 : min(begin, _MOST_BYTES)])


def _chunks(data: bytes, at: int, form: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and body of each chunk, from offset `at` on; b"" as the body of samples.

    form: struct format of a chunk's size.
    """
    width, length = struct.calcsize(form), 0
    for _ in range(_MOST_CHUNKS):
        if at + 4 + width > len(data):
            return
        name = data[at : at + 4]
        (size,) = struct.unpack_from(form, data, at + 4)
        at += 4 + width
        if name == b"ds64" and len(data) >= at + 16:  # RF64's 64-bit size of the data chunk
            (length,) = struct.unpack_from("<Q", data, at + 8)
        elif name == b"data" and size == 2**32 - 1 and width == 4:
            size = length or size
        if size < 0:
            return
        yield name, b"" if name in (b"data", b"SSND") else data[at : at + min(size, _MOST_BYTES)]
        at += size
        at += size & 1 if width == 4 else 0


# -- contents of chunks and tags ------------------------------------------------------------------


def _acid(body: bytes) -> Iterator[Said]:
    """Parse flags, root note, two unknown fields, beats, the meter (lower, upper) and tempo."""
    if len(body) < 24:
        return
    flags, _, _, _, beats, lower, upper, bpm = struct.unpack_from("<IHHfIHHf", body)
    if flags & 1:  # a one-shot: the other fields are the writing program's defaults
        return
    yield Said(ACID, _bpm(bpm), _beats(beats), meter=_meter(upper, lower))


def _apple(body: bytes) -> Iterator[Said]:
    """Parse version, beats, root note, scale and the meter (upper, lower)."""
    if len(body) < 16:
        return
    _, beats, _, _, upper, lower = struct.unpack_from(">IIHHHH", body)
    meter = _meter(upper, lower)
    # Beats are counted in the meter's unit.
    yield Said(APPLE, beats=_beats(beats * 4 / meter[1] if meter else beats), meter=meter)


def _info(body: bytes) -> Iterator[Said]:
    for name, value in _chunks(body, 4, "<I"):
        yield from _tags([(_text(name), _text(value))])
        if name in (b"ICMT", b"INAM", b"IKEY", b"ISBJ"):
            yield from _in_words(value)


def _vorbis(body: bytes) -> Iterator[Said]:
    at = 0
    texts: list[str] = []
    try:
        (size,) = struct.unpack_from("<I", body)
        at = 4 + size
        (count,) = struct.unpack_from("<I", body, at)
        at += 4
        for _ in range(min(count, 10_000)):
            (size,) = struct.unpack_from("<I", body, at)
            texts.append(_text(body[at + 4 : at + 4 + min(size, 4096)]))
            at += 4 + size
    except struct.error:  # truncated or damaged from here on
        pass
    yield from _tags((key, value) for key, _, value in (text.partition("=") for text in texts))


def _id3_size(data: bytes) -> int:
    return 10 + _synchsafe(data[6:10])


def _id3(data: bytes) -> Iterator[Said]:
    if data[:3] != b"ID3" or len(data) < 10 or data[3] not in (2, 3, 4):
        return
    version, flags = data[3], data[5]
    body = data[10 : min(_id3_size(data), _MOST_BYTES)]
    if flags & 0x80 and version < 4:
        body = body.replace(b"\xff\0", b"\xff")
    at = 0
    if flags & 0x40 and version > 2 and len(body) >= 4:
        at = _synchsafe(body[:4]) if version == 4 else 4 + int.from_bytes(body[:4], "big")
    head = 6 if version == 2 else 10
    for _ in range(_MOST_CHUNKS):
        name = body[at : at + (3 if version == 2 else 4)]
        if at + head > len(body) or not name.isalnum():
            return
        length = body[at + len(name) : at + 2 * len(name)]
        size = int.from_bytes(length, "big")
        if version == 4 and not _ends_at_a_frame(body, at + 10 + size):
            size = _synchsafe(length)
        frame = body[at + head : at + head + size]
        odd = 0 if version == 2 else body[at + 9]
        if version == 4 and odd & 2:
            frame = frame.replace(b"\xff\0", b"\xff")
        if version == 4 and odd & 1:
            frame = frame[4:]
        packed = odd & (0x80 | 0x40) if version == 3 else odd & (8 | 4)
        if not packed and name in (b"TBP", b"TBPM"):
            yield from _tags([("bpm", _id3_text(frame))])
        elif not packed and name in (b"TXX", b"TXXX"):
            key, _, value = _id3_text(frame).partition("\0")
            yield from _tags([(key, value)])
        at += head + size


def _ends_at_a_frame(body: bytes, at: int) -> bool:
    """Whether `at` is at a frame, at padding or at the end of the tag.

    Some programs write version 4 tags with version 3's plain sizes, which this detects.
    """
    return at == len(body) or (at < len(body) and body[at : at + 4].strip(b"\0").isalnum()) or (
        at < len(body) and not body[at : at + 4].strip(b"\0")
    )  # fmt: skip


def _synchsafe(data: bytes) -> int:
    number = 0
    for byte in data:
        number = number << 7 | (byte & 127)
    return number


def _id3_text(frame: bytes) -> str:
    codes = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
    if not frame or frame[0] not in codes:
        return ""
    text = frame[1:4097]
    code = codes[frame[0]]
    if code == "utf-16" and text[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        code = "utf-16-le"
    # After a zero another text begins, with its own byte order mark.
    return text.decode(code, "ignore").replace("\ufeff", "").replace("\ufffe", "")


def _tags(pairs: Iterable[tuple[str, str]]) -> Iterator[Said]:
    for key, value in pairs:
        name = key.strip().strip("\0").lower()
        if name in _TEMPO_KEYS:
            yield Said(TAGS, bpm=_bpm(_number(value)))
        elif name in _BEATS_KEYS:
            yield Said(TAGS, beats=_beats(_number(value)))
        elif name == "time signature":
            upper, _, lower = value.partition("/")
            yield Said(TAGS, meter=_meter(int(_number(upper)), int(_number(lower))))
        elif name in _TEXT_KEYS:
            yield from _in_words(value.encode())


def _in_words(body: bytes) -> Iterator[Said]:
    text = _text(body[:65_536])
    # Also "tempo: 120": free text has the number after punctuation, a file's name does not.
    found = re.search(r"(?:bpm|tempo)\W{1,3}(\d{2,3}(?:[.,]\d{1,9})?)(?!\d)", text, re.I)
    yield Said(TAGS, bpm=bpm_in_words(text) or (_bpm(_number(found[1])) if found else None))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip("\0 \n")


def _number(text: str) -> float:
    found = re.search(r"\d{1,6}(?:[.,]\d{1,9})?", text)
    return float(found[0].replace(",", ".")) if found else 0.0


def _bpm(number: float) -> float | None:
    return number if math.isfinite(number) and SLOWEST <= number <= FASTEST else None


def _beats(number: float) -> float | None:
    return float(number) if 0 < number <= _MOST_BEATS else None


def _meter(upper: int, lower: int) -> tuple[int, int] | None:
    return (upper, lower) if 1 <= upper <= 32 and lower in (1, 2, 4, 8, 16, 32) else None
