"""The kinds of music: what a dataset, a model file, the module and a sentence call each of them."""

from __future__ import annotations

from enum import Enum


class Kind(str, Enum):
    """One kind of music, and how a model of it is played.

    A Kind is equal to its word ("drums"), which is what datasets and the module's parameter `mode`
    call it, so that it can stand wherever that word can. `Kind("drums")` finds it; ValueError if
    there is no such kind.

    code: the six characters in the metadata of a model file.  folder: of its models in the module's
    library.  adjective: "a drum dataset".  note: what one note of it is called, in the singular.
    grouped: whether its model file tells which voices share a trigger.
    """

    code: str
    folder: str
    adjective: str
    note: str
    grouped: bool

    DRUMS = ("drums", "perdec", "perc", "drum", "hit", True)
    NOTES = ("notes", "seqdec", "notes", "note", "note", False)
    RHYTHM = ("rhythm", "rhythm", "rhythm", "rhythm", "onset", False)

    # The defaults are for type checkers only, which take Kind("drums") for a call of this.
    def __new__(
        cls,
        word: str,
        code: str = "",
        folder: str = "",
        adjective: str = "",
        note: str = "",
        grouped: bool = False,
    ) -> Kind:
        kind = str.__new__(cls, word)
        kind._value_ = word
        kind.code, kind.folder, kind.adjective = code, folder, adjective
        kind.note, kind.grouped = note, grouped
        return kind

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        # Python versions differ in what an Enum with a mixin writes into an f-string.
        return format(str(self), spec)
