"""Behaviours: files in /flash/behaviours that take part in every frame while the module plays.

A behaviour is a file with a function `frame(controls, track)`. `controls.seconds` is the time since
power-on, `controls.cv` the volts at the CV inputs. `track` has the parameters:
`track.modulate("x", 1)` moves one for this frame, `track.length = 12` for good. A file with a line
`on = False` waits to be switched on (`behaviours.switch("lfo_on_x")`), which is remembered. An
error is shown, and switches that behaviour off. So does taking too long: all together have
BUDGET_MS of a frame, and none may hold one up for as long as a second (guard.py).
"""

import gc
import os
import time

import latentcore

from latentrack import files, guard
from latentrack.names import Part, hint

# What all behaviours together may take of a frame, in milliseconds, and in how many frames in a row
# they may take more.
BUDGET_MS = 10
PATIENCE = 25
INTERRUPTS = 3
# Lines that a behaviour may print in a frame.
LINES = 20
FOLDER = files.FLASH + "/behaviours"
_ENDING = ".py"
_STOPPED = "stopped "


def _stored():
    """The names of the files in the folder, sorted."""
    try:
        return sorted(os.listdir(FOLDER))
    except OSError:
        return []


def _source(file):
    """The text of a file in the folder. Raises files.NotText."""
    with open(FOLDER + "/" + file, "rb") as opened:
        return files.decode(opened.read(), file)


class _NoControls:
    cv = {}

    def __init__(self, instrument):
        self._instrument = instrument

    @property
    def seconds(self):
        """Seconds of the behaviours' clock, as the real controls have them."""
        return self._instrument.behaviours.seconds


class Behaviours(Part):
    """instrument.behaviours"""

    def __init__(self, instrument):
        self._instrument = instrument
        # Name -> what the file defines; and whether it is on.
        self._files = {}
        self._on = {}
        self._said = {}
        self._controls = _NoControls(instrument)
        # The numbers that the guard knows them by.
        self._numbers = {}
        self._over = 0
        self._lines = 0
        self._interrupts = 0
        # Those that stopped the module at an earlier start: they are not loaded until asked for.
        self._stopped = []
        self._ms = 0
        self._last_ms = time.ticks_ms()
        # All names, sorted; and how often a file was taken.
        self._names = []
        self.loads = 0
        # Whether code of a player has run, which can have changed anything.
        self.ran = False
        # Counts what settings have to remember.
        self.edits = 0
        self._seal()

    def names(self):
        """All behaviours that are there, sorted."""
        return self._names

    @property
    def seconds(self):
        """Time since power-on."""
        return self._ms / 1000

    def is_on(self, name):
        """Whether the behaviour of that name takes part in frames; False: there is none."""
        return self._on.get(name, False)

    def load_all(self, culprit=0, text=None):
        """Reads the folder, at power-on, but for those that have stopped the module.

        `culprit` is the number of what ran when it was stopped last, `text` the settings.
        """
        for line in (text or "").split("\n"):
            if line[: len(_STOPPED)] == _STOPPED:
                self._stopped.append(line[len(_STOPPED) :])
        for file in _stored():
            if file.endswith(_ENDING) and file[0] not in "._":
                name = file[: -len(_ENDING)]
                if guard.number_of(name) == culprit and name not in self._stopped:
                    self._stopped.append(name)
                    self.edits += 1
                if name in self._stopped:
                    self._instrument.message(f"behaviour {name} is off: it stopped the module")
                    continue
                try:
                    self._take(name, _source(file))
                except BaseException as error:
                    self._show(name, error)

    def swap(self, name, source):
        """Puts a behaviour in place of the one of that name, while it plays, and switches it on.

        Raises what the source raises; then the old one goes on.
        """
        self._take(name, source)
        self.switch(name)

    def _take(self, name, source):
        defined = {"__name__": name, "print": self._print}
        code = compile(source, "behaviours/" + name + _ENDING, "exec")
        number = guard.number_of(name)
        before = guard.unit(name)
        guard.add(name, code)
        try:
            guard.run(number, lambda: exec(code, defined))
            if "frame" not in defined:
                raise ValueError("a behaviour has a function frame(controls, track)")
        except BaseException:
            self.ran = True
            guard.put_back(name, before)
            raise
        if name in self._stopped:
            self._stopped.remove(name)
            self.edits += 1
        self._numbers[name] = number
        self._files[name] = defined
        self._names = sorted(self._files)
        self.loads += 1
        self._on[name] = defined.get("on", True)

    def forget(self, name):
        """Takes a behaviour out of what plays; its file stays. Not in the midst of a frame."""
        for kept in (self._files, self._on, self._said):
            kept.pop(name, None)
        self._names = sorted(self._files)
        self.loads += 1
        self.edits += 1

    def switch(self, name, on=True):
        """Switches a behaviour on or off, and remembers that. KeyError: there is none.

        One that has not been loaded, as it stopped the module before, is loaded.
        """
        if on and name in self._stopped:
            self._take(name, _source(name + _ENDING))
        if name not in self._files:
            raise KeyError(f"no behaviour is called {name}{hint(name, self._names)}")
        self._on[name] = on
        if self._said.get(name) != on:
            self._said[name] = on
            self.edits += 1

    def frame(self):
        """Calls every behaviour that is on, by name; frames call this."""
        now = time.ticks_ms()
        self._ms += time.ticks_diff(now, self._last_ms)
        self._last_ms = now
        self._lines = 0
        controls = None
        total = worst_ms = 0
        worst = None
        # By number: a behaviour may load another one.
        i = 0
        while i < len(self._names):
            name = self._names[i]
            i += 1
            if not self._on.get(name):
                continue
            if controls is None:
                controls = self._instrument.controls or self._controls
            ms = self._call(name, controls)
            total += ms
            if ms > worst_ms:
                worst, worst_ms = name, ms
        self._over = self._over + 1 if total > BUDGET_MS else 0
        if self._over > PATIENCE:
            self._over = 0
            self.end(worst, f"it takes {worst_ms} ms of a frame, and all together have {BUDGET_MS}")

    def _call(self, name, controls):
        """How many milliseconds it took."""
        self.ran = True
        latentcore.guard(self._numbers[name])
        error = None
        try:
            self._files[name]["frame"](controls, self._instrument.track)
        except BaseException as raised:
            error = raised
        ms = latentcore.guard(0)
        if isinstance(error, KeyboardInterrupt) and self._interrupts < INTERRUPTS:
            # Ctrl-C at the prompt came in the midst of it; one that raises it does so each time.
            self._interrupts += 1
            return ms
        self._interrupts = 0
        if ms >= guard.STOP_MS:
            guard.mend()
            self.end(name, f"it held a frame up for {ms} ms")
            return 0
        if isinstance(error, MemoryError):
            # What it holds goes first: that takes no memory, and all the rest does.
            self._files[name].clear()
            raise error
        if error is not None:
            self._on[name] = False
            self._show(name, error)
        return ms

    def end(self, name, why):
        """Switches one off for good, says why, and has it remembered."""
        self.switch(name, False)
        self._instrument.message(f"behaviour {name} is off: {why}")

    def release(self):
        """Memory is short: those that are on are taken away. Returns their names."""
        names = [name for name in self._names if self._on.get(name)]
        for name in names:
            self._on[name] = False
            guard.remove(name)
            self._files.pop(name).clear()
        self._names = sorted(self._files)
        gc.collect()
        return names

    def stop_all(self):
        """Takes all that are on away, with what they have started beside the frames; if none is,
        those that are off. They stay off until they are switched on by hand. Returns their names.
        """
        names = [name for name in self._names if self._on.get(name)] or self._names
        stored = _stored()
        for name in names:
            guard.silence(name)
            if name + _ENDING in stored and name not in self._stopped:
                self._stopped.append(name)
            self.forget(name)
        return names

    def _print(self, *things, **how):
        """What `print` is for behaviours: a computer that talks to the prompt is not disturbed."""
        self._lines += 1
        if self._lines <= LINES and not self._instrument.is_quiet():
            print(*things, **how)

    def _show(self, name, error):
        self._instrument.show_error(error, f"behaviour {name} is off: {repr(error)}")

    def lines(self):
        """For the settings: what was switched by hand."""
        return "".join(
            "behaviour {} {}\n".format(name, "on" if self._said[name] else "off")
            for name in sorted(self._said)
        ) + "".join(_STOPPED + name + "\n" for name in self._stopped)

    def switch_from(self, text):
        """Switches as such lines say, also what is loaded later."""
        for line in text.split("\n"):
            words = line.split(" ")
            if len(words) > 2 and words[0] == "behaviour":
                name = " ".join(words[1:-1])
                self._said[name] = self._on[name] = words[-1] == "on"
        for name in list(self._on):
            if name not in self._files:
                del self._on[name]
