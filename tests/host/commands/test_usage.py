"""What is typed wrong: one sentence, the right exit code, and nothing that was made meanwhile."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.programs import latentrack


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, and no modules."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "host"))
    monkeypatch.setenv("LATENTRACK_RUNTIME", str(tmp_path / "runtime"))
    return folder


def refused(code: int, *arguments: str) -> str:
    """The sentence with which a command ends."""
    done = latentrack(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout == ""
    assert re.fullmatch(r"latentrack: [^\n]+\n", done.stderr), done.stderr
    return done.stderr


# -- wrong usage and what the user can mend look alike


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("psuh", "no such command 'psuh'. Did you mean 'push'? (`latentrack --help`"),
        ("push", "missing argument 'MODEL...' (`latentrack push --help`"),
        ("push --stroe x", "no such option: --stroe (Possible options: --store) ("),
        ("train x.npz --epochs 0", "invalid value for '--epochs'"),
        ("train x.npz --epochs many", "invalid value for '--epochs'"),
        ("ls nonsense", "unexpected extra argument"),
        ("config set", "missing argument 'NAME' (`latentrack config set --help`"),
        ("push x.tflite", "x.tflite is not there"),
    ],
)
def test_one_sentence_and_2(arguments: str, says: str):
    assert says in refused(2, *arguments.split())


@pytest.mark.parametrize(
    "arguments",
    ["ls", "ls --port rack", "install --port /dev/ttyNOWHERE", "reset", "selftest", "logs", "repl"],
)
def test_without_a_module_it_is_3(arguments: str, here: Path):
    refused(3, *arguments.split())
    assert list(here.iterdir()) == []


def test_a_fault_of_ours_is_70(here: Path, monkeypatch: pytest.MonkeyPatch):
    """A library that is broken stands in for one."""
    broken = here.parent / "broken"
    (broken / "serial").mkdir(parents=True)
    (broken / "serial" / "__init__.py").write_text("raise RuntimeError('out of order')\n")
    monkeypatch.setenv("PYTHONPATH", f"{broken}{os.pathsep}{ROOT / 'host'}")
    said = refused(70, "devices")
    assert "a mistake in Latentrack itself (RuntimeError: out of order)" in said


def test_help_that_was_not_asked_for_is_2():
    done = latentrack()
    assert done.returncode == 2
    assert "Usage: latentrack" in done.stdout and done.stderr == ""


# -- options without an effect


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        ("dataset --demo --meter 3/4", "--meter"),
        ("dataset --demo --bars 2", "--bars"),
        ("dataset --demo --no-cache", "--no-cache"),
        ("dataset info x.npz --unique", "--unique"),
        ("dataset info x.npz -o y.npz", "--output"),
        ("dataset music --kind notes --map simple", "--map"),
        ("dataset music --common-key", "--common-key"),
        ("dataset music --all-pitches", "--all-pitches"),
        ("dataset music --bpm 90", "--bpm"),
        ("dataset music --kind rhythm --loop-bars 2", "--loop-bars"),
        ("train x.npz --factor 0.3", "--factor"),
        ("train x.npz --decoder-layers 9 --taper linear", "--taper"),
        ("train x.npz --decoder-layers 9 --hidden-layers 3", "--hidden-layers"),
        ("train x.npz --model stacked --kl-warmup 0.1", "--kl-warmup"),
        ("devices --name /dev/ttyX rack --json", "--json"),
    ],
)
def test_what_has_no_effect_is_refused(arguments: str, option: str, here: Path):
    (here / "music").mkdir()
    (here / "music" / "a.mid").write_bytes(b"MThd")
    assert f"latentrack: {option} has no effect " in refused(2, *arguments.split())
    assert [path.name for path in here.iterdir()] == ["music"]


def test_several_without_effect_are_named_together():
    said = refused(2, *"dataset --demo --bars 2 --unique --meter 3/4 -o x.npz".split())
    assert "--unique, --meter and --bars have no effect with --demo" in said


def test_a_port_is_named_once():
    assert "twice" in refused(2, "install", "/dev/ttyA", "--port", "/dev/ttyB")
    assert "twice" in refused(2, "selftest", "/dev/ttyA", "--port", "/dev/ttyB")


@pytest.mark.parametrize("command", ["install", "selftest", "reset", "ls", "logs"])
def test_the_port_comes_from_the_environment_everywhere(
    command: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LATENTRACK_PORT", "/dev/ttyNAMED")
    assert "/dev/ttyNAMED" in refused(3, command)
    assert "/dev/ttyTYPED" in refused(3, command, "--port", "/dev/ttyTYPED")


@pytest.mark.parametrize("command", ["install", "selftest"])
def test_the_port_may_go_without_its_word(command: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LATENTRACK_PORT", "/dev/ttyNAMED")
    assert "/dev/ttyTYPED" in refused(3, command, "/dev/ttyTYPED")


# -- paths that were mistyped


@pytest.mark.parametrize(
    "arguments",
    [
        "dataset --demo -o away/x.npz",
        "train x.npz -o away/x.tflite",
        "train x.npz --run away/x.run",
        "export x.run -o away/x.tflite",
        "backup away/x.zip",
        "pull away/models",
        "selftest --report away/x.md",
        "virtual --flash away/flash",
        "studio away/studio --no-browser",
        "demo --folder away/demo",
    ],
)
def test_a_missing_folder_is_refused_and_not_made(arguments: str, here: Path):
    assert "There is no folder away for the " in refused(2, *arguments.split())
    assert list(here.iterdir()) == []


def test_a_file_is_not_a_folder_for_the_output(here: Path):
    (here / "file").write_text("")
    assert "file is not a folder you may write to" in refused(
        2, "dataset", "--demo", "-o", "file/x.npz"
    )
    assert "file is a file" in refused(2, "virtual", "--flash", "file")
