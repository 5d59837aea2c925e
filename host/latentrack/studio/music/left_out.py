"""Tables of what was left out and why, with a bar chart of the counts."""

from __future__ import annotations

from itertools import groupby

from nicegui import ui

from latentrack.corpus.dataset import COUNTED, HINTS, Discard
from latentrack.studio.music.music import Music
from latentrack.studio.music.reading import in_page_words
from latentrack.studio.page_parts import in_background
from latentrack.words import agree

_MOST_REASONS = 12  # rows of one table; more occur only if many pitches have no voice
_EXAMPLES = 5
TITLES = {what: f"{what.capitalize()} left out" for what in COUNTED} | {
    "onsets": "Hits left out",
    "clues": "What tells the tempo, left out",
    HINTS: "Files that may not be what you think",
}


class LeftOut:
    """The tables; call `show` after a change."""

    def __init__(self, music: Music) -> None:
        self._music = music
        self._shown: tuple[Discard, ...] | None = None
        self._place = ui.element("div").classes("lt-music-left")

    def show(self) -> None:
        """Draw the tables again if what was left out has changed."""
        discarded = self._music.state.discarded
        if discarded == self._shown:
            return
        self._shown = discarded
        self._place.clear()
        with self._place:
            if not discarded:
                ui.label("Nothing was left out.").classes("lt-muted")
            order = list(TITLES)
            by_what = sorted(discarded, key=lambda one: (order.index(one.what), -one.count))
            for what, some in groupby(by_what, lambda one: one.what):
                self._table(what, list(some))

    def _table(self, what: str, reasons: list[Discard]) -> None:
        total = sum(one.count for one in reasons)
        with ui.element("table").classes("lt-music-reasons"):
            with ui.element("caption"):
                ui.label(f"{TITLES[what]}: {total:,}")
            for one in reasons[:_MOST_REASONS]:
                with ui.element("tr"):
                    with ui.element("td").classes("lt-music-number"):
                        ui.label(f"{one.count:,}")
                        share = max(1, round(100 * one.count / reasons[0].count))
                        bar = ui.element("div").classes("lt-music-share")
                        bar.style["width"] = f"{share}%"
                    with ui.element("td"):
                        ui.label(in_page_words(one.reason))
                        if one.examples:
                            more = ", …" if one.count > len(one.examples[:_EXAMPLES]) else ""
                            named = ", ".join(one.examples[:_EXAMPLES])
                            ui.label(f"{named}{more}").classes("lt-muted lt-music-examples")
            if len(reasons) > _MOST_REASONS:
                rest = reasons[_MOST_REASONS:]
                with ui.element("tr"):
                    with ui.element("td").classes("lt-music-number"):
                        ui.label(f"{sum(one.count for one in rest):,}")
                    with ui.element("td"):
                        ui.label(f"for {len(rest)} more {agree(len(rest), 'reason')} like these")
        if what == "files" and self._music.state.noted:
            forget = ui.button("Forget these names", on_click=self._forget, color=None)
            forget.props("no-caps unelevated dense").classes("lt-music-way")

    async def _forget(self) -> None:
        await in_background(self._music.forget_noted)
