"""Runs come back as they were, and what is none is refused."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentrack.corpus import Dataset
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import read_extras
from latentrack.errors import UserError
from latentrack.limits import read_toml
from latentrack.model import Run, load_run, save_run
from latentrack.model.autoencoder import flat_weights
from latentrack.model.run import write_run
from latentrack.model.toml import to_toml
from latentrack.model.training import Epoch, Training
from tests.host.model.made_music import music


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run.folder, tmp_path / "copy.run"))


def training_of(run: Run) -> Training:
    held = run.validated_on
    return Training(run.model, run.history, run.trained_on, held, False, run.settings)


def test_a_run_comes_back_as_it_was(run: Run, copy: Path) -> None:
    again = load_run(copy)
    assert sorted(p.name for p in copy.iterdir()) == [
        "dataset.npz",
        "history.csv",
        "run.toml",
        "weights.npz",
    ]
    for a, b in zip(flat_weights(again.model), flat_weights(run.model), strict=True):
        np.testing.assert_array_equal(a, b)
    assert again.settings == run.settings and again.history == run.history
    assert again.settings.encoder_layers == (24, 16) and again.settings.epochs == 15
    assert again.dataset.digest == music(800, 20).digest
    assert len(again.validated_on) + len(again.trained_on) == 800
    held = {again.dataset.sources[i] for i in again.validated_on}
    assert held and not held & {again.dataset.sources[i] for i in again.trained_on}


def test_a_run_that_hashed_its_hits_alone_is_read(copy: Path) -> None:
    """As version 0.1.0 wrote them: its hash had neither velocity nor timing."""
    loud = Dataset.load(copy / "dataset.npz")
    loud = replace(loud, velocities=np.full(loud.hits, 90), offsets=np.zeros(loud.hits))
    loud.save(copy / "dataset.npz")
    header = (copy / "run.toml").read_text()
    assert load_run(copy).dataset.velocities is not None  # music() knows of no velocities
    softer = replace(loud, sequences=loud.sequences[::-1])
    softer.save(copy / "dataset.npz")
    with pytest.raises(UserError, match="is not the one"):
        load_run(copy)
    (copy / "run.toml").write_text(header.replace(loud.digest_of_hits, softer.digest))
    assert len(load_run(copy).dataset) == len(loud)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib is the independent reader")
def test_the_toml_tells_where_the_model_came_from(copy: Path) -> None:
    import tomllib

    header = tomllib.loads((copy / "run.toml").read_text())
    assert header["about"]["music"] == "made.npz"
    assert header["dataset"]["digest"] == music(800, 20).digest
    assert header["settings"]["seed"] == 5 and header["settings"]["free_bits"] == 0.5
    lines = (copy / "history.csv").read_text().splitlines()
    held = [float(line.split(",")[3]) for line in lines[1:]]
    best = header["result"]["best_epoch"]
    assert held[best - 1] == header["result"]["validation_loss"] == min(held[best - 1 :])


def test_odd_texts_survive_toml(tmp_path: Path) -> None:
    table = {'a "key" of = odd\n': 'quotes " and \\ and \x7f \x01 é 鼓', "n": 1e-7, "t": (1, 2)}
    file = tmp_path / "odd.toml"
    file.write_text(to_toml({"": {"x": True}, "odd": table}), "utf-8")
    assert read_toml(file) == {
        "x": True,
        "odd": {**table, "t": [1, 2]},
    }


def test_the_model_file_knows_its_voices_and_threshold(run: Run) -> None:
    data = run.to_tflite()
    extras = read_extras(data)
    assert extras.voices == ("low", "mid", "high") and extras.lowest_pitch is None
    assert extras.trained["music"] == "made.npz" and extras.trained["seed"] == 5
    # At its own threshold it plays as many hits as its music has, as near as a hundredth allows.
    decoder, cells = Decoder(data), run.dataset.sequences[run.trained_on]
    positions = run.model.encode(cells)

    def hits_off(threshold: float) -> int:
        return abs(int(decoder.pattern(positions, threshold).sum()) - int(cells.sum()))

    threshold = extras.threshold
    assert hits_off(threshold) <= min(hits_off(threshold - 0.02), hits_off(threshold + 0.02))
    assert hits_off(threshold) < 0.03 * cells.sum()


def test_training_on_makes_one_history(run: Run, tmp_path: Path) -> None:
    going_on = (
        Epoch(0, 2, float("nan"), 0.3, True),
        Epoch(1, 2, 9.0, 0.31, False),
        Epoch(2, 2, 8.0, 0.29, True),
    )
    training = training_of(run)
    training = Training(
        run.model, going_on, *(training.trained_on, training.validated_on), False, run.settings
    )
    again = save_run(
        tmp_path / "on.run", training, run.dataset, music="made.npz", earlier=run.history
    )
    assert [epoch.number for epoch in again.history] == list(range(1, 18))
    assert again.history[:15] == run.history
    assert [e.validation_loss for e in again.history[15:]] == [0.31, 0.29]


def undated(run: Run) -> dict[str, object]:
    """What the run says about itself, but for the day on which it was written."""
    return {key: value for key, value in run.about.items() if key != "date"}


def test_a_run_without_its_music_is_read_with_it(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "bare.run"
    write_run(folder, training_of(run), run.dataset, music="made.npz", with_dataset=False)
    assert sorted(p.name for p in folder.iterdir()) == ["history.csv", "run.toml", "weights.npz"]
    again = load_run(folder, dataset=run.dataset)
    assert again.history == run.history and undated(again) == undated(run)
    assert again.dataset is run.dataset
    with pytest.raises(UserError, match="dataset.npz"):
        load_run(folder)
    with pytest.raises(UserError, match="not the one that the model was trained"):
        load_run(folder, dataset=music(800, 20, seed=1))


def test_a_run_replaces_a_run_and_nothing_else(run: Run, copy: Path, tmp_path: Path) -> None:
    (copy / "report.html").write_text("an old report")
    save_run(copy, training_of(run), run.dataset)
    assert not (copy / "report.html").exists()
    other = tmp_path / "songs"
    other.mkdir()
    (other / "mine.mid").write_text("precious")
    with pytest.raises(UserError, match="songs exists and is not a run"):
        save_run(other, training_of(run), run.dataset)
    assert [p.name for p in other.iterdir()] == ["mine.mid"]


def test_a_full_disk_leaves_the_old_run(run: Run, copy: Path, monkeypatch) -> None:
    before = (copy / "run.toml").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match="No space left"):
        save_run(copy, training_of(run), run.dataset)
    monkeypatch.undo()
    assert (copy / "run.toml").read_bytes() == before
    assert [p.name for p in copy.parent.iterdir()] == ["copy.run"]


def test_what_is_no_whole_run_is_refused(run: Run, copy: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gone.run is not a run"):
        load_run(tmp_path / "gone.run")
    header = (copy / "run.toml").read_text()
    for damage, words in (
        (header.replace("version = 3", "version = 9", 1), "format version 9.*versions 1, 2 and 3"),
        (header.replace("encoder = [24, 16]", "encoder = [24, 17]"), "damaged"),
        (
            header.replace('"syncopation"]', '"syncopation", "balance", "density", "instruments"]'),
            "damaged",
        ),
        (header.replace("[model]", "[mod"), "damaged"),
        (header.replace("epochs = 15", "epochs = 0", 1), "epochs is 0"),
        (header.replace('digest = "', 'digest = "f'), "not the one that the model was trained"),
    ):
        assert damage != header
        (copy / "run.toml").write_text(damage)
        with pytest.raises(UserError, match=words):
            load_run(copy)
    (copy / "run.toml").write_text(header)
    weights = (copy / "weights.npz").read_bytes()
    (copy / "weights.npz").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(UserError, match="damaged"):
        load_run(copy)
    (copy / "weights.npz").unlink()
    with pytest.raises(UserError, match="No such file"):
        load_run(copy)
