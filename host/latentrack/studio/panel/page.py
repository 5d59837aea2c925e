"""The page "Module": its panel on the left, and beside it which one it is and what it gets."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.page_parts import listen
from latentrack.studio.panel import connection_card, models_card, puck_card
from latentrack.studio.panel.cards import Card, CardChoices
from latentrack.studio.panel.notices import show_notices
from latentrack.studio.panel.panel import Panel
from latentrack.studio.panel.store import ModuleStore


def build(module: ModuleStore, explorer: Explorer) -> None:
    """Fills the page."""
    choices = CardChoices()
    with ui.element("div").classes("lt-panel-page"):
        panel = Panel(module)
        listen(module.connection_changed, panel.show)
        with ui.element("div").classes("lt-panel-side"):
            Card(
                "The module",
                module,
                connection_card.key,
                partial(connection_card.fill, module),
                (module.connection_changed, module.progress_changed, module.clock_changed),
            )
            Card(
                "Models",
                module,
                partial(models_card.key, explorer),
                partial(models_card.fill, module, explorer, choices),
                (
                    module.connection_changed,
                    module.progress_changed,
                    module.models_changed,
                    explorer.run_changed,
                ),
            )
            Card(
                "The puck",
                module,
                partial(puck_card.key, explorer),
                partial(puck_card.fill, module, explorer, choices),
                (
                    module.connection_changed,
                    module.follow_changed,
                    explorer.run_changed,
                    explorer.slots_changed,
                ),
            )
    show_notices(module)
