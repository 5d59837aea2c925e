"""Files of a folder in the flash that a parameter of tracks offers by their names.

A file that cannot be read is refused with a message, and is not offered.
"""

import os

from latentrack.names import Part

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def lines_of(path, most):
    """The lines of a text in any encoding that begins as ASCII does, without their ends.

    Raises OSError; ValueError if it has more than `most` bytes.
    """
    with open(path, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it has more than {most // 1024} KB")
    data = bytes(byte if byte < 128 else 63 for byte in data.lstrip(_BYTE_ORDER_MARK))
    return data.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")


def number(text, convert=float):
    """The number of a word. Raises ValueError if it is none."""
    try:
        found = convert(text)
        if -1e30 < found < 1e30:
            return found
    except ValueError:
        pass
    raise ValueError(f"expected a number, got {text[:20] or 'nothing'}")


class FilesOffered(Part):
    """Base of what offers a folder's files. A subclass has the following, and `names_in`.

    FOLDER: where they lie.  ENDINGS: what they end with; of files with one name, the first counts.
    PARAMETER: the one that offers them.  CHOICES: its choices, of which the first, "off", stays.
    """

    FOLDER = ""
    ENDINGS = ()
    PARAMETER = ""
    CHOICES = []

    def __init__(self, instrument):
        self._instrument = instrument
        # Files that cannot be read: name -> what is wrong.
        self.refused = {}
        self._seal()

    def names_in(self, stem, ending):
        """What a file offers. Raises OSError; ValueError with the file and what is wrong."""
        raise NotImplementedError

    def again(self, track):
        """Has a track read what it has chosen again."""
        raise NotImplementedError

    def names(self):
        """What the parameter offers but "off"."""
        return self.CHOICES[1:]

    def refresh(self):
        """Reads the folder again; call it when its files have changed. Returns `names()`."""
        found, refused = [], {}
        stems = self._stems()
        for stem in sorted(stems):
            try:
                found += self.names_in(stem, stems[stem])
            except (OSError, ValueError) as error:
                refused[stem + stems[stem]] = str(error)
        self._offer(found)
        for file in refused:
            if self.refused.get(file) != refused[file]:
                self._instrument.message(refused[file])
        self.refused = refused
        return self.names()

    def _stems(self):
        """The files there are: name -> ending."""
        try:
            names = os.listdir(self.FOLDER)
        except OSError:
            return {}
        found = {}
        for ending in self.ENDINGS:
            for name in names:
                stem = name[: -len(ending)]
                if name[0] != "." and name.endswith(ending) and stem and "/" not in stem:
                    found.setdefault(stem, ending)
        return found

    def _offer(self, names):
        """Has the parameter offer these; what is chosen stays, if it is among them."""
        tracks = self._instrument.tracks
        chosen = [track.get(self.PARAMETER) for track in tracks]
        # A frame may come between any two of these.
        for track in tracks:
            track.set(self.PARAMETER, "off")
        self.CHOICES[1:] = names
        tracks[0].parameter(self.PARAMETER).most = len(names)
        for track in tracks:
            name = chosen[track.number]
            if name in self.CHOICES:
                track.set(self.PARAMETER, name)
            else:
                self._instrument.message(
                    f"track {track.number + 1}: {self.PARAMETER} {name} is gone"
                )
            self.again(track)
