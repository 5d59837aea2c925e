"""docs/coming-from-xen.md is one program, and names the settings that there are."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import latentrack as lt
from latentrack.corpus import demo_dataset
from latentrack.virtual.module import VirtualModule
from tests.docs.music import write_beats
from tests.docs.page import Page
from tests.docs.pages import DOCS

PAGE = DOCS / "coming-from-xen.md"
CELLS = ["\n".join(block.lines) for block in Page.read(PAGE).blocks if block.language == "python"]


def test_its_cells_are_a_program_that_ends_on_a_module(
    start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_beats(tmp_path / "my-beats")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for number, cell in enumerate(CELLS):
        exec(compile(cell, f"{PAGE.name}, cell {number}", "exec"), names)
    said = capsys.readouterr().out
    assert f"<Dataset: {len(demo_dataset())} drum sequences of 16 steps × 12 voices" in said
    assert re.search(r"\d% of the cells, .*% of the sequences\n.*% of the hits", said)
    run = names["run"]
    # The layers that the reference project's own models of this shape have.
    assert run.model.sizes == (3, 12, 48, 192)
    assert lt.Decoder("perc-rock.tflite").info.groups == (1, 1, 6, 2, 2)
    for picture in ("latents", "pair", "outputs"):
        assert Path(f"{picture}.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setenv("LATENTRACK_RUNTIME", str(tmp_path / "runtime"))
    module: VirtualModule = start()
    names["push_it"]()
    with lt.Module(module.port) as there:
        assert there.models() == ["perc-rock"]


def test_every_setting_of_the_right_column_is_there() -> None:
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|", PAGE.read_text(), re.M)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    known = {field.name for kind in (lt.Rules, lt.Settings) for field in fields(kind)}
    assert len(named) > 15
    assert named <= known, named - known
