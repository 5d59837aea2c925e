"""What all pictures of a run share: figures without windows, cells as squares, and PNG files.

Voices go upwards, steps to the right.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

INK, HIT, LIGHT, WARM = "#1b2a38", "#1f6f8b", "#c9d6df", "#d1495b"
_LONGEST_NAME = 32


class Picture(Figure):
    """A matplotlib figure that knows neither pyplot nor a window; a notebook shows it as a PNG."""

    def draw(self, renderer: RendererBase) -> None:
        """See `Figure.draw`. A "$" in a name from the music does not begin a formula."""
        for text in self.findobj(Text):
            text.set_parse_math(False)
        with warnings.catch_warnings():  # about letters that the font does not have
            warnings.simplefilter("ignore")
            super().draw(renderer)

    def png(self) -> bytes:
        """The picture as a PNG file."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()

    _repr_png_ = png


def new_picture(width: float, height: float) -> Picture:
    """An empty picture; width and height in inches."""
    return Picture(figsize=(width, height), dpi=110, layout="constrained")


def add_plain(figure: Figure, *position: int) -> Any:
    """Axes without a frame at the top and the right; position as `Figure.add_subplot` takes it."""
    axes = figure.add_subplot(*position)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    return axes


def draw_cells(axes: Any, cells: NDArray[Any], names: tuple[str, ...] = ()) -> None:
    """Draw (steps, voices) with values 0 to 1, and the voices' names if they are few enough."""
    draw_image(axes, cells.T.astype(np.float32))
    axes.set_xticks([])
    if names and len(names) <= 16:
        axes.set_yticks(range(len(names)))
        axes.set_yticklabels([shortened(name) for name in names], fontsize=5.5)
    else:
        axes.set_yticks([])


def draw_image(axes: Any, picture: NDArray[Any]) -> None:
    """Draw (rows, columns) with values 0 to 1 from paper to ink, a white line between columns."""
    limits = {"vmin": 0, "vmax": 1}
    axes.imshow(
        picture, origin="lower", aspect="auto", cmap=ramp(), interpolation="nearest", **limits
    )
    # A line between steps, else hits that follow one another look like one long one.
    for step in range(1, picture.shape[1]):
        axes.axvline(step - 0.5, color="white", linewidth=0.6)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)


def ramp() -> LinearSegmentedColormap:
    """From paper to ink; what is not a number stays white."""
    return LinearSegmentedColormap.from_list("cells", ["#eef2f5", HIT, INK])


def shortened(name: str) -> str:
    """A name from the music, short enough to be beside a picture."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
