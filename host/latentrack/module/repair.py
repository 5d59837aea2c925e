"""Have the module restore Latentrack's code when a behaviour has changed it.

device/latentrack/repair.py restores it while the clock runs. If that fails, the module is restarted
without behaviours.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from latentrack.errors import UserError
from latentrack.words import agree, listed

if TYPE_CHECKING:
    from latentrack.module.link import Link

# Avoids `import` at first, and `print`: the behaviour may have replaced them. `instrument` is a
# global variable of the prompt.
_REPAIR = """\
try:
    _repaired = instrument.repair()
except:
    from latentrack import repair as _repaired
    _repaired = _repaired.plays and _repaired.plays.repair()
"""
_WITHOUT_BEHAVIOURS = "from latentrack import safe\nsafe.without_behaviours = True\n"


def at_prompt(link: Link) -> bool:
    """Restore the code through the raw prompt, if no session starts; report it on stderr.

    Returns False if nothing had been changed, or the code could not be restored.
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
    """Report the module's answer to `repair` on stderr.

    told: ("code" or "memory", names of the behaviours that are off now); None if nothing was wrong.
    Returns whether a request is worth repeating: False if nothing was wrong, or if the memory is
    full without a behaviour to switch off.
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
    """Restart without behaviours, if the code could not be restored; report it on stderr.

    Returns False if Latentrack on the module lacks this, or does not start, or the module stops
    answering.
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
