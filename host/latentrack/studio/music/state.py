"""The state of the corpus: one frozen snapshot, and a signal for each concern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from latentrack.corpus.dataset import Dataset, Discard
from latentrack.corpus.rules import Rules
from latentrack.studio.music.kept_rules import DEFAULT_MAP
from latentrack.studio.music.reading import CorpusReading
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store

_EXAMPLES = 20


@dataclass(frozen=True)
class Counts:
    """The size of a dataset, for comparison with the next reading."""

    sequences: int
    files: int


@dataclass(frozen=True)
class MusicState:
    """reading: the result of the last reading; version: its number.  before: the sizes before the
    last change of rules; None if something else has changed since.

    rules, map_name: the rules for the next reading.  error: the last UserError's sentence; "" for
    none.  folders: folders of this computer that are read in place.  has_files: whether there is
    anything to read.  taken_out: what `undo` restores; "" for nothing.  noted: rejected files with
    the reasons.  busy: what is being read or queued, in words; "" if nothing is.
    """

    reading: CorpusReading = field(default_factory=CorpusReading)
    version: int = 0
    before: Counts | None = None
    rules: Rules = field(default_factory=Rules)
    map_name: str = DEFAULT_MAP
    error: str = ""
    folders: tuple[Path, ...] = ()
    has_files: bool = False
    taken_out: str = ""
    noted: Mapping[str, str] = field(default_factory=dict)
    busy: str = ""

    @property
    def dataset(self) -> Dataset | None:
        """The Dataset of the last reading; None if there is none."""
        return self.reading.dataset

    @property
    def discarded(self) -> tuple[Discard, ...]:
        """All that was left out: rejected files, then what the reader has left out."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.noted.items():
            by_reason.setdefault(reason, []).append(name)
        noted = (
            Discard("files", reason, len(names), tuple(names[:_EXAMPLES]))
            for reason, names in by_reason.items()
        )
        return (*noted, *self.reading.discarded)


class MusicStore(Store[MusicState]):
    """The latest MusicState and its signals.

    dataset_changed: the result of the reading.  rules_changed: the rules or the error.
    sources_changed: folders, files, removed or rejected files.  progress_changed: what is being
    read.  changed: any of these.
    """

    def __init__(self) -> None:
        self.dataset_changed = Signal()
        self.rules_changed = Signal()
        self.sources_changed = Signal()
        self.progress_changed = Signal()
        concerns = {
            self.dataset_changed: ("reading", "version", "before"),
            self.rules_changed: ("rules", "map_name", "error"),
            self.sources_changed: ("folders", "has_files", "taken_out", "noted"),
            self.progress_changed: ("busy",),
        }
        super().__init__(MusicState(), concerns)
        self.changed = Signal()
        for signal in concerns:
            signal.connect(self.changed.emit)

    @property
    def reading(self) -> CorpusReading:
        """See MusicState."""
        return self.state.reading

    @property
    def dataset(self) -> Dataset | None:
        """See MusicState."""
        return self.state.dataset

    @property
    def rules(self) -> Rules:
        """See MusicState."""
        return self.state.rules

    @property
    def map_name(self) -> str:
        """See MusicState."""
        return self.state.map_name

    @property
    def error(self) -> str:
        """See MusicState."""
        return self.state.error

    @property
    def busy(self) -> str:
        """See MusicState."""
        return self.state.busy
