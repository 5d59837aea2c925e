"""Every command of the documentation does what its page shows, and no page hides one."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from typer import Typer
from typer.models import CommandInfo, OptionInfo

from latentrack.cli import COMMANDS
from tests.conftest import ROOT
from tests.docs.__main__ import describe, rewritten
from tests.docs.compare import elided, matches
from tests.docs.desk import Desk, Outcome
from tests.docs.page import WITH_A_TEENSY, Page
from tests.docs.pages import PAGES, name_of
from tests.workers import made_once

IDS = [name_of(page) for page in PAGES]
ENVIRONMENT = "makes an environment of its own and fetches what goes into it"
# What no test runs, and why. What is not in here is run.
IN_A_TERMINAL = "is played with keys; tests/end_to_end/test_jam.py plays it"
NOT_RUN = {
    ("README.md", "python3 -m venv latentrack"): ENVIRONMENT,
    ("README.md", ". latentrack/bin/activate"): ENVIRONMENT,
    ("README.md", "pip install dist/latentrack-0.1.0-py3-none-any.whl"): ENVIRONMENT,
    ("README.md", "pip install 'dist/latentrack-0.1.0-py3-none-any.whl[train]'"): ENVIRONMENT,
    ("README.md", "latentrack jam"): IN_A_TERMINAL,
    ("README.md", "latentrack jam funk --bpm 96"): IN_A_TERMINAL,
    ("CONTRIBUTING.md", ".venv/bin/python -m tests.docs --write"): "runs all pages, this too",
    ("docs/training.md", "latentrack train groove.npz --axes density,balance -o groove.tflite"): (
        "takes minutes; tests/host/model/test_axes.py trains one"
    ),
    ("docs/getting-started.md", "make demo"): ENVIRONMENT,
    ("docs/getting-started.md", ". .venv/bin/activate"): ENVIRONMENT,
    ("docs/getting-started.md", "python3 -m venv latentrack"): ENVIRONMENT,
    ("docs/getting-started.md", ". latentrack/bin/activate"): ENVIRONMENT,
    (
        "docs/getting-started.md",
        "pip install 'latentrack-0.1.0-py3-none-any.whl[train]'",
    ): ENVIRONMENT,
}
# These need a real one: the blocks say so to the reader.
WITH_HARDWARE = {
    ("docs/getting-started.md", "latentrack selftest"),
    ("docs/getting-started.md", "latentrack flash TEENSY41-20251209-v1.27.0.hex"),
    ("docs/getting-started.md", "latentrack install --board bare"),
    ("docs/getting-started.md", "latentrack push groove.tflite --store"),
    ("docs/getting-started.md", "tempo.run()"),
    (
        "docs/getting-started.md",
        "mpremote mip install --target /flash http://192.168.1.10/mip/package.json",
    ),
    ("docs/adding-a-board.md", "latentrack install --board bare"),
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "docs", lambda folder: None)


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_what_a_page_shows_is_what_happens(path: Path, tmp_path: Path, cache: Path) -> None:
    page = Page.read(path)
    with Desk(tmp_path, cache) as desk:
        wrong = [outcome for outcome in desk.follow(page) if not outcome.right]
    assert not wrong, "\n\n".join(describe(page, outcome) for outcome in wrong)


def test_what_is_not_run_is_known() -> None:
    """Nothing is left out by a slip: each such command is in one of the two lists above."""
    hidden, with_hardware = set(), set()
    for path in PAGES:
        for block in Page.read(path).blocks:
            typed = {(name_of(path), command) for command, _ in block.parts() if command}
            if block.title == WITH_A_TEENSY:
                with_hardware |= typed
            elif block.wish("not here") is not None:
                hidden |= typed
    assert hidden == set(NOT_RUN)
    assert with_hardware == WITH_HARDWARE


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_what_is_run_elsewhere_is_run_there(path: Path) -> None:
    for block in Page.read(path).blocks:
        elsewhere = block.wish("elsewhere")
        if elsewhere is not None:
            assert path.name in (ROOT / elsewhere).read_text(encoding="utf-8"), elsewhere


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_no_command_stands_where_nobody_runs_it(path: Path) -> None:
    assert not Page.read(path).unmarked_commands()


def test_what_runs_in_the_place_of_make_demo_is_what_it_ends_with() -> None:
    recipe = re.search(r"^demo: .*\n\t@?\$\(BIN\)/(.*)\n\n", (ROOT / "Makefile").read_text(), re.M)
    assert recipe is not None
    shown = [
        (command, block.wish("as"))
        for block in Page.read(ROOT / "README.md").blocks
        for command, _ in block.parts()
        if block.wish("as")
    ]
    assert shown == [("make demo", recipe[1])]


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_commands_within_a_sentence_are_there_with_their_options(path: Path) -> None:
    """`latentrack push --store` in running text: there is a push, and it has a --store."""
    commands = {name for names in COMMANDS.values() for name in names}
    for code in re.findall(r"`latentrack ([^`]+)`", path.read_text(encoding="utf-8")):
        first, *rest = code.split()
        if first.startswith(("-", "…")):
            continue
        assert first in commands, code
        function = getattr(import_module(f"latentrack.commands.{first}"), first)
        if isinstance(function, Typer):
            if not rest:
                continue
            inner = {_name(each): each.callback for each in function.registered_commands}
            assert rest[0] in inner, code
            function = inner[rest[0]]
        options = {"--help", "--quiet", "-q", "--verbose", "-v"}
        for hint, default in _parameters(function):
            options |= set(hint.param_decls or ()) | {f"--{default.replace('_', '-')}"}
        options |= {half for name in options for half in name.split("/")}
        asked = {word.split("=")[0] for word in rest if word.startswith("-")}
        assert not asked - options, code


def _name(command: CommandInfo) -> str:
    assert command.callback is not None
    return command.name or command.callback.__name__


def _parameters(function: object) -> list[tuple[OptionInfo, str]]:
    """A command's options, with the names that they have in Python."""
    hints = get_type_hints(function, include_extras=True)
    return [
        (info, name)
        for name in inspect.signature(function).parameters  # type: ignore[arg-type]
        for info in get_args(hints[name])
        if isinstance(info, OptionInfo)
    ]


# -- the judge itself


@pytest.mark.parametrize(
    ("shown", "printed", "vary", "right"),
    [
        (["one", "two"], "one\ntwo\n", False, True),
        (["one", "two"], "one\nthree\n", False, False),
        (["one"], "one\ntwo\n", False, False),
        (["one", "..."], "one\n", False, True),
        (["one", "..."], "one\ntwo\nthree\n", False, True),
        (["...", "two"], "one\ntwo\nthree\n", False, False),
        (["one", "...", "four"], "one\ntwo\nfour\n", False, True),
        (["one", "...", "four"], "one\ntwo\nfourteen\n", False, False),
        ([], "something\n", False, False),
        (["at /dev/pts/9 in 12 ms"], "at /dev/pts/123 in 7 ms\n", False, True),
        (["12 hits"], "13 hits\n", False, False),
        (["12 hits"], "13 hits\n", True, True),
        (["12 hits, no", "more"], "1,300 hits,\nno more\n", True, True),
        (["12 hits"], "12 misses\n", True, False),
        (["kick |x..x|....|"], "kick |.x..|x.xx|\n", True, True),
        (["kick |x..x|....|"], "kick |.x..|x.xx|\n", False, False),
    ],
)
def test_the_judge(shown: list[str], printed: str, vary: bool, right: bool) -> None:
    assert matches(shown, printed, figures_vary=vary) is right


def test_what_is_written_into_a_page_is_as_short_as_it_was() -> None:
    assert elided(["a", "...", "z"], "A\nB\nC\nZ\n") == ["A", "...", "Z"]
    assert elided(["a"], "A\nB\n") == ["A", "B"]


def test_a_page_is_mended_where_it_was_wrong_and_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("Text.\n\n```console\n$ echo a\na\n$ echo b\nc\n```\n\nMore.\n")
    page = Page.read(path)
    (block,) = page.blocks
    assert block.parts() == [("echo a", ["a"]), ("echo b", ["c"])]
    wrong = [Outcome(block, "echo b", ["c"], "b\n")]
    assert rewritten(page, wrong) == path.read_text().replace("\nc\n", "\nb\n")


def test_a_wrong_page_is_found(tmp_path: Path, cache: Path) -> None:
    """A command that prints something else, one that fails, and a program that does."""
    path = tmp_path / "page.md"
    path.write_text(
        "```console\n$ echo right\nright\n$ echo wrong\nleft\n$ false\n```\n"
        "```python\nprint('fine')\n```\n```python\nraise SystemExit(1)\n```\n"
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    with Desk(folder, cache) as desk:
        found = [outcome.right for outcome in desk.follow(Page.read(path))]
    assert found == [True, False, False, True, False]
