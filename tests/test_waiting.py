"""No test is in a hurry, and none sleeps: what it waits for may take as long as tests/waiting.py
allows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S, until

HERE = Path(__file__).parent


def hurries(source: str) -> list[int]:
    """The lines with a time-out that is a number shorter than the patience.

    Below a second it is only how often something is asked again.
    """
    return [
        keyword.value.lineno
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "timeout"
        and isinstance(keyword.value, ast.Constant)
        and isinstance(keyword.value.value, int | float)
        and 1 <= keyword.value.value < PATIENCE_S
    ]


def test_what_never_comes_fails_and_says_what_it_was() -> None:
    asked: list[int] = []
    with pytest.raises(AssertionError, match="the third is missing"):
        until(lambda: asked.append(1), "the third is missing", 0, patience_s=0.0)
    with pytest.raises(AssertionError, match=f"asked {len(asked) + 1} times"):
        until(lambda: asked.append(1), lambda: f"asked {len(asked)} times", 0, patience_s=0.0)


def test_what_comes_is_returned() -> None:
    answers = iter([0, "", "here"])
    assert until(lambda: next(answers), between_s=0) == "here"


def sleeps(source: str) -> list[int]:
    """The lines with a call of time.sleep; code in strings runs elsewhere, and is not looked at."""
    return [
        call.lineno
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("time.sleep", "sleep")
    ]


@pytest.mark.parametrize(
    "path", sorted(HERE.rglob("*.py")), ids=lambda path: path.relative_to(HERE).as_posix()
)
def test_no_time_out_is_short(path: Path) -> None:
    assert hurries(path.read_text("utf-8")) == [], "use PATIENCE_S of tests/waiting.py"


def test_nothing_sleeps_instead_of_waiting() -> None:
    files = [*HERE.rglob("*.py"), *(HERE.parent / "benchmarks").rglob("*.py")]
    found = [
        f"{path.relative_to(HERE.parent)}:{line}"
        for path in sorted(files)
        if path != HERE / "waiting.py"
        for line in sleeps(path.read_text("utf-8"))
    ]
    assert found == [], "use until or spend of tests/waiting.py"


def test_a_sleep_is_found() -> None:
    source = "time.sleep(1)\nsleep(2)\nuntil(lambda: True)\nlink.run('time.sleep(3)')\n"
    assert sleeps(source) == [1, 2]


def test_a_short_one_is_found() -> None:
    assert hurries("open(1, timeout=0.1)\nrun(2, timeout=30)\nrun(3, timeout=900)\n") == [2]
