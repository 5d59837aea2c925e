"""Paths through the latent space on the module, which its parameter Path offers."""

from __future__ import annotations

from collections.abc import Sequence

from latentrack.module import FLASH
from latentrack.module.offered import Kind

MOST_POINTS = 256  # as in device/latentrack/path_walk.py

PATHS = Kind(
    name="paths",
    one="a path",
    folder=f"{FLASH}/paths",
    endings=(".txt",),
    most_bytes=16384,  # as there
    parameter="Path",
)


def path_text(
    axes: Sequence[str], points: Sequence[Sequence[float]], bars: int, way: str, about: str = ""
) -> str:
    """The file of a path (docs/playing.md has the format).

    axes: parameters, "x", "y", "z", "w", "feel_x" or "feel_y".  points: at most MOST_POINTS, a
    value of -1 to 1 for each axis.  bars: from one end to the other.  way: "loop", "back and forth"
    or "once".  about: a comment of one line.
    """
    lines = [f"# {about}"] if about else []
    lines += [f"axes {' '.join(axes)}", f"bars {bars}", f"way {way}"]
    lines += [" ".join(f"{value:.4g}" for value in point) for point in points]
    return "\n".join(lines) + "\n"
