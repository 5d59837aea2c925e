"""The files of scales in /flash/scales, which the parameter `tuning` names (scale_files.py reads).

A tuning is called as its file without the ending; of a .yml the scales are called NAME/SCALE
besides, its chords NAME/SCALE/CHORD, those outside of groups NAME/CHORD. A file that cannot be read
is refused with a message, and is not offered.
"""

from latentrack import files, parameters
from latentrack.files_offered import FilesOffered

FOLDER = files.FLASH + "/scales"
# Of files with one name, the first of these is read.
ENDINGS = (".scl", ".txt", ".yml", ".yaml")
MAPPING = ".kbm"
# Between the name of a .yml and one of its scales.
OF = "/"


def read(name):
    """The Tuning of this name. Raises OSError, or ValueError with the file and what is wrong."""
    stem, _, scale = name.partition(OF)
    found = _read(stem, _ending(stem))
    if not scale:
        return found.whole
    if scale not in found.scales:
        raise ValueError(f"{stem} has no scale {scale}")
    return found.scales[scale]


def read_chord(name):
    """(Tuning of its scale, degrees) of a chord. Raises what `read` raises."""
    stem, _, chord = name.partition(OF)
    found = _read(stem, _ending(stem))
    if chord not in found.chords:
        raise ValueError(f"{stem} has no chord {chord}")
    return found.chords[chord]


def _ending(stem):
    for ending in ENDINGS:
        if files.exists(FOLDER + "/" + stem + ending):
            return ending
    raise OSError(f"no file of scales is called {stem}")


def _read(stem, ending):
    """The Yml of a file, that of another kind without scales. Raises what `read` raises."""
    from latentrack import scale_files

    at = stem + ending
    try:
        lines = scale_files.lines(FOLDER + "/" + at)
        if ending == ".txt":
            return scale_files.Yml(scale_files.read_txt(lines), {}, {})
        if ending != ".scl":
            return scale_files.read_yml(lines)
        mapping = None
        if files.exists(FOLDER + "/" + stem + MAPPING):
            at = stem + MAPPING
            mapping = scale_files.read_kbm(scale_files.lines(FOLDER + "/" + at))
        at = stem + ending
        return scale_files.Yml(scale_files.read_scl(lines, mapping), {}, {})
    except ValueError as error:
        raise ValueError(f"{at} is not a scale that can be played: {error}")


class Scales(FilesOffered):
    """The scales of one's own; `instrument.scales`.  chords: what the quantiser's chord offers."""

    FOLDER = FOLDER
    ENDINGS = ENDINGS
    PARAMETER = "tuning"
    CHOICES = parameters.TUNINGS

    def __init__(self, instrument):
        self._chords = []
        super().__init__(instrument)

    @property
    def chords(self):
        """What the quantiser's parameter `chord` offers but "off"."""
        return parameters.CHORDS[1:]

    def refresh(self):
        """Reads the folder again; call it when its files have changed. Returns `names()`."""
        self._chords = []
        super().refresh()
        quantiser = self._instrument.quantiser
        chosen = quantiser.chord
        quantiser.chord = "off"
        parameters.CHORDS[1:] = self._chords
        quantiser.parameter("chord").most = len(self._chords)
        if chosen in parameters.CHORDS:
            quantiser.chord = chosen
        else:
            self._instrument.message(f"quantiser: chord {chosen} is gone")
        return self.names()

    def names_in(self, stem, ending):
        """The name of a tuning, and, of a .yml, those of its scales."""
        found = _read(stem, ending)
        self._chords += [stem + OF + name for name in sorted(found.chords)]
        return [stem] + [stem + OF + name for name in sorted(found.scales)]

    def again(self, track):
        """Has a track read its tuning again."""
        track.retune()
