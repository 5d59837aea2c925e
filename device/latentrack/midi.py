"""MIDI messages that come in: control changes and notes move parameters, a program is a preset.

What comes between two frames is read at the next one. Clock, start and stop are latentcore's.

A control change or a note can be assigned to a parameter or an action: `patch.midi_learn("1.x")`,
then move the controller. A note sets the parameter to its velocity; an action happens at a note, or
at a control change of 64 or more.
"""

import latentcore

from latentrack.names import Part, hint
from latentrack.parameters import LOCKS, PLAIN_ACTIONS, PRESETS

MOST_ASSIGNED = 16
_NOTE, _CONTROL, _PROGRAM = 0x90, 0xB0, 0xC0
_KINDS = {"note": _NOTE, "cc": _CONTROL}
# Controls from here on are channel modes, such as "all notes off".
_MODES = 120
_PRESSED = 64


class Midi(Part):
    """instrument.midi: what is assigned, and the messages of each frame."""

    def __init__(self, instrument):
        self._instrument = instrument
        # Status | number << 8 -> target: "1.x", "patch.cv_x", "quantiser.root" or an action.
        self._targets = {}
        # What the next control change or note is assigned to; None: nothing.
        self.learning = None
        # How often something was assigned; settings notice by it.
        self.edits = 0
        self._seal()

    def learn(self, target):
        """Assigns the next control change or note to a target; None: no longer.

        KeyError: there is no such target. ValueError: 16 others are assigned.
        """
        if target is not None:
            self._find(target)
            if len(self._targets) >= MOST_ASSIGNED and target not in self._targets.values():
                raise ValueError(f"{MOST_ASSIGNED} are assigned: patch.midi_forget(one) first")
            self._instrument.message(f"{target}: move a controller, or play a note")
        self.learning = target

    def forget(self, target):
        """Takes a target's assignment away. KeyError: nothing is assigned to it."""
        for key in list(self._targets):
            if self._targets[key] == target:
                del self._targets[key]
                self.edits += 1
                return
        raise KeyError(f"nothing is assigned to {target}{hint(target, self._targets.values())}")

    def assigned(self):
        """What is assigned, by target: "cc 74, channel 1"."""
        return {self._targets[key]: _text(key) for key in self._targets}

    def lines(self):
        """The assignments as lines of settings: `midi.cc.1.74 1.x`."""
        text = ""
        for key in self._targets:
            kind, channel, number = _parts(key)
            text += f"midi.{kind}.{channel}.{number} {self._targets[key]}\n"
        return text

    def set_from(self, text):
        """Assigns what `lines` has written, and nothing else; what is damaged is left out."""
        targets = {}
        for line in text.split("\n"):
            word, _, target = line.partition(" ")
            if word[:5] == "midi." and len(targets) < MOST_ASSIGNED:
                try:
                    _, kind, channel, number = word.split(".")
                    key = _KINDS[kind] | _whole(channel, 1, 16) - 1 | _whole(number, 0, 127) << 8
                    self._find(target)
                except (ValueError, KeyError):
                    continue
                targets[key] = target
        if targets != self._targets:
            self._targets = targets
            self.edits += 1

    def frame(self):
        """Does what has come since the last frame."""
        message = latentcore.midi_receive()
        while message:
            self._take(message)
            message = latentcore.midi_receive()

    def _take(self, message):
        heard = self._instrument.patch.numbers["midi_in"]
        if heard and (message & 15) + 1 != heard:
            return
        kind, number, value = message & 0xF0, message >> 8 & 127, message >> 16
        if kind == _PROGRAM and number < PRESETS:
            self._instrument.slots.recall(number + 1)
        if not (kind == _CONTROL and number < _MODES or kind == _NOTE and value):
            return
        key = message & 0xFFFF
        if self.learning is not None:
            self._assign(key)
        target = self._targets.get(key)
        if target is not None:
            self._move(target, value, kind == _NOTE)

    def _assign(self, key):
        target, self.learning = self.learning, None
        for other in list(self._targets):
            if self._targets[other] == target:
                del self._targets[other]
        if key not in self._targets and len(self._targets) >= MOST_ASSIGNED:
            return
        self._targets[key] = target
        self.edits += 1
        self._instrument.message(f"{target}: {_text(key)}")

    def _move(self, target, value, is_note):
        values, name = self._find(target)
        if values is None:
            if is_note or value >= _PRESSED:
                self._instrument.patch.act(name)
            return
        entry = values.parameter(name)
        values.set(name, entry.value(entry.from_position(value / 127)))
        if self._instrument.controls is not None:
            self._instrument.controls.take_over()

    def _find(self, target):
        """(the object with the parameter, or None: an action; name). KeyError: no such target."""
        if target in PLAIN_ACTIONS or target in LOCKS:
            return None, target
        owner, _, name = target.partition(".")
        if owner in ("patch", "quantiser"):
            values = getattr(self._instrument, owner)
        else:
            for values in self._instrument.tracks:
                if owner == str(values.number + 1):
                    break
            else:
                raise KeyError(f"nothing is called {target}; say 1.x, patch.cv_x, or an action")
        values.parameter(name)
        return values, name


def _parts(key):
    """("cc" or "note", channel from 1, number) of an assignment's key."""
    kind = "note" if key & 0xF0 == _NOTE else "cc"
    return kind, (key & 15) + 1, key >> 8


def _text(key):
    kind, channel, number = _parts(key)
    return f"{kind} {number}, channel {channel}"


def _whole(text, least, most):
    number = int(text)
    if not least <= number <= most:
        raise ValueError
    return number
