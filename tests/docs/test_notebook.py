"""docs/first-model.ipynb runs from its first cell to its last, and is kept without outputs."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

import latentrack as lt
from latentrack.corpus import demo_dataset
from latentrack.model.reconstruction import Reconstruction
from tests.docs.pages import DOCS, PAGES

NOTEBOOK = DOCS / "first-model.ipynb"
CELLS = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
PICTURES = ("_repr_png_", "_repr_html_")  # what IPython asks for


def shown(cell: str, names: dict[str, Any]) -> Any:
    """Run a cell as a notebook does: the value of its last line is shown."""
    parsed = ast.parse(cell)
    last = parsed.body.pop() if isinstance(parsed.body[-1], ast.Expr) else None
    exec(compile(parsed, NOTEBOOK.name, "exec"), names)
    if last is None:
        return None
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)


def test_it_runs_from_midi_to_a_model_and_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    code = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]
    answers = [answer for cell in code if (answer := shown(cell, names)) is not None]
    demo = demo_dataset()
    assert len(list(Path("my-music").rglob("*.mid"))) == demo.files
    assert len(names["music"]) == len(demo)
    pictures = [
        getattr(answer, ask)() for answer in answers for ask in PICTURES if hasattr(answer, ask)
    ]
    # Figures have both, and only an animated one answers the second.
    assert len([picture for picture in pictures if picture]) == 5
    assert names["decoder"].info == names["run"].model.info
    assert "kick       x" in capsys.readouterr().out
    assert names["run"].recall(threshold=0.5).f1 > 0.9
    both: Reconstruction = lt.load_run("demo.run").reconstruct(13)
    assert both._repr_png_() is not None  # the name is IPython's


def test_it_is_kept_without_outputs() -> None:
    for cell in CELLS:
        assert set(cell) - {"execution_count", "outputs"} == {
            "cell_type", "id", "metadata", "source",
        }  # fmt: skip
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
    assert len({cell["id"] for cell in CELLS}) == len(CELLS)


def test_a_page_leads_to_it() -> None:
    assert [page.name for page in PAGES if f"({NOTEBOOK.name})" in page.read_text("utf-8")]
