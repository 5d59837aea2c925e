"""The files of the corpus as a list, each with its first bars; thousands are no burden."""

from __future__ import annotations

from collections.abc import Callable

from nicegui.element import Element

from latentrack.studio.music.routes import FILES


class FileList(Element, component="file_list.js", dependencies=["counted.js"]):
    """Only the rows that are in sight are asked for.

    `on_choose(name)` is called for the file that is to be seen large ("" for none),
    `on_remove(name)` for one that is to be taken out, `on_remove_found(text, show)` for all that
    are listed: see `routes.matching`.
    """

    def __init__(
        self,
        on_choose: Callable[[str], object],
        on_remove: Callable[[str], object],
        on_remove_found: Callable[[str, str], object],
    ) -> None:
        super().__init__()
        self._props["url"] = FILES
        self._props["version"] = 0
        self.on("choose", lambda event: on_choose(str(event.args)))
        self.on("remove", lambda event: on_remove(str(event.args)))
        self.on(
            "removefound", lambda event: on_remove_found(str(event.args[0]), str(event.args[1]))
        )

    def show(self, version: int) -> None:
        """There is a new reading."""
        self._props["version"] = version
        self.update()
