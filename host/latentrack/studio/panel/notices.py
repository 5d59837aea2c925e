"""What came of something that was asked of the module, said once on the page that is open."""

from __future__ import annotations

from latentrack.studio.page_parts import listen, show_error, show_message
from latentrack.studio.panel.store import ModuleStore


def show_notices(module: ModuleStore) -> None:
    """Show notices of the module from now on, as long as this part of the page is there."""
    told = module.state.notice.number

    def tell() -> None:
        nonlocal told
        notice = module.state.notice
        if notice.number > told:
            told = notice.number
            (show_message if notice.good else show_error)(notice.text)

    listen(module.noticed, tell)
