"""The MIDI ports of this computer, through mido: their names, and opening them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

VIRTUAL = "Latentrack (a port of our own)"
"""Stands for a port that other programs see and connect to."""
_OWN_NAME = "Latentrack"

MISSING = (
    "MIDI ports need python-rtmidi, which is not installed here: pip install python-rtmidi (for "
    "Python 3.13 and later it is built from source). Everything else works without it."
)
NO_SYSTEM = (
    "This computer gives no access to MIDI ports. On Linux that is the ALSA sequencer: "
    "sudo modprobe snd-seq, then look again."
)

Names = tuple[str, ...]


class NoMidi(Exception):
    """Why there are no ports at all, in a sentence with the remedy."""


def port_names() -> tuple[Names, Names]:
    """The outputs and the inputs of other programs and devices. Raises NoMidi."""
    try:
        import mido

        return _others(mido.get_output_names()), _others(mido.get_input_names())
    except ImportError as error:
        raise NoMidi(MISSING) from error
    except Exception as error:  # of no type that all systems share
        raise NoMidi(NO_SYSTEM) from error


def open_output(name: str, there: Names) -> Any:
    """mido's port of that name; None if it is not among `there`, or another program has it."""
    return _opened("open_output", name, there)


def open_input(name: str, there: Names, heard: Callable[[Any], None]) -> Any:
    """The same; `heard` gets each message in a thread of the port's own."""
    return _opened("open_input", name, there, callback=heard)


def close(port: Any) -> None:
    """Close a port of mido's, which may be gone; None: there is nothing to close."""
    if port is not None:
        try:
            port.close()
        except Exception:  # of no type that all systems share
            pass


def has_virtual_ports() -> bool:
    """Whether programs may make ports of their own: ALSA and CoreMIDI can, Windows cannot."""
    return os.name != "nt"


def plain(name: str) -> str:
    """A port's name without the numbers that ALSA gives it anew each time it is plugged in."""
    return re.sub(r" \d+:\d+$", "", name)


def find(name: str, there: Names) -> str | None:
    """What a port that was chosen is called now; None if it is not there."""
    if name == VIRTUAL:
        return name
    if name in there:
        return name
    return next((each for each in there if plain(each) == plain(name)), None)


def _opened(how: str, name: str, there: Names, **more: Callable[[Any], None]) -> Any:
    import mido

    try:
        if name == VIRTUAL:
            return getattr(mido, how)(_OWN_NAME, virtual=True, client_name=_OWN_NAME, **more)
        found = find(name, there)
        return None if found is None else getattr(mido, how)(found, **more)
    except Exception:  # of no type that all systems share
        return None


def _others(names: Iterable[str]) -> Names:
    """Without the ports that we ourselves have opened."""
    own = (_OWN_NAME, "RtMidi")
    return tuple(dict.fromkeys(name for name in names if not name.startswith(own)))
