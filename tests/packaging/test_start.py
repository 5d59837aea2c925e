"""The commands start at once: they load only what they need.

No clock is read here (benchmarks/start.py does that); a library that takes a tenth of a second and
more must simply not have been loaded.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from latentrack import cli

SLOW = {
    "tensorflow", "keras", "ai_edge_litert", "numpy", "flatbuffers", "scipy", "matplotlib", "PIL",
    "librosa", "numba", "soundfile", "mido", "nicegui", "fastapi", "uvicorn", "mpremote",
    "platformio",
}  # fmt: skip

RUN = f"""
import json, sys
from latentrack.cli import main
sys.argv[0] = "latentrack"
try:
    main()
except SystemExit as stop:
    code = stop.code or 0
else:
    code = 0
loaded = sorted({SLOW!r} & set(sys.modules))
print(json.dumps([code, loaded]), file=sys.stderr)
"""


def run(folder: Path, *arguments: str) -> tuple[int, list[str], str]:
    """Exit code, the slow libraries that were loaded, and what was printed."""
    # No virtual module of the user's is asked anything.
    environment = os.environ | {"LATENTRACK_RUNTIME": str(folder), "COLUMNS": "200"}
    command = [sys.executable, "-c", RUN, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    *said, last = done.stderr.splitlines()
    code, loaded = json.loads(last)
    return code, loaded, done.stdout + "\n".join(said)


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        ("--help", 0),
        ("--version", 0),
        ("push --help", 0),
        ("live --help", 0),
        ("train --help", 0),
        ("studio --help", 0),
        ("devices", 0),
        ("push nothing.tflite", 2),
        ("models", 2),
        ("no-such-command", 2),
    ],
)
def test_nothing_slow_is_loaded(tmp_path: Path, arguments: str, exit_code: int):
    code, loaded, said = run(tmp_path, *arguments.split())
    assert (code, loaded) == (exit_code, []), said


def test_what_is_needed_is_loaded_all_the_same(tmp_path: Path):
    """Else the test above could look past what it is to find."""
    (tmp_path / "no.npz").write_bytes(b"no dataset")
    code, loaded, said = run(tmp_path, "train", "no.npz")
    assert code == 2 and "numpy" in loaded, said


def test_help_shows_every_command_with_what_it_does(tmp_path: Path):
    _, _, said = run(tmp_path, "--help")
    commands = Path(cli.__file__).parent / "commands"
    found = 0
    for file in commands.glob("*.py"):
        text = file.read_text()
        if opened := re.search(rf'^def {file.stem}\(.*?"""(\w+)', text, re.M | re.S):
            assert re.search(rf"^│ {file.stem} +{opened[1]}", said, re.M), (file.stem, said)
            found += 1
    assert found >= 20
    assert all(f"─ {panel} ─" in said for panel in cli.COMMANDS)


def test_a_wrong_name_is_answered_with_the_right_one(tmp_path: Path):
    _, _, said = run(tmp_path, "psuh")
    assert "push" in said
