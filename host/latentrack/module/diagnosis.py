"""Diagnose why the module at a port cannot be used: one sentence for each case, with the remedy.

All commands use these sentences. The cases: the port does not exist; another program has it open;
the device does not run MicroPython; MicroPython hangs or is too old; Latentrack is not installed,
not started, hangs, is too old, or fails.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentrack import __version__
from latentrack.errors import NoModule, UserError
from latentrack.module import FLASH
from latentrack.module.ports import modules
from latentrack.module.programs import programs_at
from latentrack.words import agree, listed

if TYPE_CHECKING:
    from latentrack.module.link import Link

Say = Callable[[str], None]
_NO_TERMINAL = getattr(os, "O_NOCTTY", 0)

OLDEST = (1, 27)
"""The oldest supported MicroPython version; device/latentrack/version.py gives the reason."""

# Time without a frame after which Latentrack counts as hung. A frame is due every 20 ms; the
# tolerance is for slow ones.
_FRAMES_MS = 2000
_INSPECT = f"""
def _inspect():
    import os, sys, time
    here = os.listdir("{FLASH}")
    version = main = ""
    if "latentrack" in here:
        try:
            with open("{FLASH}/latentrack/__init__.py") as file:
                version = file.read().split('__version__ = "')[1].split('"')[0]
        except (OSError, IndexError):
            version = "?"
    if "main.py" in here:
        with open("{FLASH}/main.py") as file:
            main = "ours" if "latentrack" in file.read() else "other"
    module = sys.modules.get("latentrack.instrument")
    instrument = module and module.Instrument.running
    moves = False
    if instrument:
        frames = instrument.frames
        since = time.ticks_ms()
        while not moves and time.ticks_diff(time.ticks_ms(), since) < {_FRAMES_MS}:
            time.sleep_ms(5)
            moves = instrument.frames != frames
    return sys.implementation.version[:2], version, main, bool(instrument), moves
"""
# Executes main.py in the prompt's globals, as power-on does.
_START = f"exec(compile(open('{FLASH}/main.py').read(), 'main.py', 'exec'), globals())"


@dataclass(frozen=True)
class Inside:
    """The state of Latentrack on a module, as MicroPython reports it.

    micropython: MicroPython's version, (major, minor).  version: Latentrack's version; "" if it is
    not installed, "?" if unreadable.  main: what main.py starts: "ours", "other", or "" without a
    main.py.  runs: whether Latentrack was started.  moves: whether its frames run.
    """

    micropython: tuple[int, int]
    version: str
    main: str
    runs: bool
    moves: bool


def inspect_inside(link: Link) -> Inside:
    """Ask MicroPython for the state of Latentrack, which need not run or be installed.

    Raises UserError if the module does not answer, ModuleError if it reports an exception.
    """
    link.run(_INSPECT)
    micropython, version, main, runs, moves = link.evaluate("_inspect()")
    link.run("del _inspect")
    return Inside(tuple(micropython), version, main, runs, moves)


# -- the port -------------------------------------------------------------------------------------


def missing(port: str) -> UserError:
    """For a port that does not exist."""
    return NoModule(
        f"There is no port {port}; plug the module in, or name another port "
        "(`latentrack devices` lists them, `latentrack virtual` makes one)."
    )


def cannot_open(port: str) -> UserError:
    """For a port that could not be opened."""
    if not os.path.exists(port) and os.name == "posix":
        return missing(port)
    if _refusal(port) in (errno.EACCES, errno.EPERM):
        return NoModule(
            f"You may not open {port}: on Linux, `sudo usermod -aG dialout $USER` and a new login "
            "allow it."
        )
    return NoModule(
        f"{_others(port) or 'Another program has'} the port {port} open; end that program first."
    )


def not_handed_over(port: str, holder: str) -> UserError:
    """For a port shared with another Latentrack program, `holder`, that is using it now."""
    return NoModule(
        f"{holder} has the module at {port} and is not done yet; end what runs there (Ctrl-C), or "
        "wait for it, then try again."
    )


def can_be_opened(port: str) -> bool:
    """Whether the port exists and this user may open it; another program may have locked it."""
    return _refusal(port) in (0, errno.EBUSY)


def is_locked(port: str) -> bool:
    """Whether another program has locked the port for exclusive use."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        descriptor = os.open(port, os.O_RDWR | os.O_NONBLOCK | _NO_TERMINAL)
    except OSError as error:
        return error.errno == errno.EBUSY
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)


def is_ours(port: str) -> bool:
    """Whether a Latentrack command has the port open."""
    return any(program.name.startswith("latentrack") for program in programs_at(port))


def silent(port: str) -> UserError:
    """For a port that was opened and does not answer as MicroPython."""
    if not os.path.exists(port) and os.name == "posix":
        return gone(port)
    others = _others(port)
    if others:
        return NoModule(
            f"The module at {port} does not answer here: {others} the port open too; end that "
            "program first."
        )
    if _is_module(port):
        return NoModule(
            f"The module at {port} does not answer: what runs on it hangs; switch it off and on."
        )
    return NoModule(
        f"What is at {port} does not answer as MicroPython; `latentrack devices` lists the modules "
        "there are, `latentrack flash` says how MicroPython comes onto a Teensy."
    )


def never_returns(port: str) -> UserError:
    """For a module that shows no prompt after a reset."""
    return NoModule(
        f"main.py on the module at {port} does not return; `latentrack install {port}` puts one "
        "there that does, and keeps the other as main_before_latentrack.py."
    )


def gone(port: str, what: str = "stopped answering") -> UserError:
    """For a module that answered before; `what` completes "The module at PORT ..."."""
    others = _others(port)
    remedy = f"{others} the port open too; end that program" if others else "check the cable"
    return NoModule(
        f"The module at {port} {what}; {remedy}, or switch the module off and on, then try again."
    )


# -- MicroPython answers --------------------------------------------------------------------------


def unusable(link: Link, said: str) -> UserError:
    """For a module where MicroPython answers and a request to Latentrack has failed.

    said: the last line of the exception's traceback.
    """
    try:
        inside = inspect_inside(link)
    except Exception as error:
        return error if isinstance(error, UserError) else _fails(link.port, str(error))
    return unusable_inside(link.port, inside, said)


def unusable_inside(port: str, inside: Inside, said: str = "") -> UserError:
    """As `unusable`, for a state that `inspect_inside` has returned; said "": no exception."""
    if inside.micropython < OLDEST:
        return micropython_too_old(port, inside.micropython)
    if not inside.version:
        return without_latentrack(port)
    if inside.runs and not inside.moves:
        return hangs(port)
    if is_too_old(said):
        return too_old(port)
    if not inside.runs and not said:
        return NoModule(
            f"Latentrack is on the module at {port} and is not started; "
            f"`latentrack reset --port {port}` starts it."
        )
    return _fails(port, said)


def micropython_too_old(port: str, version: tuple[int, ...]) -> UserError:
    """For a MicroPython on which Latentrack cannot run."""
    return UserError(
        f"The module at {port} has MicroPython {version[0]}.{version[1]}; "
        f"put {OLDEST[0]}.{OLDEST[1]} or newer on it first: `latentrack flash` says how."
    )


def without_latentrack(port: str) -> UserError:
    """For MicroPython without Latentrack."""
    return NoModule(
        f"MicroPython runs on the module at {port}, without Latentrack; "
        f"`latentrack install {port}` puts it there."
    )


def hangs(port: str) -> UserError:
    """For Latentrack that was started and whose frames do not run."""
    return NoModule(
        f"Latentrack on the module at {port} hangs: its frames have stopped; "
        f"`latentrack reset --port {port}` starts it again."
    )


def too_old(port: str) -> UserError:
    """For Latentrack on the module that lacks a request which this version makes."""
    return NoModule(
        f"Latentrack on the module at {port} is older than the one here ({__version__}); "
        f"`latentrack install {port}` brings it up to date."
    )


def is_too_old(said: str) -> bool:
    """Whether an exception's last line says that the module does not know the request."""
    return "'Requests' object has no attribute" in said or "no module named 'latentrack." in said


def start(link: Link, say: Say) -> None:
    """Start Latentrack if it is not running, as after mpremote's reset; pass `say` one sentence.

    Raises UserError with the diagnosis if it cannot be started, or runs already.
    """
    from latentrack.module.link import ModuleError

    inside = inspect_inside(link)
    if inside.micropython < OLDEST or not inside.version or inside.runs:
        raise unusable_inside(link.port, inside)
    if inside.main != "ours":
        raise NoModule(
            f"main.py on the module at {link.port} does not start Latentrack; "
            f"`latentrack install {link.port}` puts one there that does, and keeps the other."
        )
    try:
        link.run(_START)
    except ModuleError as error:
        raise _fails(link.port, str(error)) from error
    say(f"Latentrack on the module at {link.port} was not started (mpremote does that): it is now.")


def _fails(port: str, said: str) -> UserError:
    return NoModule(
        f"Latentrack on the module at {port} fails ({said}); `latentrack install {port}` puts it "
        "there again, and models and settings stay."
    )


def _others(port: str) -> str:
    """Return the programs that have the port open and "has" or "have"; "" if none is known."""
    programs = programs_at(port)
    have = agree(len(programs), "has", "have")
    return f"{listed(programs)} {have}" if programs else ""


def _is_module(port: str) -> bool:
    here = os.path.realpath(port)
    return any(os.path.realpath(found.port) == here for found in modules())


def _refusal(port: str) -> int:
    """Return the errno of opening the port; 0 if that succeeds, -1 if the error has none."""
    try:
        descriptor = os.open(port, os.O_RDWR | getattr(os, "O_NONBLOCK", 0) | _NO_TERMINAL)
    except OSError as error:
        return error.errno or -1
    with contextlib.suppress(OSError):
        os.close(descriptor)
    return 0
