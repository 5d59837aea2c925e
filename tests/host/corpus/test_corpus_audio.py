"""Audio loops become rhythms: noise bursts at known times, and real loops."""

import struct

import numpy as np
import pytest
import soundfile

from latentrack.corpus import read
from latentrack.corpus.audio import Tempo, told_by_name
from latentrack.errors import UserError
from tests.host.corpus.midi_files import STEP, write_midi

RATE = 22050
TWO_BARS = "x..x..x...x.x...x.x...x.x..x..xx"


def render(path, struck, seconds, *, rate=RATE, channels=1, loud=None):
    """Write an audio file of noise bursts at these times."""
    chance = np.random.default_rng(0)
    sound = np.zeros(round(seconds * rate) + rate, np.float32)
    for index, time in enumerate(struck):
        at = round(time * rate)
        burst = chance.standard_normal(rate // 10) * np.exp(-np.arange(rate // 10) / (rate / 70))
        sound[at : at + len(burst)] += burst * (0.3 if loud is None else loud[index])
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.stack([sound[: round(seconds * rate)]] * channels, 1), rate)
    return path


def times(pattern, bpm, per_beat=4):
    return [i * 60 / bpm / per_beat for i, sign in enumerate(pattern) if sign == "x"]


def patterns(made):
    return ["".join(".x"[hit] for hit in cells[:, 0]) for cells in made.sequences]


@pytest.mark.parametrize(
    ("name", "tempo"),
    [
        ("break_97bpm", (97, None)),
        ("97 BPM funk", (97, None)),
        ("funk97.5bpm_2", (97.5, None)),
        ("bpm-120 loop", (120, None)),
        ("amen_2bar", (None, 2)),
        ("amen 16 Bars", (None, 16)),
        ("fill_1bar_140bpm", (140, 1)),
        ("loop_808", (None, None)),
        ("1997_barcelona_2bart", (None, None)),
        ("x_999bpm", (None, None)),
        ("x_5bpm", (None, None)),
        ("0bar", (None, None)),
    ],
)
def test_names_tell_tempo_and_bars(name, tempo):
    assert told_by_name(name) == Tempo(*tempo)


@pytest.mark.parametrize(("suffix", "rate", "channels"), [("wav", 22050, 1), ("flac", 44100, 2),
                                                          ("aiff", 48000, 1), ("ogg", 44100, 1),
                                                          ("mp3", 44100, 2)])  # fmt: skip
def test_a_loop_becomes_a_rhythm(tmp_path, suffix, rate, channels):
    file = render(tmp_path / f"loop_97bpm.{suffix}", times(TWO_BARS, 97), 8 * 60 / 97,
                  rate=rate, channels=channels)  # fmt: skip
    made = read([file], kind="rhythm")
    assert patterns(made) == [TWO_BARS]
    assert (made.kind, made.voice_names, made.steps, made.bars) == ("rhythm", ("hit",), 32, 2)
    assert made.recipe["from"] == "audio files"
    assert np.abs(made.offsets).max() < 0.2


@pytest.mark.parametrize("bpm", [75, 97, 120, 145])
def test_without_a_name_the_tempo_is_heard(tmp_path, bpm):
    file = render(tmp_path / "loop.wav", times(TWO_BARS, bpm), 8 * 60 / bpm)
    assert patterns(read([file], kind="rhythm")) == [TWO_BARS]


def test_what_the_name_does_not_say_can_be_said(tmp_path):
    file = render(tmp_path / "loop.wav", times(TWO_BARS, 100), 8 * 60 / 100)
    assert patterns(read([file], kind="rhythm", bpm=100)) == [TWO_BARS]
    assert patterns(read([file], kind="rhythm", loop_bars=2)) == [TWO_BARS]
    # half the tempo: one bar, in which every second step falls between two, and repeated
    assert len(read([file], kind="rhythm", bpm=50).sequences) == 1
    slow = read([file], kind="rhythm", bpm=50, steps_per_beat=12, bars=1)
    assert [i for i, sign in enumerate(patterns(slow)[0]) if sign == "x"] == [
        round(i * 1.5) for i, sign in enumerate(TWO_BARS) if sign == "x"
    ]
    # and what the name says comes first
    named = render(tmp_path / "loop_100bpm.wav", times(TWO_BARS, 100), 8 * 60 / 100)
    assert patterns(read([named], kind="rhythm", loop_bars=1)) == [TWO_BARS]


def test_a_short_loop_is_repeated_and_a_long_one_cut(tmp_path):
    one = render(tmp_path / "one_1bar.wav", times(TWO_BARS[:16], 110), 4 * 60 / 110)
    assert patterns(read([one], kind="rhythm")) == [TWO_BARS[:16] * 2]
    beat = render(tmp_path / "beat_110bpm.wav", times("x.xx", 110), 60 / 110)
    assert patterns(read([beat], kind="rhythm")) == ["x.xx" * 8]
    four = TWO_BARS + TWO_BARS[16:] + TWO_BARS[:16]
    long = render(tmp_path / "long_4bar.wav", times(four, 110), 16 * 60 / 110)
    assert patterns(read([long], kind="rhythm")) == [four[:32], four[32:]]


def test_silence_at_a_loops_end_belongs_to_it(tmp_path):
    pattern = "x.x.x.x.xxx....." + "." * 16
    file = render(tmp_path / "loop_2bar.wav", times(pattern, 110), 8 * 60 / 110)
    assert patterns(read([file], kind="rhythm")) == [pattern]


def test_three_beats_do_not_fill_a_bar_of_four(tmp_path):
    file = render(tmp_path / "waltz_100bpm.wav", times("x.x.x.x.x.x.", 100), 3 * 60 / 100)
    with pytest.raises(UserError, match="a loop of 3 beats, which does not fill 2 bars of 4/4"):
        read([file], kind="rhythm")
    made = read([file], kind="rhythm", meter="3/4", bars=1)
    assert patterns(made) == ["x.x.x.x.x.x."]


def test_what_is_struck_just_before_the_end_is_early_for_the_one(tmp_path):
    step = 60 / 100 / 4
    struck = [t for t in times(TWO_BARS[:30], 100) if t > 0] + [31.8 * step]
    file = render(tmp_path / "push_100bpm.wav", struck, 32 * step)
    made = read([file], kind="rhythm")
    assert patterns(made) == ["x" + TWO_BARS[1:30] + ".."]
    assert made.offsets[0] == pytest.approx(-0.2, abs=0.1)


def test_triplets_and_loudness(tmp_path):
    pattern = "x.x.xx" * 8
    struck = times(pattern, 90, per_beat=6)
    loud = [0.4 if i % 4 else 0.08 for i in range(len(struck))]
    file = render(tmp_path / "swing_90bpm.wav", struck, 8 * 60 / 90, loud=loud)
    made = read([file], kind="rhythm", steps_per_beat=6)
    assert patterns(made) == [pattern]
    soft, hard = made.velocities[::4], np.delete(made.velocities, np.s_[::4])
    assert soft[1:].mean() < hard.mean()


def test_a_recording_of_a_told_tempo_is_cut_at_bars(tmp_path):
    struck = [1.37 + t for t in times(TWO_BARS * 20, 120)]
    made = read([render(tmp_path / "take_120bpm.wav", struck, 84)], kind="rhythm")
    assert patterns(made) == [TWO_BARS] * 20


def test_a_recording_that_drifts_is_cut_along_its_beats(tmp_path):
    steps = 16 * 40
    bpm = 110 + 4 * np.sin(np.arange(steps) / 60)
    at = 1.3 + np.concatenate([[0], np.cumsum(15 / bpm)])
    pattern = "".join("x" if i % 4 == 0 else sign for i, sign in enumerate(TWO_BARS))
    struck = [at[i] for i in range(steps) if pattern[i % 32] == "x"]
    made = read([render(tmp_path / "take.wav", struck, at[-1] + 1)], kind="rhythm")
    found = patterns(made)
    assert len(found) >= 19
    # where the first bar begins nobody told: the same bar everywhere, from some beat on
    assert found.count(found[0]) >= 18
    assert np.abs(made.offsets).mean() < 0.02
    assert found[0] in pattern * 2 and (pattern * 2).index(found[0]) % 4 == 0


def test_midi_can_be_a_rhythm_too(tmp_path):
    notes = [(0, 36), (0, 42), (4 * STEP, 38), (6 * STEP, 33), (17 * STEP, 36)]
    made = read([write_midi(tmp_path / "a.mid", notes)], kind="rhythm")
    assert patterns(made) == ["x...x.x.........." + "x" + "." * 14]
    render(tmp_path / "b_97bpm.wav", times(TWO_BARS, 97), 8 * 60 / 97)
    both = read([tmp_path], kind="rhythm")
    assert both.sources == ("a.mid", "b_97bpm.wav")
    assert both.recipe["from"] == "audio and MIDI files"


def test_the_cache_minds_what_names_and_rules_tell(tmp_path):
    sound = render(tmp_path / "a_1bar.wav", times(TWO_BARS, 100), 8 * 60 / 100).read_bytes()
    (tmp_path / "a_2bar.wav").write_bytes(sound)
    (tmp_path / "a.wav").write_bytes(sound)
    for _ in range(2):
        assert patterns(read([tmp_path / "a_2bar.wav"], kind="rhythm")) == [TWO_BARS]
        halved = read([tmp_path / "a_1bar.wav"], kind="rhythm")
        assert patterns(halved) != [TWO_BARS]
        asked = read([tmp_path / "a.wav"], kind="rhythm", loop_bars=1)
        assert asked.digest == halved.digest
        assert patterns(read([tmp_path / "a.wav"], kind="rhythm", bpm=100)) == [TWO_BARS]


def reason_for(path, **rules):
    with pytest.raises(UserError) as caught:
        read([path], kind="rhythm", **rules)
    message = str(caught.value)
    assert message.startswith(f"{path} cannot be used (")
    return message[len(f"{path} cannot be used (") :].partition("): ")[0]


def test_files_that_are_no_good_say_why(tmp_path):
    def write(name, content):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    whole = render(tmp_path / "whole.flac", times(TWO_BARS, 97), 5).read_bytes()
    midi = write_midi(tmp_path / "a.mid", [(0, 36)]).read_bytes()
    no_wav = "not a WAV file, or a damaged one"
    assert reason_for(write("text.wav", b"hello")) == no_wav
    assert reason_for(write("empty.wav", b"")) == no_wav
    assert reason_for(write("midi.wav", midi)) == no_wav
    assert reason_for(write("cut.flac", whole[: len(whole) // 3])).startswith("not a FLAC")
    assert reason_for(write("song.mid", whole)) == "not a MIDI file"
    assert reason_for(write("song.m4a", b"....ftyp")).startswith("neither MIDI nor audio that is")
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    assert reason_for(tmp_path / "silence.wav") == "silence"
    soundfile.write(tmp_path / "nothing.wav", np.zeros(0), RATE)
    assert reason_for(tmp_path / "nothing.wav") == "silence"
    soundfile.write(tmp_path / "not.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    assert reason_for(tmp_path / "not.wav") == "silence"
    soundfile.write(tmp_path / "click.wav", np.ones(99), RATE)
    assert reason_for(tmp_path / "click.wav") == "shorter than 0.1 s"
    soundfile.write(tmp_path / "dc.wav", np.full(3 * RATE, 0.5), RATE)
    assert reason_for(tmp_path / "dc.wav") == "nothing struck in it"
    render(tmp_path / "one.wav", [0.5], 3)
    assert reason_for(tmp_path / "one.wav").startswith("no tempo to be heard; say --bpm")


def test_three_hours_are_too_long_and_not_read(tmp_path):
    size = 3 * 3600 * 44100 * 4
    head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt "
    head += struct.pack("<IHHIIHH", 16, 1, 2, 44100, 176400, 4, 16)
    file = tmp_path / "set.wav"
    with file.open("wb") as wav:
        wav.write(head + b"data" + struct.pack("<I", size))
        wav.truncate(44 + size)
    assert reason_for(file) == "3 h 00 min long; cut it into pieces of at most 20 min"


def test_audio_makes_no_drums_or_notes(tmp_path):
    file = render(tmp_path / "loop_97bpm.wav", times(TWO_BARS, 97), 8 * 60 / 97)
    for kind in ("drums", "notes"):
        with pytest.raises(UserError, match="say --kind rhythm"):
            read([file], kind=kind)


def test_real_loops_are_of_four_beats(shared_data):
    """Four of them last exactly four beats at 97 BPM: a bar, and so in two bars twice the same."""
    names = ["loop_electric", "loop_mehackit1", "loop_mehackit2", "loop_perc1"]
    files = [shared_data / "loops" / f"{name}.flac" for name in names]
    heard, told = read(files, kind="rhythm"), read(files, kind="rhythm", bpm=97)
    assert heard.digest == told.digest
    assert len(heard) == 4
    assert (heard.sequences[:, :16] == heard.sequences[:, 16:]).all()
    assert len(read([shared_data / "loops"], kind="rhythm")) == 8
