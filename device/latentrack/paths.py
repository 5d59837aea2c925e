"""The paths in /flash/paths, which the parameter `path` names (path_walk.py reads them)."""

from latentrack import files, parameters
from latentrack.files_offered import FilesOffered

FOLDER = files.FLASH + "/paths"
ENDING = ".txt"


class Paths(FilesOffered):
    """The paths that there are; `instrument.paths`."""

    FOLDER = FOLDER
    ENDINGS = (ENDING,)
    PARAMETER = "path"
    CHOICES = parameters.PATHS

    def names_in(self, stem, ending):
        """The path's name, if it can be read."""
        # Loaded when there is a path: its code takes memory.
        from latentrack import path_walk

        path_walk.read(stem)
        return [stem]

    def again(self, track):
        """Has a track read its path again."""
        track.repath()
