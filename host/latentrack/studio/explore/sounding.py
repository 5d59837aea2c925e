"""What the pages and the voices of the studio take from the room `playing`."""

from latentrack.playing.cells import MOST_NOTES
from latentrack.playing.voices import accent_name

ACCENTED = accent_name("")
"""The end of the name of a voice that only loud hits belong to."""

__all__ = ["ACCENTED", "MOST_NOTES"]
