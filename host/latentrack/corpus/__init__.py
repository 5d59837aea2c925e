"""Music in: files become bars of steps × voices, gathered in a Dataset that a model trains on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentrack.lazy import lazy

if TYPE_CHECKING:
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

_HOMES = {
    "ACCENTED": "percussion",
    "EXTENDED": "percussion",
    "SIMPLE": "percussion",
    "Dataset": "dataset",
    "Discard": "dataset",
    "PercussionMap": "percussion",
    "Rules": "rules",
    "demo_dataset": "demo",
    "percussion_map": "custom_map",
    "read": "reader",
}
__getattr__, __dir__ = lazy(__name__, _HOMES)
