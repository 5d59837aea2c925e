"""Writes MIDI files byte by byte: as they should be, and odd in one way at a time.

What is right of an odd file is what a player of MIDI files would sound. Each function takes a
`Tune`, so that the same ways can be tried on any notes.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

TICKS = 96
END = b"\x00\xff\x2f\x00"
META = b"\x00\xff"


@dataclass(frozen=True)
class Tune:
    """Notes of (tick, pitch, velocity) on one channel, each `length` ticks long."""

    notes: Sequence[tuple[int, int, int]]
    channel: int = 9
    length: int = 12
    ticks: int = TICKS  # a beat
    wanted: list[tuple[int, int]] = field(init=False)  # (tick, pitch) of all notes, sorted

    def __post_init__(self) -> None:
        object.__setattr__(self, "wanted", sorted(note[:2] for note in self.notes))

    def events(self, running: bool = False, ends: bool = True) -> list[bytes]:
        """Each with its delta. `running`: with running status; `ends`: with note-offs."""
        off = 0x90 if running else 0x80
        every = [(tick, 1, 0x90, pitch, velocity) for tick, pitch, velocity in self.notes]
        if ends:
            # At one tick a note ends before the next begins; one of no length ends behind.
            order = 0 if self.length else 2
            every += [(tick + self.length, order, off, pitch, 0) for tick, pitch, _ in self.notes]
        written, now, last = [], 0, -1
        for tick, _, kind, pitch, velocity in sorted(every):
            status = b"" if running and kind == last else bytes([kind | self.channel])
            written.append(number(tick - now) + status + bytes([pitch, velocity]))
            now, last = tick, kind
        return written


def number(value: int) -> bytes:
    """A number of variable length."""
    found = bytes([value & 0x7F])
    while value := value >> 7:
        found = bytes([value & 0x7F | 0x80]) + found
    return found


def chunk(content: bytes, length: int | None = None, name: bytes = b"MTrk") -> bytes:
    return name + (len(content) if length is None else length).to_bytes(4, "big") + content


def file(*tracks: bytes, form=1, said=None, beat=TICKS, head=b"") -> bytes:
    count = len(tracks) if said is None else said
    header = b"".join(part.to_bytes(2, "big") for part in (form, count, beat)) + head
    return chunk(header, name=b"MThd") + b"".join(tracks)


def track(*parts: bytes) -> bytes:
    return chunk(b"".join(parts) + END)


def refused(tune: Tune) -> dict[str, tuple[bytes, str]]:
    """What no bars can be made of, and what the refusal says, as a regular expression."""
    whole = track(*tune.events())
    return {
        "of format 27905": (file(whole, form=0x6D01), "of format 27905"),
        "a beat of no ticks": (file(whole, beat=0), "whose beat has 0 ticks"),
        "film frames": (file(whole, beat=0xE728), r"film frames \(25 a second\)"),
    }


def odd(tune: Tune) -> dict[str, bytes]:
    """The tune, of three notes or more, in a file that is odd in the way that its key says."""
    plain, running, ticks = tune.events(), tune.events(running=True), tune.ticks
    body = b"".join(plain) + END
    other = track(META + b"\x03\x01a")
    channel = tune.channel

    def made(*tracks: bytes, **changes) -> bytes:
        return file(*tracks, **{"beat": ticks} | changes)

    def beside(what: bytes, where: int = 5, of: Sequence[bytes] = running) -> bytes:
        """One track with something between two events, which have a running status."""
        return made(track(*of[:where], what, *of[where:]))

    def meta(what: bytes, where: int = 5) -> bytes:
        return beside(META + what, where, plain)

    def message(kind: int, *content: int) -> bytes:
        return beside(bytes([0, kind | channel, *content]), of=plain)

    def within(what: bytes, place: int) -> bytes:
        """Something within a message: before its first (0) or its second data byte (1)."""
        at = plain[3]
        begin = len(at) - 2 + place
        return made(track(*plain[:3], at[:begin] + what + at[begin:], *plain[4:]))

    def wrapped(before: bytes = b"", behind: bytes = b"") -> bytes:
        return before + made(track(*plain)) + behind

    def riff(*chunks: bytes) -> bytes:
        inner = b"RMID" + b"".join(chunks)
        return b"RIFF" + len(inner).to_bytes(4, "little") + inner

    def riff_chunk(name: bytes, content: bytes) -> bytes:
        padding = bytes(len(content) % 2)
        return name + len(content).to_bytes(4, "little") + content + padding

    first, rest = plain[0], plain[1:]
    return {
        "as it should be": made(track(*plain)),
        "running status": made(track(*running)),
        # Headers that say something else than what is there.
        "no track said": made(track(*plain), said=0),
        "fewer tracks said": made(other, track(*plain), said=1),
        "more tracks said": made(track(*plain), said=9),
        "65,535 tracks said": made(track(*plain), said=0xFFFF),
        "a longer header": made(track(*plain), head=b"\0\0\0\0"),
        "a header of no length": made(track(*plain)).replace(b"MThd\0\0\0\6", b"MThd\0\0\0\0"),
        "format 0 with two tracks": made(other, track(*plain), form=0),
        "format 2 with one track": made(track(*plain), form=2),
        # Chunks.
        "another chunk first": made(chunk(b"any", name=b"XFIH"), track(*plain)),
        "another chunk last": made(track(*plain), chunk(b"any", name=b"XFKM")),
        "a track of no bytes": made(chunk(b""), track(*plain)),
        "a length that is too short": made(chunk(body, len(body) - 20)),
        "a length of nothing": made(chunk(body, 0)),
        "a length that is too long": made(chunk(body, len(body) + 100)),
        "a length of all ones": made(chunk(body, 0xFFFFFFFF)),
        "a length the other way round": made(
            chunk(body, int.from_bytes(len(body).to_bytes(4, "little"), "big"))
        ),
        "a length too short, before a track": made(chunk(body, len(body) // 2), other),
        "a length too long, before a track": made(chunk(body, len(body) + 9), other),
        "a length that takes in the next track": made(
            chunk(other[8:], 8 + len(body) + 9), chunk(body)
        ),
        "a zero behind the end of the track": made(chunk(body + b"\0")),
        "a zero that the length does not count": made(chunk(body, len(body)) + b"\0"),
        "zeros between two tracks": made(chunk(body) + b"\0\0\0", other),
        "events behind the end of the track": made(chunk(body + b"".join(plain))),
        "no end of the track": made(chunk(b"".join(plain))),
        "an end of the track without its length": made(chunk(body[:-1])),
        "an end of the track with content": made(chunk(body[:-1] + b"\x02ab")),
        # Wrappings.
        "RIFF": riff(riff_chunk(b"data", wrapped())),
        "RIFF with a list first": riff(
            riff_chunk(b"LIST", b"INFOICOP\x02\0\0\0me"), riff_chunk(b"data", wrapped())
        ),
        "RIFF with a list behind": riff(
            riff_chunk(b"data", wrapped()), riff_chunk(b"LIST", b"INFOICOP\x02\0\0\0me")
        ),
        "RIFF of a wrong size": b"RIFF\xff\0\0\0RMIDdata\xff\0\0\0" + wrapped(),
        "MacBinary": wrapped(bytes(128)),
        "MacBinary with a name": wrapped((b"\0\x08beat.mid").ljust(65, b"\0").ljust(128, b"M")),
        "a line in front": wrapped(b"Content-Type: audio/midi\r\n\r\n"),
        "a mark of UTF-8": wrapped(b"\xef\xbb\xbf"),
        "text behind it": wrapped(behind=b"-- end --\r\n"),
        # Meta events that the corpus does not use.
        "a key of 255 flats": meta(b"\x59\x02\xff\0"),
        "a key of one byte": meta(b"\x59\x01\x03"),
        "a tempo of two bytes": meta(b"\x51\x02\x07\xa1"),
        "a tempo of nothing": meta(b"\x51\x03\0\0\0"),
        "an SMPTE offset of 255 hours": meta(b"\x54\x05\xff\xff\xff\xff\xff"),
        "a sequence number of no bytes": meta(b"\x00\x00"),
        "a port": meta(b"\x21\x01\x01"),
        "an unknown meta": meta(b"\x7e\x03abc"),
        "a meta of type 255": meta(b"\xff\x03abc"),
        "a name of bytes that are not UTF-8": meta(b"\x03\x03\xff\xfe\x80"),
        "a text that says MTrk": meta(b"\x01\x08MTrk\0\0\0\4"),
        "a meter of no beats": meta(b"\x58\x04\0\2\x18\x08", 0),
        "a meter of 256ths": meta(b"\x58\x04\4\x08\x18\x08", 0),
        "a meter of 2^33": meta(b"\x58\x04\4\x21\x18\x08", 0),
        "a meter of one byte": meta(b"\x58\x01\3", 0),
        # Running status continues after every other kind of event.
        "a meta between": beside(META + b"\x01\x02hi"),
        "a sysex between": beside(b"\0\xf0\x05\x7e\x7f\x09\x01\xf7"),
        "a sysex in two pieces": beside(b"\0\xf0\x03\x7e\x7f\x09\0\xf7\x02\x01\xf7"),
        "a sysex without its length": beside(b"\0\xf0\x7e\x7f\x09\x01\xf7"),
        "a sysex without its end": beside(b"\0\xf0\x04\x7e\x7f\x09\x01"),
        "an escape between": beside(b"\0\xf7\x03\xf3\x01\xf7"),
        "a clock between": beside(b"\0\xf8"),
        "a start between": beside(b"\0\xfa"),
        "a stop between": beside(b"\0\xfc"),
        "an active sensing between": beside(b"\0\xfe"),
        "a song position between": beside(b"\0\xf2\x10\x20"),
        "a song select between": beside(b"\0\xf3\x10"),
        "a quarter frame between": beside(b"\0\xf1\x10"),
        "a tune request between": beside(b"\0\xf6"),
        # Real-time bytes within a message.
        "a clock before the pitch": within(b"\xf8", 0),
        "a clock before the velocity": within(b"\xf8", 1),
        "two clocks within": within(b"\xf8\xf8", 1),
        # Other messages.
        "a program": message(0xC0, 0x10),
        "pressure": message(0xD0, 0x40),
        "pressure of a key": message(0xA0, 0x24, 0x40),
        "a pitch wheel": message(0xE0, 0, 0x40),
        "a controller": message(0xB0, 7, 0x7F),
        "a controller of 255": message(0xB0, 7, 0xFF),
        # Numbers.
        "a delta of four bytes": made(track(b"\x80" * (7 - len(first)) + first, *rest)),
        "a delta of six bytes": made(track(b"\x80" * (9 - len(first)) + first, *rest)),
        "a length of a meta in three bytes": meta(b"\x01\x80\x80\x02hi"),
        "a velocity of 200": made(track(first[:-1] + b"\xc8", *rest)),
        # Notes that end oddly.
        "no note ends": made(track(*tune.events(ends=False))),
        "a note-off for a note that is not on": message(0x80, 0x01, 0x40),
        "notes ended twice": made(
            track(*plain, *(bytes([0, 0x80 | channel, pitch, 64]) for _, pitch, _ in tune.notes))
        ),
    }


def sixteenths(notes: Iterable[tuple[int, int]], channel: int = 9) -> Tune:
    """Of (16th, pitch), all equally loud."""
    return Tune([(24 * step, pitch, 100) for step, pitch in notes], channel)


def random_tune(seed: int) -> Tune:
    """A few bars of anything on any channel."""
    chosen = random.Random(seed)
    notes = [
        (chosen.randrange(16 * TICKS), chosen.randrange(2, 128), chosen.randrange(1, 128))
        for _ in range(chosen.randrange(3, 60))
    ]
    return Tune(notes, chosen.randrange(16), chosen.choice((0, 1, 12, 300)))
