"""`latentrack play`: Play a model of the module's library."""

from __future__ import annotations

from typing import Annotated

import typer

from latentrack.commands.ports import PortOption


def play(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model, as `latentrack ls` says.")],
    port: PortOption = None,
    track: Annotated[int, typer.Option(min=1, help="Which track plays it.")] = 1,
) -> None:
    """Play a model of the module's library, from the next bar on."""
    from latentrack.commands.ports import find_port
    from latentrack.commands.terminal import say
    from latentrack.errors import UserError
    from latentrack.module.files import FramedFiles, refusals
    from latentrack.module.library import called, why_forgotten
    from latentrack.module.link import Link
    from latentrack.module.session import needs_package, running_session

    with (
        Link(find_port(port)) as link,
        needs_package(link),
        running_session(link, say) as session,
    ):
        about = session.first
        if track > len(about["plays"]):
            raise UserError(f"The module has tracks 1 to {len(about['plays'])}, not {track}.")
        with refusals(f"The module cannot play {name}, and plays on as before"):
            there = called(name, FramedFiles(session, about), session.call("models"))
            forgotten = why_forgotten(session.call("play", there, track - 1))
    say(f"{name} plays on track {track} from the next bar on.")
    if forgotten:
        say(forgotten)
