"""What a training has reached, kept on the disk: whole at any moment, whoever kills whom."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from latentrack.errors import UserError
from latentrack.model import Epoch, Settings, Training, load_run, save_run
from latentrack.model.autoencoder import flat_weights, new_autoencoder
from latentrack.model.training import decoder_info
from latentrack.studio.training.assignment import Assignment, has_best, keep
from latentrack.studio.workspace import Workspace
from tests.conftest import ROOT
from tests.host.model.made_music import music

SEQUENCES = music(60, 6)


def reached(epoch: int, *, first: int = 1, seed: int | None = None) -> Training:
    """A training after so many epochs, the last of them the best."""
    info = decoder_info(SEQUENCES, 3)
    rng = np.random.default_rng(epoch if seed is None else seed)
    model = new_autoencoder(info, (8,), 3, (8,), rng)
    history = tuple(
        Epoch(n, 9, float("nan") if n == 0 else 9.0 - n, 0.9 - n / 10, True)
        for n in range(first, epoch + 1)
    )
    settings = Settings(epochs=9, encoder_layers=(8,), decoder_layers=(8,), seed=5)
    return Training(model, history, np.arange(50), np.arange(50, 60), False, settings, (3, 4))


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    folder = tmp_path / "studio" / "training" / "x"
    folder.mkdir(parents=True)
    made = Assignment(folder, tmp_path / "studio", "doomed", Settings(), "songs")
    made.write(SEQUENCES)
    return made


def test_the_best_so_far_becomes_the_run_that_the_training_would_have_left(
    assignment: Assignment, tmp_path: Path
) -> None:
    training = reached(4)
    for epoch in (1, 2):
        assignment.save_best(reached(epoch), SEQUENCES, ())
    assignment.save_best(training, SEQUENCES, ())
    assert len(list(assignment.folder.glob("best-*"))) == 1
    assert not list(assignment.folder.glob("best-*/dataset.npz"))
    folder, epoch = keep(assignment.folder)
    assert folder == Workspace(assignment.workspace).runs / "doomed.run" and epoch == 4
    kept = load_run(folder)
    whole = save_run(tmp_path / "whole.run", training, SEQUENCES, music="songs")
    for a, b in zip(flat_weights(kept.model), flat_weights(whole.model), strict=True):
        np.testing.assert_array_equal(a, b)
    assert kept.history == whole.history and kept.settings == whole.settings
    assert kept.threshold == whole.threshold
    np.testing.assert_array_equal(kept.validated_on, whole.validated_on)
    assert kept.dataset.digest == SEQUENCES.digest
    # All of the header is the same but the day, which is another one after midnight.
    dates = re.compile(r'^date = "\d{4}-\d\d-\d\d"$', re.MULTILINE)
    header, expected = (
        dates.sub("", (run.folder / "run.toml").read_text()) for run in (kept, whole)
    )
    assert header == expected.replace("interrupted = false", "interrupted = true")
    assert "abandoned_seeds = [3, 4]" in header


def test_epochs_are_counted_from_where_the_training_began(assignment: Assignment) -> None:
    earlier = reached(7).history
    assignment.save_best(reached(2, first=0), SEQUENCES, earlier)
    folder, epoch = keep(assignment.folder)
    assert epoch == 2
    assert [each.number for each in load_run(folder).history] == list(range(1, 10))


def test_after_another_seed_has_begun_the_newest_counts(assignment: Assignment) -> None:
    """Its epochs are fewer, then."""
    assignment.save_best(reached(5), SEQUENCES, ())
    assignment.save_best(reached(1), SEQUENCES, ())
    assert keep(assignment.folder)[1] == 1


def test_what_is_forgotten_or_was_never_there_is_not_kept(assignment: Assignment) -> None:
    with pytest.raises(UserError, match="before anything of it could be kept"):
        keep(assignment.folder)
    assignment.save_best(reached(1), SEQUENCES, ())
    assert has_best(assignment.folder)
    assignment.forget_best()
    assert not has_best(assignment.folder)
    assert not Workspace(assignment.workspace).run_folders()


KILLED = """
    import os, shutil, sys
    from pathlib import Path
    from latentrack.studio.training.assignment import Assignment, keep
    from tests.studio.test_assignment import SEQUENCES, reached

    given, folder = Path(sys.argv[1]), Path(sys.argv[2])
    deaths, kept = 0, set()
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(given, folder)
        child = os.fork()
        if not child:
            left = deaths

            def touched(event, arguments):
                # Before each thing that is done to the disk; files that go are named without path.
                global left
                opens = event == "open" and str(folder) in str(arguments)
                if opens or event.startswith(("os.r", "os.mkdir", "shutil.")):
                    left -= 1
                    if left < 0:
                        os._exit(9)

            sys.addaudithook(touched)
            Assignment.read(folder).save_best(reached(2), SEQUENCES, ())
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        run, epoch = keep(folder)
        kept.add(epoch)
        shutil.rmtree(run)
        if code == 0:
            break
        assert code == 9
        deaths += 1
    print(deaths, sorted(kept))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_kill_at_any_moment_leaves_the_last_whole_one(
    assignment: Assignment, tmp_path: Path
) -> None:
    assignment.save_best(reached(1), SEQUENCES, ())
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), assignment.folder, tmp_path / "again"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    deaths, kept = done.stdout.split(maxsplit=1)
    # While it is written the old one counts, and while that is removed the new one.
    assert int(deaths) >= 15 and kept.strip() == "[1, 2]"
