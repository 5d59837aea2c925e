"""How the tests are shared out over processes, and what is made once for all of them.

`pytest`, or `pytest tests/studio`, takes a process a core; where only files or single tests are
named, they run in the one that was started. A file is done by one process from its beginning to its
end, so that what its tests share is made once, and the files that take longest come first, so that
all processes end together. `-n 0` has everything in one process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, LoadScopeScheduling

MOST = 8
"""More processes than this would want more memory than a computer with so many cores may have."""

EACH_ALONE = "tests/docs/test_pages.py"
"""Its tests share nothing but trainings, and take longest of all."""

LONGEST = (
    "docs/test_pages.py",
    "studio/test_training_page.py",
    "studio/test_training.py",
    "studio/test_music_page.py",
    "host/test_hostile_files.py",
    "device/test_guard.py",
    "studio/test_listen_page.py",
    "studio/test_explore_page.py",
    "host/model/test_vae_training.py",
    "host/factory/test_building.py",
    "host/model/test_train_command.py",
    "studio/test_panel_page.py",
    "firmware/test_wrong_models.py",
    "host/model/test_layers_and_losses.py",
    "host/model/test_feel.py",
    "end_to_end/test_kills.py",
    "host/model/test_variations.py",
    "studio/test_way.py",
    "packaging/test_wheel.py",
    "end_to_end/test_playing.py",
    "host/corpus/test_corpus_audio.py",
    "docs/test_notebook.py",
    "end_to_end/test_usb.py",
    "device/test_screen.py",
    "end_to_end/test_faults.py",
    "host/test_reference.py",
    "firmware/test_c_suites.py",
    "studio/test_protection.py",
    "host/model/test_large_corpora.py",
    "studio/test_panel.py",
    "host/model/test_report.py",
    "device/test_controls.py",
    "end_to_end/test_diagnosis.py",
    "host/model/test_training_examples.py",
    "host/model/test_axes.py",
    "firmware/test_sequence_twin.py",
    "device/test_memory.py",
    "host/commands/test_output.py",
    "end_to_end/test_factory.py",
    "end_to_end/test_selftest.py",
    "firmware/test_tflite_litert.py",
    "studio/test_explore_feel_page.py",
    "host/corpus/test_corpus_audio_clues.py",
    "device/test_settings.py",
    "end_to_end/test_hostile.py",
    "end_to_end/test_live.py",
    "end_to_end/test_rename.py",
    "host/corpus/test_corpus_odd.py",
    "end_to_end/test_repair.py",
    "host/corpus/test_corpus_reader.py",
    "virtual/test_main_py.py",
    "end_to_end/test_sharing.py",
    "device/test_renaming.py",
    "end_to_end/test_bad_input.py",
    "device/test_parameters.py",
    "firmware/test_user_module.py",
    "device/test_prompt.py",
    "virtual/test_terminal.py",
    "teensy/test_boards.py",
    "virtual/test_machine.py",
    "firmware/test_tflite_fuzz.py",
    "end_to_end/test_names.py",
    "device/test_gesture_table.py",
    "host/corpus/test_corpus_onsets.py",
    "studio/test_shell.py",
)
"""Below `tests/`, the longest first: the files that take more than ten seconds."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many processes `-n auto` is."""
    folders = [Path(name.partition("::")[0]).is_dir() for name in config.args]
    return min(len(os.sched_getaffinity(0)), MOST) if any(folders) else 0


CORES = getattr(os, "sched_getaffinity", lambda _: set[int]())(0)


def pytest_configure() -> None:
    """Keep each process, and what it starts, on a core of its own.

    TensorFlow compiles its loops for as many threads as there are cores. Networks as small as ours
    gain nothing from a second thread: it spins, and a training takes twice the processor time.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker and CORES:
        with contextlib.suppress(OSError):  # not every container lets a process choose
            os.sched_setaffinity(0, {sorted(CORES)[int(worker.removeprefix("gw")) % len(CORES)]})


@contextlib.contextmanager
def all_cores() -> Iterator[None]:
    """For threads that are to run at the same time."""
    if not CORES:
        yield
        return
    own = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, CORES)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, own)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, all others as they come."""
    here = Path(__file__).resolve().parent
    place = {here / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """What one process does from beginning to end: a file, or one page of the documentation."""
    return _ByFile(config, log)


class _ByFile(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return nodeid if file.endswith(EACH_ALONE) else file


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that `make` has filled, once for all processes of this run: for reading only."""
    return made_in(folder_of_all(factory), name, make)


def folder_of_all(factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run have in common."""
    base = factory.getbasetemp()
    # Each process has its own folder below that of the run.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def made_in(folder: Path, name: str, make: Callable[[Path], object]) -> Path:
    """`folder / name`, filled by `make`; processes that ask for it meanwhile wait."""
    made = folder / name
    with FileLock(folder / f"{name}.lock"):
        if not made.exists():
            begun = folder / f"{name}.begun"
            shutil.rmtree(begun, ignore_errors=True)
            begun.mkdir()
            make(begun)
            begun.rename(made)
    return made
