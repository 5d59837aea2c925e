"""What is printed: whole lines into a pipe, documents for programs, and what shells complete."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from latentrack.corpus import demo_dataset
from latentrack.virtual import registry
from tests.conftest import ROOT
from tests.host.corpus.midi_files import STEP, write_midi
from tests.programs import ok


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "host"))
    monkeypatch.setenv("LATENTRACK_RUNTIME", str(tmp_path / "runtime"))
    return tmp_path


# -- pipes


def test_a_sentence_is_a_line_however_narrow_the_terminal(here: Path, monkeypatch):
    """COLUMNS is what a shell says of the terminal behind the pipe."""
    monkeypatch.setenv("COLUMNS", "40")
    for number in range(12):
        write_midi(here / "music" / f"a_song_with_a_rather_long_name_{number:02}.mid", [(0, 36)])
        (here / "music" / f"another_with_a_rather_long_name_{number:02}.mid").write_bytes(b"")
    said = ok("dataset", "music", "-o", "out.npz", "--minimum-notes", "1").splitlines()
    (first,) = [line for line in said if line.startswith("12 drum sequences")]
    assert "from 12 files" in first
    (broken,) = [line for line in said if "not a MIDI file" in line]
    assert broken.rstrip().endswith("…)")
    assert any(line == "Written to out.npz." for line in said)
    (hint,) = [line for line in said if line.startswith("12 sequences are few")]
    assert hint.endswith(".")


def test_names_in_brackets_are_printed_as_they_are(here: Path):
    """Rich takes [bold] for a style."""
    assert "Written to [bold]x.npz." in ok("dataset", "--demo", "-o", "[bold]x.npz")


# -- documents


def test_dataset_and_info_say_the_same():
    made = json.loads(ok("dataset", "--demo", "-o", "demo.npz", "--json"))
    held = json.loads(ok("dataset", "info", "demo.npz", "--json"))
    assert made == held
    assert (made["kind"], made["steps"], len(made["voices"])) == ("drums", 16, 12)
    assert made["file"] == "demo.npz"


def test_what_was_left_out_is_in_the_document(here: Path):
    write_midi(here / "music" / "a.mid", [(0, 36), (4 * STEP, 38)])
    (here / "music" / "b.mid").write_bytes(b"")
    left_out = json.loads(ok("dataset", "music", "--json"))["left_out"]
    assert {"what": "files", "count": 1} in [
        {"what": each["what"], "count": each["count"]} for each in left_out
    ]


def test_train_report_and_export(here: Path):
    ok("dataset", "--demo", "-o", "demo.npz", "--quiet")
    trained = json.loads(
        ok("train", "demo.npz", "-o", "m.tflite", "--epochs", "1", "--latents", "1", "--json")
    )
    assert (here / "m.tflite").stat().st_size == trained["bytes"]
    assert (trained["steps"], trained["voices"], trained["latents"]) == (16, 12, 1)
    assert trained["validation_loss"] is None
    found = json.loads(ok("report", "m.run", "--json"))
    assert Path(found["page"]).is_file()
    assert {"Hits", "Likelihood"} <= {each["title"] for each in found["findings"]}
    smaller = json.loads(ok("export", "m.run", "-o", "s.tflite", "--precision", "int8", "--json"))
    assert (here / "s.tflite").stat().st_size == smaller["size"] < trained["bytes"]
    assert smaller["gates"] == len(demo_dataset()) * 16 * 12


# -- what shells complete


def completed(line: str) -> list[str]:
    """What bash offers where the line ends; as its completion script asks."""
    words = line.split(" ")
    environment = os.environ | {
        "_LATENTRACK_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "latentrack.cli"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_commands_options_and_their_words_are_completed():
    assert completed("latentrack pu") == ["push", "pull"]
    assert completed("latentrack push --st") == ["--store"]
    assert completed("latentrack train x.npz --precision f") == ["float32", "float16"]
    assert completed("latentrack dataset --kind ") == ["drums", "notes", "rhythm"]
    assert completed("latentrack config u") == ["unset"]
    assert "--quiet" in completed("latentrack ls --")


def test_modules_are_completed_by_port_and_name(tmp_path: Path, monkeypatch):
    """Without being asked anything: the shell waits."""
    place = registry.enter("/dev/null", tmp_path / "rack")
    assert completed("latentrack push --port ra") == ["rack"]
    assert completed("latentrack install /dev/n") == ["/dev/null"]
    registry.leave(place)


def test_a_broken_file_of_defaults_does_not_come_between(here: Path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(here / "config"))
    (here / "config" / "latentrack").mkdir(parents=True)
    (here / "config" / "latentrack" / "config.toml").write_text("port =")
    assert completed("latentrack pu") == ["push", "pull"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not on this machine")
def test_bash_takes_the_script():
    # It asks which shell has started it, and that is not always bash.
    command = f"{shlex.quote(sys.executable)} -m latentrack.cli --show-completion; exit $?"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    script = done.stdout
    program = f"{script}\ncomplete -p latentrack"
    said = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert "_latentrack_completion latentrack" in said.stdout
