"""`import latentrack`: what a program in Python begins with."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import latentrack
from latentrack.errors import UserError
from latentrack.module.link import ModuleError
from latentrack.virtual.module import VirtualModule
from tests.conftest import ROOT

(EXAMPLE,) = (
    code
    for code in re.findall(r"```python\n(.*?)```", (ROOT / "docs/training.md").read_text(), re.S)
    if "Module" in code
)


def test_the_door_is_light() -> None:
    """Nothing is loaded before it is used, and then no more than is needed."""
    script = (
        "import sys, latentrack as lt\n"
        "print(sorted({'numpy', 'serial', 'tensorflow'} & set(sys.modules)))\n"
        "lt.Rules, lt.Settings\n"
        "print(sorted({'numpy', 'serial', 'tensorflow'} & set(sys.modules)))\n"
        "lt.read\n"
        "print(sorted({'numpy', 'serial', 'tensorflow'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["[]", "[]", "['numpy']"]


@pytest.mark.parametrize("name", latentrack.__all__)
def test_what_is_promised_is_there(name: str) -> None:
    assert name in dir(latentrack)
    assert getattr(latentrack, name).__name__ == name


def test_what_is_not_there_is_said_as_python_says_it() -> None:
    with pytest.raises(AttributeError, match="module 'latentrack' has no attribute 'reed'"):
        latentrack.reed  # noqa: B018


def test_its_types_are_known(tmp_path: Path) -> None:
    """A checker of types sees through the door; a wrong argument is found."""
    program = tmp_path / "program.py"
    program.write_text(
        "import latentrack as lt\n"
        "music: lt.Dataset = lt.read(['a'], kind='notes')\n"
        "lt.Settings(epochs='many')\n"
    )
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), str(program)]
    # As where it is installed: its own settings play no part.
    environment = {"MYPYPATH": str(ROOT / "host"), "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert re.findall(r"program.py:(\d+): error: (.{16})", done.stdout) == [
        ("3", 'Argument "epochs'),
    ], done.stdout


def test_the_example_plays(
    start, drum_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv("LATENTRACK_RUNTIME", str(tmp_path / "runtime"))
    module: VirtualModule = start()
    (tmp_path / "drums.tflite").write_bytes(drum_model.read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(compile(EXAMPLE, "docs/training.md", "exec"), {})
    assert re.fullmatch(r"\['drums'\] 0\.(3|29999)\d*\n", capsys.readouterr().out)
    with latentrack.Module(module.port) as there:
        assert repr(there) == f"Module({module.port!r})"
        assert there.get("track.threshold") == pytest.approx(0.3)
        there.play("drums", track=2)
        assert "drums" in there.get("str(tracks[1].model)")
        with pytest.raises(ModuleError, match="ZeroDivisionError"):
            there.run("1 / 0")
        with pytest.raises(UserError, match="The module cannot play funk, and plays on"):
            there.play("funk")
    with latentrack.Module(module.port):
        pass  # the port was given back
