"""What a computer may ask of the module over USB (receive.py carries it).

A file comes into memory first, is checked there, and is then played, swapped in, or stored.
"""

import gc
import os
import sys

from latentrack import files, repair, room
from latentrack.instrument import Instrument
from latentrack.scheduler import on_scheduler

_NAME = files.FLASH + "/name.txt"


def _instrument():
    if Instrument.running is None:
        raise RuntimeError("Latentrack does not run; see what main.py says")
    return Instrument.running


class Requests:
    """Each public method can be called from the computer, with what JSON can say.

    There is one session at a time: a new one closes the last, however that has ended.
    """

    last = None

    def __init__(self, busy):
        self._busy = busy
        # Where the file that comes lies, held until the next one comes or the session ends.
        self._block = None
        self._checked = False
        self._file = None
        self._mirror = None
        if Requests.last is not None:
            Requests.last.close()
        Requests.last = self

    def close(self):
        """Forgets what has come."""
        if self._file is not None:
            self._file.close()
        # First forgotten, then released: twice would take it from a track that plays from it.
        block, self._block = self._block, None
        if block is not None:
            block.release()
        self._file = None
        self._checked = False

    # -- about the module ---------------------------------------------------------------------

    def hello(self):
        """What this module is and does."""
        gc.collect()
        free = os.statvfs(files.FLASH)
        about = {
            "micropython": ".".join(str(part) for part in sys.implementation.version[:3]),
            "machine": sys.implementation._machine,
            "free": free[0] * free[3],
            "size": free[1] * free[2],
            "memory": gc.mem_free(),
            "name": _name(),
            "runs": Instrument.running is not None,
        }
        if about["runs"]:
            instrument = Instrument.running
            about["board"] = instrument.board.NAME
            about["models"] = len(instrument.library.models())
            about["plays"] = instrument.plays()
            about["clocked"] = instrument.clocked_recently()
            about["frames"] = instrument.frames
            about["room"] = instrument.room()
        return about

    def set_name(self, name):
        """Stores the module's name, which `latentrack devices` shows."""
        files.store(_NAME, name.encode())

    def logs(self, since):
        """What the module has said since message number `since`: [next number, lines]."""
        from latentrack import logs

        return logs.since(int(since))

    def writes(self):
        """[writes to outputs that a busy bus put off by a tick, triggers that it lost]"""
        import latentcore

        return [latentcore.count(0, 6), latentcore.count(0, 7)]

    # -- files that come ------------------------------------------------------------------------

    def repair(self, refused):
        """Puts back what a behaviour has changed of the code here, after a request has failed.

        `refused`: with an error that says that something cannot be done, as there are when all is
        well. Returns what Instrument.repair does.
        """
        plays = repair.plays
        if plays is None or (refused and not plays.behaviours.ran):
            return None
        return on_scheduler(plays.repair)

    def write_now(self):
        """Stores what `swap` has put off because of the clock; how many files."""
        from latentrack import live

        waiting = getattr(_instrument(), "unwritten_code", None) or {}
        count = len(waiting)
        while waiting:
            live.store_one()
        return count

    def begin(self, size):
        """Room in memory for a file of `size` bytes. Raises MemoryError."""
        self.close()
        gc.collect()
        tracks = () if Instrument.running is None else Instrument.running.tracks
        self._block = room.reserve_any(size, tracks)

    def put(self, offset, data):
        """Bytes of the file; a frame of kind D brings them."""
        if self._block is None or offset + len(data) > self._block.size:
            raise ValueError("no room was asked for")
        self._block.view[offset : offset + len(data)] = data

    def check(self, sha256):
        """Compares what has come with its hash."""
        if files.hash_of(self._block.view) != sha256:
            raise ValueError("damaged on the way")
        self._checked = True

    def audition(self, name, track):
        """Plays the model that has come, from the next bar on; nothing is stored.

        Returns how many frames there have been: after the next one it is heard.
        """
        instrument = _instrument()
        instrument.library.audition(name, self._checked_file(), track)
        if instrument.plays()[track] != name:
            raise RuntimeError("the track has not taken the model")
        return instrument.frames

    def keep(self, path):
        """Stores the file that has come."""
        files.store(path, self._checked_file().view, self._busy)

    def swap(self, path):
        """Puts the source that has come in place of the code of a file (live.py)."""
        from latentrack import live

        return live.swap(path, self._checked_file())

    def _checked_file(self):
        """The block of the file that has come. Raises ValueError if `check` has not passed it."""
        if not self._checked:
            raise ValueError("no checked file has come")
        return self._block

    # -- files that are here --------------------------------------------------------------------

    def files(self, folder):
        """[path, size, SHA-256] of every file in a folder of the flash and the folders in it."""
        return [
            (path, os.stat(path)[6], files.hash_of_file(path, self._busy))
            for path in files.walk(folder)
        ]

    def hash(self, path):
        """The SHA-256 of a file in hexadecimal digits; "" if it is not there."""
        return files.hash_of_file(path, self._busy) if files.exists(path) else ""

    def read(self, path):
        """Opens a file for G frames; returns its size."""
        self.close()
        self._file = open(path, "rb")
        return os.stat(path)[6]

    def get(self, offset, size):
        """Bytes of the open file."""
        self._file.seek(offset)
        return self._file.read(min(size, files.PIECE))

    def remove(self, paths):
        """Removes files."""
        for path in paths:
            if files.exists(path):
                os.remove(path)
        if Instrument.running is not None:
            Instrument.running.library.write_again()

    def forget(self, path):
        """Takes a behaviour out of what plays, and its file, by its path under /flash, away."""
        instrument = _instrument()
        name = path.rsplit("/", 1)[1][: -len(".py")]
        on_scheduler(lambda: instrument.behaviours.forget(name))
        path = files.FLASH + "/" + path
        waiting = (instrument.unwritten_code or {}).pop(path, None)
        if waiting is not None:
            waiting.release()
        if files.exists(path):
            os.remove(path)

    def tidy(self, folder):
        """Removes what a power cut has left half-written."""
        files.tidy(folder)

    def remember(self, name, track):
        """The module plays this model of the library after power-on. What Library.remember says."""
        return _instrument().library.remember(name, track)

    def models(self):
        """[path, size] of every model in the library."""
        return [[path, os.stat(path)[6]] for path in _instrument().library.paths()]

    def play(self, name, track):
        """Plays a model of the library from the next bar on. What Library.remember says."""
        return _instrument().library.play(name, track)

    def rename(self, old, new):
        """Renames a model of the library, and all that refers to it. What renaming.rename says."""
        return _instrument().library.rename(old, new)

    # -- the panel ------------------------------------------------------------------------------

    def panel(self, asked):
        """Does what is asked of the panel (controls.py), and tells what it shows (mirror.py)."""
        instrument = _instrument()
        if instrument.controls is None:
            raise RuntimeError("the module has no controls; see its logs")
        if self._mirror is None:
            from latentrack.mirror import Mirror

            self._mirror = Mirror(instrument)
        instrument.controls.asked += asked
        return on_scheduler(self._mirror.snapshot)

    def change(self, track, values):
        """Sets parameters of a track by name; "latents": its position, a knob value a latent."""
        instrument = _instrument()
        chosen = instrument.tracks[track]
        knob_values = values.pop("latents", None)
        if knob_values is not None:
            chosen.set_position(knob_values)
        for name in values:
            chosen.set(name, values[name])
        if instrument.controls is not None:
            instrument.controls.take_over()

    def values(self, track):
        """All parameters of a track by name, and its "latents" in the model's own unit."""
        chosen = _instrument().tracks[track]
        values = {name: chosen.get(name) for name in chosen.numbers}
        values["latents"] = chosen.latents
        return values

    def preset(self, number):
        """Stores a preset; False: it is kept in memory until the clock stops."""
        presets = _instrument().presets
        presets.store(number)
        _instrument().storage.frame()
        return not presets.waits(number)

    def act(self, name):
        """What a button or a trigger input can do: "decode", "reset", "pause", "trigger_3"..."""
        instrument = _instrument()
        if name[:7] == "trigger":
            instrument.patch.fire(name)
        elif name in ("decode", "reset", "pause"):
            getattr(instrument, name)()
        else:
            raise ValueError(name)


def _name():
    return files.read_words(_NAME).strip()
