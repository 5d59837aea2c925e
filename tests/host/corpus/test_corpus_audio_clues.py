"""What tells the tempo of an audio file: each clue is written here by hand, byte by byte.

The loop is one whose tempo the ear takes for half of what it is, so that a clue that is not read is
seen in the steps.
"""

import math
import struct

import numpy as np
import pytest
import soundfile

from latentrack.corpus import read
from latentrack.corpus.sound_tags import Said, in_file
from tests.host.corpus.test_corpus_audio import TWO_BARS, patterns, render, times

BPM = 170
SECONDS = 8 * 60 / BPM
RIGHT = "x..xx.x.x..xx.x.x.x.x..xx...x.x."
ACID, APPLE, TAGS = "the acid chunk", "the Apple Loops chunk", "the tags"


def made_of(path, cache=False, **rules):
    return read([path], kind="rhythm", cache=cache, **rules)


def loop(path, bpm=BPM, tail=0.0, pattern=RIGHT, **how):
    """A loop without a word of its tempo, and so many seconds behind it."""
    seconds = len(pattern) * 15 / bpm + tail
    return render(path, times(pattern, bpm), seconds, **how)


def written(path, data):
    path.write_bytes(data)
    return path


def told(made):
    return made.recipe["tempo"]


def doubted(made):
    return sorted(entry.reason for entry in made.discarded if entry.what == "clues")


# -- chunks, written by hand ----------------------------------------------------------------------


def chunk(name, body, form="<I"):
    return name + struct.pack(form, len(body)) + body + b"\0" * (len(body) & 1)


def acid(beats=8, bpm=float(BPM), flags=0, meter=(4, 4)):
    """Flags, root note, two unknown, beats, the meter's lower number, its upper one, tempo."""
    return struct.pack("<IHHfIHHf", flags, 60, 0x8000, 0.0, beats, meter[1], meter[0], bpm)


def with_chunk(path, *chunks, form="<I"):
    """The WAV or AIFF file with these chunks at its end, and its length put right."""
    data = path.read_bytes() + b"".join(chunk(name, body, form) for name, body in chunks)
    return written(path, data[:4] + struct.pack(form, len(data) - 8) + data[8:])


def id3(*frames, version=4, flags=0, extended=b""):
    def safe(number):
        return bytes((number >> shift) & 127 for shift in (21, 14, 7, 0))

    body = extended
    for name, text in frames:
        if version == 2:
            body += name + len(text).to_bytes(3, "big") + text
        else:
            size = safe(len(text)) if version == 4 else len(text).to_bytes(4, "big")
            body += name + size + b"\0\0" + text
    body += bytes(20)  # padding
    return b"ID3" + bytes([version, 0, flags]) + safe(len(body)) + body


def comments(*texts, vendor=b"hand"):
    body = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(texts))
    return body + b"".join(struct.pack("<I", len(text)) + text for text in texts)


def ogg_page(serial, number, kind, packet):
    """One page with one packet; its checksum is a CRC-32 from 0, not reflected."""
    sizes = [255] * (len(packet) // 255) + [len(packet) % 255]
    head = struct.pack("<4sBBqIII", b"OggS", 0, kind, 0, serial, number, 0)
    return with_checksum(head + bytes([len(sizes)]) + bytes(sizes) + packet)


def with_checksum(page: bytes) -> bytes:
    """A page of Ogg whose checksum is 0, with the right one."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return page[:22] + struct.pack("<I", crc) + page[26:]


def with_ogg_comments(path, head, *texts):
    """The Ogg file with other comments. libsndfile gives them a page with the third packet."""
    data = path.read_bytes()
    pages, at = [], 0
    while data[at : at + 4] == b"OggS":
        sizes = data[at + 27 : at + 27 + data[at + 26]]
        packets, packet, place = [], b"", at + 27 + len(sizes)
        for size in sizes:
            packet += data[place : place + size]
            place += size
            if size < 255:
                packets.append(packet)
                packet = b""
        pages.append((data[at:place], packets))
        at = place
    serial = struct.unpack_from("<I", data, 14)[0]
    assert pages[1][1][0].startswith(head)
    tail = b"\1" if head == b"\x03vorbis" else b""
    others = pages[1][1][1:]
    new = [ogg_page(serial, 1, 0, head + comments(*texts) + tail)]
    new += [ogg_page(serial, 2 + n, 0, other) for n, other in enumerate(others)]
    rest = []
    for page, _ in pages[2:]:
        renumbered = bytearray(page)
        number = struct.unpack_from("<I", page, 18)[0] + len(others)
        renumbered[18:26] = struct.pack("<II", number, 0)
        rest.append(with_checksum(bytes(renumbered)))
    return written(path, pages[0][0] + b"".join(new + rest))


# -- the ways of telling it -----------------------------------------------------------------------


def test_the_ear_alone_takes_the_loop_for_half_as_fast(tmp_path):
    made = made_of(loop(tmp_path / "a.wav"))
    assert patterns(made) != [RIGHT] and told(made) == "1 by ear"


def list_info(name, text):
    return b"LIST", b"INFO" + chunk(name, text + b"\0")


BPM_TEXT = str(BPM).encode()
IN_WAV = {
    "acid": (ACID, (b"acid", acid())),
    "acid without a tempo": (ACID, (b"acid", acid(bpm=0.0))),
    "acid without beats": (ACID, (b"acid", acid(beats=0))),
    "acid of a meter of nothing": (ACID, (b"acid", acid(meter=(0, 0)))),
    "acid behind an odd chunk": (ACID, (b"note", b"odd"), (b"acid", acid())),
    "LIST/INFO IBPM": (TAGS, list_info(b"IBPM", BPM_TEXT)),
    "LIST/INFO ICMT, the other way round": (TAGS, list_info(b"ICMT", b"key: Am, BPM: 170")),
    "LIST/INFO ICMT": (TAGS, list_info(b"ICMT", b"Funk, 170 BPM")),
    "id3": (TAGS, (b"id3 ", id3((b"TBPM", b"\x00170")))),
    "ID3": (TAGS, (b"ID3 ", id3((b"TBPM", b"\x03170.00"), version=3))),
}


@pytest.mark.parametrize("what", IN_WAV)
def test_a_chunk_of_a_wav_file_tells_it(tmp_path, what):
    source, *chunks = IN_WAV[what]
    made = made_of(with_chunk(loop(tmp_path / "a.wav"), *chunks))
    assert patterns(made) == [RIGHT]
    assert told(made) == f"1 from {source}" and doubted(made) == []


def test_an_acid_chunk_of_a_w64_file_tells_it(tmp_path):
    file = loop(tmp_path / "a.w64")
    data = file.read_bytes()
    name = b"acid" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
    data += bytes(-len(data) % 8) + name + struct.pack("<Q", 24 + 24) + acid()
    made = made_of(written(file, data))
    assert (patterns(made), told(made)) == ([RIGHT], f"1 from {ACID}")


def basc(beats=8, meter=(4, 4)):
    """Version, beats, root note, scale, the meter's upper and lower number, kind."""
    return struct.pack(">IIHHHHH", 1, beats, 60, 2, *meter, 0) + bytes(66)


IN_AIFF = {
    "basc": (APPLE, (b"basc", basc())),
    "basc of eighths": (APPLE, (b"basc", basc(16, (8, 8)))),
    "ANNO": (TAGS, (b"ANNO", b"Tempo by hand: 170 bpm")),
    "ANNO, the other way round": (TAGS, (b"ANNO", b"tempo = 170.0; by hand")),
    "APPL": (TAGS, (b"APPL", b"stoc\x10bpm 170 and more")),
    "COMT": (TAGS, (b"COMT", struct.pack(">HIhH", 1, 0, 0, 7) + b"170 BPM")),
    "ID3": (TAGS, (b"ID3 ", id3((b"TBP", b"\x00170"), version=2))),
}


@pytest.mark.parametrize("what", IN_AIFF)
@pytest.mark.parametrize("suffix", ["aif", "aifc"])
def test_a_chunk_of_an_aiff_file_tells_it(tmp_path, what, suffix):
    source, part = IN_AIFF[what]
    plain = loop(tmp_path / "plain.wav")
    sound, rate = soundfile.read(plain)
    subtype = "ULAW" if suffix == "aifc" else None
    soundfile.write(tmp_path / f"a.{suffix}", sound, rate, format="AIFF", subtype=subtype)
    made = made_of(with_chunk(tmp_path / f"a.{suffix}", part, form=">I"))
    assert (patterns(made), told(made)) == ([RIGHT], f"1 from {source}")


@pytest.mark.parametrize("text", [b"BPM=170", b"bpm=170.0", b"TEMPO=170", b"Comment=170 BPM, funk"])
def test_a_comment_of_a_flac_file_tells_it(tmp_path, text):
    data = loop(tmp_path / "a.flac").read_bytes()
    body = comments(b"TITLE=x", text)
    size = 4 + int.from_bytes(data[5:8], "big")
    assert data[4] & 127 == 0 and size == 38
    block = bytes([4]) + len(body).to_bytes(3, "big") + body
    head = data[:4] + bytes([0]) + data[5 : 4 + size]
    rest = data[4 + size :]
    last = block if data[4] < 128 else bytes([4 | 128]) + block[1:]
    made = made_of(written(tmp_path / "a.flac", head + last + rest))
    assert (patterns(made), told(made)) == ([RIGHT], f"1 from {TAGS}")


@pytest.mark.parametrize("text", [b"BPM=170", b"Tempo=170,0"])
def test_a_comment_of_an_ogg_file_tells_it(tmp_path, text):
    file = loop(tmp_path / "a.ogg", rate=44100)
    long = b"DESCRIPTION=" + b"of nothing " * 60  # over several segments of the page
    made = made_of(with_ogg_comments(file, b"\x03vorbis", long, text))
    assert (patterns(made), told(made)) == ([RIGHT], f"1 from {TAGS}")


def test_a_comment_of_an_opus_file_tells_it(tmp_path):
    sound, rate = soundfile.read(loop(tmp_path / "plain.wav", rate=48000))
    soundfile.write(tmp_path / "a.opus", sound, rate, format="OGG", subtype="OPUS")
    made = made_of(with_ogg_comments(tmp_path / "a.opus", b"OpusTags", b"BPM=170"))
    assert (patterns(made), told(made)) == ([RIGHT], f"1 from {TAGS}")


ID3 = {
    "2.2": id3((b"TT2", b"\0x"), (b"TBP", b"\x00170"), version=2),
    "2.3": id3((b"TIT2", b"\0x"), (b"TBPM", b"\x00170"), version=3),
    "2.4": id3((b"TBPM", b"\x03170")),
    "UTF-16": id3((b"TIT2", b"\1" + "funk".encode("utf-16")),
                  (b"TBPM", b"\1" + "170".encode("utf-16")), version=3),
    "UTF-16, the other way round": id3((b"TBPM", b"\1\xfe\xff" + "170\0".encode("utf-16-be"))),
    "UTF-16 without a mark": id3((b"TBPM", b"\2" + "170".encode("utf-16-be"))),
    "bytes kept from looking like sound": id3(  # sizes are of the bytes before that
        (b"TIT2", b"\1\xff\xfex\0"), (b"TBPM", b"\x00170"), version=3, flags=0x80
    ).replace(b"\xff\xfe", b"\xff\0\xfe")[:-1],  # and that of the tag of those behind it
    "an extended header": id3((b"TBPM", b"\x00170"), version=3, flags=0x40,
                              extended=struct.pack(">IHI", 6, 0, 20)),
    "a text of one's own": id3((b"TXXX", b"\0BPM\000170")),
}  # fmt: skip


@pytest.mark.parametrize("what", ID3)
def test_a_tag_of_an_mp3_file_tells_it(tmp_path, what):
    file = loop(tmp_path / "a.mp3", rate=44100)
    made = made_of(written(file, ID3[what] + file.read_bytes()))
    assert (patterns(made), told(made)) == ([RIGHT], f"1 from {TAGS}")


def test_a_frame_of_over_127_bytes_is_passed_whoever_wrote_its_size(tmp_path):
    """Version 4 has 7 bits a byte in a size; some programs write 8, as in version 3."""
    for size in (b"\0\0\x01\x48", b"\0\0\0\xc8"):  # 200, both ways
        body = b"TIT2" + size + b"\0\0\0" + b"x" * 199 + b"TBPM" + b"\0\0\0\4\0\0\x00170" + bytes(9)
        tag = b"ID3\4\0\0" + bytes([0, 0, len(body) >> 7, len(body) & 127]) + body
        assert in_file(tag) == [Said(TAGS, bpm=170)]


def with_caf_chunk(path, name, body):
    """The CAF file with a chunk in front of its samples."""
    data = path.read_bytes()
    at = data.index(b"data")
    return written(path, data[:at] + name + struct.pack(">q", len(body)) + body + data[at:])


CAF = {
    "info": (b"info", struct.pack(">I", 2) + b"artist\0x\0tempo\000170\0"),
    "Apple's": (
        b"uuid",
        bytes.fromhex("29819273b5bf4aefb78d62d1ef90bb2c")
        + struct.pack(">I", 2)
        + b"beat count\0008\0time signature\0004/4\0",
    ),
}


@pytest.mark.parametrize("what", CAF)
def test_a_chunk_of_a_caf_file_tells_it(tmp_path, what):
    made = made_of(with_caf_chunk(loop(tmp_path / "a.caf"), *CAF[what]))
    assert (patterns(made), told(made)) == ([RIGHT], f"1 from {TAGS}")


def test_the_annotation_of_an_au_file_tells_it(tmp_path):
    data = loop(tmp_path / "a.au").read_bytes()
    begin = struct.unpack_from(">I", data, 4)[0]
    note = b"drums, 170 bpm\0\0"
    head = b".snd" + struct.pack(">I", 24 + len(note)) + data[8:24] + note
    made = made_of(written(tmp_path / "a.au", head + data[begin:]))
    assert (patterns(made), told(made)) == ([RIGHT], f"1 from {TAGS}")


# -- tails, and loops that end early --------------------------------------------------------------


@pytest.mark.parametrize("tail", [0.3, 1.0, 1.3])
@pytest.mark.parametrize("bpm", [100, 120])
def test_what_lies_behind_a_loop_is_a_tail(tmp_path, bpm, tail):
    """Bars and tempo are known, and the file is longer: it is not the bars that are longer."""
    named = loop(tmp_path / f"a_2bar_{bpm}bpm.wav", bpm, tail)
    chunked = with_chunk(loop(tmp_path / "a.wav", bpm, tail), (b"acid", acid(8, float(bpm))))
    bars = loop(tmp_path / "b_2bar.wav", bpm, tail)
    assert patterns(made_of(named)) == patterns(made_of(chunked)) == [RIGHT]
    assert patterns(made_of(bars)) == [RIGHT]  # the ear tells that the bars end before the file
    tempo_only = loop(tmp_path / f"c_{bpm}bpm.wav", bpm, tail)
    assert patterns(made_of(tempo_only))[0] == RIGHT


def test_a_tail_of_a_whole_beat_is_a_tail(tmp_path):
    file = loop(tmp_path / "a_60bpm.wav", 60, 1.0, RIGHT[:16])
    assert patterns(made_of(file)) == [RIGHT[:16] * 2]


@pytest.mark.parametrize("bars", [1, 2, 4])
def test_of_a_known_tempo_the_ear_tells_where_the_tail_begins(tmp_path, bars):
    pattern = (RIGHT * 2)[: 16 * bars]
    file = loop(tmp_path / "a_158bpm.wav", 158, 1.2, pattern)
    assert patterns(made_of(file)) == ([pattern * 2] if bars == 1 else [RIGHT] * (bars // 2))
    made = made_of(file, bars=1)
    assert patterns(made) == [pattern[16 * bar :][:16] for bar in range(bars)]
    assert made.discarded == ()


def test_what_is_struck_in_a_tail_is_counted(tmp_path):
    seconds = 32 * 15 / 120
    struck = [*times(RIGHT, 120), seconds + 0.4, seconds + 0.9]
    made = made_of(render(tmp_path / "a_2bar_120bpm.wav", struck, seconds + 1.5))
    assert patterns(made) == [RIGHT]
    lost = {entry.reason: entry.count for entry in made.discarded}
    assert lost == {"in the tail behind the loop": 2}


def test_a_loop_without_its_last_rest_keeps_its_tempo(tmp_path):
    pattern = "x..xx.x.x..xx.x.x.x.x..xx......."
    step = 15 / 120
    file = render(tmp_path / "a_2bar_120bpm.wav", times(pattern, 120), 27 * step)
    assert patterns(made_of(file)) == [pattern]


# -- clues that are at odds -----------------------------------------------------------------------


def test_the_name_wins_over_a_chunk_that_does_not_fit_the_length(tmp_path):
    file = with_chunk(loop(tmp_path / "a_170bpm.wav"), (b"acid", acid(4, 120.0)))
    made = made_of(file)
    assert (patterns(made), told(made)) == ([RIGHT], "1 from the name")
    assert doubted(made) == [f"the {what} in {ACID}, as others disagree"
                             for what in ("length", "tempo")]  # fmt: skip
    (entry, _) = (entry for entry in made.discarded if entry.what == "clues")
    assert entry.examples == ("a_170bpm.wav",)


def test_a_chunk_that_fits_the_length_wins_over_a_name_that_does_not(tmp_path):
    made = made_of(with_chunk(loop(tmp_path / "a_140bpm.wav"), (b"acid", acid())))
    assert (patterns(made), told(made)) == ([RIGHT], f"1 from {ACID}")
    assert doubted(made) == ["the tempo in the name, as others disagree"]


@pytest.mark.parametrize("bpm", [97, 110])
def test_the_ear_wins_over_a_programs_default(tmp_path, bpm):
    """Four beats at 120 in a loop of eight at another tempo: would be a bar and a long tail."""
    file = loop(tmp_path / "a.wav", bpm, pattern=TWO_BARS)
    made = made_of(with_chunk(file, (b"acid", acid(4, 120.0))))
    assert (patterns(made), told(made)) == ([TWO_BARS], "1 by ear")
    assert len(doubted(made)) == 2


def test_a_tag_of_half_the_tempo_does_not_win_over_the_chunk(tmp_path):
    tag = (b"id3 ", id3((b"TBPM", b"\00085")))
    made = made_of(with_chunk(loop(tmp_path / "a.wav"), (b"acid", acid()), tag))
    assert (patterns(made), told(made)) == ([RIGHT], f"1 from {ACID}")
    assert doubted(made) == [f"the tempo in {TAGS}, as others disagree"]


def test_what_was_asked_wins_over_chunks(tmp_path):
    file = with_chunk(loop(tmp_path / "a.wav"), (b"acid", acid(4, 85.0)))
    assert patterns(made_of(file)) != [RIGHT]
    made = made_of(file, bpm=170)
    assert (patterns(made), told(made)) == ([RIGHT], "1 from what was asked")


@pytest.mark.parametrize("bpm", [21, 340, 390])
def test_any_tempo_that_can_be_asked_for_is_taken(tmp_path, bpm):
    step = 15 / bpm
    file = render(tmp_path / "a.wav", [16 * step * n for n in range(8)], 128 * step)
    made = made_of(file, bpm=bpm)
    assert "".join(patterns(made)) == ("x" + "." * 15) * 8
    assert told(made) == "1 from what was asked"


def test_a_single_sound_tells_nothing_of_a_tempo(tmp_path):
    file = with_chunk(loop(tmp_path / "a_170bpm.wav"), (b"acid", acid(4, 85.0, flags=1)))
    made = made_of(file)
    assert (patterns(made), doubted(made)) == ([RIGHT], [])


NONSENSE = {
    "no number": acid(0, math.nan),
    "no end": acid(0, math.inf),
    "minus": acid(0, -170.0),
    "very fast": acid(2**32 - 1, 1e30),
    "nothing": acid(0, 0.0),
    "cut off": acid()[:20],
    "empty": b"",
    "all ones": b"\xff" * 24,
}


@pytest.mark.parametrize("what", NONSENSE)
def test_a_chunk_of_nonsense_changes_nothing(tmp_path, what):
    plain = loop(tmp_path / "a.wav", 100)
    before = made_of(plain)
    made = made_of(with_chunk(plain, (b"acid", NONSENSE[what])))
    assert patterns(made) == patterns(before) and told(made) == "1 by ear"
    assert doubted(made) == []


def test_the_meter_of_a_chunk_counts_where_any_is_taken(tmp_path):
    waltz = "x.x.x.xx.x.xx.x.x..xx.xx"
    file = with_chunk(
        loop(tmp_path / "a.wav", 120, pattern=waltz), (b"acid", acid(6, 120.0, meter=(3, 4)))
    )
    made = made_of(file, meter="any")
    assert (made.meter, patterns(made)) == ("3/4", [waltz])


def test_every_damage_of_every_tag_is_borne():
    """Bytes of all kinds of tags, each changed and cut at every place: nothing is raised."""
    chance = np.random.default_rng(5)
    wav = b"RIFF\0\0\0\0WAVE" + chunk(b"acid", acid()) + chunk(*list_info(b"IBPM", b"170"))
    wav += chunk(b"id3 ", ID3["2.3"])
    aiff = b"FORM\0\0\0\0AIFF" + b"".join(chunk(*part, ">I") for _, part in IN_AIFF.values())
    caf = b"caff\0\1\0\0" + b"".join(
        name + struct.pack(">q", len(body)) + body for name, body in CAF.values()
    )
    body = comments(b"BPM=170", b"TEMPO=1")
    flac = b"fLaC" + bytes([4 | 128]) + len(body).to_bytes(3, "big") + body
    ogg = ogg_page(7, 0, 2, b"\x01vorbis") + ogg_page(7, 1, 0, b"\x03vorbis" + body)
    for data in (wav, aiff, caf, flac, ogg, *ID3.values()):
        assert in_file(data)
        for at in range(len(data)):
            in_file(data[:at])
            in_file(data[:at] + bytes([chance.integers(256)]) + data[at + 1 :])
            in_file(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])
            in_file(data[:at] + bytes(4) + data[at + 4 :])


def test_the_cache_gives_what_was_said_of_the_tempo(tmp_path):
    file = with_chunk(loop(tmp_path / "a_140bpm.wav"), (b"acid", acid()))
    first, second = made_of(file, cache=True), made_of(file, cache=True)
    assert told(first) == told(second) == f"1 from {ACID}"
    assert doubted(first) == doubted(second) != []


def test_a_folder_says_where_tempi_came_from(tmp_path):
    for name in ("a", "b", "c"):
        with_chunk(loop(tmp_path / f"{name}.wav"), (b"acid", acid()))
    loop(tmp_path / "d_170bpm.wav")
    loop(tmp_path / "e.wav", 97, pattern=TWO_BARS)
    told_of = {}
    made = read([tmp_path], kind="rhythm", on_discard=told_of.__setitem__, processes=1)
    assert told(made) == "3 from the acid chunk, 1 from the name, 1 by ear"
    assert told_of == {}
