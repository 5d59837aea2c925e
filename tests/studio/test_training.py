"""The training behind the page: a process of its own, real trainings of the demo corpus."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from latentrack.corpus import Dataset
from latentrack.decoder.litert import Decoder
from latentrack.errors import UserError
from latentrack.model import Epoch, Settings, load_run, save_run, train
from latentrack.model.autoencoder import flat_weights
from latentrack.studio.music.music import Music
from latentrack.studio.training.assignment import JOB, SILENT, Assignment
from latentrack.studio.training.positions import packed, positions_of, unpacked
from latentrack.studio.training.run_files import RunFiles, has_report
from latentrack.studio.training.runs import Runs, differing
from latentrack.studio.training.state import Outcome, Progress
from latentrack.studio.training.training import Trainer
from latentrack.studio.workspace import Workspace
from tests.host.model.made_music import drummed
from tests.small_demo import small_demo
from tests.waiting import PATIENCE_S, until

LONG = Settings(epochs=200_000, seed=2)
"""Much longer than any test."""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def learners(folder: Path) -> list[int]:
    """The processes that train for a studio's folder."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"latentrack.studio.training.learner" in words and str(folder).encode() in words[-2]:
            found.append(int(line.parent.name))
    return found


def workspace_with_music(folder: Path) -> Workspace:
    workspace = Workspace(folder / "studio")
    small_demo().save(workspace.dataset)
    return workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_with_music(tmp_path)


@pytest.fixture
def training(workspace: Workspace) -> Iterator[Trainer]:
    training = Trainer(workspace, Music(workspace))
    yield training
    training.close()


@pytest.fixture(scope="module")
def small() -> Settings:
    return Settings(epochs=40, decoder_layers=(16, 32), seed=7)


@pytest.fixture(scope="module")
def run(small: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `latentrack train` gives."""
    dataset = small_demo()
    folder = tmp_path_factory.mktemp("runs") / "by-hand.run"
    return save_run(folder, train(dataset, small), dataset, music="by hand").folder


def far(training: Trainer) -> Progress:
    return training.state.progress


def ended(training: Trainer) -> Outcome:
    """How the training that runs has ended, as soon as it has."""
    return until(lambda: training.state.outcome)


def same_weights(one: Path, other: Path) -> bool:
    pairs = zip(flat_weights(load_run(one).model), flat_weights(load_run(other).model), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_the_result_is_what_the_command_line_gives(
    training: Trainer, workspace: Workspace, small: Settings, run: Path
) -> None:
    training.start(small, "first one")
    assert training.state.running
    with pytest.raises(UserError, match="first one is still being trained"):
        training.start(small, "second")
    outcome = ended(training)
    assert outcome.kind == "finished" and outcome.run == training.state.last_run
    progress = training.state.progress
    assert training.state.last_run == workspace.runs / "first one.run"
    assert same_weights(training.state.last_run, run)
    mine, theirs = load_run(training.state.last_run), load_run(run)
    assert mine.settings == theirs.settings and mine.history == theirs.history
    # Its model file is there before a module asks for it.
    decoder = Decoder(workspace.models / "first one.tflite")
    positions = [(0.5, -1, 2, 3), (-3, 0, 0, 0)]
    assert np.allclose(decoder.decode(positions), theirs.model.decode(positions), atol=1e-5)
    assert progress.epochs == theirs.history
    # The map ends where the music lies in the model that was kept.
    assert progress.positions is not None
    lies = theirs.model.encode(theirs.dataset.sequences) / theirs.model.info.latent_scale
    assert np.abs(progress.positions - lies).max() < 1e-3
    assert "learnt from" in outcome.words[1]
    # Nothing of the work is left.
    assert list((workspace.folder / "training").iterdir()) == []


def test_trains_on_from_an_earlier_run(training: Trainer, workspace: Workspace, run: Path) -> None:
    earlier = load_run(run)
    expected = train(
        earlier.dataset,
        replace(earlier.settings, epochs=5, seed=8),
        validated_on=earlier.validated_on,
        start=earlier.model,
    )
    # There is a run of this name: the new one has a name of its own.
    shutil.copytree(run, workspace.runs / "on.run")
    training.start(Settings(epochs=5), "on", run)
    until(lambda: not training.state.running)
    assert training.state.last_run == workspace.runs / "on-2.run"
    got = load_run(training.state.last_run)
    for a, b in zip(flat_weights(got.model), flat_weights(expected.model), strict=True):
        assert np.array_equal(a, b)
    assert [epoch.number for epoch in got.history] == list(range(1, 46))
    assert got.history[:40] == earlier.history
    assert got.about["music"] == "by hand"


def test_stopping_early_keeps_the_best_so_far(training: Trainer, workspace: Workspace) -> None:
    training.start(LONG, "long")
    until(lambda: len(far(training).epochs) > 5 and far(training).positions is not None)
    left = far(training).seconds_left
    assert left is None or left > 0
    training.stop()
    training.stop()
    outcome = ended(training)
    assert outcome.kind == "stopped"
    assert training.state.last_run is not None
    run = load_run(training.state.last_run)
    last = run.history[-1].number
    assert 5 < last < LONG.epochs
    assert outcome.words[0] == f"Stopped after epoch {last:,}; epoch {last:,} is kept."
    assert len(run.history) == last


def test_stopping_before_there_is_anything(training: Trainer, workspace: Workspace) -> None:
    # Layer by layer takes long before the first epoch.
    training.start(Settings(model="stacked", epochs=200_000), "long")
    until(lambda: "layer" in far(training).phase)
    training.stop()
    outcome = ended(training)
    assert outcome.kind == "nothing"
    assert "nothing to keep" in outcome.words[0]
    assert workspace.run_folders() == []


@dataclass
class Killed:
    """A training whose process was killed when it had kept something, and its folder as it was the
    moment before: what a power cut leaves."""

    training: Trainer
    workspace: Workspace
    left: Path


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    workspace = workspace_with_music(tmp_path_factory.mktemp("killed"))
    training = Trainer(workspace, Music(workspace))
    training.start(LONG, "doomed")
    until(lambda: far(training).kept)
    [folder] = (workspace.folder / "training").iterdir()
    [pid] = learners(workspace.folder)
    os.kill(pid, signal.SIGSTOP)
    left = tmp_path_factory.mktemp("left") / folder.name
    shutil.copytree(folder, left)
    os.kill(pid, signal.SIGKILL)
    ended(training)
    yield Killed(training, workspace, left)
    training.close()


def test_a_training_that_is_killed_leaves_its_best(killed: Killed) -> None:
    training, workspace = killed.training, killed.workspace
    outcome = ended(training)
    assert outcome.kind == "killed"
    assert "ended from outside" in outcome.words[0]
    assert (
        outcome.words[1] == f"Its epoch {far(training).kept:,} is kept as doomed: train on from it."
    )
    run = load_run(workspace.runs / "doomed.run")
    assert run.history[-1].number == far(training).kept
    assert training.state.last_run == run.folder


def test_one_killed_before_anything_was_kept_says_so(
    training: Trainer, workspace: Workspace
) -> None:
    training.start(LONG, "doomed")
    until(lambda: learners(workspace.folder))
    os.kill(learners(workspace.folder)[0], signal.SIGKILL)
    outcome = ended(training)
    assert outcome.kind == "killed" and outcome.run is None
    assert "start it again" in outcome.words[1]
    assert list((workspace.folder / "training").iterdir()) == []


STUDIO = """
    import sys, threading
    from pathlib import Path
    from latentrack.model import Settings
    from latentrack.studio.music.music import Music
    from latentrack.studio.training.training import Trainer
    from latentrack.studio.workspace import Workspace

    workspace = Workspace(Path(sys.argv[1]))
    training = Trainer(workspace, Music(workspace))
    kept = threading.Event()
    training.progress_changed.connect(lambda: training.state.progress.kept and kept.set())
    training.start(Settings(epochs=200_000), "orphan")
    kept.wait()
    print("kept", flush=True)
    sys.stdin.read()
"""


def test_no_training_outlives_the_studio(workspace: Workspace) -> None:
    studio = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STUDIO), str(workspace.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert studio.stdin is not None and studio.stdout is not None
    assert studio.stdout.readline() == b"kept\n"
    [pid] = learners(workspace.folder)
    studio.kill()
    studio.wait()
    until(lambda: not is_alive(pid))
    studio.stdin.close()
    studio.stdout.close()
    # It has put away what it had before it went.
    assert load_run(workspace.runs / "orphan.run").history
    assert list((workspace.folder / "training").iterdir()) == []


def test_what_an_earlier_studio_left_is_kept(killed: Killed, tmp_path: Path) -> None:
    """A power cut: training and studio are gone at once."""
    other = Workspace(tmp_path / "other")
    left = other.folder / "training" / "left"
    left.parent.mkdir()
    shutil.copytree(killed.left, left)
    text = json.loads((left / JOB).read_text())
    (left / JOB).write_text(json.dumps(text | {"workspace": str(other.folder)}))
    long_ago = time.time() - SILENT - 1
    os.utime(left / JOB, (long_ago, long_ago))
    again = Trainer(other, Music(other))
    until(lambda: again.state.found)
    number = load_run(other.runs / "doomed.run").history[-1].number
    assert again.state.found == (
        "The studio was ended while doomed was being trained: its epoch "
        f"{number:,} is kept as doomed.",
    )
    assert number == far(killed.training).kept
    until(lambda: not left.exists())
    again.close()


def test_what_somebody_still_works_on_is_left_alone(workspace: Workspace) -> None:
    folder = workspace.folder / "training" / "busy"
    folder.mkdir(parents=True)
    Assignment(folder, workspace.folder, "busy", Settings(), "busy").write(small_demo())
    again = Trainer(workspace, Music(workspace))
    again.close()  # after what it has begun with
    assert (folder / JOB).exists() and not again.state.found


def test_what_cannot_be_trained_is_refused_at_once(tmp_path: Path, workspace: Workspace) -> None:
    empty = Workspace(tmp_path / "empty")
    with pytest.raises(UserError, match="no music"):
        Trainer(empty, Music(empty)).start(Settings(), "x")
    silent = Dataset(np.zeros((5, 4, 1), np.uint8), "rhythm", ("hit",))
    silent.save(workspace.dataset)
    training = Trainer(workspace, Music(workspace))
    with pytest.raises(UserError, match="silent"):
        training.start(Settings(), "x")
    flat = Dataset(np.ones((30, 4, 1), np.uint8), "rhythm", ("hit",))
    flat.save(workspace.dataset)
    training = Trainer(workspace, Music(workspace))
    with pytest.raises(UserError, match="no dynamics in this corpus"):
        training.start(Settings(feel="2"), "x")
    assert not training.state.running and training.state.task is None


def test_time_left_is_measured_from_the_epochs_so_far() -> None:
    first = {"kind": "epochs", "epochs": [(1, 100, 9.0, None, True)]}
    progress = Progress().after(first, 3, now=50.0)
    assert progress.seconds_left is None
    more = {"kind": "epochs", "epochs": [(n, 100, 9.0, None, True) for n in (2, 3)]}
    progress = progress.after(more, 3, now=51.0)
    # Two epochs a second, 97 to go.
    assert progress.seconds_left == pytest.approx(48.5)
    assert progress.best == Epoch(3, 100, 9.0, None, True)
    again = progress.after({"kind": "restart", "words": "again"}, 3)
    assert again.seconds_left is None and again.epochs == () and again.restarts == ("again",)
    assert len(progress.epochs) == 3


def test_the_feel_tells_its_own_part_and_time() -> None:
    epochs = {"kind": "epochs", "epochs": [(n, 2, 9.0, None, True) for n in (1, 2)]}
    progress = Progress().after(epochs, 3, now=10.0)
    phase = {"kind": "phase", "words": "Learning the feel"}
    progress = progress.after(phase | {"part": 0.1}, 3, now=20.0)
    assert progress.seconds_left is None
    progress = progress.after(phase | {"part": 0.3}, 3, now=24.0)
    assert (progress.phase, progress.part) == ("Learning the feel", 0.3)
    assert progress.seconds_left == pytest.approx(14)
    progress = progress.after({"kind": "phase", "words": "Writing the run"}, 3, now=30.0)
    assert progress.part is None and progress.seconds_left is None
    assert len(progress.epochs) == 2


def test_a_feel_is_learnt_told_and_in_the_run(workspace: Workspace, small: Settings) -> None:
    drummed(60, 3).save(workspace.dataset)
    training = Trainer(workspace, Music(workspace))
    parts: list[float | None] = []
    training.progress_changed.connect(lambda: parts.append(far(training).part))
    training.start(replace(small, epochs=3, feel="auto"), "felt")
    outcome = ended(training)
    assert outcome.kind == "finished" and outcome.run is not None
    told = [part for part in parts if part is not None]
    assert told and told == sorted(told) and 0 < told[0] <= told[-1] <= 1
    # Before that the hits were on the disk.
    best = far(training).best
    assert best is not None and far(training).kept == best.number
    assert any(words.startswith("The feel: velocity is") for words in outcome.words)
    feel = load_run(outcome.run).feel
    assert feel is not None and feel.latents == 2
    (summary,) = until(lambda: training.runs.state.runs)
    assert (summary.latents, summary.feel_latents) == (4, 2)
    training.close()


def test_stopping_while_the_feel_is_learnt_keeps_the_hits(
    workspace: Workspace, small: Settings
) -> None:
    drummed().save(workspace.dataset)
    training = Trainer(workspace, Music(workspace))

    def stop() -> None:
        if far(training).phase == "Learning the feel" and not training.state.stopping:
            training.stop()

    training.progress_changed.connect(stop)
    training.start(replace(small, epochs=2, feel="1"), "cut short")
    outcome = ended(training)
    assert outcome.kind == "stopped" and outcome.run is not None
    assert "The feel was not learnt to its end: the model has none." in outcome.words
    kept = load_run(outcome.run)
    assert kept.feel is None and len(kept.history) == 2
    training.close()


def test_positions_come_through_as_they_are(run: Path) -> None:
    loaded = load_run(run)
    positions = positions_of(loaded.model, loaded.dataset.sequences)
    assert np.array_equal(unpacked(packed(positions), 4), positions)
    assert np.abs(positions).max() <= 1


def test_runs_in_short_and_moved_about(
    training: Trainer, workspace: Workspace, small: Settings, run: Path
) -> None:
    workspace.runs.mkdir()
    for name in ("one", "two"):
        shutil.copytree(run, workspace.runs / f"{name}.run")
    (workspace.runs / "broken.run").mkdir()
    (workspace.runs / "broken.run" / "run.toml").write_text("no = toml = at all")
    runs = Runs(workspace)
    heard: list[object] = []
    runs.runs_changed.connect(lambda: heard.append(runs.state.runs))
    assert runs.state.runs is None
    runs.refresh()
    runs.refresh()
    assert heard == [runs.state.runs]
    one, two = sorted(runs.state.runs, key=lambda summary: summary.name)
    loaded = load_run(run)
    assert (one.name, two.name) == ("one", "two")
    assert one.sequences == len(loaded.dataset) and one.latents == 4 and one.epochs == 40
    assert one.history == loaded.history
    cells = loaded.dataset.steps * loaded.dataset.voices
    assert one.size == 4 * (4 * 16 + 16 + 16 * 32 + 32 + 32 * cells + cells)
    assert differing([one, two]) == []
    with pytest.raises(UserError, match="There is a run two already"):
        runs.rename(one.folder, "two")
    renamed = runs.rename(one.folder, "../three")
    assert renamed.parent == workspace.runs and load_run(renamed).model.latents == 4
    assert not one.folder.exists()
    gone = runs.remove(renamed)
    assert runs.state.runs == (two,)
    assert [len(each or ()) for each in heard] == [2, 2, 1]
    assert gone.parent == workspace.folder / "trash"
    back = runs.restore(gone, renamed.stem)
    assert back == renamed and load_run(back).model.latents == 4


def test_a_report_is_made_again_only_when_the_run_is_another(run: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.run"
    shutil.copytree(run, mine)
    assert not has_report(mine)
    (mine / "report.html").write_text("made")
    assert has_report(mine)
    long_ago = (mine / "run.toml").stat().st_mtime - 1
    os.utime(mine / "report.html", (long_ago, long_ago))
    assert not has_report(mine)


@pytest.fixture
def files(workspace: Workspace) -> Iterator[RunFiles]:
    files = RunFiles(workspace)
    yield files
    files.close()


def test_what_cannot_be_made_of_a_run_is_said_in_one_sentence(
    files: RunFiles, workspace: Workspace
) -> None:
    parts: set[str] = set()
    files.progress_changed.connect(lambda: parts.update(files.state.parts.values()))
    with pytest.raises(UserError, match="none.run is not a run"):
        files.export(workspace.runs / "none.run", "float32")
    assert parts == {"Waiting for its turn", "Starting TensorFlow"}
    assert files.state.parts == {}
    with pytest.raises(UserError, match="int7"):
        files.model_file(workspace.runs / "none.run", "int7")


def test_a_model_file_is_made_once(files: RunFiles, workspace: Workspace, run: Path) -> None:
    parts: list[str] = []
    files.progress_changed.connect(lambda: parts.extend(files.state.parts.values()))
    file = files.model_file(run, "auto")
    assert file == workspace.models / "by-hand.tflite"
    assert Decoder(file).info.steps == load_run(run).dataset.steps
    # What the precision costs is counted only where it is told.
    assert "Converting" in parts and "Counting what changed" not in parts
    parts.clear()
    assert files.model_file(run, "auto") == file and parts == []
    long_ago = (run / "run.toml").stat().st_mtime - 1
    os.utime(file, (long_ago, long_ago))
    files.model_file(run, "auto")
    assert "Converting" in parts


def test_two_requests_for_one_run_share_its_words(
    files: RunFiles, workspace: Workspace, run: Path
) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(2) as threads:
        making = [threads.submit(files.model_file, run, "float32")]
        until(lambda: files.state.parts.get(run) == "Starting TensorFlow")
        files.progress_changed.connect(lambda: said.append(files.state.parts.get(run, "")))
        making.append(threads.submit(files.model_file, run, "float32"))
        assert len({each.result(PATIENCE_S) for each in making}) == 1
    assert "Waiting for its turn" not in said
    assert said[-1] == "" and "" not in said[:-1]
    assert files.state.parts == {}


def test_closing_ends_what_is_being_made(files: RunFiles, workspace: Workspace, run: Path) -> None:
    said: list[str] = []
    files.progress_changed.connect(lambda: said.extend(files.state.parts.values()))
    with ThreadPoolExecutor(2) as threads:
        making = [threads.submit(files.model_file, run, "float32") for _ in range(2)]
        until(lambda: "Starting TensorFlow" in said)
        files.close()
        for each in making:
            with pytest.raises(UserError):
                each.result(PATIENCE_S)
    assert not list(workspace.models.iterdir())
