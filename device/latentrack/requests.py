"""The requests that a computer may make over USB; receive.py transports them.

A file is received into memory and its hash checked; then it is played, swapped in, or stored.
"""

import binascii
import gc
import os
import sys

import latentcore

from latentrack import files, repair, room
from latentrack.instrument import Instrument
from latentrack.scheduler import on_scheduler

_NAME = files.FLASH + "/name.txt"


def _instrument():
    if Instrument.running is None:
        raise RuntimeError("Latentrack does not run; see what main.py says")
    return Instrument.running


class Requests:
    """Each public method is a request; arguments and results are JSON values.

    Tracks are numbered from 0. A method that needs the running instrument raises RuntimeError
    without it. There is one session at a time: a new one closes the one before.
    """

    last = None

    def __init__(self, busy):
        self._busy = busy
        # The block of the received file, held until the next file or the end of the session.
        self._block = None
        self._checked = False
        self._file = None
        self._mirror = None
        self._midi = None
        if Requests.last is not None:
            Requests.last.close()
        Requests.last = self

    def close(self):
        """Release the received file and close the open one."""
        if self._file is not None:
            self._file.close()
        # Cleared before the release: a second release would take it from a track that holds it.
        block, self._block = self._block, None
        if block is not None:
            block.release()
        self._file = None
        self._checked = False

    # -- about the module ---------------------------------------------------------------------

    def hello(self):
        """Describe the module: versions, free flash and memory in bytes, and what plays."""
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
        """Store the module's name, which `latentrack devices` shows."""
        files.store(_NAME, name.encode())

    def logs(self, since):
        """Return the module's messages from number `since` on: [next number, lines]."""
        from latentrack import logs

        return logs.since(int(since))

    def writes(self):
        """Return [writes to outputs that a busy bus delayed by a tick, triggers lost by that]."""
        return [latentcore.count(0, 6), latentcore.count(0, 7)]

    # -- receiving files ------------------------------------------------------------------------

    def repair(self, refused):
        """Restore the code that a behaviour has changed, after a request has failed.

        refused: unchanged code raises the request's error, too; then the code is restored only if
        a behaviour has run. Returns the result of Instrument.repair, or None.
        """
        plays = repair.plays
        if plays is None or (refused and not plays.behaviours.ran):
            return None
        return on_scheduler(plays.repair)

    def write_now(self):
        """Store the code files that `swap` has queued; return their count."""
        from latentrack import live

        waiting = getattr(_instrument(), "unwritten_code", None) or {}
        count = len(waiting)
        while waiting:
            live.store_one()
        return count

    def begin(self, size):
        """Reserve memory for a file of `size` bytes. Raises MemoryError."""
        self.close()
        gc.collect()
        tracks = () if Instrument.running is None else Instrument.running.tracks
        self._block = room.reserve_any(size, tracks)

    def put(self, offset, data):
        """Write the bytes of a D frame into the reserved memory, at an offset in bytes."""
        if self._block is None or offset + len(data) > self._block.size:
            raise ValueError("no room was asked for")
        self._block.view[offset : offset + len(data)] = data

    def check(self, sha256):
        """Compare the received file with its SHA-256. Raises ValueError if they differ."""
        if files.hash_of(self._block.view) != sha256:
            raise ValueError("damaged on the way")
        self._checked = True

    def audition(self, name, track):
        """Play the received model from the next bar on, without storing it.

        Returns the number of frames so far: the model is audible after the next frame.
        """
        instrument = _instrument()
        instrument.library.audition(name, self._checked_file(), track)
        if instrument.plays()[track] != name:
            raise RuntimeError("the track has not taken the model")
        return instrument.frames

    def keep(self, path):
        """Store the received file under a path."""
        files.store(path, self._checked_file().view, self._busy)

    def swap(self, path):
        """Replace the code of a file by the received source; return what live.swap returns."""
        from latentrack import live

        return live.swap(path, self._checked_file())

    def _checked_file(self):
        """Return the block of the received file. Raises ValueError unless `check` has passed."""
        if not self._checked:
            raise ValueError("no checked file has come")
        return self._block

    # -- files on the module --------------------------------------------------------------------

    def files(self, folder):
        """Return (path, size in bytes, SHA-256) of each file in a folder and its subfolders."""
        return [
            (path, os.stat(path)[6], files.hash_of_file(path, self._busy))
            for path in files.walk(folder)
        ]

    def hash(self, path):
        """Return the SHA-256 of a file in hexadecimal digits; "" if there is no such file."""
        return files.hash_of_file(path, self._busy) if files.exists(path) else ""

    def read(self, path):
        """Open a file for G frames; return its size in bytes. Raises OSError."""
        self.close()
        self._file = open(path, "rb")
        return os.stat(path)[6]

    def get(self, offset, size):
        """Return up to `size` bytes of the open file, from an offset on."""
        self._file.seek(offset)
        return self._file.read(min(size, files.PIECE))

    def remove(self, paths):
        """Remove files; paths without a file are ignored."""
        for path in paths:
            if files.exists(path):
                os.remove(path)
        if Instrument.running is not None:
            Instrument.running.library.write_again()

    def forget(self, path):
        """Stop a behaviour, given by its path under /flash, and remove its file."""
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
        """Remove the half-written files that a power cut has left in a folder."""
        files.tidy(folder)

    def remember(self, name, track):
        """Have a track play a model after power-on; return what Library.remember returns."""
        return _instrument().library.remember(name, track)

    def models(self):
        """Return [path, size in bytes] of each model in the library."""
        return [[path, os.stat(path)[6]] for path in _instrument().library.paths()]

    def play(self, name, track):
        """Play a model of the library from the next bar on; return what Library.play returns."""
        return _instrument().library.play(name, track)

    def rename(self, old, new):
        """Rename a model and all references to it; return what renaming.rename returns."""
        return _instrument().library.rename(old, new)

    def scales(self):
        """Read /flash/scales again; return (names to choose, {file: what is wrong with it})."""
        scales = _instrument().scales
        return on_scheduler(scales.refresh), scales.refused

    def paths(self):
        """Read /flash/paths again; return (names to choose, {file: what is wrong with it})."""
        paths = _instrument().paths
        return on_scheduler(paths.refresh), paths.refused

    # -- the panel ------------------------------------------------------------------------------

    def panel(self, asked):
        """Queue actions for Controls.asked; return a snapshot of the panel (mirror.py)."""
        instrument = _instrument()
        if instrument.controls is None:
            raise RuntimeError("the module has no controls; see its logs")
        if self._mirror is None:
            from latentrack.mirror import Mirror

            self._mirror = Mirror(instrument)
        instrument.controls.asked += asked
        return on_scheduler(self._mirror.snapshot)

    def midi(self, data, begins):
        """Take bytes that a computer sends by MIDI, as hexadecimal digits.

        Returns [how many bytes were taken, what has gone out since the last request]; with
        `begins` nothing that went out before. Between two sessions 32 messages are kept.
        """
        if self._midi is None:
            self._midi = bytearray(96)
        while begins and latentcore.midi_fetch(self._midi):
            pass
        taken = latentcore.midi_feed(binascii.unhexlify(data))
        count = latentcore.midi_fetch(self._midi)
        return [taken, binascii.hexlify(self._midi[:count]).decode()]

    def change(self, track, values):
        """Set parameters of a track by name; "latents": a knob value, -1 to 1, for each latent."""
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
        """Return a track's parameters by name; "latents": its position in the model's units."""
        chosen = _instrument().tracks[track]
        values = {name: chosen.get(name) for name in chosen.numbers}
        values["latents"] = chosen.latents
        return values

    def preset(self, number):
        """Store preset `number`, from 1; False if it is kept in memory until the clock pauses."""
        presets = _instrument().presets
        presets.store(number)
        _instrument().storage.frame()
        return not presets.waits(number)

    def act(self, name):
        """Perform "decode", "reset" or "pause", or fire a trigger input, such as "trigger_3".

        Raises ValueError for another name.
        """
        instrument = _instrument()
        if name[:7] == "trigger":
            instrument.patch.fire(name)
        elif name in ("decode", "reset", "pause"):
            getattr(instrument, name)()
        else:
            raise ValueError(name)


def _name():
    return files.read_words(_NAME).strip()
