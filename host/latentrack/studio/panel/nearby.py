"""Which modules there are, and what they are called on the page."""

from __future__ import annotations

import os

from latentrack.module.ports import FoundModule, modules
from latentrack.studio.panel.hosted import TITLE


def nearby(but: str | None = None) -> tuple[FoundModule, ...]:
    """The modules that could be connected; `but`: a port that is left out."""
    return tuple(found for found in modules() if found.port != but)


def title_of(found: FoundModule) -> str:
    """Virtual modules have names, others are known by their ports."""
    return f"{TITLE} {found.name}" if found.name else f"{found.kind} at {found.port}"


def port_again(port: str, title: str) -> str | None:
    """The port of a module that was lost: the one it had, or a virtual module's of the same title;
    None: it is gone."""
    for found in modules():
        if found.port == port or title_of(found) == title:
            return found.port
    # The port of a virtual module that has ended may be another program's by now.
    return None if title.startswith(TITLE) or not os.path.exists(port) else port
