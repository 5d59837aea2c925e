"""The page "Corpus": add music, see the resulting dataset, change the rules."""

from __future__ import annotations

from pathlib import Path

from nicegui import ui

from latentrack.errors import UserError
from latentrack.model.variations import FEW_SEQUENCES
from latentrack.studio.music import routes
from latentrack.studio.music.bar_view import BarView
from latentrack.studio.music.drop_zone import DropZone
from latentrack.studio.music.file_list import FileList
from latentrack.studio.music.left_out import LeftOut
from latentrack.studio.music.music import Music
from latentrack.studio.music.rule_controls import RuleControls
from latentrack.studio.page_parts import errors_shown, in_background, is_here, listen, show_message
from latentrack.words import agree, count


def build(music: Music) -> None:
    """Build the page and serve its routes."""
    routes.serve(music)
    _Page(music)


class _Page:
    def __init__(self, music: Music) -> None:
        self._music = music
        self._seen = -1
        self._sources_shown: object = None
        with ui.element("div").classes("lt-music") as self._all:
            with ui.element("section").classes("lt-music-head"):
                with ui.element("div").classes("lt-card lt-music-in"):
                    self._ways_in()
                with ui.element("div").classes("lt-card lt-music-sum"):
                    self._summary()
            with ui.element("section").classes("lt-music-work"):
                with (
                    ui.element("section")
                    .classes("lt-card lt-music-rules")
                    .props('aria-label="Rules"')
                ):
                    with ui.element("div").classes("lt-music-title"):
                        ui.label("Rules").classes("lt-title").props('role="heading" aria-level="2"')
                        _small("Reset", self._music.reset_rules).props(
                            'aria-label="All rules as they were at first"'
                        )
                    self._rules = RuleControls(music)
                with (
                    ui.element("section")
                    .classes("lt-card lt-music-files")
                    .props('aria-label="Files"')
                ):
                    self._list = FileList(self._choose, self._remove, self._remove_found)
                with ui.element("section").classes("lt-card lt-music-side"):
                    self._side()
        self._show_sources()
        self._show_progress()
        listen(music.dataset_changed, self._show_sources)
        listen(music.sources_changed, self._show_sources)
        listen(music.rules_changed, self._rules.show)
        listen(music.progress_changed, self._show_progress)

    def _ways_in(self) -> None:
        with DropZone():
            # Guests from the network must not read other folders of this computer.
            if is_here():
                _small("Use a folder on this computer", self._ask_for_folder)
            self._demo = _small("Add the demo corpus", self._add_demo)
        self._sources = ui.element("div").classes("lt-music-sources")

    def _summary(self) -> None:
        with ui.element("div").classes("lt-music-count").props('role="status"'):
            self._count = ui.label().classes("lt-music-big")
            self._before = ui.label().classes("lt-muted")
        self._facts = ui.label().classes("lt-muted")
        with ui.element("div").classes("lt-music-next"):
            self._next = ui.link("Train a model →", "/train").classes("lt-music-train")
            self._few = ui.label().classes("lt-muted")
            with ui.element("div").classes("lt-music-busy") as self._busy:
                ui.spinner(size="18px").props('aria-hidden="true"')
                self._doing = ui.label().props('role="status"')

    def _side(self) -> None:
        with ui.tabs().props("dense no-caps align=justify").classes("lt-music-tabs") as tabs:
            bars = ui.tab("bars", "Bars")
            left = ui.tab("left", "Left out")
        self._left_tab = left
        with ui.tab_panels(tabs, value=bars, animated=False, keep_alive=True).classes(
            "lt-music-panels"
        ):
            with ui.tab_panel(bars):
                self._bars = BarView(self._remove)
            with ui.tab_panel(left):
                self._left = LeftOut(self._music)

    def _show_empty(self) -> None:
        state = self._music.state
        empty = state.dataset is None and not state.has_files and not state.busy
        self._all.classes(
            add="lt-music-empty" if empty else "", remove="" if empty else "lt-music-empty"
        )

    def _show_progress(self) -> None:
        busy = self._music.state.busy
        self._busy.set_visibility(bool(busy))
        self._doing.set_text(busy)
        self._show_empty()

    def _show_left_out(self) -> None:
        self._left.show()
        left_out = len(self._music.state.discarded)
        self._left_tab.props["label"] = f"Left out ({left_out})" if left_out else "Left out"

    def _show_dataset(self) -> None:
        state = self._music.state
        made = state.dataset
        self._rules.show()
        self._show_left_out()
        if made is None:
            self._count.set_text("Nothing read yet" if state.has_files else "No music yet")
            self._facts.set_text("Drop files here, or begin with the demo corpus.")
        else:
            self._count.set_text(
                f"{_sequences(len(made), made.bars)} from {count(made.files, 'file')}"
            )
            noun = "notes" if made.kind == "notes" else "hits"
            self._facts.set_text(
                f"{count(made.steps, 'step')} × {count(made.voices, 'voice')}, "
                f"{state.reading.hits / max(1, len(made)):.1f} {noun} each, "
                f"{state.reading.different:,} different"
            )
        before = state.before
        self._before.set_text(
            f"before: {before.sequences:,} from {count(before.files, 'file')}" if before else ""
        )
        number = 0 if made is None else len(made)
        self._next.set_visibility(number > 0)
        few = made is not None and number < FEW_SEQUENCES
        self._few.set_text(_few_in_words(number) if few else "")
        if self._seen != state.version:
            self._seen = state.version
            self._list.show(state.version)
            self._bars.show(self._chosen, state.version)

    _chosen = ""

    def _choose(self, name: str) -> None:
        self._chosen = name
        self._bars.show(name, self._music.state.version)

    def _show_sources(self) -> None:
        """Show the folders, the undo button and the summary, if they have changed."""
        state = self._music.state
        self._show_empty()
        self._show_dataset()
        missing = dict(state.reading.missing)
        shown = (state.folders, missing, state.taken_out, state.has_files, state.dataset is None)
        if self._sources_shown == shown:
            return
        self._sources_shown = shown
        self._sources.clear()
        with self._sources:
            for folder in state.folders:
                with ui.element("span").classes("lt-music-source"):
                    ui.icon("folder").props('aria-hidden="true"')
                    ui.label(str(folder)).classes("lt-music-path").tooltip(str(folder))
                    wrong = missing.get(str(folder))
                    if wrong:
                        ui.label("cannot be read").classes("lt-music-wrong").tooltip(wrong)
                    _small("×", self._forgetter(folder)).props(
                        'aria-label="Forget this folder; its files stay" title="Forget this folder"'
                    )
            if state.taken_out:
                _small("Undo", self._undo)
                ui.label(f"Taken out: {state.taken_out}").classes("lt-muted")
            if state.has_files or state.dataset is not None:
                _small("Clear all", self._ask_to_clear).classes("lt-music-clear")

    # Handlers of clicks

    async def _add_demo(self) -> None:
        with errors_shown():
            await in_background(self._music.add_demo)

    def _forgetter(self, folder: Path) -> object:
        async def forget() -> None:
            await in_background(self._music.remove_folder, folder)

        return forget

    async def _remove(self, name: str) -> None:
        with errors_shown():
            if not await in_background(self._music.remove, [name]):
                raise UserError(
                    f"{name} cannot be taken out: only the dataset is here, not its music."
                )

    async def _remove_found(self, find: str, show: str) -> None:
        with errors_shown():
            names = routes.matching(self._music, find, show)
            await in_background(self._music.remove, names)

    async def _undo(self) -> None:
        with errors_shown():
            what = await in_background(self._music.undo)
            if what:
                show_message(f"Back again: {what}.")

    def _ask_for_folder(self) -> None:
        with ui.dialog(value=True) as dialog, ui.card().classes("lt-music-ask"):
            ui.label("Use a folder on this computer").classes("lt-title")
            ui.label("It is read where it is, with all folders in it. Nothing is copied.")
            path = ui.input("Path of the folder", placeholder="/home/me/midi")
            path.props('autofocus spellcheck="false"')
            wrong = ui.label().classes("lt-music-wrong").props('role="alert"')

            async def use() -> None:
                try:
                    await in_background(self._music.add_folder, path.value or "")
                except UserError as error:
                    wrong.set_text(str(error))
                else:
                    dialog.close()

            path.on("keydown.enter", use)
            with ui.element("div").classes("lt-music-answers"):
                ui.button("Cancel", on_click=dialog.close).props("flat no-caps")
                ui.button("Use it", on_click=use).props("no-caps unelevated")

    def _ask_to_clear(self) -> None:
        with ui.dialog(value=True) as dialog, ui.card().classes("lt-music-ask"):
            ui.label("Clear the corpus?").classes("lt-title")
            ui.label(
                "The files that were dropped are thrown away, and so is the dataset. Folders on "
                "this computer are only forgotten. You can undo it until the studio is ended."
            )

            async def clear() -> None:
                dialog.close()
                with errors_shown():
                    await in_background(self._music.clear)

            with ui.element("div").classes("lt-music-answers"):
                ui.button("Keep all", on_click=dialog.close).props("flat no-caps autofocus")
                ui.button("Clear", on_click=clear).props("no-caps unelevated color=accent")


def _small(text: str, act: object) -> ui.button:
    button = ui.button(text, on_click=act, color=None).props("no-caps unelevated dense")  # type: ignore[arg-type]
    return button.classes("lt-music-way")


def _sequences(number: int, bars: int) -> str:
    if bars == 1:
        return count(number, "bar")
    return f"{count(number, 'sequence')} of {count(bars, 'bar')}"


def _few_in_words(number: int) -> str:
    if not number:
        return "There is nothing to train on: add music, or leave out less."
    return (
        f"{count(number, 'sequence')} {agree(number, 'is', 'are')} few: a training adds variations "
        f"of {agree(number, 'it', 'them')}."
    )
