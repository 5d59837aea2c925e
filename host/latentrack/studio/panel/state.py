"""What is known of the bench, as pages show it: one immutable thing, replaced whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from latentrack.module.ports import Found


@dataclass(frozen=True)
class Stored:
    """A model in the module's library. size: bytes.  title: what its file is called; "": as it."""

    path: str
    size: int
    title: str = ""

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def shown(self) -> str:
        """For people: the title, and what the module calls it if that is another word."""
        return self.name if self.title in ("", self.name) else f"{self.title} ({self.name})"

    @property
    def folder(self) -> str:
        return PurePosixPath(self.path).parent.name


@dataclass(frozen=True)
class Notice:
    """Something to be said once. `number` counts them."""

    number: int
    text: str
    good: bool


@dataclass(frozen=True)
class State:
    """kind: "" (no module), "own" (a virtual one of the studio's) or "usb".

    port, title: which one it is.  connected: whether it answers; trouble: why not, in a sentence.
    bare: MicroPython is there, and no Latentrack.  busy: what is being done, and `part` of it, 0 to
    1 (None: nobody knows).  plays: each track's model, by name.  models: its library.  free: bytes.
    clock: of the own module "studio" (steps with what plays here), "own" (at `tempo`) or "off".
    follows: the track that follows the puck, from 0; None: none.  here: the modules one can
    connect.
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
    here: tuple[Found, ...] = ()
    notice: Notice = Notice(0, "", True)
