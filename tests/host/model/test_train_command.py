"""`latentrack train` as it is typed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from latentrack.commands.train import train
from latentrack.corpus.dataset import Dataset
from latentrack.decoder.metadata import DecoderInfo, read_feel_latents, read_info
from latentrack.errors import UserError
from latentrack.model import training
from tests.host.model.made_music import drummed
from tests.waiting import PATIENCE_S

app = typer.Typer()
app.command()(train)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    cells = np.random.default_rng(0).random((40, 16, 3)) < 0.3
    path = tmp_path / "my drums.npz"
    Dataset(cells.astype(np.uint8), "drums", ("low", "mid", "high"), (1, 2)).save(path)
    return path


def refusal(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert isinstance(result.exception, UserError), result.output
    return str(result.exception)


def test_it_writes_the_model_and_says_how_good_it_is(dataset: Path, tmp_path: Path) -> None:
    model = tmp_path / "out" / "my drums.tflite"
    model.parent.mkdir()
    arguments = [str(dataset), "-o", str(model), "--epochs", "3", "--latent-scale", "2"]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    assert read_info(model) == DecoderInfo("perdec", 16, 3, 2, (1, 2))
    assert "epoch 3/3" in result.output
    assert "of the 40 bars it learnt from" in result.output
    assert f"latentrack push '{model}'" in result.output


def test_a_training_that_is_stopped_at_its_feel_keeps_the_hits_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drummed(40, 4).save(tmp_path / "drums.npz")

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train_feel", stopped)
    model = tmp_path / "drums.tflite"
    arguments = [str(tmp_path / "drums.npz"), "-o", str(model), "--epochs", "2", "--feel", "2"]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    assert "The feel is missing: the model plays its hits without it." in result.output
    assert read_feel_latents(model) == 0


def test_without_a_name_the_model_lies_here(dataset: Path, tmp_path: Path, monkeypatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert CliRunner().invoke(app, [str(dataset), "--epochs", "1"]).exit_code == 0
    assert sorted(p.name for p in here.iterdir()) == ["my drums.run", "my drums.tflite"]


def test_a_model_too_large_for_the_module_is_said(dataset: Path, tmp_path: Path) -> None:
    said = []
    for sizes in ("9-9", "200-600"):
        arguments = [str(dataset), "-o", str(tmp_path / "m.tflite"), "--epochs", "1"]
        arguments += ["--decoder-layers", sizes, "--precision", "float32"]
        said.append(CliRunner().invoke(app, arguments, env={"COLUMNS": "300"}).output)
    assert "layers 4-9-9-48, will have 5 kB, which every module holds" in said[0]
    assert "smaller" not in said[0]
    # 4 × 200 + 200 × 600 + 600 × 48 weights and 848 biases of 4 bytes.
    before, _, after = said[1].partition("epoch 1/1")
    assert "layers 4-200-600-48, will have 604 kB, which only a module with PSRAM" in before
    assert "It has 60" in after and "--precision dynamic" in after


def test_wrong_input_is_refused_before_the_work_begins(dataset: Path, tmp_path: Path) -> None:
    assert "gone.npz" in refusal(tmp_path / "gone.npz")
    (tmp_path / "text.npz").write_text("no dataset")
    assert "text.npz" in refusal(tmp_path / "text.npz")
    assert "must end in .tflite" in refusal(dataset, "-o", dataset)
    assert "not a folder you may write to" in refusal(dataset, "-o", dataset / "x.tflite")
    (tmp_path / "folder.tflite").mkdir()
    assert "is a folder" in refusal(dataset, "-o", tmp_path / "folder.tflite")
    assert "learning rate is 0: choose more than 0" in refusal(dataset, "--learning-rate", "0")
    assert "66x is not a list of sizes" in refusal(dataset, "--decoder-layers", "66x")
    assert "Unknown value 'gan' for model" in refusal(dataset, "--model", "gan")
    assert "Unknown precision 'int4'" in refusal(dataset, "--precision", "int4")
    (tmp_path / "songs").mkdir()
    assert "songs exists and is not a run" in refusal(dataset, "--run", tmp_path / "songs")
    assert "songs is not a run" in refusal(tmp_path / "songs")
    assert CliRunner().invoke(app, [str(dataset), "--latents", "9"]).exit_code == 2
    assert not list(tmp_path.glob("*.tflite/*"))


def test_the_libraries_keep_quiet_and_wait_until_they_are_needed(dataset: Path) -> None:
    """In a process of its own, for TensorFlow greets only once."""
    code = (
        "import sys, typer; from latentrack.commands.train import train; "
        "assert not {'tensorflow', 'numpy', 'ai_edge_litert'} & set(sys.modules); "
        "typer.run(train)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, dataset, "--epochs", "1"],
        cwd=dataset.parent,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (dataset.parent / "my drums.tflite").is_file()
