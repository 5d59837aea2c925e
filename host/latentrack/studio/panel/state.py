"""The state of the module that the studio is connected to: one frozen snapshot, replaced whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from latentrack.module.ports import FoundModule
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store


@dataclass(frozen=True)
class Stored:
    """A model in the module's library. size: bytes.  title: what its file is called; "": as it."""

    path: str
    size: int
    title: str = ""

    @property
    def name(self) -> str:
        """The name of the model."""
        return PurePosixPath(self.path).stem

    @property
    def shown(self) -> str:
        """For people: the title, and what the module calls it if that is another word."""
        return self.name if self.title in ("", self.name) else f"{self.title} ({self.name})"

    @property
    def folder(self) -> str:
        """The folder of its kind in the library."""
        return PurePosixPath(self.path).parent.name


@dataclass(frozen=True)
class Notice:
    """Something to be said once. `number` counts them."""

    number: int
    text: str
    good: bool


@dataclass(frozen=True)
class State:
    """kind: "" (no module), "hosted" (the virtual module that the studio started) or "usb".

    port, title: which one it is.  connected: whether it answers; trouble: why not, in a sentence.
    bare: MicroPython is there, and no Latentrack.  busy: what is being done, and `part` of it, 0 to
    1 (None: nobody knows).  plays: each track's model, by name.  models: its library.  free: bytes.
    clock: of the hosted module, "studio" (steps with what plays here), "own" (at `tempo`, beats a
    minute) or "off".  follows: the track that follows the puck, from 0; None: none.  here: the
    modules one can connect.
    """

    kind: str = ""
    port: str = ""
    title: str = ""
    connected: bool = False
    trouble: str = ""
    bare: bool = False
    busy: str = ""
    part: float | None = None
    board: str = ""
    plays: tuple[str | None, ...] = ()
    models: tuple[Stored, ...] = ()
    free: int = 0
    clock: str = "studio"
    tempo: float = 120.0
    follows: int | None = None
    here: tuple[FoundModule, ...] = ()
    notice: Notice = Notice(0, "", True)


# Fields of the state that change together.
_MODULE = ("kind", "port", "title", "connected", "trouble", "bare", "board")
_MODELS = ("plays", "models", "free")


class ModuleState(Store[State]):
    """The newest state, and its signals.

    connection_changed: which module it is, whether it answers, and which others there are.
    progress_changed: what is being done.  models_changed: what it plays and stores.
    clock_changed: of the hosted module.  follow_changed: whether it follows the puck.  noticed:
    there is a notice to be shown.
    """

    def __init__(self, state: State) -> None:
        self.connection_changed = Signal()
        self.progress_changed = Signal()
        self.models_changed = Signal()
        self.clock_changed = Signal()
        self.follow_changed = Signal()
        self.noticed = Signal()
        super().__init__(
            state,
            {
                self.connection_changed: (*_MODULE, "here"),
                self.progress_changed: ("busy", "part"),
                self.models_changed: _MODELS,
                self.clock_changed: ("clock", "tempo"),
                self.follow_changed: ("follows",),
                self.noticed: ("notice",),
            },
        )

    def notice(self, text: str, good: bool = True) -> None:
        """Have something said once."""
        self.update(notice=Notice(self.state.notice.number + 1, text, good))

    def forget_module(self) -> None:
        """No module is connected any more."""
        no_module = State()
        names = (*_MODULE, *_MODELS, "follows")
        self.update(**{name: getattr(no_module, name) for name in names})


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
