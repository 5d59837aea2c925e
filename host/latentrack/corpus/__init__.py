"""Music in: files become bars of steps × voices, gathered in a Dataset that a model trains on."""

from latentrack.corpus.dataset import Dataset, Discard
from latentrack.corpus.percussion import EXTENDED, PercussionMap
from latentrack.corpus.read import read

__all__ = ["EXTENDED", "Dataset", "Discard", "PercussionMap", "read"]
