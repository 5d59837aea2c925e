"""Show the bars of one file in large: a row for each voice, with its name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui.element import Element

from latentrack.studio.music.routes import BARS


class BarView(Element, component="bar_view.js"):
    """Shows a file's bars, each of which can be heard.

    The browser requests them from the server, some at a time. It hears them by the scripts of the
    bar at the foot of the page.
    """

    def __init__(self, remove: Callable[[str], Awaitable[None]]) -> None:
        """remove: called with the name of a file that is to be taken out."""
        super().__init__()
        self.on("remove", lambda event: remove(event.args))
        self._props["url"] = BARS
        self._props["name"] = ""
        self._props["version"] = 0

    def show(self, name: str, version: int) -> None:
        """Show the file of that name, from the reading with that version; "" shows none."""
        self._props["name"] = name
        self._props["version"] = version
        self.update()
