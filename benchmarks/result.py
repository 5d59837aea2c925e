"""One measured figure, and the table and the file that all of them end up in."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """A figure of which less is better, or more, with `at_least`.

    name: dotted, as in `m7.drum_f32.pattern`.  peer: the same for the system it is held against, or
    None.  goal: what it is to stay within (or to reach), or None.
    """

    name: str
    value: float
    unit: str
    peer: float | None = None
    goal: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool:
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def write(results: Iterable[Result], path: Path) -> None:
    """A JSON list of {name, value, unit, peer, goal}, written whole or not at all."""
    listed = [
        {field: value for field, value in asdict(result).items() if field != "at_least"}
        for result in results
    ]
    temporary = path.with_suffix(".writing")
    temporary.write_text(json.dumps(listed, indent=2) + "\n")
    os.replace(temporary, path)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def show(results: Iterable[Result]) -> None:
    """The table on the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(header_style="bold")
    table.add_column("what")
    for heading in ("here", "peer", "goal"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    for result in results:
        numbers = (_number(value) for value in (result.value, result.peer, result.goal))
        style = "" if result.met else "red"
        table.add_row(result.name, *numbers, result.unit, style=style)
    Console().print(table)
