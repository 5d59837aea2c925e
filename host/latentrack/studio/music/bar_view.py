"""Show the bars of one file in large: a row for each voice, with its name."""

from __future__ import annotations

from nicegui.element import Element

from latentrack.studio.music.routes import BARS


class BarView(Element, component="bar_view.js"):
    """Shows a file's bars. The browser requests them from the server, some at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._props["url"] = BARS
        self._props["name"] = ""
        self._props["version"] = 0

    def show(self, name: str, version: int) -> None:
        """Show the file of that name, from the reading with that version; "" shows none."""
        self._props["name"] = name
        self._props["version"] = version
        self.update()
