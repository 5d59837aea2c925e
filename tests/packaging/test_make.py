"""`make demo` prints its own words only, and what does not compile is still shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing is built, and which has our programs, but for `latentrack`."""
    folder = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".pio", "build")
    shutil.copytree(ROOT / "firmware", folder / "firmware", ignore=ignored)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for program in Path(sys.executable).parent.iterdir():
        (programs / program.name).symlink_to(program)
    (programs / "latentrack").unlink(missing_ok=True)
    (programs / "latentrack").write_text("#!/bin/sh\necho the $1\n")
    (programs / "latentrack").chmod(0o755)
    for stamp in ("demo", "test"):
        (folder / ".venv" / stamp).touch()
    return folder


def make(folder: Path, *targets: str) -> subprocess.CompletedProcess[str]:
    """As at the first time on a computer: PlatformIO knows nothing of its user yet."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    # What `make test` hands down would make this one speak of its folders.
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        ["make", *targets], cwd=folder, env=environment | {"HOME": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_demo_has_the_word_alone(checkout: Path):
    done = make(checkout, "demo")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the demo\n", "")
    assert (checkout / "firmware" / "build" / "x64" / "latentcore.mpy").is_file()


def test_the_wheel_carries_the_factory_models(checkout: Path):
    said = make(checkout, "--dry-run", "wheel").stdout
    assert said.index("-m latentrack.factory") < said.index("pip wheel")


def test_what_does_not_compile_is_shown(checkout: Path):
    source = checkout / "firmware" / "mpy" / "latentcore.c"
    source.write_text("#error on purpose\n" + source.read_text())
    done = make(checkout, "demo")
    assert done.returncode != 0
    assert "on purpose" in done.stderr
    assert "the demo" not in done.stdout
