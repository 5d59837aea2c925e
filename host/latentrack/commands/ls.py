"""`latentrack ls`: the models in the module's library."""

from __future__ import annotations

from latentrack.commands.ports import PortOption, files_of


def ls(port: PortOption = None) -> None:
    """List the models in the module's library, and which play."""
    from rich.console import Console
    from rich.table import Table

    from latentrack.module import library

    with files_of(port, "the module could not list its models") as (_, files):
        there = library.library_of(files.listing(library.MODELS))
        about = files.about
    plays: dict[str, str] = {}
    for track, name in enumerate(about.get("plays", []), start=1):
        if name:
            plays[name] = f"{plays[name]}, {track}" if name in plays else f"plays on track {track}"
    console = Console(highlight=False, soft_wrap=True)
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("model")
    table.add_column("kind")
    table.add_column("bytes", justify="right")
    table.add_column("")
    for path, entry in there.items():
        kind, _, file = path.removeprefix(f"{library.MODELS}/").partition("/")
        name = file.removesuffix(library.ENDING)
        table.add_row(name, kind, f"{entry.size:,}", plays.pop(name, ""))
    if there:
        console.print(table)
    else:
        console.print("No models are in the library; `latentrack push MODEL --store` brings one.")
    for name, where in plays.items():
        console.print(f"{name} {where}, from memory: `latentrack push --store` would keep it.")
    if about:
        console.print(f"{about['free'] / 1024:,.0f} KB of {about['size'] / 1024:,.0f} KB are free.")
