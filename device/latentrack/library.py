"""The library: the models in /flash/models, one folder for each kind.

A model is a .tflite file; its name is the file's name without the ending. Which ones play is
written down beside them, so that they play again after power-on.
"""

import os

from latentrack import files, room
from latentrack.model import FOLDERS, Model
from latentrack.names import Part, hint

FOLDER = files.FLASH + "/models"
_PLAYING = FOLDER + "/playing.txt"
# What renaming.py has begun and not finished.
JOURNAL = FOLDER + "/renaming.txt"
ENDING = ".tflite"


class Library(Part):
    """Finds models, and gives them to a track to play.

    A name may say its folder too ("notes/chorales"), where two kinds share one.
    """

    def __init__(self, instrument):
        self._instrument = instrument
        # What plays after power-on, read when it is first asked for; whether it has changed since
        # it was written, and whether it is being written.
        self._playing = None
        self._unwritten = self._writing = False
        # Why what plays could not be written down; it is tried again when there is more room.
        self._refused = None
        self._seal()

    def models(self):
        """The names of all models, sorted."""
        return sorted({path.rsplit("/", 1)[1][: -len(ENDING)] for path in self.paths()})

    def path(self, name):
        """The file of a model. Raises OSError if there is none."""
        end = "/" + name + ENDING
        for path in self.paths():
            if path.endswith(end):
                return path
        raise OSError(f"no model is called {name!r}{hint(name, self.models())}")

    def load(self, name):
        """Reads a model into memory, to be played and then released (`model.release()`).

        Raises OSError if it is not there, ValueError if it is bad, MemoryError if it does not fit.
        """
        path = self.path(name)
        block = self._loaded(path)
        if block is None:
            block = self._read(path)
        try:
            return Model(name.rsplit("/", 1)[-1], block)
        except BaseException:
            block.release()
            raise

    def _read(self, path):
        """A new block with the file."""
        block = room.reserve(os.stat(path)[6], self._instrument.tracks)
        try:
            with open(path, "rb") as file:
                file.readinto(block.view)
            return block
        except BaseException:
            block.release()
            raise

    def _loaded(self, path):
        """The block of a track that has these very bytes, held once more; None if there is none.

        A model is in memory once, however many tracks and patterns use it.
        """
        size = os.stat(path)[6]
        for track in self._instrument.tracks:
            for block in track.files():
                if block.size == size and self._is_same(path, block):
                    return block
        return None

    def _is_same(self, path, block):
        """Compares; if it is the same file the block stays held."""
        same = False
        try:
            block.hold()  # so that it stays where it is
        except ValueError:
            return False  # a frame has just released it
        try:
            same = files.is_same(path, block.view)
            return same
        finally:
            if not same:
                block.release()

    def play(self, name, track=0, remember=True):
        """Plays a model from the next bar on; what plays now goes on if it cannot be loaded.

        Returns what `remember` returns.
        """
        model = self.load(name)
        try:
            self._instrument.tracks[track].play(model)
        finally:
            model.release()
        return self.remember(name, track) if remember else None

    def rename(self, old, new):
        """Renames a model, and all that refers to it. What renaming.rename says."""
        from latentrack import renaming

        return renaming.rename(self._instrument, old, new)

    def remember(self, name, track=0):
        """Writes down that a track plays this model, for the next power-on.

        Returns why that cannot be done now, as a text; None if it is done, or waits for the clock.
        """
        playing = self._remembered()
        playing += [""] * (track + 1 - len(playing))
        if playing[track] != name:
            playing[track] = name
            self._unwritten = True
        return self.write_again()

    def write_again(self):
        """Tries once more to write down what plays. Returns what `remember` returns."""
        self._refused = None
        self.refresh()
        return self._refused

    def audition(self, name, file, track=0):
        """Plays a model that is in memory only, a block; it is forgotten when another one plays."""
        for other in self._instrument.tracks:
            for block in other.files():
                if block.view == file.view:
                    file = block  # a model that plays already is not kept twice
        self._instrument.tracks[track].play(Model(name, file))

    def rename_playing(self, names):
        """Writes down new names, by old name, of what plays after power-on. See renaming.py.

        Returns the numbers, from 1, of the tracks whose model has another name now. OSError: the
        flash refuses.
        """
        playing = self._remembered()
        renamed = [names.get(name, name) for name in playing]
        changed = [i + 1 for i in range(len(playing)) if playing[i] != renamed[i]]
        if changed or self._unwritten:
            self._store(renamed)
            for i in range(len(playing)):
                playing[i] = names.get(playing[i], playing[i])
        return changed

    def _finish_renaming(self):
        if files.exists(JOURNAL):
            from latentrack import renaming

            try:
                renaming.finish(self._instrument)
            except (OSError, ValueError) as error:
                self._instrument.message(f"a model's new name is not everywhere: {error}")

    def refresh(self):
        """Writes down what plays when no clock comes, as writing holds it up. Frames call it."""
        if (
            self._unwritten
            and not self._writing
            and self._refused is None
            and not self._instrument.clocked_recently()
        ):
            try:
                self._store(self._remembered())
            except (OSError, ValueError) as error:
                self._refused = repr(error)
                self._instrument.message(f"what plays is not written down: {error}")

    def _store(self, playing):
        """Writes the list of what plays. A frame may come between any two steps of the prompt's.

        It does not write meanwhile, for `_writing` is set first; what it changes meanwhile is
        written next time, for `_unwritten` is cleared before the list is read.
        """
        self._writing = True
        try:
            self._unwritten = False
            files.store(_PLAYING, "\n".join(playing).encode())
        except (OSError, ValueError):
            self._unwritten = True
            raise
        finally:
            self._writing = False

    def play_something(self):
        """What power-on does: plays what played last on each track.

        The first track always plays if it can: without such a model, the first that sounds where
        the knobs stand, else the first that loads.
        """
        self._finish_renaming()
        names = self.models()
        playing = self._remembered()
        last = playing[0] if playing else None
        if not (last in names and self._tried(last, 0)) and not self._play_what_sounds(names):
            self._instrument.message("no model yet: `latentrack push MODEL` brings one")
        for track in range(1, min(len(playing), len(self._instrument.tracks))):
            if playing[track]:
                self._tried(playing[track], track)

    def _play_what_sounds(self, names):
        """Whether one of these models plays now, on the first track."""
        track = self._instrument.tracks[0]
        silent = None
        for name in names:
            if self._tried(name, 0):
                track.refresh()
                if track.hits or len(names) == 1:
                    return True
                silent = silent or name
        return silent is not None and self._tried(silent, 0)

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
                if file.endswith(ENDING) and file[0] != ".":
                    yield folder + "/" + file

    def _remembered(self):
        """The names of what plays after power-on, by track: one list, changed in place."""
        if self._playing is None:
            playing = files.read_words(_PLAYING)
            self._playing = playing.split("\n") if playing else []
        return self._playing
