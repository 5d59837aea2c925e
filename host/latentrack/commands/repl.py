"""`latentrack repl`: the module's prompt in this terminal."""

from __future__ import annotations

from latentrack.commands.ports import PortOption


def repl(port: PortOption = None) -> None:
    """Type at the module's prompt while it plays: `track.threshold = 0.3`. Ctrl-X leaves.

    The module's parts are there by name: `instrument`, `track`, `knobs`, `library`. `guide()` says
    what else there is, and `help(track)` what a track has.
    """
    import subprocess
    import sys

    import typer

    from latentrack.commands.ports import find_port
    from latentrack.module.link import Link

    with Link(find_port(port)) as link:  # brings it to its friendly prompt, from wherever it is
        where = link.port
    code = subprocess.call([sys.executable, "-m", "mpremote", "connect", where, "resume", "repl"])
    raise typer.Exit(code)
