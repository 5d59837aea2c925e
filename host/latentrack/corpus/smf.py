"""Standard MIDI files: chunks, tracks and events, as they are in the bytes.

Writers of MIDI files are sloppy, and players of them are not strict, so neither is this reader. It
believes the bytes more than what a header or a length says of them: it takes every track that is
there, up to its End of Track; it skips what the corpus does not use (other chunks, sysex, metas)
by its length; and running status goes on behind all of that, as the writers mean it.

One pass of numpy over the file finds, for each byte, how long an event is that begins there. A loop
then goes from event to event, and numpy reads those that it has come by. Format: Standard MIDI
Files 1.0 (RP-001).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from latentrack.corpus.unreadable import Unreadable

Column = npt.NDArray[np.uint8]

NOTE_ON, PROGRAM = 0x90, 0xC0  # kinds of messages of a channel
NAME, METER = 0x03, 0x58  # types of metas that are kept
_END_OF_TRACK = 0x2F
_SYSEX, _SYSEX_GOES_ON, _META = 0xF0, 0xF7, 0xFF
_DATA_OF_SYSTEM = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # data bytes; the others have none
_REAL_TIME = range(0xF8, 0xFF)

_MOST_NUMBER = 1 << 35  # of a number of more bytes than the standard's four
# What is looked at together takes ten times its memory; an event that is read by hand, a hundred.
_BLOCK = 1 << 18
_MOST_ODD = 50_000
_MOST_NOTES = 1_000_000

# What a track chunk is called, and how far a file's beginning may lie behind other bytes.
_HEADER, _TRACK = b"MThd", b"MTrk"
_WRAPPING = 4096

# For each status what to add to the length of the delta in front of it. Below 64: an event of two
# data bytes, and its length; from 64: of one; from 128: it has the status of the one before it;
# from 192: a system message.
_ONE, _RUNNING, _SYSTEM = 64, 128, 192
_BY_HAND = 255  # a message to be read byte by byte
_CODE = np.full(256, 3, np.uint8)
_CODE[0xC0:0xE0] = _ONE + 2
_CODE[:0x80] = _RUNNING
_CODE[0xF0:] = _SYSTEM


@dataclass
class TrackChunk:
    """What sounds in one track: its note-ons and changes of program, in order. A column each: the
    tick, the status, two data bytes of 0 to 127.

    Data bytes from 128 on, which sloppy writers make of loud notes, are 127. `metas`: (tick, type,
    content) of those that are kept. `end`: the tick of the last event. `ended`: with an End of
    Track. `cut`: it breaks off within an event, or before the length that its chunk says.
    """

    ticks: npt.NDArray[np.int64]
    statuses: Column
    first: Column
    second: Column
    metas: list[tuple[int, int, bytes]]
    end: int
    ended: bool
    cut: bool


@dataclass(frozen=True)
class Header:
    """What comes before the tracks: `form` is 0, 1 or 2."""

    form: int
    ticks_per_beat: int
    begin: int  # where the file begins, behind what is wrapped around it


def is_midi(data: bytes) -> bool:
    """Whether these are the bytes of a MIDI file, perhaps in a wrapping."""
    return _begin(data) >= 0


def read_header(data: bytes) -> Header:
    """Reads the header, behind whatever is wrapped around it (RIFF, MacBinary). Raises Unreadable.

    Of film frames, and of a beat of no ticks, no bars can be made: what the header says is said.
    """
    begin = _begin(data)
    if begin < 0:
        raise Unreadable("not a MIDI file")
    if len(data) < begin + 14:
        raise Unreadable("a MIDI file cut short")
    form = int.from_bytes(data[begin + 8 : begin + 10], "big")
    division = int.from_bytes(data[begin + 12 : begin + 14], "big")
    if form > 2:
        raise Unreadable(f"a MIDI file of format {form}; there are 0, 1 and 2")
    if division >= 0x8000:
        raise Unreadable(f"timed in film frames ({256 - (division >> 8)} a second), not in beats")
    if not division:
        raise Unreadable("a MIDI file whose beat has 0 ticks")
    return Header(form, division, begin)


def _begin(data: bytes) -> int:
    """Where the header is; -1 if there is none."""
    return data.find(_HEADER, 0, len(data) if data[:4] == b"RIFF" else _WRAPPING)


def read_tracks(data: bytes, begin: int = 0) -> Iterator[TrackChunk]:
    """All tracks that are there, in the order of the file. Raises Unreadable.

    A track goes on to its End of Track. The length that its chunk says is believed if another
    chunk, or the end of the file, is where it ends.
    """
    reader = _Reader(data)
    at = begin + 8 + int.from_bytes(data[begin + 4 : begin + 8], "big")
    while (at := _chunk_from(data, at, begin)) >= 0:
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] != _TRACK:
            at = end
            continue
        start, begin = at + 8, at + 1
        if end != len(data) and not _is_chunk(data, end):
            following = data.find(_TRACK, start)
            limit = following if following >= 0 else len(data)
        else:
            limit = end
        track, stop = reader.track(start, limit)
        track.cut = track.cut or (end > len(data) and not track.ended)
        yield track
        # A length that goes over the next track is not believed either.
        at = stop if data[stop : stop + 4] == _TRACK else limit


def _chunk_from(data: bytes, at: int, begin: int) -> int:
    """Where the next chunk is, at `at` if one is there; -1: no other comes."""
    return at if _is_chunk(data, at) else data.find(_TRACK, min(max(at, begin), len(data)))


def _is_chunk(data: bytes, at: int) -> bool:
    """Whether a chunk begins there: a track, or four letters and a length that is possible."""
    name = data[at : at + 4]
    if name == _TRACK:
        return True
    end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    return len(name) == 4 and name.isalnum() and name.isascii() and end <= len(data)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._bytes = np.frombuffer(data + bytes(8), np.uint8)
        count = len(data)
        self._lengths = np.empty(count, np.uint8)
        codes = np.empty(count, np.uint8)
        for start in range(0, count, _BLOCK):
            some = slice(start, min(start + _BLOCK, count))
            self._lengths[some], codes[some] = self._look(some)
        for start in range(0, count, _BLOCK):
            self._mark_strays(codes, start)
        self._codes = codes.tobytes()

    def _look(self, some: slice) -> tuple[Column, Column]:
        """For each of these bytes, if an event began there: the length of its delta, its code."""
        count, data = some.stop - some.start, self._bytes[some.start : some.stop + 8]
        more = data >= 0x80
        two = more[:count]
        three = two & more[1 : count + 1]
        four = three & more[2 : count + 2]
        status = np.where(two, data[2 : count + 2], data[1 : count + 1])
        status = np.where(three, data[3 : count + 3], status)
        status = np.where(four, data[4 : count + 4], status)
        lengths = np.uint8(1) + two + three + four
        codes = _CODE[status] + lengths
        codes[four & more[3 : count + 3]] = _BY_HAND
        return lengths, codes

    def _mark_strays(self, codes: Column, start: int) -> None:
        """A real-time byte within a message belongs to nothing: that message is read by hand."""
        some = self._bytes[start : start + _BLOCK]
        strays = start + np.flatnonzero((some >= _REAL_TIME.start) & (some < _REAL_TIME.stop))
        strays = strays[strays < len(codes)]
        for before in range(1, 7):
            begins = strays[strays >= before] - before
            reach = self._lengths[begins] + (codes[begins] < _RUNNING)
            within = (codes[begins] < _SYSTEM) & (before >= reach) & (before < reach + 2)
            codes[begins[within]] = _BY_HAND

    def track(self, at: int, limit: int) -> tuple[TrackChunk, int]:
        """The events from `at` to the End of Track, or to `limit`; and where they end."""
        codes = self._codes
        offsets = array("i")
        odd: list[_Odd] = []
        data_bytes, ended = 0, False
        while at < limit:
            code = codes[at]
            offsets.append(at)
            if code < _ONE:
                data_bytes = 2
                at += code
            elif code < _RUNNING:
                data_bytes = 1
                at += code - _ONE
            elif code < _SYSTEM and data_bytes:
                at += code - _RUNNING + data_bytes
            else:
                event = self._by_hand(at, limit, offsets, odd)
                data_bytes = event.data_bytes or data_bytes
                if event.is_kept or code == _BY_HAND:
                    odd.append(event)
                if len(odd) > _MOST_ODD:
                    raise Unreadable(
                        f"a MIDI file of more than {_MOST_ODD:,} names, meters and damaged events"
                    )
                at = event.stop
                if event.meta == _END_OF_TRACK:
                    ended = True
                    break
        cut = at > limit and not ended
        if cut and offsets:
            # The last event is incomplete.
            offsets.pop()
            if odd and odd[-1].number == len(offsets):
                odd.pop()
        return self._columns(offsets, odd, ended, cut), min(at, limit)

    def _by_hand(self, at: int, limit: int, offsets: array[int], odd: list[_Odd]) -> _Odd:
        """A system message, or one that is not written as it should be."""
        index = len(offsets) - 1
        delta, at = self._number(at, limit)
        status = self._data[at] if at < limit else _SYSEX
        if status == _META:
            length, body = self._number(at + 2, limit)
            kind = self._data[at + 1] if at + 1 < limit else 0
            stop = body + length
            if kind == _END_OF_TRACK:
                stop = min(stop, limit)
            return _Odd(index, delta, status, stop, 0, kind, self._data[body:stop])
        if status in (_SYSEX, _SYSEX_GOES_ON):
            length, body = self._number(at + 1, limit)
            stop = body + length
            if status == _SYSEX:
                stop = self._without_length(at + 1, stop, limit) or stop
            return _Odd(index, delta, status, stop)
        if status > _SYSEX:
            return _Odd(index, delta, status, at + 1 + _DATA_OF_SYSTEM.get(status, 0))
        if status < 0x80:
            at -= 1
            status = self._status_before(offsets, odd)
        data_bytes = 1 if 0xC0 <= status < 0xE0 else 2
        content: list[int] = []
        while len(content) < data_bytes:
            at += 1
            byte = self._data[at] if at < limit else 0
            if byte not in _REAL_TIME:
                content.append(byte)
        return _Odd(index, delta, status, at + 1, data_bytes, None, bytes(content))

    def _without_length(self, at: int, stop: int, limit: int) -> int:
        """Where a sysex ends that was written without its length; 0 if its length is right.

        Its first data byte is then taken for a length, and what this takes in is more than data.
        """
        end = self._data.find(_SYSEX_GOES_ON, at, min(stop, limit)) + 1
        if not end or end == stop or max(self._data[at : end - 1], default=0) >= 0x80:
            return 0
        return end if stop > limit or any(self._data[end:stop]) else 0

    def _number(self, at: int, limit: int) -> tuple[int, int]:
        """A number of variable length, and where it ends; beyond `limit` if that is within it."""
        number = 0
        while at < limit:
            byte = self._data[at]
            number = min(number << 7 | byte & 0x7F, _MOST_NUMBER)
            at += 1
            if byte < 0x80:
                return number, at
        return number, limit + 1

    def _status_before(self, offsets: array[int], odd: list[_Odd]) -> int:
        """The running status before the event at the last offset."""
        by_hand = {event.number: event.status for event in odd}
        for index in range(len(offsets) - 2, -1, -1):
            at = offsets[index]
            status = by_hand.get(index, self._data[at + int(self._lengths[at])])
            if 0x80 <= status < _SYSEX:
                return status
        raise Unreadable("a damaged MIDI file: an event without a status")

    def _columns(self, offsets: array[int], odd: list[_Odd], ended: bool, cut: bool) -> TrackChunk:
        every = np.frombuffer(offsets, np.int32) if offsets else np.zeros(0, np.int32)
        kept: list[tuple[npt.NDArray[Any], ...]] = [(np.zeros(0, np.int64),) * 4]
        metas: list[tuple[int, int, bytes]] = []
        end = running = notes = 0
        numbers = [event.number for event in odd]
        for start in range(0, len(every), _BLOCK):
            at = every[start : start + _BLOCK]
            some = odd[bisect_left(numbers, start) : bisect_left(numbers, start + len(at))]
            columns, system = self._decode(at, some, start, end, running)
            ticks, statuses, _, second = columns
            end, running = int(ticks[-1]), int(statuses[-1])
            for event in some:
                if event.meta is not None and event.is_kept:
                    metas.append((int(ticks[event.number - start]), event.meta, event.content))
            kinds = statuses & 0xF0
            on = (kinds == NOTE_ON) & (second > 0) & ~system
            sounds = on | (kinds == PROGRAM) & ~system
            kept.append(tuple(column[sounds] for column in columns))
            notes += int(on.sum())
            if notes > _MOST_NOTES:
                raise Unreadable(f"a MIDI file of more than {_MOST_NOTES:,} notes in a track")
        ticks, statuses, first, second = map(np.concatenate, zip(*kept, strict=True))
        return TrackChunk(ticks, statuses, first, second, metas, end, ended, cut)

    def _decode(
        self, at: npt.NDArray[np.int32], odd: list[_Odd], start: int, tick: int, running: int
    ) -> tuple[tuple[npt.NDArray[Any], ...], npt.NDArray[np.bool_]]:
        """The columns of all events at these offsets, the first of which has number `start`.

        And which of them are system messages: these have the status of what was before them.
        """
        lengths = self._lengths[at]
        deltas = (self._bytes[at] & 0x7F).astype(np.int64)
        for byte in range(1, 4):
            longer = deltas << 7 | self._bytes[at + byte] & 0x7F
            deltas = np.where(lengths > byte, longer, deltas)
        at = at + lengths
        statuses = self._bytes[at]
        for event in odd:
            deltas[event.number - start] = event.delta
            statuses[event.number - start] = event.status
        system = statuses >= _SYSEX
        own = (statuses >= 0x80) & ~system
        before = np.maximum.accumulate(np.where(own, np.arange(len(at)), -1))
        first, second = self._bytes[at + own], self._bytes[at + own + 1]
        for event in odd:
            if event.data_bytes:
                first[event.number - start] = event.content[0]
                second[event.number - start] = event.content[-1]
        statuses = np.where(before < 0, np.uint8(running), statuses[before])
        ticks = tick + np.cumsum(deltas)
        return (ticks, statuses, np.minimum(first, 127), np.minimum(second, 127)), system


class _Odd(NamedTuple):
    """An event that was read by hand: it replaces the values of the columns."""

    number: int
    delta: int
    status: int
    stop: int
    data_bytes: int = 0  # of a message of a channel
    meta: int | None = None
    content: bytes = b""

    @property
    def is_kept(self) -> bool:
        """Whether the event is a track name or a time signature."""
        return self.meta in (NAME, METER)
