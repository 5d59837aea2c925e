"""Music in: files become bars of steps × voices, gathered in a Dataset that a model trains on."""

from latentrack.corpus.dataset import Dataset, Discard

__all__ = ["Dataset", "Discard"]
