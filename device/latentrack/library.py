"""The library: the models in /flash/models, one folder for each kind.

A model is a .tflite file; its name is the file's name without the ending. Which one plays is
written down beside them, so that it plays again after power-on.
"""

import os

import latentcore

FOLDER = "/flash/models"
# Which folder a kind lives in, by the six letters in the model's metadata.
FOLDERS = {"perdec": "perc"}
_PLAYING = FOLDER + "/playing.txt"
_ENDING = ".tflite"


class Model:
    """A decoder in memory, checked by latentcore.

    `file` holds the whole .tflite. Raises ValueError, with what is wrong, if it cannot be played.
    """

    def __init__(self, name, file):
        self.name = name
        self.file = file
        about = latentcore.describe(file)
        self.kind, self.latents, self.steps, self.voices, self.scale, groups, self.memory = about
        self.groups = tuple(groups)
        if self.kind not in FOLDERS:
            raise ValueError(
                "a model of kind {!r} cannot be played, only {}".format(
                    self.kind, ", ".join(sorted(FOLDERS))
                )
            )

    def __repr__(self):
        return "<model {}: {}, {} steps, {} voices, {} latents>".format(
            self.name, self.kind, self.steps, self.voices, self.latents
        )


def _path(name):
    return FOLDER + "/perc/" + name + _ENDING


class Library:
    """Finds models, and gives them to a track to play."""

    def __init__(self, track):
        self._track = track

    def models(self):
        """The names of all models, sorted."""
        try:
            files = os.listdir(FOLDER + "/perc")
        except OSError:
            return []
        return sorted(f[: -len(_ENDING)] for f in files if f.endswith(_ENDING) and f[0] != ".")

    def load(self, name):
        """Reads a model into memory. Raises OSError if it is not there, ValueError if bad."""
        with open(_path(name), "rb") as file:
            return Model(name, file.read())

    def play(self, name, remember=True):
        """Plays a model from the next bar on; what plays now goes on if it cannot be loaded."""
        self._track.play(self.load(name))
        if remember and self._remembered() != name:
            with open(_PLAYING, "w") as file:
                file.write(name)

    def play_something(self):
        """What power-on does: the model that played last, else the first that loads."""
        names = self.models()
        last = self._remembered()
        if last in names:
            names.remove(last)
            names.insert(0, last)
        for name in names:
            try:
                self.play(name, remember=False)
                return
            except (OSError, ValueError) as error:
                print("model {}: {}".format(name, error))
        print("no model yet: `latentrack push MODEL` brings one")

    def _remembered(self):
        try:
            with open(_PLAYING) as file:
                return file.read()
        except OSError:
            return None
