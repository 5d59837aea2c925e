"""Music in: files become bars of steps × voices, gathered in a Dataset that a model trains on."""

from latentrack.corpus.custom_map import percussion_map
from latentrack.corpus.dataset import Dataset, Discard
from latentrack.corpus.demo import demo_dataset
from latentrack.corpus.percussion import ACCENTED, EXTENDED, SIMPLE, PercussionMap
from latentrack.corpus.reader import read
from latentrack.corpus.rules import Rules

__all__ = [
    "ACCENTED",
    "EXTENDED",
    "SIMPLE",
    "Dataset",
    "Discard",
    "PercussionMap",
    "Rules",
    "demo_dataset",
    "percussion_map",
    "read",
]
