"""Behaviours: users' scripts in /flash/behaviours that run in every frame while the module plays.

A behaviour is a file with a function `frame(controls, track)`. `controls.seconds` is the time since
power-on, `controls.cv` the volts at the CV inputs. `track` has the parameters:
`track.modulate("x", 1)` modulates one for this frame, `track.length = 12` sets one permanently. A
file with a line `on = False` is off until `behaviours.switch("lfo_on_x")`; the settings store that
choice. An exception is shown and switches the behaviour off. Exceeding a time limit does, too: all
behaviours together have BUDGET_MS of a frame, and a single call is stopped after a second
(guard.py).
"""

import gc
import os
import time

import latentcore

from latentrack import files, guard
from latentrack.names import Part, hint

# Milliseconds that all behaviours together may take of a frame, and the number of consecutive
# frames in which they may exceed that.
BUDGET_MS = 10
PATIENCE = 25
INTERRUPTS = 3
# Lines that all behaviours together may print in a frame.
LINES = 20
FOLDER = files.FLASH + "/behaviours"
_ENDING = ".py"
_STOPPED = "stopped "


def _stored():
    """Return the sorted names of the files in FOLDER; an empty list if it does not exist."""
    try:
        return sorted(os.listdir(FOLDER))
    except OSError:
        return []


def _source(file):
    """Return the text of a file in FOLDER. Raises files.NotText if it is not UTF-8."""
    with open(FOLDER + "/" + file, "rb") as opened:
        return files.decode(opened.read(), file)


class _NoControls:
    cv = {}

    def __init__(self, instrument):
        self._instrument = instrument

    @property
    def seconds(self):
        """Seconds since power-on, as in Controls."""
        return self._instrument.behaviours.seconds


class Behaviours(Part):
    """Load, run and switch the behaviours; `instrument.behaviours`."""

    def __init__(self, instrument):
        self._instrument = instrument
        # Name -> the file's global variables; name -> whether it is on.
        self._files = {}
        self._on = {}
        self._said = {}
        self._controls = _NoControls(instrument)
        # Name -> the number that guard.py identifies it by.
        self._numbers = {}
        self._over = 0
        self._lines = 0
        self._interrupts = 0
        # Names of behaviours that stopped the module before: loaded only when switched on.
        self._stopped = []
        self._ms = 0
        self._last_ms = time.ticks_ms()
        # All names, sorted; and the number of loads and removals, by which pages see changes.
        self._names = []
        self.loads = 0
        # Whether a behaviour has run: it may have modified any object.
        self.ran = False
        # Counts changes that settings have to store.
        self.edits = 0
        self._seal()

    def names(self):
        """Return the names of all loaded behaviours, sorted."""
        return self._names

    @property
    def seconds(self):
        """Seconds since power-on."""
        return self._ms / 1000

    def is_on(self, name):
        """Whether the behaviour runs in frames; False for an unknown name."""
        return self._on.get(name, False)

    def load_all(self, culprit=0, text=None):
        """Load all behaviours of FOLDER, at power-on, except those that have stopped the module.

        culprit: the guard's number of the code that ran when the module was stopped last; 0 for
        none.  text: the stored settings, or None.
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
        """Load a behaviour from source, replace the one with this name and switch it on.

        An exception from the source is raised again; then the old behaviour stays in place.
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
        """Unload a behaviour; its file stays. Must not be called during a frame."""
        for kept in (self._files, self._on, self._said):
            kept.pop(name, None)
        self._names = sorted(self._files)
        self.loads += 1
        self.edits += 1

    def switch(self, name, on=True):
        """Switch a behaviour on or off; the settings store it. Raises KeyError for unknown names.

        A behaviour that was not loaded because it had stopped the module is loaded now.
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
        """Call every behaviour that is on, in alphabetical order. Called once per frame."""
        now = time.ticks_ms()
        self._ms += time.ticks_diff(now, self._last_ms)
        self._last_ms = now
        self._lines = 0
        controls = None
        total = worst_ms = 0
        worst = None
        # Index instead of an iterator: a behaviour may load another one and replace the list.
        i = 0
        # What a behaviour sets is not the player's to take back.
        history = self._instrument.history
        history.ignores = True
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
        history.ignores = False
        self._over = self._over + 1 if total > BUDGET_MS else 0
        if self._over > PATIENCE:
            self._over = 0
            self.end(worst, f"it takes {worst_ms} ms of a frame, and all together have {BUDGET_MS}")

    def _call(self, name, controls):
        """Call one behaviour under the guard; return the milliseconds it took."""
        self.ran = True
        latentcore.guard(self._numbers[name])
        error = None
        try:
            self._files[name]["frame"](controls, self._instrument.track)
        except BaseException as raised:
            error = raised
        ms = latentcore.guard(0)
        if isinstance(error, KeyboardInterrupt) and self._interrupts < INTERRUPTS:
            # Ctrl-C at the prompt may arrive during the call. A behaviour that raises
            # KeyboardInterrupt itself does so in every frame, which the count detects.
            self._interrupts += 1
            return ms
        self._interrupts = 0
        if ms >= guard.STOP_MS:
            guard.mend()
            self.end(name, f"it held a frame up for {ms} ms")
            return 0
        if isinstance(error, MemoryError):
            # Free the behaviour's objects first: everything else here allocates.
            self._files[name].clear()
            raise error
        if error is not None:
            self._on[name] = False
            self._show(name, error)
        return ms

    def end(self, name, why):
        """Switch a behaviour off, show the reason `why`, and have the settings store it."""
        self.switch(name, False)
        self._instrument.message(f"behaviour {name} is off: {why}")

    def release(self):
        """Unload the behaviours that are on, to free memory; return their names."""
        names = [name for name in self._names if self._on.get(name)]
        for name in names:
            self._on[name] = False
            guard.remove(name)
            self._files.pop(name).clear()
        self._names = sorted(self._files)
        gc.collect()
        return names

    def stop_all(self):
        """Unload all behaviours that are on and silence their code, timers' callbacks included.

        If none is on, those that are off are unloaded. They stay off until the user switches them
        on. Returns their names.
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
        """Print for behaviours: at most LINES a frame, none while a computer uses the prompt."""
        self._lines += 1
        if self._lines <= LINES and not self._instrument.is_quiet():
            print(*things, **how)

    def _show(self, name, error):
        self._instrument.show_error(error, f"behaviour {name} is off: {repr(error)}")

    def lines(self):
        """Return the lines for the settings: what the user has switched, and what was stopped."""
        return "".join(
            "behaviour {} {}\n".format(name, "on" if self._said[name] else "off")
            for name in sorted(self._said)
        ) + "".join(_STOPPED + name + "\n" for name in self._stopped)

    def switch_from(self, text):
        """Apply the result of `lines`, to behaviours that are loaded later, too."""
        for line in text.split("\n"):
            words = line.split(" ")
            if len(words) > 2 and words[0] == "behaviour":
                name = " ".join(words[1:-1])
                self._said[name] = self._on[name] = words[-1] == "on"
        for name in list(self._on):
            if name not in self._files:
                del self._on[name]
