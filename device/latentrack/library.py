"""The library: the models in /flash/models, one folder for each kind.

A model is a .tflite file; its name is the file's name without the ending. Which ones play is
written down beside them, so that they play again after power-on.
"""

import os

import latentcore

FOLDER = "/flash/models"
# Which folder a kind lives in, by the first letters of the six in the model's metadata.
FOLDERS = {"per": "perc", "seq": "notes", "rhy": "rhythm"}
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
        if self.kind[:3] not in FOLDERS:
            raise ValueError(
                "a model of kind {!r} cannot be played, only {}".format(
                    self.kind, ", ".join(kind + "…" for kind in sorted(FOLDERS))
                )
            )

    def __repr__(self):
        return (
            f"<model {self.name}: {self.kind}, {self.steps} steps, {self.voices} voices, "
            f"{self.latents} latents>"
        )


class Library:
    """Finds models, and gives them to a track to play.

    A name may say its folder too ("notes/chorales"), where two kinds share one.
    """

    def __init__(self, instrument):
        self._instrument = instrument
        self._unwritten = None

    def models(self):
        """The names of all models, sorted."""
        return sorted({path.rsplit("/", 1)[1][: -len(_ENDING)] for path in self.paths()})

    def path(self, name):
        """The file of a model. Raises OSError if there is none."""
        end = "/" + name + _ENDING
        for path in self.paths():
            if path.endswith(end):
                return path
        raise OSError(f"no model is called {name!r}")

    def load(self, name):
        """Reads a model into memory. Raises OSError if it is not there, ValueError if bad."""
        path = self.path(name)
        with open(path, "rb") as file:
            # With its size known, the file takes no more memory while it is read than afterwards.
            return Model(name.rsplit("/", 1)[-1], file.read(os.stat(path)[6]))

    def play(self, name, track=0, remember=True):
        """Plays a model from the next bar on; what plays now goes on if it cannot be loaded."""
        self._instrument.tracks[track].play(self.load(name))
        if remember:
            self.remember(name, track)

    def remember(self, name, track=0):
        """Writes down that a track plays this model, for the next power-on."""
        playing = self._remembered()
        playing += [""] * (track + 1 - len(playing))
        if playing[track] != name:
            playing[track] = name
            self._unwritten = playing
            self.refresh()

    def audition(self, name, file, track=0):
        """Plays a model that is in memory only; it is forgotten when another one plays."""
        self._instrument.tracks[track].play(Model(name, file))

    def refresh(self):
        """Writes down what plays when no clock comes, as writing holds it up. Frames call it."""
        if self._unwritten is not None and not self._instrument.clocked_recently():
            playing, self._unwritten = self._unwritten, None
            with open(_PLAYING + ".new", "w") as file:
                file.write("\n".join(playing))
            os.rename(_PLAYING + ".new", _PLAYING)

    def play_something(self):
        """What power-on does: what played last; on the first track, else the first that loads."""
        names = self.models()
        playing = self._remembered()
        last = playing[0] if playing else None
        if last in names:
            names.remove(last)
            names.insert(0, last)
        if not any(self._tried(name, 0) for name in names):
            self._instrument.message("no model yet: `latentrack push MODEL` brings one")
        for track in range(1, min(len(playing), len(self._instrument.tracks))):
            if playing[track]:
                self._tried(playing[track], track)

    def _tried(self, name, track):
        try:
            self.play(name, track, remember=False)
            return True
        except (OSError, ValueError, MemoryError) as error:
            self._instrument.message(f"model {name}: {error}")
            return False

    def paths(self):
        """The files of all models."""
        for folder in FOLDERS.values():
            folder = FOLDER + "/" + folder
            try:
                files = sorted(os.listdir(folder))
            except OSError:
                continue
            for file in files:
                if file.endswith(_ENDING) and file[0] != ".":
                    yield folder + "/" + file

    def _remembered(self):
        if self._unwritten is not None:
            return list(self._unwritten)
        try:
            with open(_PLAYING) as file:
                return file.read().split("\n")
        except OSError:
            return []
