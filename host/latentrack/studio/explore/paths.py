"""A path through the latent space: drawn with the mouse, and played along, bar by bar."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.limits import TEXT_BYTES, read_file, read_json
from latentrack.studio.workspace import Workspace, safe_name

WAYS = ("loop", "back and forth", "once")
MOST_BARS = 256
MOST_POINTS = 1000
_FORMAT = "latentrack path"


@dataclass(frozen=True)
class LatentPath:
    """Points in a plane of the space, and how it is played.

    points: two or more (x, y), each -1 to 1.  axes: which two latents they are, from 0.
    bars: from one end to the other, 2 or more.  way: one of WAYS.  Raises ValueError.
    """

    points: tuple[tuple[float, float], ...]
    axes: tuple[int, int] = (0, 1)
    bars: int = 8
    way: str = "back and forth"

    def __post_init__(self) -> None:
        if not 2 <= len(self.points) <= MOST_POINTS:
            raise ValueError(f"a path has 2 to {MOST_POINTS} points, not {len(self.points)}")
        if not all(abs(value) <= 1 for point in self.points for value in point):
            raise ValueError("the points of a path are from -1 to 1")
        if self.axes[0] == self.axes[1] or not all(0 <= axis < 8 for axis in self.axes):
            raise ValueError(f"{self.axes} are not two different latents")
        if not 2 <= self.bars <= MOST_BARS:
            raise ValueError(f"a path takes 2 to {MOST_BARS} bars, not {self.bars}")
        if self.way not in WAYS:
            raise ValueError(f"a path is played {', '.join(WAYS)}, not {self.way!r}")

    def at(self, share: float) -> tuple[float, float]:
        """The point at this share of the path's length, 0 to 1."""
        lengths = [math.dist(a, b) for a, b in zip(self.points, self.points[1:], strict=False)]
        left = min(max(share, 0), 1) * sum(lengths)
        for (a, b), length in zip(
            zip(self.points, self.points[1:], strict=False), lengths, strict=True
        ):
            if left <= length and length:
                part = left / length
                return a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])
            left -= length
        return self.points[-1]

    def share(self, bar: int) -> float | None:
        """Where on the path a bar is played, counted from 0; None: it is over."""
        last = self.bars - 1
        if self.way == "once" and bar > last:
            return None
        if self.way == "back and forth":
            turn = bar % (2 * last)
            return min(turn, 2 * last - turn) / last
        return bar % self.bars / last

    @property
    def bars_in_all(self) -> int:
        """After so many bars it begins anew, or is over."""
        return 2 * (self.bars - 1) if self.way == "back and forth" else self.bars


def simplified(
    points: Sequence[tuple[float, float]], tolerance: float = 0.008
) -> tuple[tuple[float, float], ...]:
    """Fewer points, of which the line is never further away than `tolerance`.

    Ramer 1972, Douglas and Peucker 1973.
    """
    kept = {0, len(points) - 1}
    todo = [(0, len(points) - 1)]
    while todo:
        first, last = todo.pop()
        far, where = tolerance, 0
        for index in range(first + 1, last):
            distance = _distance(points[index], points[first], points[last])
            if distance > far:
                far, where = distance, index
        if where:
            kept.add(where)
            todo += [(first, where), (where, last)]
    return tuple(points[index] for index in sorted(kept))


def fitting(points: Sequence[tuple[float, float]], most: int) -> tuple[tuple[float, float], ...]:
    """At most so many points, 2 or more, of which the line is as near as that allows."""
    kept, tolerance = tuple(points), 0.001
    while len(kept) > most:
        kept = simplified(points, tolerance)
        tolerance *= 2
    return kept


def _distance(
    point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]
) -> float:
    """From a point to a piece of a line."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    square = dx * dx + dy * dy
    along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / square if square else 0
    along = min(max(along, 0), 1)
    return math.dist(point, (start[0] + along * dx, start[1] + along * dy))


def saved_paths(workspace: Workspace) -> list[str]:
    """The names of the paths that are kept."""
    return sorted((file.stem for file in _folder(workspace).glob("*.json")), key=str.lower)


def save_path(workspace: Workspace, name: str, path: LatentPath) -> str:
    """Keeps it; one of the same name is replaced. Returns the name it has. Raises UserError."""
    plain = safe_name(name)
    with atomic_write(_folder(workspace) / f"{plain}.json", "the path") as file:
        file.write(json.dumps({"format": _FORMAT, **asdict(path)}).encode())
    return plain


def load_path(workspace: Workspace, name: str) -> LatentPath:
    """Reads one back. Raises UserError."""
    file = _folder(workspace) / f"{safe_name(name)}.json"
    try:
        told = read_json(read_file(file, TEXT_BYTES))
        if told.pop("format") != _FORMAT:
            raise ValueError("another format")
        points = tuple((float(x), float(y)) for x, y in told.pop("points"))
        first, second = told.pop("axes")
        return LatentPath(points, (int(first), int(second)), **told)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"The path {name} cannot be read: draw it again.") from error


def delete_path(workspace: Workspace, name: str) -> None:
    """Delete a stored path by its name; a missing one is ignored."""
    (_folder(workspace) / f"{safe_name(name)}.json").unlink(missing_ok=True)


def _folder(workspace: Workspace) -> Path:
    return workspace.folder / "paths"
