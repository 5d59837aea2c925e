"""Cuts the power of a module at a chosen call of its file system, and waits for its power-on."""

from __future__ import annotations

from latentrack.errors import UserError
from latentrack.module.link import Link, ModuleError
from latentrack.virtual.module import VirtualModule
from tests.device.rig import Rig
from tests.waiting import until

# Each call that changes a file counts. At the one asked for the processor stops for good; or it and
# all later ones raise, which leaves the flash as a power cut does.
COUNT_CALLS = """
import os
class _Count:
    left = {count}
    raises = {raises}
    calls = []
def _call(what):
    _Count.calls.append(what)
    _Count.left -= 1
    if _Count.raises and _Count.left <= 0:
        raise RuntimeError("the power is cut")
    if _Count.left == 0:
        print("STOPPED")
        while True:
            pass
class _File:
    def __init__(self, path, mode):
        _call("open")
        self.file = open(path, mode)
        _call("opened")
    def write(self, data):
        half = len(data) // 2
        self.file.write(data[:half])
        self.file.flush()
        _call("half")
        self.file.write(data[half:])
        self.file.flush()
        _call("written")
    def __enter__(self):
        return self
    def __exit__(self, *_):
        self.file.close()
        _call("closed")
def _open(path, mode="r"):
    return _File(path, mode) if "w" in mode else open(path, mode)
class _Os:
    def __getattr__(self, name):
        return getattr(os, name)
    def rename(self, old, new):
        _call("rename")
        os.rename(old, new)
        _call("renamed")
    def remove(self, path):
        _call("remove")
        os.remove(path)
        _call("removed")
for _name in {modules}:
    _module = __import__("latentrack." + _name, None, None, (_name,))
    _module.open, _module.os = _open, _Os()
"""


def count_calls(
    rig: Rig,
    modules: tuple[str, ...] = ("storage",),
    *,
    stop_at: int = 0,
    raise_from: int = 0,
) -> None:
    """Counts the calls that these modules of the device make; `_Count.calls` has them there.

    stop_at: the number, from 1, of the call before which the processor stops; 0: none.
    raise_from: of the first call that raises RuntimeError, as do all that follow; 0: none.
    """
    count, raises = stop_at or raise_from, bool(raise_from)
    rig.link.run(COUNT_CALLS.format(count=count, raises=raises, modules=modules))


def restarted(module: VirtualModule) -> Rig:
    """The module after power-on, at its prompt; what it says while it starts is no answer."""

    def asked() -> Rig | None:
        try:
            link = Link(module.port)
            link.run("instrument.quiet = True")
            if link.evaluate("instrument.frames > 2"):
                return Rig(module, link)
            link.close()
        except (UserError, ModuleError):
            pass
        return None

    return until(asked, "it does not come back")


def cut_at(rig: Rig, call: int, code: str, modules: tuple[str, ...] = ("storage",)) -> Rig:
    """Runs code and cuts the power at its call number `call`; the module after power-on."""
    count_calls(rig, modules, stop_at=call)
    rig.link.start(code)
    heard = bytearray()

    def has_stopped() -> bool:
        serial = rig.link.serial
        heard.extend(serial.read(serial.in_waiting or 1))
        return b"STOPPED" in heard

    until(has_stopped, lambda: f"it never came to call {call}: {bytes(heard)!r}")
    rig.module.kill()
    rig.link.close()
    return restarted(rig.module)
