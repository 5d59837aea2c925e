"""`latentrack dataset` as it is typed."""

import json
import struct

import pytest
import typer
from typer.testing import CliRunner

from latentrack.commands.dataset import dataset
from latentrack.corpus import Dataset
from latentrack.errors import UserError
from tests.host.corpus.midi_files import STEP, write_midi, write_parts
from tests.host.corpus.test_corpus_audio import TWO_BARS, render, times

app = typer.Typer(rich_markup_mode="markdown")
app.command()(dataset)


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "100"})
    if result.exception and not isinstance(result.exception, (UserError, SystemExit)):
        raise result.exception
    return result


def test_a_folder_becomes_a_dataset_and_is_shown(tmp_path):
    write_midi(tmp_path / "music" / "a.mid", [(0, 36), (4 * STEP, 38), (5 * STEP, 33)])
    (tmp_path / "music" / "b.mid").write_bytes(b"")
    result = run(tmp_path / "music", "-o", tmp_path / "out.npz")
    assert result.exit_code == 0
    assert "1 drum sequence (1 different) of 16 steps × 12 voices" in result.stdout
    assert "not a MIDI file (b.mid)" in result.stdout
    assert "metronome click" in result.stdout
    assert "kick  |x...|....|....|....|" in result.stdout
    assert "snare |....|x...|....|....|" in result.stdout
    assert "ride" not in result.stdout
    assert Dataset.load(tmp_path / "out.npz").sources == ("a.mid",)


def test_info_shows_a_saved_dataset(tmp_path):
    assert run("--demo", "-o", tmp_path / "demo.npz").exit_code == 0
    result = run("info", tmp_path / "demo.npz")
    assert result.exit_code == 0
    assert "drum sequences" in result.stdout and "kick" in result.stdout
    assert "the demo corpus" in result.stdout


def test_without_an_output_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("--demo")
    assert result.exit_code == 0
    assert "-o FILE.npz" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_folder_called_info_can_be_read(tmp_path, monkeypatch):
    write_midi(tmp_path / "info" / "a.mid", [(0, 36), (4 * STEP, 38)])
    monkeypatch.chdir(tmp_path)
    assert "1 drum sequence" in run("./info").stdout


def test_every_rule_can_be_asked_for(tmp_path, monkeypatch):
    """What is typed reaches `read` as what is meant."""
    from latentrack.corpus import SIMPLE, Rules, reader

    write_midi(tmp_path / "a.mid", [(0, 36), (4 * STEP, 38)])
    asked = []
    real = reader.read
    monkeypatch.setattr(
        "latentrack.corpus.read",
        lambda sources, rules, **more: asked.append((rules, more["cache"])) or real(sources, rules),
    )
    assert run(tmp_path).exit_code == 0
    words = (
        "--kind drums --map simple --meter any --bars 1 --steps-per-beat 12 --minimum-notes 1 "
        "--off-grid nearest --max-offset 0.4 --include file:a --include file:* --exclude bass "
        "--merge --unique --transpose -1 --no-cache"
    )
    assert run(tmp_path, *words.split()).exit_code == 0
    want = Rules(
        kind="drums", percussion=SIMPLE, meter="any", bars=1, steps_per_beat=12, minimum_notes=1,
        off_grid="nearest", max_offset=0.4, include=("file:a", "file:*"), exclude=("bass",),
        merge=True, unique=True, transpose=-1,
    )  # fmt: skip
    assert asked == [(Rules(), True), (want, False)]
    write_parts(tmp_path / "b.mid", ("b", 0, 0, [(0, 60, 80), (STEP, 64, 80)]))
    assert (
        run(tmp_path, *"--kind notes --octaves --all-pitches --common-key".split()).exit_code == 0
    )
    assert asked[2:] == [(Rules(kind="notes", octaves=True, trim=False, common_key=True), True)]
    write_midi(tmp_path / "c.mid", [(0, 36), (4 * STEP, 38), (20 * STEP, 36)])
    (tmp_path / "loop.wav").write_bytes(b"")
    assert run(tmp_path, *"--kind rhythm --bpm 97 --loop-bars 2".split()).exit_code == 0
    assert asked[3:] == [(Rules(kind="rhythm", bpm=97, loop_bars=2), True)]


def test_a_folder_of_audio_becomes_a_rhythm(tmp_path):
    import numpy as np
    import soundfile

    burst = np.random.default_rng(0).standard_normal(2000) * np.linspace(1, 0, 2000)
    beat = np.concatenate([burst, np.zeros(9025)])  # half a second
    soundfile.write(tmp_path / "four_120bpm.wav", np.tile(beat, 4), 22050)
    result = run(tmp_path)
    assert "1 rhythm sequence (1 different) of 32 steps × 1 voice," in result.stdout
    assert "hit |x...|x...|x...|x...|x...|x...|x...|x...|" in result.stdout


def test_it_is_said_where_tempi_came_from_and_what_disagreed(tmp_path):
    folder = tmp_path / "loops"
    for name, bpm in (("a_100bpm", 100), ("b_110bpm", 110)):
        render(folder / f"{name}.wav", times(TWO_BARS, bpm), 8 * 60 / bpm)
    render(folder / "c.wav", times(TWO_BARS, 120), 4)
    with (folder / "b_110bpm.wav").open("ab") as file:  # three beats at 99 BPM, says a chunk
        file.write(b"acid" + struct.pack("<IIHHfIHHf", 24, 0, 0, 0, 0, 3, 4, 4, 99))
    shown = run(folder, "-o", tmp_path / "out.npz")
    assert shown.exit_code == 0
    assert "Tempo: 2 from the name, 1 by ear." in shown.stdout
    rows = " ".join(shown.stdout.split())
    assert "1 clue the tempo in the acid chunk, as others disagree (b_110bpm.wav)" in rows
    assert "1 clue the length in the acid chunk, as others disagree (b_110bpm.wav)" in rows
    assert "2 from the name, 1 by ear" in run("info", tmp_path / "out.npz").stdout
    told = json.loads(run("info", tmp_path / "out.npz", "--json").stdout)
    assert told["recipe"]["tempo"] == "2 from the name, 1 by ear"


def test_notes_are_drawn_from_high_to_low(tmp_path):
    write_parts(tmp_path / "a.mid", ("a", 0, 0, [(0, 60, 80), (STEP, 64, 80), (2 * STEP, 67, 80)]))
    out = run(tmp_path, "--kind", "notes").stdout
    rows = [line.split() for line in out.splitlines() if "|" in line]
    assert rows == [
        ["G4", "|..x.|....|....|....|"],
        ["E4", "|.x..|....|....|....|"],
        ["C4", "|x...|....|....|....|"],
    ]


def test_a_long_sequence_is_drawn_bar_under_bar(tmp_path):
    write_midi(tmp_path / "a.mid", [(0, 36), (60 * STEP, 38)])
    out = run(tmp_path, "--bars", "4", "--steps-per-beat", "12").stdout
    lines = [line for line in out.splitlines() if "|" in line]
    assert [line.split()[0] for line in lines] == ["kick", "snare"] * 4
    assert max(map(len, lines)) < 100
    assert "".join(line for line in lines if "snare" in line).count("x") == 1


def test_little_music_is_said_with_what_to_change(tmp_path):
    bar = 16 * STEP
    for text, notes, meters, words in [
        ("lower --minimum-notes", [(0, 36), (STEP, 38), (bar, 36), (2 * bar, 36)], (), ()),
        ("another --meter", [(0, 36), (STEP, 38), (8 * bar, 36)], [(0, 4, 4), (bar, 3, 4)], ()),
        (
            "--off-grid nearest",
            [(0, 36), (STEP, 38), (bar + 40, 36), (2 * bar + 40, 36), (2 * bar, 36)],
            (),
            ("--off-grid", "discard"),
        ),
        ("add music", [(0, 36), (STEP, 38)], (), ()),
    ]:
        file = write_midi(tmp_path / "a.mid", notes, signatures=meters)
        out = " ".join(run(file, *words).stdout.split())
        assert "1 sequence is few: a training adds variations of it. For more of your own: " in out
        assert text in out
    assert " few" not in run("--demo").stdout


def test_the_demo_patterns_can_have_another_map():
    assert "16 steps × 6 voices" in run("--demo", "--map", "simple").stdout


@pytest.mark.parametrize(
    ("kind", "said"),
    [("notes", "note sequences"), ("rhythm", "rhythm sequences"), ("drums", "drum")],
)
def test_there_is_a_demo_corpus_of_each_kind(kind, said):
    result = run("--demo", "--kind", kind)
    assert result.exit_code == 0 and said in result.stdout


def test_what_makes_no_sense_is_refused(tmp_path):
    for words, message in [
        ((), "Name files"),
        (("--demo", tmp_path), "not both"),
        (("info",), "Name one dataset"),
        (("info", "a", "b"), "Name one dataset"),
        (("info", "a", "-o", "b"), "--output has no effect"),
        (("info", tmp_path / "none.npz"), "There is no dataset"),
        (("--demo", "-o", tmp_path), "is a folder"),
        (("--demo", "--kind", "songs"), "choose drums, notes or rhythm"),
        (("--demo", "--kind", "notes", "--map", "simple"), "--map has no effect with --kind notes"),
        (("--demo", "--bars", "2"), "--bars has no effect with --demo"),
        ((tmp_path,), "holds no MIDI files"),
        ((tmp_path, "--kind", "rhythm"), "holds no audio or MIDI files"),
        ((tmp_path, "--kind", "songs"), "choose drums, notes or rhythm"),
        ((tmp_path, "--map", "huge"), "no percussion map huge"),
        ((tmp_path, "--include", "x:y"), "means nothing"),
    ]:
        result = run(*words)
        assert isinstance(result.exception, UserError), words
        assert message in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_help_teaches():
    text = run("--help").stdout
    for word in ("--demo", "dataset info", "channel 10", "-o", "Audio loops"):
        assert word in text
