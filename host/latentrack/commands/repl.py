"""`latentrack repl`: Open the module's prompt in this terminal."""

from __future__ import annotations

from latentrack.commands.ports import PortOption


def repl(port: PortOption = None) -> None:
    """Type at the module's prompt while it plays: `track.threshold = 0.3`. Ctrl-X leaves.

    The module's parts are there by name: `instrument`, `track`, `knobs`, `library`. `guide()` says
    what else there is, and `help(track)` what a track has. Tab completes names, Ctrl-C interrupts
    what runs. Other commands, such as `push` in another terminal, work meanwhile.
    """
    import sys

    from latentrack.commands.ports import find_port
    from latentrack.commands.prompt import converse
    from latentrack.module.line import Line
    from latentrack.module.prompt import Prompt

    with Line(find_port(port)) as line:
        if sys.stdin.isatty():
            print(f"The prompt of the module at {line.port}. Ctrl-X leaves it.")
        converse(Prompt(line), print)
