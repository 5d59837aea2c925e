"""Sound files of all formats, those whose writer was cut off, bad samples, odd channels."""

import contextlib
import io
import struct

import numpy as np
import pytest
import soundfile

from latentrack.corpus import read
from latentrack.corpus.sound_files import decode
from latentrack.corpus.unreadable import Unreadable
from latentrack.errors import UserError
from tests.host.corpus.test_corpus_audio import RATE, patterns, reason_for, render, times

RIGHT = "x..xx.x.x..xx.x.x.x.x..xx...x.x."
BPM = 120
SECONDS = 4.0

# libsndfile's names for what each suffix usually holds.
FORMATS = {
    "wav": ("WAV", "PCM_24"), "wave": ("WAV", "PCM_U8"), "bwf": ("WAVEX", "PCM_16"),
    "rf64": ("RF64", "PCM_16"), "w64": ("W64", "PCM_16"), "flac": ("FLAC", "PCM_16"),
    "aif": ("AIFF", "PCM_16"), "aiff": ("AIFF", "PCM_24"), "aifc": ("AIFF", "ALAW"),
    "caf": ("CAF", "ALAC_16"), "au": ("AU", "ULAW"), "snd": ("AU", "PCM_16"),
    "ogg": ("OGG", "VORBIS"), "oga": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}  # fmt: skip


def sound(tmp_path, rate=RATE):
    """The loop as one channel of samples, -1 to 1."""
    samples, _ = soundfile.read(render(tmp_path / "of.wav", times(RIGHT, BPM), SECONDS, rate=rate))
    return samples


def encoded(samples, kind, subtype=None, rate=RATE):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return bytearray(file.getvalue())


def found(tmp_path, data, suffix="wav"):
    """The patterns in a file of these bytes, and what was left out of it."""
    path = tmp_path / f"a_{BPM}bpm.{suffix}"
    path.write_bytes(data)
    made = read([path], kind="rhythm", cache=False)
    return patterns(made), {(d.what, d.reason): d.count for d in made.discarded}


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_format_is_read(tmp_path, suffix):
    kind, subtype = FORMATS[suffix]
    rate = 48000 if suffix == "opus" else 44100
    data = encoded(sound(tmp_path, rate), kind, subtype, rate)
    assert found(tmp_path, data, suffix) == ([RIGHT], {})


def test_other_audio_is_counted_in_a_folder(tmp_path):
    folder = tmp_path / "loops"
    render(folder / "a_120bpm.wav", times(RIGHT, BPM), SECONDS)
    for name in ("b.m4a", "c.RX2", "d.wma"):
        (folder / name).write_bytes(b"....ftypM4A ")
    (folder / "notes.txt").write_text("no music")
    (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    made = read([folder], kind="rhythm", cache=False)
    (entry,) = made.discarded
    assert made.files == 1
    assert (entry.what, entry.count, entry.examples) == ("files", 3, ("b.m4a", "c.RX2", "d.wma"))
    assert entry.reason.startswith("neither MIDI nor audio that is read (.wav,")


def test_a_folder_of_audio_that_is_not_read_says_what_is(tmp_path):
    (tmp_path / "a.m4a").write_bytes(b"....ftypM4A ")
    with pytest.raises(UserError, match=r"holds no audio or MIDI files \(\.wav, .*\.caf, .*\.mid"):
        read([tmp_path], kind="rhythm")


# -- sizes that were left open --------------------------------------------------------------------


def put(data, at, form, *numbers):
    struct.pack_into(form, data, at, *numbers)
    return data


def unfinished(what, samples):
    """A file of which a recorder wrote no size, and its suffix."""
    kind, _, size = what.partition(" ")
    number = {"0": 0, "ones": 2**32 - 1, "more": 2**31}.get(size, 0)
    if kind == "wav":
        data = encoded(samples, "WAV")
        return put(put(data, 4, "<I", number), data.index(b"data") + 4, "<I", number), "wav"
    if kind == "wav-with-fact":
        data = encoded(samples, "WAV", "FLOAT")
        return put(data, data.index(b"data") + 4, "<I", number), "wav"
    if kind == "rf64":
        data = encoded(samples, "RF64")
        all_of_it = 0 if size == "0" else 2**64 - 1
        return put(data, data.index(b"ds64") + 8, "<QQQ", *[all_of_it] * 3), "rf64"
    if kind == "w64":
        data = encoded(samples, "W64")
        return put(put(data, 16, "<Q", 0), data.index(b"data") + 16, "<Q", 0), "w64"
    if kind == "aiff":
        data = encoded(samples, "AIFF")
        of_it = {"0": 0, "ones": 2**32 - 1, "8": 8}[size]
        put(put(data, 4, ">I", of_it), data.index(b"SSND") + 4, ">I", of_it)
        return put(data, data.index(b"COMM") + 10, ">I", 0), "aiff"
    if kind == "au":
        return put(encoded(samples, "AU"), 8, ">I", number), "au"
    if kind == "caf":
        data = encoded(samples, "CAF")
        return put(data, data.index(b"data") + 4, ">q", {"0": 0, "4": 4, "-1": -1}[size]), "caf"
    data = encoded(samples, "FLAC")  # the count of samples is in 36 bits
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    return data, "flac"


@pytest.mark.parametrize(
    "what",
    ["wav 0", "wav ones", "wav more", "wav-with-fact 0", "wav-with-fact ones", "rf64 0",
     "rf64 ones", "w64 0", "aiff 0", "aiff ones", "aiff 8", "au 0", "au ones", "caf -1", "caf 0",
     "caf 4", "flac 0"],
)  # fmt: skip
def test_a_size_that_was_left_open_is_that_of_what_is_there(tmp_path, what):
    data, suffix = unfinished(what, sound(tmp_path))
    assert found(tmp_path, data, suffix) == ([RIGHT], {})


def test_a_recording_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    data = encoded(sound(tmp_path), "WAV")
    half = put(data, data.index(b"data") + 4, "<I", 0)[: 44 + (len(data) - 44) // 2]
    assert found(tmp_path, half) == ([RIGHT[:16] * 2], {})


def test_no_samples_are_silence_also_where_chunks_follow(tmp_path):
    data = encoded(np.zeros(0), "WAV")
    note = b"LIST" + struct.pack("<I", 4) + b"INFO" + b"note" + struct.pack("<I", 3) + b"one\0"
    path = tmp_path / "a.wav"
    for more in (b"", note):
        path.write_bytes(data + more)
        assert reason_for(path) == "silence"


def test_an_ogg_file_that_was_cut_off_says_so(tmp_path):
    data = encoded(sound(tmp_path, 44100), "OGG", "VORBIS", 44100)
    path = tmp_path / "a.ogg"
    path.write_bytes(data[:6000])  # libsndfile finds no end in it
    assert reason_for(path) == "nothing in it that can be decoded: cut off, or damaged"


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_damaged_file_shows_nothing_but_its_sentence(tmp_path):
    """libsndfile seeks before the beginning of these, in a callback whose exceptions are shown."""
    samples = sound(tmp_path)
    for kind, suffix in (("CAF", "caf"), ("WAV", "wav"), ("AIFF", "aiff"), ("FLAC", "flac")):
        whole = encoded(samples, kind)
        for at in range(4, 120, 4):
            data = whole[:]
            data[at : at + 4] = b"\xff\xff\xff\xff"
            with contextlib.suppress(Unreadable):
                decode(bytes(data[:20_000]), f".{suffix}", lambda rate, piece: None)


# -- samples that are none ------------------------------------------------------------------------

BAD = {
    "inf": np.inf, "minus inf": -np.inf, "nan": np.nan, "huge": 3e38, "large": -1e6,
}  # fmt: skip
LEFT_OUT = ("samples", "not a number, or far too large: taken as silence")


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("places", [(8000,), (0, 5, 6, 7, 30000, 88199)])
def test_a_bad_sample_is_silence_and_counted(tmp_path, what, places):
    samples = np.stack([sound(tmp_path)] * 2, axis=1)
    for place in places:
        samples[place, place % 2] = BAD[what]
    data = encoded(samples, "WAV", "FLOAT")
    assert found(tmp_path, data) == ([RIGHT], {LEFT_OUT: len(places)})


@pytest.mark.parametrize("height", [1e-3, 30.0, 32768.0])
def test_samples_of_floating_point_may_be_of_any_height(tmp_path, height):
    data = encoded(sound(tmp_path) * height, "WAV", "FLOAT")
    assert found(tmp_path, data) == ([RIGHT], {})


# -- channels -------------------------------------------------------------------------------------


def channels(what, tmp_path):
    whole = sound(tmp_path)
    bursts = [
        soundfile.read(render(tmp_path / "p.wav", some, SECONDS))[0]
        for some in (times(RIGHT, BPM)[::2], times(RIGHT, BPM)[1::2])
    ]
    late = np.roll(whole, round(0.012 * RATE))
    return {
        "inverted": [whole, -whole],
        "nearly inverted": [whole, -0.97 * whole],
        "partly inverted": [bursts[0] + bursts[1], bursts[0] - bursts[1]],
        "late": [whole, late],
        "late and inverted": [whole, -late],
        "one silent": [np.zeros_like(whole), whole],
        "apart": [bursts[0], bursts[1]],
        "of six, two by two inverted": [whole, -whole, 0.5 * whole, -0.5 * whole, whole, -whole],
        "one of noise": [whole, 0.001 * np.random.default_rng(1).standard_normal(len(whole))],
    }[what]


@pytest.mark.parametrize(
    "what",
    ["inverted", "nearly inverted", "partly inverted", "late", "late and inverted", "one silent",
     "apart", "of six, two by two inverted", "one of noise"],
)  # fmt: skip
def test_no_channel_silences_another(tmp_path, what):
    data = encoded(np.stack(channels(what, tmp_path), axis=1), "WAV")
    assert found(tmp_path, data) == ([RIGHT], {})
