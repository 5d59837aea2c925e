"""The module of a web page under Node: what a test runs there, and what comes back."""

from __future__ import annotations

import base64
import json
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from latentrack.web.bundle import bundle
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "firmware" / "build" / "web"
NO_PACKAGES = "npm failed"

# A record of firmware/virtual/board.h: time_us, kind, index, value, events; then some bytes.
_RECORD = struct.Struct("<QBBHI")
_PIN, _SPI, _STEP, _BYTE = 0, 1, 2, 6


@dataclass(frozen=True)
class Ran:
    """What Python printed, the steps played (time_us, track, step), and pins (time_us, pin, level).

    pin: port << 5 | bit.
    """

    lines: list[str]
    steps: list[tuple[int, int, int]]
    pins: list[tuple[int, int, int]]


def build() -> Path:
    """The folder with the built module. Skips where a program for it is missing, or where npm does
    not reach its packages."""
    for program in ("clang", "wasm-ld", "npm", "node"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: apt install clang lld nodejs npm")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with FileLock(FOLDER / "lock"):
        done = subprocess.run(
            [sys.executable, ROOT / "firmware" / "web" / "build.py", FOLDER],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.stderr.startswith(NO_PACKAGES):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return FOLDER


def build_page() -> Path:
    """`build`, and the page's scripts, which `latentrack web` writes."""
    folder = build()
    with FileLock(FOLDER / "lock"):
        try:
            bundle(folder)
        except SystemExit as end:
            if str(end).startswith(NO_PACKAGES):
                pytest.skip(str(end))
            raise
    return folder


def run(folder: Path, steps: list[dict[str, Any]], files: dict[str, bytes]) -> Ran:
    """Run steps (see in_node.mjs) with files in the flash, by path."""
    job = {
        "steps": steps,
        "files": {path: base64.b64encode(data).decode() for path, data in files.items()},
    }
    done = subprocess.run(
        ["node", Path(__file__).with_suffix(".mjs"), folder],
        input=json.dumps(job), capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    printed, _, reports = done.stdout.partition("REPORTS\n")
    played, pins = [], []
    data, at = base64.b64decode(reports), 0
    while at < len(data):
        time_us, kind, index, value, _ = _RECORD.unpack_from(data, at)
        at += _RECORD.size + {_SPI: value, _BYTE: 4}.get(kind, 0)
        if kind == _STEP:
            played.append((time_us, index, value))
        elif kind == _PIN:
            pins.append((time_us, index, value))
    return Ran(printed.splitlines(), played, pins)
