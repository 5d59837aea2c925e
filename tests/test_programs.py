"""A command that is forked does what one with a Python of its own does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.programs import forked, started
from tests.waiting import until

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Linux only")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LATENTRACK_RUNTIME", str(tmp_path / "runtime"))
    return tmp_path


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", 2),
        ("--version", 0),
        ("play --help", 0),
        ("devices --json", 0),
        ("ls --port /dev/ttyNOWHERE", 3),
        ("train none.npz --verbose", 2),
        ("dataset --demo --meter 3/4", 2),
        ("dataset --demo", 0),
    ],
)
def test_it_says_the_same_and_ends_with_the_same_code(line: str, code: int):
    alone, as_child = started(*line.split()), forked(*line.split())
    assert as_child.returncode == alone.returncode == code
    assert (as_child.stdout, as_child.stderr) == (alone.stdout, alone.stderr)


def test_it_has_the_folder_and_the_environment_of_now(here: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("one", "two"):
        (here / name).mkdir()
        monkeypatch.chdir(here / name)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(here / name))
        assert forked("config", "set", "port", name).returncode == 0
        assert forked("dataset", "--demo", "-o", "demo.npz", "--quiet").returncode == 0
    for name in ("one", "two"):
        (defaults,) = (here / name).rglob("*.toml")
        assert f'"{name}"' in defaults.read_text()
        assert (here / name / "demo.npz").is_file()
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(here))
    assert forked("config", "path").stdout.startswith(str(here / ".config"))


def test_what_python_reads_at_its_start_holds(here: Path, monkeypatch: pytest.MonkeyPatch):
    """A library on PYTHONPATH, as the one that is broken in host/commands/test_usage.py."""
    (here / "serial").mkdir()
    (here / "serial" / "__init__.py").write_text("raise RuntimeError('out of order')\n")
    before = os.environ.get("PYTHONPATH", str(Path(__file__).resolve().parent.parent / "host"))
    monkeypatch.setenv("PYTHONPATH", f"{here}{os.pathsep}{before}")
    done = forked("devices")
    assert done.returncode == started("devices").returncode == 70


def test_who_takes_too_long_is_killed(here: Path):
    runs_out = 2.0  # seconds: this command ends only when it is told to
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        forked("virtual", "--flash", "flash", timeout=runs_out)
    assert caught.value.timeout == runs_out
    flash = str(here / "flash").encode()
    until(lambda: not _with_word(flash), "its module goes on")


def _with_word(word: bytes) -> list[str]:
    """The processes whose environment has a word."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if word in Path("/proc", process, "environ").read_bytes():
                found.append(process)
        except OSError:
            pass  # it has ended, or is another user's
    return found
