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
    "studio/test_way.py",
    "studio/test_explore_page.py",
    "studio/test_panel_page.py",
    "studio/test_training.py",
    "host/model/test_variations.py",
    "host/test_hostile_files.py",
    "device/test_guard.py",
    "studio/test_music_page.py",
    "studio/test_listen_page.py",
    "host/model/test_feel.py",
    "end_to_end/test_playing.py",
    "firmware/test_wrong_models.py",
    "docs/test_notebook.py",
    "studio/test_accessibility.py",
    "studio/test_protection.py",
    "host/test_reference.py",
    "end_to_end/test_kills.py",
    "firmware/test_c_suites.py",
    "host/corpus/test_corpus_audio.py",
    "host/model/test_vae_training.py",
    "device/test_screen.py",
    "end_to_end/test_usb.py",
    "host/factory/test_building.py",
    "end_to_end/test_faults.py",
    "packaging/test_wheel.py",
    "web/test_demo.py",
    "studio/test_panel.py",
    "firmware/test_sequence_twin.py",
    "studio/test_explore_feel_page.py",
    "host/model/test_large_corpora.py",
    "firmware/test_tflite_litert.py",
    "end_to_end/test_diagnosis.py",
    "end_to_end/test_factory.py",
    "end_to_end/test_selftest.py",
    "device/test_controls.py",
    "host/model/test_report.py",
    "host/model/test_train_command.py",
    "end_to_end/test_rename.py",
    "device/test_renaming.py",
    "end_to_end/test_live.py",
    "end_to_end/test_hostile.py",
    "device/test_memory.py",
    "device/test_settings.py",
    "host/corpus/test_corpus_reader.py",
    "end_to_end/test_sharing.py",
    "host/commands/test_output.py",
    "host/decoder/test_quiet.py",
    "host/model/test_feel_report.py",
    "end_to_end/test_repair.py",
    "host/model/test_training_examples.py",
    "teensy/test_boards.py",
    "host/model/test_layers_and_losses.py",
    "virtual/test_terminal.py",
    "web/test_page.py",
    "studio/test_shell.py",
    "firmware/test_tflite_fuzz.py",
    "virtual/test_main_py.py",
    "firmware/test_user_module.py",
    "end_to_end/test_bad_input.py",
    "host/corpus/test_corpus_odd.py",
    "firmware/test_counts.py",
    "docs/test_coming_from_xen.py",
    "studio/test_listen_sounds.py",
    "end_to_end/test_names.py",
    "device/test_morph.py",
    "device/test_performing.py",
    "firmware/test_outputs_sanitized.py",
    "end_to_end/test_full_flash.py",
    "device/test_gesture_table.py",
    "virtual/test_machine.py",
    "packaging/test_start.py",
    "firmware/test_sequence_blend.py",
    "packaging/test_without_train.py",
    "device/test_mirror.py",
    "studio/test_explore_module.py",
    "firmware/test_sequence_stress.py",
    "device/test_paths.py",
    "packaging/test_make.py",
    "test_programs.py",
    "host/corpus/test_corpus_notes.py",
    "device/test_instrument.py",
    "docs/test_site.py",
    "device/test_play_in.py",
    "end_to_end/test_late_answers.py",
    "end_to_end/test_json.py",
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
