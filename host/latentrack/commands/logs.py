"""`latentrack logs`: Show the module's messages."""

from __future__ import annotations

from typing import Annotated

import typer

from latentrack.commands.options import JsonOption
from latentrack.commands.ports import PortOption
from latentrack.words import count

_EVERY_S = 1.0


def logs(
    port: PortOption = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C with messages as they come.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the module's last messages, tracebacks included, with seconds since power-on.

    The last line counts writes to the outputs that found their bus busy with the display: those
    made a tick (1 ms) later, and triggers that were lost. With --follow, --json prints a line of
    its own for each message.
    """
    import time

    from latentrack.commands.ports import find_port
    from latentrack.commands.terminal import print_json
    from latentrack.decoder.operators import explained
    from latentrack.module.files import refusals
    from latentrack.module.line import Line
    from latentrack.module.session import Session

    with Line(find_port(port)) as line, refusals("The module has no messages"):
        number = 0
        while True:
            with line.turn() as link, Session(link) as session:
                number, said = session.call("logs", number)
                late, lost = session.call("writes")
            lines = [(seconds, explained(text)) for seconds, text in said]
            if as_json and not follow:
                messages = [{"seconds": seconds, "text": text} for seconds, text in lines]
                print_json({"messages": messages, "late_writes": late, "lost_writes": lost})
                return
            for seconds, text in lines:
                if as_json:
                    print_json({"seconds": seconds, "text": text}, lines=True)
                    continue
                print(f"{seconds:7d} s  {text.rstrip()}")
            if not follow:
                print(f"outputs: {count(late, 'write')} made a tick later, {lost} lost")
                return
            time.sleep(_EVERY_S)
