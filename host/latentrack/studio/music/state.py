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
    """What a reading gave, to be compared with the next."""

    sequences: int
    files: int


@dataclass(frozen=True)
class MusicState:
    """reading: what the files gave by the rules; version: its number.  before: what there was
    before the last change of rules; None: something else has changed since.

    rules, map_name: by which the music is read next.  error: what the user can mend, a sentence.
    folders: those of this computer that are read where they are.  has_files: whether there is
    anything to read.  taken_out: what `undo` puts back; "": nothing.  noted: the files that were
    dropped and not taken, with the reason.  busy: what is read or waits to be read, in words; "":
    all is read.
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
        """What the files give; None: nothing yet."""
        return self.reading.dataset

    @property
    def discarded(self) -> tuple[Discard, ...]:
        """All that was left out: by the reader, and files that are not music."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.noted.items():
            by_reason.setdefault(reason, []).append(name)
        noted = (
            Discard("files", reason, len(names), tuple(names[:_EXAMPLES]))
            for reason, names in by_reason.items()
        )
        return (*noted, *self.reading.discarded)


class MusicStore(Store[MusicState]):
    """The newest state, and its signals.

    dataset_changed: what the music gave.  rules_changed: by what it is read, and what is wrong with
    that.  sources_changed: where it lies, what was taken out or not taken.  progress_changed: what
    is being read.  changed: any of these.
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
        """See MusicState; so are the others."""
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
