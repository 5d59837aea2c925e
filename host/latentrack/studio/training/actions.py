"""The actions on a run: explore it, read its report, make a model file, rename, remove, restore."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from fastapi import HTTPException
from fastapi.responses import FileResponse
from nicegui import app, ui

from latentrack.decoder.precision import AUTO, costs
from latentrack.errors import UserError
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.page_parts import (
    errors_shown,
    in_background,
    listen,
    named,
    show_message,
)
from latentrack.studio.training import heard_pairs
from latentrack.studio.training.run_files import REPORT, RunFiles
from latentrack.studio.training.runs import Runs
from latentrack.studio.workspace import Workspace

_ROUTE = "/training/report/{name}"
# A run and its report may come from a stranger: no script of a report runs, nothing is loaded or
# sent, and the browser does not treat it as the studio's own page. The studio shows it in a frame.
_REPORT_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "sandbox; default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}


async def explore(explorer: Explorer, run: Path) -> None:
    """Open the run and go to the page "Explore"."""
    with errors_shown():
        await in_background(explorer.open, run)
        ui.navigate.to("/explore")


async def report(files: RunFiles, run: Path) -> None:
    """Show the report in a dialog; make it first if there is none."""
    with ui.dialog(value=True).props("maximized") as dialog, ui.card().classes("lt-train-report"):
        named(dialog, f"Report of {run.stem}")
        with ui.element("div").classes("lt-train-bar"):
            ui.label(f"Report of {run.stem}").classes("lt-title")
            address = f"/training/report/{quote(run.stem)}"
            alone = ui.link("Open in a window of its own", address, new_tab=True)
            alone.set_visibility(False)
            ui.button(icon="close", on_click=dialog.close).props(
                'flat round dense aria-label="Close the report"'
            )
        waiting = ui.element("div").classes("lt-train-waiting").props('role="status"')
        with waiting:
            ui.spinner(size="32px")
            words = ui.label("Making the report")

            def tell_part() -> None:
                words.set_text(files.state.parts.get(run, "Almost done"))

            listen(files.progress_changed, tell_part)
        room = ui.element("div").classes("lt-train-room")
    dialog.on("hide", dialog.delete)
    with errors_shown():
        try:
            await in_background(files.report, run)
        except UserError:
            dialog.close()
            raise
        if dialog.is_deleted:
            return
        waiting.delete()
        alone.set_visibility(True)
        pairs = await in_background(heard_pairs.patterns, run)
        if dialog.is_deleted:
            return
        with room:
            heard_pairs.build(pairs)
            frame = ui.element("iframe").props("sandbox")
            frame.props.update(src=address, title=f"Report of {run.stem}")


def offer_reports(workspace: Workspace) -> None:
    """Serve the reports of runs to the browser, under /training/report/NAME."""
    if any(getattr(route, "path", "") == _ROUTE for route in app.routes):
        return

    @app.get(_ROUTE)
    def fetch(name: str) -> FileResponse:
        for run in workspace.run_folders():
            if run.stem == name and (run / REPORT).exists():
                return FileResponse(run / REPORT, media_type="text/html", headers=_REPORT_HEADERS)
        raise HTTPException(404, "This run has no report yet.")


def export(files: RunFiles, run: Path) -> None:
    """Open a dialog that asks for the precision, writes the model file and offers its download."""
    with ui.dialog(value=True) as dialog, ui.card().classes("lt-train-dialog"):
        named(dialog, f"Model file of {run.stem}")
        ui.label(f"Model file of {run.stem}").classes("lt-title")
        options = {name: f"{name}: {cost}" for name, cost in costs().items()}
        chosen = ui.radio(options, value=AUTO).props("dense")
        said = ui.label().props('role="status"')
        links = ui.row().classes("lt-train-actions")
        with ui.row().classes("lt-train-actions"):
            begin = ui.button("Write the file").props("unelevated no-caps")
            ui.button("Close", on_click=dialog.close).props("flat no-caps")

        def tell() -> None:
            part = files.state.parts.get(run)
            if part is not None:
                said.set_text(f"{part} …")

        listen(files.progress_changed, tell)

    async def write() -> None:
        begin.disable()
        links.clear()
        with errors_shown():
            try:
                path, words = await in_background(files.export, run, str(chosen.value))
            finally:
                begin.enable()
                said.set_text("")
            said.set_text(f"{path.name}: {words}")
            with links:
                ui.button(
                    f"Download {path.name}",
                    icon="download",
                    on_click=lambda: ui.download.file(path),
                ).props("outline no-caps")
            ui.notify(f"Written: {path}", type="positive", position="top")

    begin.on_click(write)
    dialog.on("hide", dialog.delete)


def rename(runs: Runs, run: Path) -> None:
    """Open a dialog that asks for another name and renames the run."""
    with ui.dialog(value=True) as dialog, ui.card().classes("lt-train-dialog"):
        named(dialog, f"Rename {run.stem}")
        ui.label(f"Rename {run.stem}").classes("lt-title")
        name = ui.input("Name", value=run.stem).props("dense outlined autofocus")

        async def do() -> None:
            with errors_shown():
                await in_background(runs.rename, run, name.value or "")
                dialog.close()

        name.on("keydown.enter", do)
        with ui.row().classes("lt-train-actions"):
            ui.button("Rename", on_click=do).props("unelevated no-caps")
            ui.button("Cancel", on_click=dialog.close).props("flat no-caps")
    dialog.on("hide", dialog.delete)


async def remove(runs: Runs, run: Path, undo: Callable[[Path, str], None]) -> None:
    """Move the run to the trash; `undo(its folder there, its name)` offers to restore it."""
    with errors_shown():
        gone = await in_background(runs.remove, run)
        undo(gone, run.stem)


async def restore(runs: Runs, gone: Path, name: str) -> None:
    """Move a run back from the trash, and show a message with its name."""
    with errors_shown():
        back = await in_background(runs.restore, gone, name)
        show_message(f"{back.stem} is back.")
