"""The Dataset: sequences to train on, with their provenance.

It is the only thing that passes from the corpus to the model. One file holds one whole
Dataset (NumPy's .npz: arrays, and a JSON header that says what they are), so that it can be
sent to somebody else and still tell its own story.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.corpus.dynamics import Dynamics, dynamics
from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.limits import CELLS, DAMAGE, JSON_BYTES, Arrays, read_json
from latentrack.playing.kinds import Kind
from latentrack.words import count as many

KINDS = tuple(kind.value for kind in Kind)

OFFSET_UNITS = 254
"""A file keeps offsets in so many parts of a step: half a step is a whole number of a byte."""

_FORMAT = "latentrack dataset"
_VERSION = 2
_READS = (1, 2)  # version 1 had no velocities, offsets, meter, bars or lowest pitch


# What is counted, in the order in which it is told. A hint is of a file of which nothing was left
# out, but which may not be what its owner thinks.
HINTS = "hints"
COUNTED = (
    "files", "tracks", "meters", "sequences", "bars", "hits", "notes", "onsets", "clues", "samples",
    HINTS,
)  # fmt: skip


@dataclass(frozen=True)
class Discard:
    """So many of something that were left out, and why; or so many files with the same hint."""

    what: str  # one of COUNTED
    reason: str  # in the user's words: "in 3/4, not in 4/4", "off the grid"
    count: int
    examples: tuple[str, ...] = ()  # a few names of files it happened in

    @property
    def counted(self) -> str:
        """The number with its noun: "1 bar", "2,100 bars"."""
        return many(self.count, self.what.removesuffix("s"))


def discards(
    counts: Mapping[tuple[str, str], int], examples: Mapping[tuple[str, str], Sequence[str]]
) -> tuple[Discard, ...]:
    """Counts and examples by (what, reason), the largest of each kind first."""
    ordered = sorted(counts, key=lambda key: (COUNTED.index(key[0]), -counts[key], key[1]))
    return tuple(Discard(*key, counts[key], tuple(examples[key])) for key in ordered)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Hold sequences of equal length, one voice a column, with their provenance.

    How loud and how early or late each hit was is kept beside the cells: `velocities` and
    `offsets` have one value a hit, in the order in which `np.nonzero(sequences)` finds them
    (`spread` makes cells of them). All arrays are copies that are not writeable.

    Parameters
    ----------
    sequences : array_like [shape=(n, steps, voices)]
        0 or 1.
    kind : "drums", "notes" or "rhythm"
        What voices are: instruments, pitches, or one voice that is struck.
    voice_names : tuple of str
        One per voice.
    groups : tuple of int, default ()
        Sizes of the runs of voices that share a trigger; () is none.
    sources : tuple of str, default ()
        The file that each sequence came from; () is unknown.
    styles : tuple of str, default ()
        The style of each sequence, "" where it is unknown; () is all unknown.
    steps_per_beat : int, default 4
        A beat is a quarter note.
    files : int, default 0
        How many files gave at least one sequence.
    discarded : tuple of Discard, default ()
        What was left out, and why.
    recipe : dict of str, default {}
        How it was made, for people to read.
    velocities : array_like [shape=(hits,)], default None
        1 to 127; None is unknown.
    offsets : array_like [shape=(hits,)], default None
        -0.5 to 0.5 of a step, + is late; None is unknown.
    lowest_pitch : int, default None
        Of notes: the MIDI pitch of voice 0; each voice is a semitone.
    meter : str, default "4/4"
        Of the music.
    bars : int, default 1
        How many a sequence has.

    Raises
    ------
    ValueError
        If the parts do not fit together.

    Examples
    --------
    >>> import latentrack as lt
    >>> music = lt.Dataset.load("groove.npz")
    >>> music
    <Dataset: 473 drum sequences of 16 steps × 12 voices, 16.9 hits each, from 51 files>
    >>> music.take([0, 1]).sequences.shape
    (2, 16, 12)
    """

    sequences: npt.NDArray[np.uint8]  # 0 or 1, shape (n, steps, voices); not writeable
    kind: str  # one of KINDS
    voice_names: tuple[str, ...]  # one per voice
    groups: tuple[int, ...] = ()  # sizes of the runs of voices that share a trigger; () = none
    sources: tuple[str, ...] = ()  # per sequence: the file it came from; () = unknown
    styles: tuple[str, ...] = ()  # per sequence: its style, "" = unknown; () = all unknown
    steps_per_beat: int = 4  # a beat is a quarter note
    files: int = 0  # how many files gave at least one sequence
    discarded: tuple[Discard, ...] = ()
    recipe: dict[str, str] = field(default_factory=dict)  # how it was made: "map": "extended", …
    velocities: npt.NDArray[np.uint8] | None = None  # per hit, 1 to 127; None = unknown
    offsets: npt.NDArray[np.float32] | None = None  # per hit, -0.5 to 0.5 of a step, + is late
    lowest_pitch: int | None = None  # of notes: the MIDI pitch of voice 0, each voice a semitone
    meter: str = "4/4"
    bars: int = 1  # in a sequence

    def __post_init__(self) -> None:
        given = np.asarray(self.sequences)
        if given.ndim != 3:
            raise ValueError(f"sequences must be (n, steps, voices), not of shape {given.shape}")
        whole = given.dtype.kind in "biu"  # of these two numbers tell, which takes no memory
        if given.size and not (
            0 <= given.min() and given.max() <= 1 if whole else np.isin(given, (0, 1)).all()
        ):
            raise ValueError("sequences must hold 0 and 1 only")
        count, _, voices = given.shape
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}")
        if len(self.voice_names) != voices:
            raise ValueError(f"{len(self.voice_names)} names for {many(voices, 'voice')}")
        if self.groups and (min(self.groups) < 1 or sum(self.groups) != voices):
            raise ValueError(f"groups {self.groups} do not add up to {many(voices, 'voice')}")
        if self.steps_per_beat < 1:
            raise ValueError("steps_per_beat must be at least 1")
        for name in ("sources", "styles"):
            values = tuple(getattr(self, name)) or ("",) * count
            if len(values) != count:
                raise ValueError(f"{len(values)} {name} for {many(count, 'sequence')}")
            object.__setattr__(self, name, values)
        if self.bars < 1:
            raise ValueError("bars must be at least 1")
        top = 128 - voices
        if self.lowest_pitch is not None and not 0 <= self.lowest_pitch <= top:
            raise ValueError(f"lowest_pitch must be 0 to {top} for {many(voices, 'voice')}")
        _set(self, "sequences", given, np.uint8)
        for name, low, high, kind in (
            ("velocities", 1, 127, np.uint8),
            ("offsets", -0.5, 0.5, np.float32),
        ):
            if getattr(self, name) is None:
                continue
            per_hit = np.asarray(getattr(self, name))
            if per_hit.shape != (self.hits,):
                raise ValueError(f"{name} of shape {per_hit.shape} for {many(self.hits, 'hit')}")
            if per_hit.size and not (low <= per_hit.min() and per_hit.max() <= high):
                raise ValueError(f"{name} must be {low} to {high}")
            _set(self, name, per_hit, kind)

    def __len__(self) -> int:
        return int(self.sequences.shape[0])

    @property
    def steps(self) -> int:
        """Steps per sequence."""
        return int(self.sequences.shape[1])

    @property
    def voices(self) -> int:
        """Voices per sequence."""
        return int(self.sequences.shape[2])

    @property
    def hits(self) -> int:
        """How many cells are 1, over all sequences."""
        return int(self.sequences.sum(dtype=np.int64))

    @property
    def density(self) -> npt.NDArray[np.float64]:
        """The share of sequences in which a cell is 1, shape (steps, voices)."""
        if not len(self):
            return np.zeros((self.steps, self.voices))
        return np.asarray(self.sequences.mean(axis=0), dtype=np.float64)

    @property
    def different(self) -> int:
        """How many sequences are left when equal ones are counted once."""
        rows = np.packbits(self.sequences.reshape(len(self), self.steps * self.voices), axis=1)
        return len(np.unique(rows, axis=0)) if len(self) else 0

    @property
    def dynamics(self) -> Dynamics:
        """How hard the hits are played, and how early or late: means and spreads."""
        return dynamics(self.velocities, self.offsets)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what a model learns from: the sequences, what their voices are, and
        velocity and timing of the hits."""
        hashed = self._hash_of_hits()
        for name, per_hit in (("velocities", self.velocities), ("offsets", self._stored_offsets)):
            if per_hit is not None:
                hashed.update(name.encode())
                hashed.update(per_hit.tobytes())
        return hashed.hexdigest()

    @property
    def digest_of_hits(self) -> str:
        """SHA-256 (hex) of the sequences and what their voices are, without velocity and timing."""
        return self._hash_of_hits().hexdigest()

    def _hash_of_hits(self) -> hashlib._Hash:
        about = [self.kind, list(self.sequences.shape), self.voice_names, self.groups]
        hashed = hashlib.sha256(json.dumps(about).encode())
        hashed.update(self.sequences.tobytes())
        return hashed

    @property
    def _stored_offsets(self) -> npt.NDArray[np.int8] | None:
        """Offsets as a file has them, in 1/254 of a step."""
        if self.offsets is None:
            return None
        return np.asarray(np.rint(self.offsets * OFFSET_UNITS), np.int8)

    def take(self, which: Sequence[int] | npt.NDArray[np.integer]) -> Dataset:
        """Take some of the sequences, with their provenance.

        What was discarded stays with the whole, for a part has no such story.

        Parameters
        ----------
        which : sequence of int
            Indices, in the order in which they are wanted.

        Returns
        -------
        Dataset
            These sequences.

        Raises
        ------
        IndexError
            If an index is out of range.
        """
        chosen = np.asarray(which, dtype=np.int64)
        in_each = self.sequences.sum(axis=(1, 2), dtype=np.int64)
        first = np.cumsum(in_each) - in_each
        chosen_hits = np.concatenate(
            [np.arange(0), *(np.arange(first[i], first[i] + in_each[i]) for i in chosen)]
        )
        sources = tuple(self.sources[i] for i in chosen)
        return Dataset(
            sequences=self.sequences[chosen],
            kind=self.kind,
            voice_names=self.voice_names,
            groups=self.groups,
            sources=sources,
            styles=tuple(self.styles[i] for i in chosen),
            steps_per_beat=self.steps_per_beat,
            files=len(set(sources)),
            recipe=dict(self.recipe),
            velocities=None if self.velocities is None else self.velocities[chosen_hits],
            offsets=None if self.offsets is None else self.offsets[chosen_hits],
            lowest_pitch=self.lowest_pitch,
            meter=self.meter,
            bars=self.bars,
        )

    def spread(self, per_hit: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Make cells of values that are given one a hit.

        Parameters
        ----------
        per_hit : np.ndarray [shape=(hits,)]
            Such as `velocities` or `offsets`.

        Returns
        -------
        np.ndarray [shape=(n, steps, voices)]
            0 where there is no hit.
        """
        cells = np.zeros(self.sequences.shape, per_hit.dtype)
        cells[self.sequences != 0] = per_hit
        return cells

    def summary(self) -> str:
        """Tell what it holds.

        Returns
        -------
        str
            One line of plain words.
        """
        styles = len({style for style in self.styles if style})
        in_styles = f" in {many(styles, 'style')}" if styles else ""
        return self._in_words(f" ({self.different:,} different)") + in_styles

    def __repr__(self) -> str:
        return f"<Dataset: {self._in_words()}>"

    def _repr_html_(self) -> str:
        from latentrack.corpus.notebook import dataset_html

        return dataset_html(self)

    def _in_words(self, of_which: str = "") -> str:
        n = len(self)
        each = self.hits / n if n else 0.0
        noun = "notes" if self.kind == "notes" else "hits"
        return (
            f"{many(n, Kind(self.kind).adjective + ' sequence')}{of_which} of"
            f" {many(self.steps, 'step')} × {many(self.voices, 'voice')}, {each:.1f} {noun} each,"
            f" from {many(self.files, 'file')}"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole Dataset to one file, or leave what was there untouched.

        Parameters
        ----------
        path : str or path-like
            Where the `.npz` goes; the folder is made if need be.

        Raises
        ------
        UserError
            If the file cannot be written, or would be too large to be read again.
        """
        if self.sequences.size > CELLS:
            raise UserError(
                f"A dataset of {many(len(self), 'sequence')} of {self.steps} × {self.voices} cells "
                f"is larger than the {CELLS // 1_000_000:,} million cells that one may have: "
                "choose less music, or leave out equal sequences."
            )
        source_names, source_index = _table(self.sources)
        style_names, style_index = _table(self.styles)
        header = {
            "format": _FORMAT,
            "version": _VERSION,
            "kind": self.kind,
            "shape": list(self.sequences.shape),
            "voice_names": list(self.voice_names),
            "groups": list(self.groups),
            "steps_per_beat": self.steps_per_beat,
            "files": self.files,
            "sources": source_names,
            "styles": style_names,
            "discarded": [[d.what, d.reason, d.count, d.examples] for d in self.discarded],
            "recipe": self.recipe,
            "lowest_pitch": self.lowest_pitch,
            "meter": self.meter,
            "bars": self.bars,
        }
        arrays: dict[str, npt.NDArray[Any]] = {
            "header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8),
            "sequences": np.packbits(self.sequences),
            "source_index": source_index,
            "style_index": style_index,
        }
        if self.velocities is not None:
            arrays["velocities"] = self.velocities
        if self._stored_offsets is not None:
            arrays["offsets"] = self._stored_offsets
        with atomic_write(path, "the dataset") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Dataset:
        """Read a Dataset back.

        Parameters
        ----------
        path : str or path-like
            What `save` or `latentrack dataset` wrote.

        Returns
        -------
        Dataset
            With everything that was saved.

        Raises
        ------
        UserError
            If there is no such file, or if it is not a whole dataset of ours.
        """
        source = Path(path)
        try:
            with Arrays(source) as arrays:
                header = _header(source, arrays)
                return cls._from_arrays(header, arrays)
        except FileNotFoundError as error:
            raise UserError(
                f"There is no dataset {source}: make one with `latentrack dataset`."
            ) from error
        except OSError as error:
            if error.errno is not None:
                raise UserError(
                    f"Could not read the dataset {source} ({error.strerror}): "
                    "name a dataset file that you may read."
                ) from error
            raise _not_ours(source) from error
        except DAMAGE as error:
            raise _not_ours(source) from error

    @classmethod
    def _from_arrays(cls, header: dict[str, Any], arrays: Arrays) -> Dataset:
        """What the header says must be what the arrays have, before any of these is read."""
        count, steps, voices = header["shape"]
        total = count * steps * voices
        if min(count, steps, voices) < 0 or not total <= CELLS:
            raise ValueError("more cells than are read")
        if arrays.shape("sequences") != (-(-total // 8),):
            raise ValueError("other cells than the header says")
        for name in ("source_index", "style_index"):
            if arrays.shape(name) != (count,):
                raise ValueError(f"no {name} for each sequence")
        per_hit = {
            name: arrays.read(name, total) if name in arrays else None
            for name in ("velocities", "offsets")
        }
        cells = np.unpackbits(arrays.read("sequences", CELLS // 8), count=total)
        of_source, of_style = (
            arrays.read(name, 8 * count).tolist() for name in ("source_index", "style_index")
        )
        offsets, told = per_hit["offsets"], header["recipe"]
        sources, styles = _words(header["sources"]), _words(header["styles"])
        return cls(
            sequences=cells.reshape(count, steps, voices),
            kind=header["kind"],
            voice_names=_words(header["voice_names"]),
            groups=tuple(map(int, header["groups"])),
            sources=tuple(sources[i] for i in of_source),
            styles=tuple(styles[i] for i in of_style),
            steps_per_beat=int(header["steps_per_beat"]),
            files=int(header["files"]),
            discarded=tuple(
                Discard(str(what), str(reason), int(number), _words(examples))
                for what, reason, number, examples in header["discarded"]
            ),
            recipe=dict(zip(_words([*told]), _words([*told.values()]), strict=True)),
            velocities=per_hit["velocities"],
            offsets=None if offsets is None else (offsets / OFFSET_UNITS).astype(np.float32),
            lowest_pitch=header.get("lowest_pitch"),
            meter=_words([header.get("meter", "4/4")])[0],
            bars=int(header.get("bars", 1)),
        )


def _set(dataset: Dataset, name: str, values: npt.ArrayLike, kind: type) -> None:
    """Give a field a copy of its own that nobody changes by accident."""
    own: npt.NDArray[Any] = np.array(values, dtype=kind, order="C")
    own.flags.writeable = False
    object.__setattr__(dataset, name, own)


def _table(values: tuple[str, ...]) -> tuple[list[str], npt.NDArray[np.int32]]:
    """The different values, and each value's index among them: names repeat by the thousand."""
    names = sorted(set(values))
    position = {name: index for index, name in enumerate(names)}
    return names, np.array([position[value] for value in values], dtype=np.int32)


def _header(source: Path, arrays: Arrays) -> dict[str, Any]:
    header = read_json(arrays.read("header", JSON_BYTES).tobytes())
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise ValueError("another format")
    if header.get("version") not in _READS:
        raise UserError(
            f"The dataset {source} has format version {header.get('version')}, and this "
            f"program reads versions 1 to {_VERSION}: make it again with `latentrack dataset`."
        )
    return header


def _words(told: Any) -> tuple[str, ...]:
    if not isinstance(told, list) or not all(isinstance(word, str) for word in told):
        raise ValueError("no list of words")
    # A file's name may hold bytes that are no text, and JSON then has halves of characters.
    return tuple(word.encode("utf-8", "replace").decode() for word in told)


def _not_ours(path: Path) -> UserError:
    return UserError(
        f"{path} is not a whole Latentrack dataset: make one with `latentrack dataset`, "
        "which turns MIDI files into a dataset."
    )
