"""`latentrack reset`: Restart the module."""

from __future__ import annotations

from latentrack.commands.ports import PortOption


def reset(port: PortOption = None) -> None:
    """Restart the module's program, as switching it off and on would; the music stops a moment."""
    from latentrack.commands.ports import find_port
    from latentrack.commands.terminal import say
    from latentrack.errors import UserError
    from latentrack.module.diagnosis import start
    from latentrack.module.link import Link

    with Link(find_port(port)) as link:
        link.restart()
        say(f"The module at {link.port} has restarted.")
        if not link.evaluate("'instrument' in globals()"):
            try:
                start(link, say)
            except UserError as error:
                say(f"It does not play. {error}")
