"""Puts Latentrack's own code back when a player's code has changed it, while the clock goes on.

A behaviour can assign to anything: a method of a class, a function of a module, a built-in name, a
part of the instrument. What belongs where is noted at the start, and again for a module that is
swapped live; `repair` puts back what differs. It is called when something has failed, by a frame or
by a computer, and never otherwise: what is tried at the prompt stays.
"""

import builtins
import sys

from latentrack import guard

# While it is more than 0 code is being swapped, and may differ from what was noted.
swaps = 0
# The instrument that was noted.
plays = None

# What was noted, by module and of the instrument: for each owner (a dict, a class, an object) None,
# the owner, and its entries. An entry is a key and a value, or, with half the memory, the value
# alone where its own name is the key.
_code = {}
_state = ()
_tracks = []
_parts = []

_MODULE = type(guard)
_FOR_CLASSES = (property, staticmethod, classmethod)
# What objects are mended with: not with memory that models lie in, nor with timers.
_PLAIN = (int, float, str, list, dict, tuple)
_MEMORY = ("Model", "Block")
# What a computer's questions take in one piece.
_SESSION_BYTES = 12 * 1024
# They would be imported later: by then a behaviour may have changed them.
_EARLY = ("controls", "screen", "receive", "requests", "live")


# -- noting ---------------------------------------------------------------------------------------


def note_code():
    """Notes the modules and classes of Latentrack, before any code of a player has run."""
    for name in _EARLY:
        try:
            __import__("latentrack." + name)
        except Exception:
            pass  # who needs it says so
    noted = [None, sys.modules]
    for entry in sys.modules.items():
        noted.extend(entry)
    _code[""] = tuple(noted)
    for name, module in sys.modules.items():
        if _is_ours(name):
            _note_module(module)


def note_swap(module, before):
    """Notes a module whose code is new, and what other modules have of it.

    `before`: its names before. What differed elsewhere goes on to differ.
    """
    space = module.__dict__
    for key, old in before.items():
        if callable(old) and space.get(key, old) is not old:
            for name, noted in _code.items():
                if old in noted:
                    _code[name] = tuple(space[key] if value is old else value for value in noted)
    _note_module(module)


def note_instrument(instrument):
    """Notes what the instrument is made of."""
    global _state, _tracks, _parts, plays
    noted = []
    for owner in _owners(instrument):
        noted.extend((None, owner))
        for key, value in owner.__dict__.items():
            noted.extend((key, value if _is_plain(value) else None))
    _state = tuple(noted)
    _tracks = list(instrument.tracks)
    _parts = list(instrument.every_frame)
    plays = instrument


def note_part(old, new):
    """Notes a part of a frame in the place of another one, or with None behind all others."""
    if old is None:
        _parts.append(new)
    else:
        _parts[:] = [new if part == old else part for part in _parts]


def _note_module(module):
    noted = []
    _note(noted, module.__dict__, module.__dict__)
    for owner in _classes(module):
        _note(noted, owner, owner.__dict__)
    _code[module.__name__] = tuple(noted)


def _note(noted, owner, space):
    noted.extend((None, owner))
    for key, value in space.items():
        if key[:2] == "__" and not callable(value):
            continue
        if _is_code(key, value) or isinstance(value, (list, dict)):
            if _own_name(value) != key:
                noted.append(key)
            noted.append(value)


def _classes(module):
    """The classes that a module defines."""
    values = module.__dict__.values()
    return [v for v in values if isinstance(v, type) and _module_of(v) == module.__name__]


def _owners(instrument):
    """The instrument and its parts."""
    owners = [instrument]
    for value in list(instrument.__dict__.values()) + instrument.tracks:
        if _is_ours(_module_of(type(value))) and value not in owners:
            owners.append(value)
    return owners


def _is_ours(name):
    return name == "latentcore" or name == "latentrack" or name[:11] == "latentrack."


def _is_code(key, value):
    """Whether nothing but a player's code gives that name another value."""
    return (
        callable(value)
        or isinstance(value, _FOR_CLASSES)
        or isinstance(value, _MODULE)
        or (key.upper() == key and isinstance(value, _PLAIN))
    )


def _is_plain(value):
    kind = type(value)
    return isinstance(value, _PLAIN) or (
        _is_ours(_module_of(kind)) and kind.__name__ not in _MEMORY
    )


def _own_name(thing):
    return getattr(thing, "__name__", "").rsplit(".", 1)[-1]


def _module_of(thing):
    return getattr(thing, "__dict__", {}).get("__module__", "")


# -- putting back ---------------------------------------------------------------------------------


def repair():
    """Puts back what differs, and switches all behaviours off.

    Returns the names of those that were on; None: nothing differs, or code is being swapped.
    """
    if swaps or not _put_all_back():
        return None
    names = [] if plays is None else _end_behaviours()
    # From the prompt: a frame may have come in between, and a behaviour in it.
    _put_all_back()
    return names


def help_up():
    """What Instrument.repair does."""
    names = repair()
    done = None if names is None else ("code", names)
    try:
        bytearray(_SESSION_BYTES)
    except MemoryError:
        done = done or ("memory", plays.make_room())
    if plays._frame_timer is not None:
        plays.begin_frames()
    return done


def _end_behaviours():
    """Switches off all that are on, for it is not known which one has done it. Their names."""
    behaviours = plays.behaviours
    names = [name for name in behaviours.names() if behaviours.is_on(name)]
    for name in names:
        behaviours.switch(name, False)
    what = "the module's own code had been changed and was put back"
    plays.message(f"off: {', '.join(names)}: {what}" if names else what)
    return names


def _put_all_back():
    changed = _uncover_builtins()
    for noted in _code.values():
        changed |= _put_back(noted, _code_differs)
    if plays is not None:
        changed |= _put_back(_state, _state_differs)
        changed |= _uncover_methods() | _put_tracks_back() | _put_parts_back()
        if type(plays).running is not plays:
            type(plays).running = plays
            changed = True
    return changed


def _uncover_builtins():
    """Who assigns to a built-in name covers it; so none is relied on here."""
    changed = False
    space = builtins.__dict__
    uncover, not_covered = space["delattr"], space["KeyError"]
    for name in space:
        try:
            uncover(builtins, name)
            changed = True
        except not_covered:
            pass
    return changed


def _put_back(noted, differs):
    changed = False
    owner = key = space = None
    for value in noted:
        if value is None and key is None:
            owner = None
        elif owner is None:
            owner = value
            space = owner if isinstance(owner, dict) else owner.__dict__
        elif key is None and isinstance(value, str):
            key = value
        else:
            key = key or _own_name(value)
            if key not in space or differs(owner, key, space[key], value):
                changed = True
                if space is owner:
                    owner[key] = value
                elif isinstance(owner, type):
                    setattr(owner, key, value)
                else:
                    object.__setattr__(owner, key, value)
            key = None
    return changed


def _code_differs(owner, key, now, noted):
    return now is not noted if _is_code(key, noted) else type(now) is not type(noted)


def _state_differs(owner, key, now, noted):
    """Values change as it plays, what they are does not; None may become anything."""
    if noted is None:
        return False
    if owner is plays and isinstance(noted, (list, dict)):
        return now is not noted
    if isinstance(noted, (int, float)) and isinstance(now, (int, float)):
        return False
    return type(now) is not type(noted)


def _uncover_methods():
    """An object's own attribute covers the method of that name."""
    changed = False
    for owner in _owners(plays):
        for key in list(owner.__dict__):
            if callable(getattr(type(owner), key, None)):
                object.__delattr__(owner, key)
                changed = True
    return changed


def _put_tracks_back():
    changed = plays.tracks != _tracks
    if changed:
        plays.tracks[:] = _tracks
    for track in _tracks:
        for entry in track.TABLE:
            if not isinstance(track.numbers.get(entry.name), (int, float)):
                track.numbers[entry.name] = entry.default
                changed = True
    return changed


def _put_parts_back():
    now, out = plays.every_frame, plays.stopped_parts
    for part in _parts:
        if part not in now and part not in out.values():
            now[:] = _parts
            out.clear()
            return True
    return False
