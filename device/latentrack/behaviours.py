"""Behaviours: files in /flash/behaviours that take part in every frame while the module plays.

A behaviour is a file with a function `frame(controls, track)`. `controls.seconds` is the time since
power-on, `controls.cv` the volts at the CV inputs. `track` has the parameters: `track.bend("x", 1)`
moves one for this frame, `track.length = 12` for good. A file with a line `on = False` waits to be
switched on (`behaviours.switch("lfo_on_x")`), which is remembered. An error is shown, and switches
that behaviour off.
"""

import os
import time

FOLDER = "/flash/behaviours"
_ENDING = ".py"


class _NoControls:
    cv = {}

    def __init__(self, instrument):
        self._instrument = instrument

    @property
    def seconds(self):
        return self._instrument.behaviours.seconds


class Behaviours:
    """instrument.behaviours"""

    def __init__(self, instrument):
        self._instrument = instrument
        # Name -> what the file defines; and whether it is on.
        self._files = {}
        self._on = {}
        self._said = {}
        self._controls = _NoControls(instrument)
        self._ms = 0
        self._last_ms = time.ticks_ms()
        # All names, sorted; and how often a file was taken.
        self._names = []
        self.loads = 0
        # Counts what settings have to remember.
        self.edits = 0

    def names(self):
        """All behaviours that are there, sorted."""
        return self._names

    @property
    def seconds(self):
        """Time since power-on."""
        return self._ms / 1000

    def is_on(self, name):
        return self._on.get(name, False)

    def load_all(self):
        """Reads the folder, at power-on."""
        try:
            files = os.listdir(FOLDER)
        except OSError:
            return
        for file in sorted(files):
            if file.endswith(_ENDING) and file[0] not in "._":
                try:
                    with open(FOLDER + "/" + file) as opened:
                        source = opened.read()
                    self._take(file[: -len(_ENDING)], source)
                except Exception as error:
                    self._show(file[: -len(_ENDING)], error)

    def swap(self, name, source):
        """Puts a behaviour in place of the one of that name, while it plays, and switches it on.

        Raises what the source raises; then the old one goes on.
        """
        self._take(name, source)
        self.switch(name)

    def _take(self, name, source):
        defined = {"__name__": name}
        exec(compile(source, "behaviours/" + name + _ENDING, "exec"), defined)
        if "frame" not in defined:
            raise ValueError("a behaviour has a function frame(controls, track)")
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
        """Switches a behaviour on or off, and remembers that. KeyError: there is none."""
        self._files[name]
        self._on[name] = on
        if self._said.get(name) != on:
            self._said[name] = on
            self.edits += 1

    def frame(self):
        now = time.ticks_ms()
        self._ms += time.ticks_diff(now, self._last_ms)
        self._last_ms = now
        controls = None
        for name in self._on:
            if self._on[name]:
                if controls is None:
                    controls = self._instrument.controls or self._controls
                try:
                    self._files[name]["frame"](controls, self._instrument.track)
                except Exception as error:
                    self._on[name] = False
                    self._show(name, error)

    def _show(self, name, error):
        self._instrument.show_error(error, f"behaviour {name} is off: {repr(error)}")

    def lines(self):
        """For the settings: what was switched by hand."""
        return "".join(
            "behaviour {} {}\n".format(name, "on" if self._said[name] else "off")
            for name in sorted(self._said)
        )

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
