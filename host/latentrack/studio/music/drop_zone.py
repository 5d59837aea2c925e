"""Where music is dropped: files, archives, folders with all that is in them."""

from __future__ import annotations

from nicegui.element import Element

from latentrack.studio.music.intake import LIMITS, LIMITS_SAID
from latentrack.studio.music.routes import UPLOAD


class DropZone(Element, component="drop_zone.js", dependencies=["counted.js"]):
    """Sends what is dropped anywhere on the page, or chosen, up in batches.

    It shows how far it is, and can be cancelled. It goes on when another page of the studio is
    looked at. Its slot is for more ways to bring music in.
    """

    def __init__(self) -> None:
        super().__init__()
        self._props["url"] = UPLOAD
        self._props["limits"] = LIMITS
        self._props["said"] = f"{LIMITS_SAID}, or whole folders of them."
