"""Sixteen presets: what is set on all tracks, the patch, the quantiser, and the models that play.

Storing one while a clock runs keeps it in memory until the clock stops; it can be recalled all the
same. `store(3, now=True)` writes at once, which may cost a clock edge.
"""

import os

from latentrack import morphing
from latentrack.files import FLASH
from latentrack.names import Part
from latentrack.parameters import PRESETS
from latentrack.settings import lines_of, renamed, set_from

FOLDER = FLASH + "/presets"


class Presets(Part):
    """instrument.presets: numbered 1 to 16."""

    def __init__(self, instrument):
        self._instrument = instrument
        # The one recalled or stored last; None: none since power-on.
        self.last = None
        # What lies between two presets, and where it was set last; None: nothing does.
        self._between = self._amount = None
        self._seal()

    def used(self):
        """The numbers of the presets that are there, in order."""
        # First those that wait: a frame in between may write one.
        found = [number for number in range(1, PRESETS + 1) if self.waits(number)]
        try:
            files = os.listdir(FOLDER)
        except OSError:
            files = []
        return [n for n in range(1, PRESETS + 1) if n in found or _file(n) in files]

    def store(self, number, now=False):
        """Stores everything under a number."""
        path = _path(number)
        instrument = self._instrument
        text = ""
        for track in instrument.tracks:
            name = str(track.number + 1)
            if track.model is not None:
                text += f"{name}.model {track.model.name}\n"
            text += lines_of(track, name)
        text += lines_of(instrument.patch, "patch")
        text += lines_of(instrument.quantiser, "quantiser") + instrument.midi.lines()
        try:
            os.mkdir(FOLDER)
        except OSError:
            pass
        self.last = number
        instrument.message(f"preset {number}")
        instrument.storage.write(path, text, now=now)
        if self.waits(number) and instrument.clocked_recently():
            instrument.message(f"preset {number} kept, stored when the clock stops")

    def waits(self, number):
        """Whether it is kept in memory until the clock stops."""
        return self._instrument.storage.waits(_path(number))

    def recall(self, number, patch=True):
        """Sets everything as it was stored; `patch` False: all but patch and quantiser.

        Returns False if no preset has that number.
        """
        text = self._instrument.storage.read(_path(number))
        if text is None:
            self._instrument.message(f"preset {number} is empty")
            return False
        self.end_morph()
        for track in self._instrument.tracks:
            name = str(track.number + 1)
            set_from(track, name, text)
            self._play_model(track, name + ".model ", text)
            morphing.restore(self._instrument, track)
        if patch:
            set_from(self._instrument.patch, "patch", text)
            set_from(self._instrument.quantiser, "quantiser", text)
            self._instrument.midi.set_from(text)
        if self._instrument.controls is not None:
            self._instrument.controls.take_over()
        self.last = number
        self._instrument.message(f"preset {number}")
        return True

    def morph(self, first, second):
        """Has `patch.preset_morph` lead from one preset, at 0, to another, at 1.

        It does until a recall or `end_morph`.

        Raises ValueError if one of them is empty.
        """
        storage = self._instrument.storage
        texts = [storage.read(_path(number)) for number in (first, second)]
        for number, text in ((first, texts[0]), (second, texts[1])):
            if text is None:
                raise ValueError(f"preset {number} is empty; store one there first")
        # Loaded when it is used: most never need it.
        from latentrack.preset_morph import PresetMorph

        amount = self._instrument.patch.preset_morph
        self.recall(first)
        self._instrument.patch.preset_morph = amount
        between = PresetMorph(self._instrument, texts[0], texts[1])
        between.begin()
        self._amount = None
        self._between = between

    def end_morph(self):
        """Leaves everything as the morph has set it last."""
        self._between = None

    def follow_morph(self):
        """Sets what lies between two presets if the morph has moved; called once per frame."""
        if self._between is not None:
            amount = self._instrument.patch.preset_morph_now()
            if amount != self._amount:
                self._amount = amount
                self._between.set(amount)

    def rename_models(self, names):
        """Writes new names of models, by old name, into the presets, at once. See renaming.py.

        Returns the numbers of the presets that had one. OSError: the flash refuses.
        """
        storage = self._instrument.storage
        changed = []
        for number in self.used():
            text = storage.read(_path(number))
            new = renamed(text, names)
            if new != text:
                storage.write_now(_path(number), new)
                changed.append(number)
        return changed

    def _play_model(self, track, word, text):
        for line in text.split("\n"):
            if line.startswith(word):
                name = line[len(word) :]
                if track.model is not None and track.model.name == name:
                    return
                try:
                    self._instrument.library.play(name, track.number)
                except (OSError, ValueError, MemoryError) as error:
                    self._instrument.message(f"model {name}: {error}")
                return
        if track.model is not None:
            track.stop()


def _file(number):
    if not 1 <= number <= PRESETS:
        raise ValueError(f"presets are numbered 1 to {PRESETS}")
    return f"{number:02d}.txt"


def _path(number):
    return FOLDER + "/" + _file(number)
