"""The files of scales in /flash/scales, which the parameter `tuning` names (scale_files.py reads).

A tuning is called as its file without the ending; of a .yml the scales are called NAME/SCALE
besides. A file that cannot be read is refused with a message, and is not offered.
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
    for ending in ENDINGS:
        if files.exists(FOLDER + "/" + stem + ending):
            return _read(stem, ending, scale)[0]
    raise OSError(f"no file of scales is called {stem}")


def _read(stem, ending, scale):
    """(Tuning, names of a .yml's scales). Raises what `read` raises."""
    from latentrack import scale_files

    at = stem + ending
    try:
        lines = scale_files.lines(FOLDER + "/" + at)
        if ending == ".txt":
            return scale_files.read_txt(lines), ()
        if ending != ".scl":
            return scale_files.read_yml(lines, scale)
        mapping = None
        if files.exists(FOLDER + "/" + stem + MAPPING):
            at = stem + MAPPING
            mapping = scale_files.read_kbm(scale_files.lines(FOLDER + "/" + at))
        at = stem + ending
        return scale_files.read_scl(lines, mapping), ()
    except ValueError as error:
        raise ValueError(f"{at} is not a scale that can be played: {error}")


class Scales(FilesOffered):
    """The scales of one's own; `instrument.scales`."""

    FOLDER = FOLDER
    ENDINGS = ENDINGS
    PARAMETER = "tuning"
    CHOICES = parameters.TUNINGS

    def names_in(self, stem, ending):
        """The name of a tuning, and, of a .yml, those of its scales."""
        return [stem] + [stem + OF + name for name in _read(stem, ending, "")[1]]

    def again(self, track):
        """Has a track read its tuning again."""
        track.retune()
