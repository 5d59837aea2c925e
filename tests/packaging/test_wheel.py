"""The wheel has everything in it, and works without the checkout and without a compiler.

It is made from the source distribution, so that that is whole, too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

# By their names: what lies in a checkout and is made there.
MADE = {"__pycache__", ".mypy_cache", "latentrack.egg-info"}


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and not MADE & set(file.parts)
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel was installed into; the libraries are those of the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "--no-deps", "--no-index", "--target", folder, wheel]  # fmt: skip
    subprocess.run(command, check=True)
    return folder


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command, in a folder and a home that are empty and with no program in reach."""
    (folder / "home").mkdir()
    (folder / "work").mkdir()
    environment = {
        "PYTHONPATH": str(installed), "HOME": str(folder / "home"), "PATH": str(folder / "work"),
        "LATENTRACK_RUNTIME": str(folder), "COLUMNS": "100",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "latentrack.cli", *arguments],
        cwd=folder / "work", env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_everything_is_in_it(wheel: Path):
    expected = files_of(ROOT / "host" / "latentrack")
    expected |= {f"carried/device/{n}": data for n, data in files_of(ROOT / "device").items()}
    for native in ("x64/latentcore.mpy", "x64/virtualboard.mpy", "armv7emdp/latentcore.mpy"):
        expected[f"carried/firmware/{native}"] = (ROOT / "firmware/build" / native).read_bytes()
    table = "firmware/chip/rt1062.def"
    expected[f"carried/{table}"] = (ROOT / table).read_bytes()
    web = ROOT / "firmware" / "build" / "web"
    for pattern in ("*.wasm", "page/*", "rom/*"):
        for file in web.glob(pattern):
            expected[f"carried/firmware/web/{file.relative_to(web)}"] = file.read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        there = {
            name.removeprefix("latentrack/"): archive.read(name)
            for name in archive.namelist()
            if name.startswith("latentrack/")
        }
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    assert sorted(there) == sorted(expected)
    assert there == expected


def test_the_demo_runs_from_it(installed: Path, tmp_path: Path):
    done = run(installed, tmp_path, "demo", "--epochs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "demo: 128 steps played, 128 as decoded" in done.stdout
    assert (tmp_path / "work" / "demo" / "demo.tflite").is_file()


def test_live_edits_no_installed_code_by_itself(installed: Path, tmp_path: Path):
    done = run(installed, tmp_path, "live")
    assert done.returncode == 2
    assert str(installed / "latentrack" / "carried" / "device") in done.stderr


@pytest.fixture
def empty_checkout(tmp_path: Path) -> Path:
    """A checkout with what a wheel is made by, and next to nothing to be put into it."""
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, tmp_path)
    for package in ("", "factory"):
        folder = tmp_path / "host" / "latentrack" / package
        folder.mkdir(parents=True)
        shutil.copy(ROOT / "host" / "latentrack" / package / "__init__.py", folder)
    return tmp_path


def test_built_factory_models_are_in_it(empty_checkout: Path):
    for native in ("x64/latentcore.mpy", "x64/virtualboard.mpy", "armv7emdp/latentcore.mpy"):
        file = empty_checkout / "firmware" / "build" / native
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    table = "firmware/chip/rt1062.def"
    (empty_checkout / table).parent.mkdir()
    shutil.copy(ROOT / table, empty_checkout / table)
    models = empty_checkout / "host" / "latentrack" / "factory" / "models"
    models.mkdir()
    (models / "house.tflite").write_bytes(b"a model")
    command = [sys.executable, "-m", "build", "--no-isolation", empty_checkout]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = empty_checkout.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("latentrack/factory/models/house.tflite") == b"a model"


def test_unbuilt_firmware_is_said_in_one_sentence(empty_checkout: Path):
    for kind in ("--wheel", "--sdist"):
        done = subprocess.run(
            [sys.executable, "-m", "build", "--no-isolation", kind, empty_checkout],
            env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert (
            "latentrack cannot be packed: firmware/build/x64/latentcore.mpy is not built; "
            "`make wheel` builds the firmware first"
        ) in done.stdout + done.stderr
        assert not list(empty_checkout.glob("dist/*"))
