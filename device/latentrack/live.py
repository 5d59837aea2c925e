"""Live editing: new source takes the place of a module's while it plays.

The source runs once on trial, beside the module. If that goes well it runs in the module itself;
its classes then lend their methods to the old ones, so that every object that is there (a track, a
page, a knob) goes on with the new code and its own state. Then a frame is tried. Whatever raises
brings everything back as it was. The file is stored when no clock comes.
"""

import sys

import micropython

from latentrack import files, guard, repair, safe
from latentrack.instrument import Instrument
from latentrack.names import Part
from latentrack.scheduler import on_scheduler

_FUNCTION = type(lambda: None)
# What the guard knows code on trial by.
_TRIAL = "trial"


def swap(path, block):
    """Puts the source in `block` in place of the code of a file, given by its path under /flash.

    It holds the block until the source is stored. Returns what has happened: "plays", or "at the
    next start" for what is not running now. Raises what the source raises; then the old code is in
    place.
    """
    what = "at the next start"
    source = files.decode(bytes(block.view), path.rsplit("/", 1)[-1])
    code = compile(source, path, "exec")
    # Ctrl-C must get through, or code that never ends could not be ended.
    micropython.kbd_intr(3)
    try:
        if path.startswith("behaviours/"):
            _swap_behaviour(path[len("behaviours/") : -len(".py")], code, source)
            what = "plays"
        else:
            name = path[:-3].replace("/", ".")
            if name.endswith(".__init__"):
                name = name[: -len(".__init__")]
            if name in sys.modules:
                repair.swaps += 1
                try:
                    _swap_module(sys.modules[name], name, code)
                finally:
                    repair.swaps -= 1
                what = "plays"
    except KeyboardInterrupt:
        raise RuntimeError("it timed out after 5 s")
    finally:
        micropython.kbd_intr(-1)
    _store_later(files.FLASH + "/" + path, block)
    return what


def _swap_behaviour(name, code, source):
    """On the scheduler, where the guard ends what does not come to an end."""
    instrument = Instrument.running
    trial = {"__name__": name}
    number = guard.number_of(name)
    guard.add(_TRIAL, code)
    try:
        on_scheduler(lambda: guard.run(number, lambda: exec(code, trial)))
        if "frame" in trial:
            frame = trial["frame"]
            on_scheduler(
                lambda: guard.run(number, lambda: frame(instrument.controls, instrument.track))
            )
    finally:
        # What it holds goes first: the rest takes memory, which may be gone.
        trial.clear()
        guard.remove(_TRIAL)
    on_scheduler(lambda: instrument.behaviours.swap(name, source))


def _swap_module(module, name, code):
    exec(code, {"__name__": name, "__file__": module.__dict__.get("__file__", "")})
    space = module.__dict__
    before = dict(space)
    failing = _failing_parts()
    if Instrument.running is not None:
        Instrument.running.put_in()
    parts = _parts_by_name()
    undo = []
    stopped_at = guard.unit(name)
    guard.add(name, code, whole=False)
    try:
        exec(code, space)
        for key, new in list(space.items()):
            old = before.get(key)
            if old is new or not _defined_here(old, before):
                continue
            if isinstance(old, type) and isinstance(new, type):
                _lend(old, new, undo)
                space[key] = old
            elif callable(old):
                _replace_everywhere(old, new, undo)
        _bind_again(parts)
        _forget_pictures()
        for index, error in _failing_parts().items():
            if index not in failing:
                raise error
    except BaseException:
        for undone, key, value in reversed(undo):
            setattr(undone, key, value)
        for key in list(space):
            if key not in before:
                del space[key]
        space.update(before)
        _bind_again(parts)
        guard.put_back(name, stopped_at)
        raise
    repair.note_swap(module, before)


def _defined_here(thing, space):
    """Whether a class or function belongs to the module, and was not imported into it."""
    if isinstance(thing, type):
        return thing.__dict__.get("__module__") == space["__name__"]
    return callable(thing) and getattr(thing, "__globals__", space) is space


def _lend(old, new, undo):
    """Gives an old class the attributes of the new one of the same name."""
    for key, value in new.__dict__.items():
        # What begins as None has become something by now, which stays.
        if value is not None and key not in ("__module__", "__qualname__"):
            if key in old.__dict__:
                undo.append((old, key, old.__dict__[key]))
            setattr(old, key, value)
    if issubclass(old, Part):
        undo.append((old, "_edited", old._edited))
        old._edited = True


def _replace_everywhere(old, new, undo):
    """A function that other modules have imported by name."""
    import __main__

    places = [__main__]
    places += [m for name, m in sys.modules.items() if name.startswith("latentrack")]
    for place in places:
        for key, value in list(place.__dict__.items()):
            if value is old:
                undo.append((place, key, old))
                setattr(place, key, new)


# -- frames ---------------------------------------------------------------------------------------


def _parts_by_name():
    """Which method of which object each part of a frame is: they are bound to the old code."""
    instrument = Instrument.running
    if instrument is None:
        return []
    owners = [instrument]
    for value in instrument.__dict__.values():
        owners += value if isinstance(value, (list, tuple)) else [value]
    found = []
    for index, part in enumerate(instrument.every_frame):
        for owner in owners:
            for name, value in getattr(type(owner), "__dict__", {}).items():
                if isinstance(value, _FUNCTION) and getattr(owner, name) == part:
                    found.append((index, owner, name))
    return found


def _bind_again(parts):
    for index, owner, name in parts:
        every_frame, part = Instrument.running.every_frame, getattr(owner, name)
        repair.note_part(every_frame[index], part)
        every_frame[index] = part


def _forget_pictures():
    """Draws everything again: parts of pages keep what the old code made of the same values."""
    instrument = Instrument.running
    if instrument is None or instrument.controls is None:
        return
    for page in instrument.controls.pages:
        for part in page.parts:
            part.forget()


def _failing_parts():
    """Runs one frame; index -> exception of what failed."""
    instrument = Instrument.running
    return {} if instrument is None else on_scheduler(lambda: _failing(instrument.every_frame))


def _failing(parts):
    failed = {}
    for index, part in enumerate(parts):
        try:
            guard.run(guard.PART + index, part)
        except BaseException as error:
            failed[index] = error
    return failed


# -- storing --------------------------------------------------------------------------------------


def _store_later(path, block):
    """Writing to flash holds the clock up: the file waits until none comes."""
    instrument = Instrument.running
    if instrument is None:
        safe.keep_installed(path)
        files.store(path, block.view)
        return
    if instrument.unwritten_code is None:
        instrument.unwritten_code = {}
        instrument.every_frame.append(store_when_quiet)
        repair.note_part(None, store_when_quiet)
    block.hold()
    before = instrument.unwritten_code.pop(path, None)
    if before is not None:
        before.release()
    instrument.unwritten_code[path] = block


def store_when_quiet():
    """Stores one file that waits, when there is time. One of every frame."""
    instrument = Instrument.running
    if instrument.unwritten_code and not instrument.clocked_recently():
        store_one()


def store_one():
    """Stores a file that waits, if there is one: a frame may come between any two steps."""
    try:
        path, block = Instrument.running.unwritten_code.popitem()
    except KeyError:
        return
    try:
        safe.keep_installed(path)
        files.store(path, block.view)
    finally:
        block.release()
