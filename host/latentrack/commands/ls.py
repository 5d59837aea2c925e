"""`latentrack ls`: List the models in the module's library."""

from __future__ import annotations

from latentrack.commands.options import JsonOption
from latentrack.commands.ports import PortOption, files_of


def ls(port: PortOption = None, as_json: JsonOption = False) -> None:
    """List the models in the module's library, and which play.

    Where a model's file has another name than the module can show, that is beside it.
    """
    from rich.markup import escape
    from rich.table import Table

    from latentrack.commands.terminal import console, print_json
    from latentrack.module import library

    with files_of(port, "The module could not list its models") as (_, files):
        there = library.library_of(files.listing(library.MODELS))
        title_at = library.titles(files)
        titles = {path: title_at(path) for path in there}
        about = files.about
    if as_json:
        print_json(
            {
                "models": [
                    {
                        "name": name,
                        "title": titles[path],
                        "kind": kind,
                        "bytes": there[path].size,
                    }
                    for path in there
                    for kind, name in (_kind_and_name(path),)
                ],
                "plays": about.get("plays", []),
                "free_bytes": about.get("free"),
                "size_bytes": about.get("size"),
            }
        )
        return
    plays: dict[str, str] = {}
    for track, name in enumerate(about.get("plays", []), start=1):
        if name:
            plays[name] = f"{plays[name]}, {track}" if name in plays else f"plays on track {track}"
    shown = console()
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("model")
    retitled = any(titles[path] != _kind_and_name(path)[1] for path in there)
    if retitled:
        table.add_column("file")
    table.add_column("kind")
    table.add_column("bytes", justify="right")
    table.add_column("")
    for path, entry in there.items():
        kind, name = _kind_and_name(path)
        title = [escape(titles[path])] if retitled else []
        table.add_row(name, *title, kind, f"{entry.size:,}", plays.pop(name, ""))
    if there:
        shown.print(table)
    else:
        shown.print("No models are in the library; `latentrack push MODEL --store` brings one.")
    for name, where in plays.items():
        shown.print(f"{name} {where}, from memory: `latentrack push --store` would keep it.")
    if about:
        shown.print(f"{about['free'] / 1024:,.0f} KB of {about['size'] / 1024:,.0f} KB are free.")


def _kind_and_name(path: str) -> tuple[str, str]:
    """Of a model's file on the module."""
    from latentrack.module import library

    kind, _, file = path.removeprefix(f"{library.MODELS}/").partition("/")
    return kind, file.removesuffix(library.ENDING)
