"""Music in: files become bars of steps × voices, gathered in a Dataset that a model trains on."""

from latentrack.corpus.dataset import Dataset, Discard
from latentrack.corpus.demo import demo_dataset
from latentrack.corpus.percussion import EXTENDED, PercussionMap
from latentrack.corpus.reader import read

__all__ = ["EXTENDED", "Dataset", "Discard", "PercussionMap", "demo_dataset", "read"]
