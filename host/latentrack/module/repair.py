"""Have the module put its own code back when a behaviour has changed it.

device/latentrack/repair.py does that while the clock goes on. What it cannot put back takes a
restart without behaviours.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from latentrack.errors import UserError
from latentrack.words import agree, listed

if TYPE_CHECKING:
    from latentrack.module.link import Link

# What `import` and `print` do may be what was changed; and `instrument` is the prompt's own name.
_REPAIR = """\
try:
    _repaired = instrument.repair()
except:
    from latentrack import repair as _repaired
    _repaired = _repaired.plays and _repaired.plays.repair()
"""
_WITHOUT_BEHAVIOURS = "from latentrack import safe\nsafe.without_behaviours = True\n"


def at_prompt(link: Link) -> bool:
    """Repair through the raw prompt, for when no session starts, and say so on stderr.

    Returns False if nothing had been changed, or if it could not be put back.
    """
    from latentrack.module.link import ModuleError

    try:
        link.run(_REPAIR)
        told = link.evaluate("_repaired")
        link.run("del _repaired")
    except (ModuleError, ValueError, SyntaxError):
        return False
    return said(told)


def said(told: tuple[str, list[str]] | None) -> bool:
    """Say on stderr what the module answers to `repair`; False if nothing was wrong.

    `told`: what was wrong, "code" or "memory", and the names of the behaviours that are off now;
    None if nothing was.
    """
    if not told:
        return False
    what, names = told
    off = f"{listed(names)} {agree(len(names), 'is', 'are')} off"
    if what == "memory":
        _tell(f"The module's memory was full; {off}." if names else "The module's memory is full.")
        return bool(names)
    if names:
        _tell(f"The module's own code had been changed by a behaviour; it was put back, and {off}.")
    else:
        _tell("The module's own code had been changed; it was put back.")
    return True


def restart(link: Link) -> bool:
    """Restart without behaviours, for what could not be put back, and say so on stderr.

    Returns False if Latentrack there is without this, or does not start. Raises UserError if the
    module stops answering.
    """
    from latentrack.module import diagnosis
    from latentrack.module.link import ModuleError

    try:
        link.reset_to_prompt()
        link.run(_WITHOUT_BEHAVIOURS)
        diagnosis.start(link, lambda _: None)
    except (ModuleError, UserError):
        return False
    _tell(
        "The module's own code had been changed by a behaviour and could not be put back; "
        "the module was restarted without behaviours."
    )
    return True


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
