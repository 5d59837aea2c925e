"""Rooms know of each other what docs/architecture.md says: no import or include beyond it.

A room is a row of that page's table. An import counts wherever it stands in a file, in a function
too; a module whose name is put together at run time is not seen.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "architecture.md"
TOPS = ("host", "device", "firmware", "tests", "benchmarks")
# What is built here, and headers that stand in for MicroPython's own.
PASSED_OVER = {".pio", "build", "__pycache__", "firmware_headers"}
ALL = "all of the above"
# What a module of the device reaches beyond Python: in the table like a room.
HARDWARE = ("latentcore", "machine")


@dataclass(frozen=True)
class Room:
    """A row: the folders and files it is, by their beginnings, and what it may reach."""

    paths: tuple[str, ...]
    named: tuple[str, ...]
    """What its last column names, as paths from the project's root."""
    above: tuple[str, ...]
    """The rooms above it, where it may reach all of them."""

    def __str__(self) -> str:
        return self.paths[0]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@cache
def rooms() -> list[Room]:
    """The page's table, read as it is written."""
    table = PAGE.read_text().split("## The rooms")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    places = []
    for folders, _, _ in rows:
        first, *others = quoted(folders)
        beside = str(Path(first).parent)
        places.append((first, *(f"{beside}/{other}" for other in others)))
    by_name: dict[str, set[str]] = {}
    for place in sum(places, ()):
        by_name.setdefault(Path(place).name, set()).add(place)

    def whole(name: str) -> str:
        room, slash, rest = name.partition("/")
        if name in HARDWARE or room in TOPS:
            return name
        (place,) = by_name[room]
        return place + rest

    found: list[Room] = []
    for (_, _, knows), place in zip(rows, places, strict=True):
        knows = re.sub(r"\(.*?\)", "", knows)
        above = sum((room.paths for room in found), ()) if ALL in knows else ()
        found.append(Room(place, tuple(map(whole, quoted(knows))), above))
    return found


@cache
def files() -> dict[str, Path]:
    """Every file with imports or includes, by its path from the root."""
    found = [path for top in TOPS for path in (ROOT / top).rglob("*.*")]
    within = {str(path.relative_to(ROOT)): path for path in sorted(found)}
    return {
        name: path
        for name, path in within.items()
        if path.suffix in (".py", ".c", ".h") and not PASSED_OVER & set(name.split("/"))
    }


def room_of(path: str) -> Room | None:
    """The room that a file is in: the one that names most of its path."""
    fitting = [
        (len(begin), room) for room in rooms() for begin in room.paths if path.startswith(begin)
    ]
    return max(fitting, key=lambda fit: fit[0])[1] if fitting else None


def reached(path: str) -> Iterator[str]:
    """What a file imports or includes of this project, as paths from the root."""
    text = files()[path].read_text()
    if not path.endswith(".py"):
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.MULTILINE):
            beside = str(Path(path).parent / name)
            elsewhere = [other for other in files() if other.endswith("/" + name)]
            yield from [beside] if beside in files() else elsewhere
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from python_file(path, alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by dots"
            for alias in node.names:
                # What is imported may be a module itself, or a name in one.
                whole = f"{node.module}.{alias.name}"
                yield from list(python_file(path, whole)) or python_file(path, node.module)


def python_file(importer: str, module: str) -> Iterator[str]:
    """The file of a module, if it is one of this project's."""
    on_device = importer.startswith("device/")
    if module.split(".")[0] in HARDWARE and on_device:
        yield module.split(".")[0]
        return
    inside = module.replace(".", "/")
    beside = str(Path(importer).parent / inside)
    for start in (beside, f"device/{inside}" if on_device else f"host/{inside}", inside):
        for path in (f"{start}.py", f"{start}/__init__.py"):
            if path in files():
                yield path
                return
    if not on_device and "." not in module and module not in sys.stdlib_module_names:
        # Found on a path that the importer has put into sys.path.
        yield from (path for path in files() if path.endswith(f"/{module}.py"))


@cache
def crossings() -> list[tuple[str, str]]:
    """(file, what it reaches) for all that leads out of a file's room."""
    return sorted(
        {
            (path, target)
            for path in files()
            for target in reached(path)
            if target in HARDWARE or room_of(target) is not room_of(path)
        }
    )


def test_every_file_is_in_a_room():
    assert len(files()) > 250
    assert [path for path in files() if room_of(path) is None] == []


def test_no_import_crosses_where_the_page_says_nothing_of_it():
    ground = rooms()[0]
    wrong = []
    for path, target in crossings():
        room = room_of(path)
        allowed = (*room.named, *room.above)
        if path.startswith("host/"):
            allowed += ground.paths
        if not target.startswith(allowed):
            wrong.append(f"{path} reaches {target}")
    assert wrong == []


@pytest.mark.parametrize("room", rooms(), ids=str)
def test_the_page_names_nothing_that_is_not_reached(room):
    reached_here = [target for path, target in crossings() if room_of(path) is room]
    for name in room.named:
        assert any(target.startswith(name) for target in reached_here), name


def test_nobody_needs_the_studio_but_its_command():
    """It is one way to use the rest, and heavy: the rest does without."""
    studio = "host/latentrack/studio/"
    users = {path for path, target in crossings() if target.startswith(studio)}
    within = {path for path in users if path.startswith(("host/", "device/", "firmware/"))}
    assert within <= {"host/latentrack/commands/studio.py"}
