"""The list of the corpus's files, each with its first bars; made for thousands of files."""

from __future__ import annotations

from collections.abc import Callable

from nicegui.element import Element

from latentrack.studio.music.routes import FILES


class FileList(Element, component="file_list.js", dependencies=["counted.js"]):
    """Lists the files; the browser requests only the visible rows.

    on_choose(name): show this file's bars in large ("" for none).  on_remove(name): remove a file
    from the corpus.  on_remove_found(text, show): remove all listed files, see `routes.matching`.
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
        """Load the list again, for the reading with this version."""
        self._props["version"] = version
        self.update()
