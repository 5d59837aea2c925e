"""The safe start: without anything that a player wrote. Asked for by a button held at power-on.

It is for what the guard cannot end. Behaviours and settings are left out for this start, and code
that `latentrack live` has stored makes way for what was installed: what was stored is then in
/flash/edited. Code that keeps the instrument from starting makes way by itself.
"""

import os

from latentrack import files, guard

# What was installed, of files that were stored over it; and what was stored.
INSTALLED = files.FLASH + "/installed"
EDITED = files.FLASH + "/edited"
# A computer sets it before main.py runs: this start is without behaviours.
without_behaviours = False


def asked_for(board):
    """Whether the player holds what the board's table names: (pin, its level)."""
    from machine import Pin

    held = getattr(board, "SAFE", None)
    if held is None:
        return False
    pin, level = held
    return Pin(pin, Pin.IN, Pin.PULL_DOWN if level else Pin.PULL_UP).value() == level


def keep_installed(path):
    """Before code is stored over what was installed: that is kept, the first time."""
    if not path.startswith(files.FLASH + "/behaviours/") and files.exists(path):
        kept = INSTALLED + path[len(files.FLASH) :]
        if not files.exists(kept):
            files.copy(path, kept)


def put_back():
    """Puts what was installed back. Returns how many files made way."""
    paths = files.walk(INSTALLED)
    for kept in paths:
        path = files.FLASH + kept[len(INSTALLED) :]
        edited = EDITED + kept[len(INSTALLED) :]
        files.make_folders(edited)
        if files.exists(path):
            os.rename(path, edited)
        os.rename(kept, path)
    return len(paths)


def start():
    """The instrument. None: it does not start, and the prompt has said why."""
    try:
        from latentrack.boards import this_board
        from latentrack.instrument import Instrument

        safe = asked_for(this_board())
        if safe and put_back():
            _reset()
        instrument = Instrument(safe, not without_behaviours)
        instrument.start()
        return instrument
    except Exception as error:
        import sys

        sys.print_exception(error)
        # A behaviour may have changed what is needed here.
        repair = sys.modules.get("latentrack.repair")
        if repair:
            repair.repair()
        if put_back() or _leave_behaviours_out():
            _reset()


def _leave_behaviours_out():
    """Makes the next start one without behaviours.

    False: this start was one already, or the board has no register that a reset leaves alone.
    """
    if not guard.kept_at or guard.culprit == guard.BEHAVIOURS:
        return False
    from machine import mem32

    mem32[guard.kept_at] = guard.BEHAVIOURS
    return True


def _reset():
    """A module that is imported stays as it is: only a restart loads the other file."""
    import machine

    machine.reset()
