"""MIDI files that are odd in one way: every note of them is read, or a word is said about it.

The beat that they hold is two bars with 25 notes on channel 10. What is right of each is what a
player of MIDI files would sound.
"""

from __future__ import annotations

import mido
import numpy as np
import pytest

from latentrack.corpus import read
from latentrack.corpus.midi import read_score
from latentrack.corpus.unreadable import Unreadable
from latentrack.errors import UserError

TICKS = 96
END = b"\x00\xff\x2f\x00"
# (step of 24 ticks, pitch), 25 of them in two bars of 4/4.
BEAT = [(step, 42) for step in range(0, 32, 2)] + [(step, 36) for step in (0, 8, 16, 20, 24)]
BEAT += [(step, 38) for step in (4, 12, 20, 28)]


def number(value: int) -> bytes:
    found = bytes([value & 0x7F])
    while value := value >> 7:
        found = bytes([value & 0x7F | 0x80]) + found
    return found


def events(notes=BEAT, channel=9, running=False, ends=True) -> list[bytes]:
    """Each with its delta: note-ons, and note-offs 12 ticks later."""
    all_events = [(24 * step, 1, 0x90, pitch, 100) for step, pitch in notes]
    if ends:
        off = 0x90 if running else 0x80
        all_events += [(24 * step + 12, 0, off, pitch, 0) for step, pitch in notes]
    written, now, last = [], 0, -1
    for tick, _, kind, pitch, velocity in sorted(all_events):
        status = b"" if running and kind == last else bytes([kind | channel])
        written.append(number(tick - now) + status + bytes([pitch, velocity]))
        now, last = tick, kind
    return written


PLAIN, RUNNING = events(), events(running=True)


def chunk(content: bytes, length: int | None = None, name: bytes = b"MTrk") -> bytes:
    return name + (len(content) if length is None else length).to_bytes(4, "big") + content


def file(*tracks: bytes, form=1, said=None, beat=TICKS, head=b"") -> bytes:
    count = len(tracks) if said is None else said
    header = b"".join(part.to_bytes(2, "big") for part in (form, count, beat)) + head
    return chunk(header, name=b"MThd") + b"".join(tracks)


def track(*parts: bytes) -> bytes:
    return chunk(b"".join(parts) + END)


def beside(what: bytes, where: int = 5, of: list[bytes] = RUNNING) -> bytes:
    """One track with something between two events that have a running status."""
    return file(track(*of[:where], what, *of[where:]))


def within(what: bytes, place: int) -> bytes:
    """Something within a message: before its first (0) or its second data byte (1)."""
    at = PLAIN[3]
    return file(track(*PLAIN[:3], at[: 2 + place] + what + at[2 + place :], *PLAIN[4:]))


BODY = b"".join(PLAIN) + END
META = b"\x00\xff"
ODD = {
    "as it should be": file(track(*PLAIN)),
    "running status": file(track(*RUNNING)),
    # Headers that say something else than what is there.
    "no track said": file(track(*PLAIN), said=0),
    "fewer tracks said": file(track(META + b"\x03\x01a"), track(*PLAIN), said=1),
    "more tracks said": file(track(*PLAIN), said=9),
    "a longer header": file(track(*PLAIN), head=b"\0\0\0\0"),
    "format 0 with two tracks": file(track(META + b"\x01\x01a"), track(*PLAIN), form=0),
    "format 2 with one track": file(track(*PLAIN), form=2),
    # Chunks.
    "another chunk first": file(chunk(b"any", name=b"XFIH"), track(*PLAIN)),
    "another chunk last": file(track(*PLAIN), chunk(b"any", name=b"XFKM")),
    "a track of no bytes": file(chunk(b""), track(*PLAIN)),
    "a length that is too short": file(chunk(BODY, len(BODY) - 20)),
    "a length of nothing": file(chunk(BODY, 0)),
    "a length that is too long": file(chunk(BODY, len(BODY) + 100)),
    "a length too short, before a track": file(chunk(BODY, 40), track(META + b"\x01\x01a")),
    "a length too long, before a track": file(chunk(BODY, len(BODY) + 9), track(META + b"\1\1a")),
    "a length that takes in the next track": file(
        chunk(track(META + b"\x03\x01a")[8:], 8 + len(BODY) + 9), chunk(BODY)
    ),
    "a zero behind the end of the track": file(chunk(BODY + b"\0")),
    "a zero that the length does not count": file(chunk(BODY, len(BODY)) + b"\0"),
    "zeros between two tracks": file(chunk(BODY) + b"\0\0\0", track(META + b"\x01\x01a")),
    "events behind the end of the track": file(chunk(BODY + b"".join(PLAIN))),
    "no end of the track": file(chunk(b"".join(PLAIN))),
    "an end of the track without its length": file(chunk(BODY[:-1])),
    # Wrappings.
    "RIFF": b"RIFF\xff\0\0\0RMIDdata\xff\0\0\0" + file(track(*PLAIN)),
    "RIFF with a list first": b"RIFF\xff\0\0\0RMIDLIST\4\0\0\0INFOdata\xff\0\0\0"
    + file(track(*PLAIN)),
    "MacBinary": bytes(128) + file(track(*PLAIN)),
    "a line in front": b"Content-Type: audio/midi\r\n\r\n" + file(track(*PLAIN)),
    "a mark of UTF-8": b"\xef\xbb\xbf" + file(track(*PLAIN)),
    "text behind it": file(track(*PLAIN)) + b"-- end --\r\n",
    # Meta events that the corpus does not use.
    "a key of 255 flats": beside(META + b"\x59\x02\xff\0", of=PLAIN),
    "a key of one byte": beside(META + b"\x59\x01\x03", of=PLAIN),
    "a tempo of two bytes": beside(META + b"\x51\x02\x07\xa1", of=PLAIN),
    "a tempo of nothing": beside(META + b"\x51\x03\0\0\0", of=PLAIN),
    "an SMPTE offset of 255 hours": beside(META + b"\x54\x05\xff\xff\xff\xff\xff", of=PLAIN),
    "an unknown meta": beside(META + b"\x7e\x03abc", of=PLAIN),
    "a name of bytes that are not UTF-8": beside(META + b"\x03\x03\xff\xfe\x80", of=PLAIN),
    "a meter of no beats": beside(META + b"\x58\x04\0\2\x18\x08", 0, PLAIN),
    "a meter of 256ths": beside(META + b"\x58\x04\4\x08\x18\x08", 0, PLAIN),
    "a meter of 2^33": beside(META + b"\x58\x04\4\x21\x18\x08", 0, PLAIN),
    "a meter of one byte": beside(META + b"\x58\x01\3", 0, PLAIN),
    # Running status continues after every other kind of event.
    "a meta between": beside(META + b"\x01\x02hi"),
    "a sysex between": beside(b"\0\xf0\x05\x7e\x7f\x09\x01\xf7"),
    "a sysex in two pieces": beside(b"\0\xf0\x03\x7e\x7f\x09\0\xf7\x02\x01\xf7"),
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
    "a program": beside(b"\0\xc9\x10", of=PLAIN),
    "pressure": beside(b"\0\xd9\x40", of=PLAIN),
    "pressure of a key": beside(b"\0\xa9\x24\x40", of=PLAIN),
    "a pitch wheel": beside(b"\0\xe9\0\x40", of=PLAIN),
    "a controller": beside(b"\0\xb9\x07\x7f", of=PLAIN),
    # Numbers.
    "a delta of four bytes": file(track(b"\x80\x80\x80" + PLAIN[0], *PLAIN[1:])),
    "a delta of six bytes": file(track(b"\x80" * 5 + PLAIN[0], *PLAIN[1:])),
    "a length of a meta in three bytes": beside(META + b"\x01\x80\x80\x02hi", of=PLAIN),
    "a velocity of 200": file(track(PLAIN[0][:3] + b"\xc8", *PLAIN[1:])),
    # Notes that end oddly.
    "no note ends": file(track(*events(ends=False))),
    "a note-off for a note that is not on": beside(b"\0\x89\x30\x40", of=PLAIN),
    "notes ended twice": file(track(*PLAIN, b"\0\x89\x2a\x40\0\x89\x24\x40")),
}  # fmt: skip


def notes_of(data: bytes) -> list[tuple[int, int]]:
    """(tick, pitch), sorted."""
    score = read_score(data)
    return sorted(
        (int(tick), int(pitch))
        for part in score.parts
        for tick, pitch in zip(part.ticks, part.pitches, strict=True)
    )


WANTED = sorted((24 * step, pitch) for step, pitch in BEAT)


def test_there_are_many_ways() -> None:
    assert len(ODD) >= 60 and len(WANTED) == 25


@pytest.mark.parametrize("way", ODD)
def test_every_note_is_read(way: str, tmp_path) -> None:
    assert notes_of(ODD[way]) == WANTED
    (tmp_path / "a.mid").write_bytes(ODD[way])
    plain = read([tmp_path / "a.mid"], cache=False)
    filtered = read([tmp_path / "a.mid"], include=("channel:1-16",), cache=False)
    for made in (plain, filtered):
        assert len(made.sequences) == 2 and len(made.velocities) == 25
    passed_over = {d.what: d.count for d in plain.discarded}
    assert passed_over == ({"meters": 1} if way.startswith("a meter") else {})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (file(track(*PLAIN), form=0x6D01), "of format 27905"),
        (file(track(*PLAIN), beat=0), "whose beat has 0 ticks"),
        (file(track(*PLAIN), beat=0xE728), r"film frames \(25 a second\)"),
        (file(track(b"\0\x24\x40", *PLAIN)), "an event without a status"),
        (file(chunk(PLAIN[0][:3])), "cut short"),
    ],
)
def test_what_is_refused_is_refused_truly(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_score(data)


def test_what_is_cut_short_is_read_as_far_as_it_goes(tmp_path) -> None:
    (tmp_path / "a.mid").write_bytes(file(track(*PLAIN))[:-30])
    made = read([tmp_path / "a.mid"], cache=False)
    assert [(d.what, d.reason, d.count) for d in made.discarded] == [
        ("tracks", "cut short: what there is of them is read", 1)
    ]
    assert 15 < len(made.velocities) < 25


def test_the_tracks_of_format_2_come_one_after_the_other() -> None:
    late = [(step, 36) for step in (0, 2)]
    data = file(track(*PLAIN), track(*events(late)), form=2)
    # The first lasts to tick 732 of 768, so the second begins with the third bar.
    assert notes_of(data) == sorted([*WANTED, (768, 36), (816, 36)])


def test_a_bass_on_a_channel_of_its_own_is_no_drums(tmp_path) -> None:
    """Two parts of program 0; the drums are told by their name."""
    bass = events([(step, 36 + step % 5) for step in range(0, 32, 2)], channel=1)
    drums = events(channel=2)
    name = META + b"\x03\x05Drums"
    (tmp_path / "a.mid").write_bytes(file(track(*bass), track(name, *drums)))
    for include in ((), ("channel:1-16",)):
        made = read([tmp_path / "a.mid"], include=include, cache=False)
        assert len(made.velocities) == 25


def test_endings_that_musicians_know_are_music(tmp_path) -> None:
    for ending in ("mid", "kar", "rmi"):
        (tmp_path / f"{ending}.{ending}").write_bytes(ODD["RIFF"])
    assert len(read([tmp_path], cache=False).sequences) == 6


def test_files_of_others_hold_the_notes_that_mido_finds(shared_data) -> None:
    files = sorted((shared_data / "groove").rglob("*.mid"))[::15]
    files += sorted((shared_data / "chorales").rglob("*.mid"))[::25]
    assert len(files) > 50
    for path in files:
        midi = mido.MidiFile(path, clip=True)
        wanted = []
        for each in midi.tracks:
            ticks = np.cumsum([message.time for message in each])
            wanted += [
                (int(tick), message.channel, message.note, message.velocity)
                for tick, message in zip(ticks, each, strict=True)
                if message.type == "note_on" and message.velocity
            ]
        score = read_score(path.read_bytes())
        found = [
            (tick, part.channel, pitch, velocity)
            for part in score.parts
            for tick, pitch, velocity in zip(
                part.ticks.tolist(), part.pitches.tolist(), part.velocities.tolist(), strict=True
            )
        ]
        assert sorted(found) == sorted(wanted), path
        assert not score.passed_over, path


def test_the_account_of_every_file_adds_up(shared_data) -> None:
    """Notes in the bytes are hits kept, and those left out by each reason."""
    files = sorted((shared_data / "groove").rglob("*.mid"))[::20]
    files += sorted((shared_data / "chorales").rglob("*.mid"))[::20]
    for path in files:
        notes = read_score(path.read_bytes()).notes
        for kind in ("drums", "notes"):
            left_out: list[int] = []

            def count(_name, reasons, left_out=left_out) -> None:
                left_out += [n for (what, _), n in reasons.items() if what in ("hits", "notes")]

            try:
                made = read([path], kind=kind, cache=False, on_discard=count)
            except UserError:
                continue
            assert len(made.velocities) + sum(left_out) == notes, (path, kind)
