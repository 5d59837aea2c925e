"""What the front door has is described in full, and its examples run."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import latentrack as lt
from latentrack.corpus import demo_dataset
from latentrack.virtual.module import VirtualModule
from tests.conftest import ROOT
from tests.docs.music import write_beats
from tests.workers import made_once

TABLES = {"Rules", "Settings"}
"""These are tables of choices, each of which says what it is in its own words."""
DESCRIBED = sorted(set(lt.__all__) - TABLES)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions and classes of the front door, and the public methods of the classes."""
    for name in DESCRIBED:
        found = getattr(lt, name)
        yield name, found
        if inspect.isclass(found):
            for inner, method in vars(found).items():
                if not inner.startswith("_") and isinstance(method, (classmethod, staticmethod)):
                    yield f"{name}.{inner}", method.__func__
                elif not inner.startswith("_") and inspect.isfunction(method):
                    yield f"{name}.{inner}", method


def sections(text: str) -> dict[str, str]:
    """The parts of a numpy-style docstring by their headings; "" is what stands before them."""
    parts = re.split(r"^(\w[\w ]*)\n-+\n", f"{text}\n", flags=re.M)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def names_in(section: str) -> list[str]:
    """What a section's entries are called: "a, b : int" is two."""
    heads = re.findall(r"^(\S.*?)(?: :.*)?$", section, re.M)
    return [name.strip("* ") for head in heads for name in head.split(",")]


@pytest.mark.parametrize(
    ("name", "called"), [pytest.param(*each, id=each[0]) for each in callables()]
)
def test_it_is_described_in_full(name: str, called: Callable[..., Any]) -> None:
    parts = sections(inspect.getdoc(called) or "")
    first = parts[""].splitlines()[0]
    assert re.fullmatch(r"[A-Z][a-z]+ .*[.]", first), f"{name} begins with {first!r}"
    # A frozen dataclass that nobody makes by hand has attributes, an exception its message.
    if name != "UserError" and ("Attributes" not in parts or name == "Decoder"):
        signature = inspect.signature(called)
        taken = [each for each in signature.parameters if each not in ("self", "cls")]
        if taken:
            assert names_in(parts.get("Parameters", "")) == taken
        result = signature.return_annotation
        if inspect.isfunction(called) and result not in ("None", None):
            assert parts.get("Returns"), f"{name} does not say what it returns"
    source = inspect.getsource(called)
    if re.search(r"^        raise |^    raise ", source, re.M) and not inspect.isclass(called):
        assert parts.get("Raises"), f"{name} does not say what it raises"


@pytest.mark.parametrize("name", DESCRIBED)
def test_it_has_an_example(name: str) -> None:
    parts = sections(inspect.getdoc(getattr(lt, name)) or "")
    assert ">>> import latentrack as lt\n" in parts["Examples"]


def test_the_reference_has_all_of_it() -> None:
    """Each name is on a page, by the module that it is defined in."""
    pages = (ROOT / "docs" / "reference").glob("*.md")
    named = [path for page in pages for path in re.findall(r"^::: (\S+)$", page.read_text(), re.M)]
    found = [getattr(import_module(path.rpartition(".")[0]), path.split(".")[-1]) for path in named]
    assert [f"{each.__module__}.{each.__qualname__}" for each in found] == named
    missing = [name for name in lt.__all__ if getattr(lt, name) not in found]
    assert missing == []


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples read: music, a dataset, a run, a model file."""

    def make(folder: Path) -> None:
        write_beats(folder / "my-beats")
        music = demo_dataset()
        music.save(folder / "groove.npz")
        run = lt.save_run(folder / "groove.run", lt.train(music, lt.Settings(epochs=60)), music)
        run.export(folder / "groove.tflite")

    return made_once(tmp_path_factory, "reference", make)


def examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in DESCRIBED for test in finder.find(getattr(lt, name), f"lt.{name}")]
    return [test for test in found if test.examples]


@pytest.mark.parametrize("example", examples(), ids=lambda test: test.name)
def test_its_example_runs(
    example: doctest.DocTest,
    material: Path,
    start: Callable[[], VirtualModule],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for path in material.iterdir():
        (here / path.name).symlink_to(path)
    monkeypatch.chdir(here)
    if "Module()" in "".join(each.source for each in example.examples):
        monkeypatch.setenv("LATENTRACK_RUNTIME", str(tmp_path / "runtime"))
        start()
    said: list[str] = []
    done = doctest.DocTestRunner(optionflags=FLAGS).run(example, out=said.append, clear_globs=False)
    assert done.attempted and not done.failed, "".join(said)
