"""`latentrack rename`: another name for a model on the module."""

from __future__ import annotations

from typing import Annotated

import typer

from latentrack.commands.ports import PortOption
from latentrack.words import agree, listed


def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A model, as `latentrack ls` says.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it is to be called.")],
    port: PortOption = None,
) -> None:
    """Rename a model in the module's library, and in presets and what plays after power-on."""
    from latentrack.commands.ports import find_port
    from latentrack.commands.terminal import say
    from latentrack.module.link import Link
    from latentrack.module.renaming import rename as rename_model
    from latentrack.module.session import needs_package, running_session

    with (
        Link(find_port(port)) as link,
        needs_package(link),
        running_session(link, say) as session,
    ):
        done = rename_model(session, old, new)
        clocked = session.first["clocked"]
    shown = done.title if done.title == done.name else f"{done.title} (there {done.name})"
    say(f"{old} is called {shown} now.")
    changed = [_numbered("track", done.tracks)] if done.tracks else []
    if done.starts:
        plays = agree(len(done.starts), "plays", "play")
        changed.append(f"what {_numbered('track', done.starts)} {plays} at power-on")
    if done.presets:
        changed.append(_numbered("preset", done.presets))
    if changed:
        say(f"Changed with it: {listed(changed)}.")
    if clocked:
        say("A clock was running: a Teensy that stores a file may have swallowed a step.")


def _numbered(noun: str, numbers: tuple[int, ...]) -> str:
    """ "preset 3", or "presets 2 and 5"."""
    return f"{agree(len(numbers), noun)} {listed(numbers)}"
