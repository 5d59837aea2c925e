"""The library: the models in /flash/models, one folder for each kind.

A model is a .tflite file; its name is the file's name without the ending. playing.txt beside the
folders lists the model of each track, which plays again after power-on.
"""

import os

from latentrack import files, morphing, room
from latentrack.model import FOLDERS, Model
from latentrack.names import Part, hint

FOLDER = files.FLASH + "/models"
_PLAYING = FOLDER + "/playing.txt"
# The renaming that renaming.py has begun and not finished.
JOURNAL = FOLDER + "/renaming.txt"
ENDING = ".tflite"


class Library(Part):
    """Finds models, and plays them on tracks.

    A name may include its folder ("notes/chorales"), if models of two kinds have the same name.
    """

    def __init__(self, instrument):
        self._instrument = instrument
        # The list of playing.txt, read at its first use; whether it has changed since it was
        # written, and whether it is being written.
        self._playing = None
        self._unwritten = self._writing = False
        # Why playing.txt could not be written, or None; it is tried again when there is more room.
        self._refused = None
        self._seal()

    def models(self):
        """The names of all models, sorted."""
        return sorted({path.rsplit("/", 1)[1][: -len(ENDING)] for path in self.paths()})

    def path(self, name):
        """Return the path of a model's file. Raises OSError if the library does not hold it."""
        end = "/" + name + ENDING
        for path in self.paths():
            if path.endswith(end):
                return path
        raise OSError(f"no model is called {name!r}{hint(name, self.models())}")

    def load(self, name):
        """Read a model into memory; the caller releases it (`model.release()`).

        Raises OSError if the library does not hold it, ValueError if it cannot be played,
        MemoryError if it does not fit.
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
        """Read the file into a new block. Raises MemoryError if it does not fit."""
        block = room.reserve(os.stat(path)[6], self._instrument.tracks)
        try:
            with open(path, "rb") as file:
                file.readinto(block.view)
            return block
        except BaseException:
            block.release()
            raise

    def _loaded(self, path):
        """Find a track's block with the same bytes and hold it; None if there is none.

        So a model is in memory once, however many tracks and patterns use it.
        """
        size = os.stat(path)[6]
        for track in self._instrument.tracks:
            for block in track.files():
                if block.size == size and self._is_same(path, block):
                    return block
        return None

    def _is_same(self, path, block):
        """Whether a block has the bytes of a file; if so, the block stays held."""
        same = False
        try:
            block.hold()  # a held block is not moved
        except ValueError:
            return False  # a frame has just released it
        try:
            same = files.is_same(path, block.view)
            return same
        finally:
            if not same:
                block.release()

    def play(self, name, track=0, remember=True):
        """Play a model from the next bar on, on a track (from 0).

        Returns what `remember` returns; None without `remember`. Raises what `load` raises; then
        the track's present model goes on.
        """
        model = self.load(name)
        try:
            morphing.play(self._instrument, self._instrument.tracks[track], model)
        finally:
            model.release()
        return self.remember(name, track) if remember else None

    def morph_to(self, name, track=0):
        """Choose the model that a track's parameter `morph` leads to, its partner; None: none.

        The track is counted from 0. Raises what `load` raises, and ValueError if the model does
        not fit the one that plays.
        """
        morphing.choose(self._instrument, self._instrument.tracks[track], name)

    def rename(self, old, new):
        """Rename a model and all that refers to it; return what renaming.rename returns."""
        from latentrack import renaming

        return renaming.rename(self._instrument, old, new)

    def remember(self, name, track=0):
        """Have a track (from 0) play this model after power-on.

        Returns the error as a text if playing.txt cannot be written; None if it is written, or
        will be when the clock pauses.
        """
        playing = self._remembered()
        playing += [""] * (track + 1 - len(playing))
        if playing[track] != name:
            playing[track] = name
            self._unwritten = True
        return self.write_again()

    def write_again(self):
        """Try again to write playing.txt; return what `remember` returns."""
        self._refused = None
        self.refresh()
        return self._refused

    def audition(self, name, file, track=0):
        """Play the model in `file`, a block, without storing it, on a track (from 0)."""
        for other in self._instrument.tracks:
            for block in other.files():
                if block.view == file.view:
                    file = block  # the model plays already: keep one copy
        morphing.play(self._instrument, self._instrument.tracks[track], Model(name, file))

    def rename_playing(self, names):
        """Replace names in playing.txt; `names` maps old names to new ones. See renaming.py.

        Returns the numbers, from 1, of the tracks whose model was renamed. Raises OSError if the
        flash cannot be written.
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
        """Write playing.txt if it has changed and the clock pauses; called in every frame."""
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
        """Write playing.txt. At the prompt a frame may interrupt this between any two steps.

        The frame does not write, as `_writing` is set; a change that it makes is written later, as
        `_unwritten` is cleared before the list is read.
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
        """Play the last model of each track; called at power-on.

        If the first track has none, it plays the first model that sounds at the knobs' position,
        else the first that loads.
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
        """Play one of these models on the first track, if possible one that sounds.

        Returns whether one plays.
        """
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
        """Yield the paths of all models' files, sorted within each folder."""
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
        """The name of each track's model after power-on, or ""; one list, changed in place."""
        if self._playing is None:
            playing = files.read_words(_PLAYING)
            self._playing = playing.split("\n") if playing else []
        return self._playing
