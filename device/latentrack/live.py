"""Live editing: replace the source of a Python module while the instrument plays.

The source first runs in a namespace of its own. If it does not raise it runs in the Python module;
then the old classes get the attributes of the new ones, so that all existing objects (a track, a
page, a knob) go on with the new code and their own state. Then one frame runs. If any of this
raises, everything is restored. The file is stored when the clock pauses.
"""

import sys

import micropython

from latentrack import files, guard, repair, safe
from latentrack.instrument import Instrument
from latentrack.names import Part
from latentrack.scheduler import on_scheduler

_FUNCTION = type(lambda: None)
# The guard's name of code on trial.
_TRIAL = "trial"


def swap(path, block):
    """Replace the code of a file, `path` under /flash, by the source in `block`.

    The block is held until the source is stored. Returns "plays", or "at the next start" if the
    file is not imported now. Raises what the source raises, and RuntimeError after 5 s; then the
    old code plays.
    """
    what = "at the next start"
    source = files.decode(block.view, path.rsplit("/", 1)[-1])
    code = compile(source, path, "exec")
    # Ctrl-C must work, to end code that does not return.
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
    """Try and swap a behaviour on the scheduler, where the guard limits its time."""
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
        # Free its objects first: the steps below allocate, and memory may be full.
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
    """Whether a class or function was defined in the module, not imported into it."""
    if isinstance(thing, type):
        return thing.__dict__.get("__module__") == space["__name__"]
    return callable(thing) and getattr(thing, "__globals__", space) is space


def _lend(old, new, undo):
    """Give the old class the attributes of the new one; `undo` gets (object, name, value)."""
    for key, value in new.__dict__.items():
        # An attribute that begins as None has a value by now, which is kept.
        if value is not None and key not in ("__module__", "__qualname__"):
            if key in old.__dict__:
                undo.append((old, key, old.__dict__[key]))
            setattr(old, key, value)
    if issubclass(old, Part):
        undo.append((old, "_edited", old._edited))
        old._edited = True


def _replace_everywhere(old, new, undo):
    """Replace a function in all modules that have imported it by name."""
    import __main__

    modules = [__main__]
    modules += [m for name, m in sys.modules.items() if name.startswith("latentrack")]
    for module in modules:
        for key, value in list(module.__dict__.items()):
            if value is old:
                undo.append((module, key, old))
                setattr(module, key, new)


# -- frames ---------------------------------------------------------------------------------------


def _parts_by_name():
    """(index, owner, method name) of each part of a frame, which is bound to the old code."""
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
    """Have all parts of pages drawn again: they cache what the old code drew for their values."""
    instrument = Instrument.running
    if instrument is None or instrument.controls is None:
        return
    for page in instrument.controls.pages:
        for part in page.parts:
            part.forget()


def _failing_parts():
    """Run one frame; return the exceptions of the parts that raised, by index."""
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
    """Queue a file until the clock pauses, because writing to flash delays it.

    Without a running instrument the file is stored at once.
    """
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
    """Store one queued file if the clock pauses; called in every frame."""
    instrument = Instrument.running
    if instrument.unwritten_code and not instrument.clocked_recently():
        store_one()


def store_one():
    """Store one queued file, if there is one; a frame may interrupt it between any two steps."""
    try:
        path, block = Instrument.running.unwritten_code.popitem()
    except KeyError:
        return
    try:
        safe.keep_installed(path)
        files.store(path, block.view)
    finally:
        block.release()
