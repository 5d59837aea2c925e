"""The drop zone for music: files, archives, and folders with their subfolders."""

from __future__ import annotations

from nicegui import ui
from nicegui.element import Element

from latentrack.studio.music.intake import LIMITS, LIMITS_SAID
from latentrack.studio.music.routes import UPLOAD


class DropZone(Element, component="drop_zone.js", dependencies=["counted.js"]):
    """Uploads the files that are dropped anywhere on the page, or chosen, in batches.

    It shows its progress and can be cancelled. It continues while another page of the studio is
    open. The slot takes further buttons that add music.
    """

    def __init__(self) -> None:
        super().__init__()
        self._props["url"] = UPLOAD
        self._props["limits"] = LIMITS
        self._props["said"] = f"{LIMITS_SAID}, or whole folders of them."


class DropElsewhere(Element, component="drop_zone.js", dependencies=["counted.js"]):
    """The same on the pages that are not the corpus's own: seen only while files come."""

    def __init__(self) -> None:
        super().__init__()
        self._props.update({"url": UPLOAD, "limits": LIMITS, "elsewhere": True, "off": True})
        self.on("corpus", lambda: ui.navigate.to("/"))

    def switch(self, on: bool) -> None:
        """Take what is dropped, or leave it to the page's own drop zone."""
        self.props["off"] = not on
