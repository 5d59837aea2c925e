"""List, open and close the MIDI ports of this computer with mido."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

VIRTUAL = "Latentrack (a port of our own)"
"""Name of the virtual port that this program creates, to which other programs connect."""
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
    """MIDI is unavailable; the text is a sentence with the remedy."""


def port_names() -> tuple[Names, Names]:
    """Return the names of the outputs and inputs of other programs and devices. Raises NoMidi."""
    try:
        import mido

        return _others(mido.get_output_names()), _others(mido.get_input_names())
    except ImportError as error:
        raise NoMidi(MISSING) from error
    except Exception as error:  # the type depends on the system
        raise NoMidi(NO_SYSTEM) from error


def open_output(name: str, there: Names) -> Any:
    """Open an output with mido; None if it is not in `there`, or another program has it open."""
    return _opened("open_output", name, there)


def open_input(name: str, there: Names, heard: Callable[[Any], None]) -> Any:
    """As `open_output`, for an input; `heard` is called with each message in the port's thread."""
    return _opened("open_input", name, there, callback=heard)


def close(port: Any) -> None:
    """Close a port of mido's and ignore errors, as it may have vanished; None is ignored."""
    if port is not None:
        try:
            port.close()
        except Exception:  # the type depends on the system
            pass


def has_virtual_ports() -> bool:
    """Whether programs can create virtual ports: with ALSA and CoreMIDI, not on Windows."""
    return os.name != "nt"


def plain(name: str) -> str:
    """Remove ALSA's client and port numbers, which change at each plugging in, from a name."""
    return re.sub(r" \d+:\d+$", "", name)


def find(name: str, there: Names) -> str | None:
    """Return the present name of a chosen port; None if it is not in `there`."""
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
    except Exception:  # the type depends on the system
        return None


def _others(names: Iterable[str]) -> Names:
    """Return the unique names without the ports that this program has opened."""
    own = (_OWN_NAME, "RtMidi")
    return tuple(dict.fromkeys(name for name in names if not name.startswith(own)))
