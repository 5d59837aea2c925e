"""`latentrack dataset` as it is typed."""

import typer
from latentrack.commands.dataset import dataset
from latentrack.corpus import Dataset
from latentrack.errors import UserError
from midi_files import STEP, write_midi
from typer.testing import CliRunner

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


def test_what_makes_no_sense_is_refused(tmp_path):
    for words, message in [
        ((), "Name files"),
        (("--demo", tmp_path), "not both"),
        (("info",), "Name one dataset"),
        (("info", "a", "b"), "Name one dataset"),
        (("info", "a", "-o", "b"), "Name one dataset"),
        (("info", tmp_path / "none.npz"), "There is no dataset"),
        (("--demo", "-o", tmp_path), "is a folder"),
        ((tmp_path,), "holds no MIDI files"),
    ]:
        result = run(*words)
        assert isinstance(result.exception, UserError), words
        assert message in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_help_teaches():
    text = run("--help").stdout
    for word in ("--demo", "dataset info", "channel 10", "-o", "Audio loops"):
        assert word in text
