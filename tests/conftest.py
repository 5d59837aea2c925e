"""What all tests share: where the project and the shared music lie, and a virtual module."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from latentrack.module.install import install
from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.decoders import (
    DRUMS,
    SHARED,
    shared_decoders,
    write_felt,
    write_four,
    write_stand_ins,
)
from tests.factory_models import write_library
from tests.figures import (  # noqa: F401
    figures,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.workers import (  # noqa: F401
    made_once,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent

# Hundreds of programs are started: where nobody keeps bytecode, each compiles Latentrack anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long an example takes hangs on what else the machine does.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def cache_away_from_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Lets nothing that a test starts use the user's own cache, defaults or module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.delenv("LATENTRACK_PORT", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_factory_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whether this checkout has built its factory models is the same to all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTRACK_FACTORY", str(tmp_path_factory.mktemp("factory")))
        yield


@pytest.fixture(scope="session", autouse=True)
def own_runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Virtual modules of the user, and of tests in other processes, are not found here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTRACK_RUNTIME", str(tmp_path_factory.mktemp("runtime")))
        yield


@pytest.fixture(scope="session", autouse=True)
def patient_links() -> Iterator[None]:
    """A cable that is silent for 5 s has been pulled; a busy computer may be silent as long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("latentrack.module.link.ANSWER_S", 60.0)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of music and models that nobody here made; skips where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("the shared music and models (../shared/data) are not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the models that tests.decoders names: the shared ones, or stand-ins."""
    return shared_decoders() or made_once(tmp_path_factory, "decoders", write_stand_ins)


@pytest.fixture(scope="session")
def felt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the models with a feel that tests.decoders names."""
    return made_once(tmp_path_factory, "felt", write_felt)


@pytest.fixture
def factory_models(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder of a small factory library, which all commands take for the built one."""
    folder = made_once(tmp_path_factory, "factory_models", write_library)
    monkeypatch.setenv("LATENTRACK_FACTORY", str(folder))
    return folder


@pytest.fixture(scope="session")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the model with four latents that tests.decoders names."""
    return made_once(tmp_path_factory, "four", write_four)


@pytest.fixture(scope="session")
def drum_model(decoders: Path) -> Path:
    """A model of drums that any module plays."""
    return decoders / f"{DRUMS}.tflite"


@pytest.fixture(scope="session")
def installed_flash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flash of a module right after `latentrack install`."""

    def make(folder: Path) -> None:
        with VirtualModule(folder / "flash") as module, Link(module.port) as link:
            install(link)

    return made_once(tmp_path_factory, "installed", make) / "flash"


@pytest.fixture
def start(installed_flash: Path, tmp_path: Path) -> Iterator[Callable[..., VirtualModule]]:
    """Starts an installed module, with models in its library; the rest as VirtualModule's."""
    modules: list[VirtualModule] = []

    def start(*models: Path, manual_time: bool = False, **more: Any) -> VirtualModule:
        flash = tmp_path / f"flash{len(modules)}"
        shutil.copytree(installed_flash, flash)
        library = flash / "models" / "perc"
        library.mkdir(parents=True)
        for model in models:
            shutil.copy(model, library)
        module = VirtualModule(flash, manual_time=manual_time, **more)
        modules.append(module)
        wait_until_playing(module)
        # What the jacks did at power-on is not what a test asks about.
        module.panel.settle()
        return module

    yield start
    for module in modules:
        module.stop()
        assert module.panel.faults == [], "the board was told what real electronics would not do"


def wait_until_playing(module: VirtualModule) -> None:
    """Returns when main.py has run: the answer to a Link comes after it."""
    with Link(module.port) as link:
        assert link.evaluate("'instrument' in globals()"), "main.py did not start the instrument"


BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium: one for all tests of a process."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not on this machine: apt-get install chromium")
    # Imported when it is used: most tests need no browser.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(BROWSER_FLAGS))
        yield running
        running.close()
