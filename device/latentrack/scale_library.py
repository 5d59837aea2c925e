"""The files of scales in /flash/scales, which the parameter `tuning` names (scale_files.py reads).

A tuning is called as its file without the ending; of a .yml the scales are called NAME/SCALE
besides. A file that cannot be read is refused with a message, and is not offered.
"""

import os

from latentrack import files, parameters
from latentrack.names import Part

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


def _stems():
    """The files of scales there are: name -> ending."""
    try:
        names = os.listdir(FOLDER)
    except OSError:
        return {}
    found = {}
    for ending in ENDINGS:
        for name in names:
            stem = name[: -len(ending)]
            if name[0] != "." and name.endswith(ending) and stem and OF not in stem:
                found.setdefault(stem, ending)
    return found


class Scales(Part):
    """The scales of one's own; `instrument.scales`."""

    def __init__(self, instrument):
        self._instrument = instrument
        # Files that cannot be read: name -> what is wrong.
        self.refused = {}
        self._seal()

    def names(self):
        """What the parameter `tuning` offers but "off"."""
        return parameters.TUNINGS[1:]

    def refresh(self):
        """Reads the folder again; call it when its files have changed. Returns `names()`."""
        found, refused = [], {}
        stems = _stems()
        for stem in sorted(stems):
            try:
                names = _read(stem, stems[stem], "")[1]
            except (OSError, ValueError) as error:
                refused[stem + stems[stem]] = str(error)
                continue
            found.append(stem)
            found += [stem + OF + name for name in names]
        self._offer(found)
        for file in refused:
            if self.refused.get(file) != refused[file]:
                self._instrument.message(refused[file])
        self.refused = refused
        return self.names()

    def _offer(self, names):
        """Has the parameter `tuning` offer these; what is chosen stays, if it is among them."""
        tracks = self._instrument.tracks
        chosen = [track.tuning for track in tracks]
        # A frame may come between any two of these.
        for track in tracks:
            track.tuning = "off"
        parameters.TUNINGS[1:] = names
        tracks[0].parameter("tuning").most = len(names)
        for track in tracks:
            name = chosen[track.number]
            if name in parameters.TUNINGS:
                track.tuning = name
            else:
                self._instrument.message(f"track {track.number + 1}: tuning {name} is gone")
            track.retune()
