"""Which module the studio is connected to, how it is found again, and what it says of itself."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from latentrack.errors import UserError
from latentrack.module import diagnosis, library
from latentrack.module.files import reason
from latentrack.module.install import install
from latentrack.module.link import ModuleError
from latentrack.module.ports import FoundModule
from latentrack.module.session import NoPackage
from latentrack.studio.panel.hosted import HostedModule, can_be_made
from latentrack.studio.panel.module import WATCHED_S, PanelModule
from latentrack.studio.panel.nearby import nearby, port_again, title_of
from latentrack.studio.panel.state import ModuleState, Stored, sentence
from latentrack.studio.panel.talk import Talk
from latentrack.studio.panel.usb import UsbModule
from latentrack.studio.worker import Worker
from latentrack.studio.workspace import Workspace

RETRY_S = 1.5
"""Seconds until a module that was lost, or that another program has, is tried again."""
_SCAN_S = 2.0
_ASK_S = 5.0


class Connection:
    """For the worker's thread, except `recall`. All methods raise what `Talk` raises."""

    def __init__(self, workspace: Workspace, store: ModuleState, worker: Worker) -> None:
        self._workspace, self._store, self._worker = workspace, store, worker
        self.module: PanelModule | None = None
        """The module that was connected last; it may not answer (`State.connected`)."""
        self._scanned = self._asked = -_ASK_S
        self._retry_at = 0.0
        self._may_start = True

    def needed(self) -> Talk:
        """The line to the module. UserError if none is connected."""
        state = self._store.state
        if self.module is None or not (state.connected or state.bare):
            raise UserError("No module is connected.")
        return self.module.talk

    def recall(self) -> bool:
        """Take what was connected when the studio was closed; True if it was the hosted module,
        which is to be switched on again. Another one is tried when somebody watches."""
        left = self._workspace.setting("module", None)
        if not isinstance(left, dict):
            return False
        if isinstance(left.get("port"), str):
            title = str(left.get("title", ""))
            self._store.update(kind=UsbModule.kind, port=left["port"], title=title)
        return bool(left.get("own"))

    def scan(self) -> None:
        """Find out which modules could be connected."""
        self._scanned = time.monotonic()
        hosted = self.module if isinstance(self.module, HostedModule) else None
        self._store.update(here=nearby(but=hosted.port if hosted else None))

    def switch_on(self) -> None:
        """Switch on the hosted module, and bring Latentrack to it if it is not there."""
        if isinstance(self.module, HostedModule):
            return
        if why := can_be_made():
            raise UserError(why)
        self.leave()
        hosted = HostedModule(self._workspace.folder / "module")
        try:
            try:
                about = self._prepare(hosted)
            except UserError:
                # A busy computer may take longer to start it than one waits for an answer.
                hosted.talk.close()
                about = self._prepare(hosted)
        except BaseException:
            hosted.close()
            raise
        self.module = hosted
        self._store.update(kind=hosted.kind, port=hosted.port, title=hosted.title, connected=True)
        self._take(about)
        self._workspace.remember("module", {"own": True})

    def connect(self, port: str) -> None:
        """Take the module at a port; also one that was lost, again."""
        state = self._store.state
        found = next((f for f in (*nearby(), *state.here) if f.port == port), None)
        title = title_of(found or FoundModule(port, "module"))
        if (state.kind, state.port) != (UsbModule.kind, port):
            self.leave()
            self._store.update(kind=UsbModule.kind, port=port, title=title)
            self._workspace.remember("module", {"port": port, "title": title})
        self._may_start = True
        self._store.update(bare=False, trouble="")
        self._reach(port)

    def leave(self) -> None:
        """Switch the hosted module off, or release the connected one."""
        self.close()
        self._workspace.remember("module", None)
        self._store.forget_module()
        self._scanned = -_SCAN_S

    def close(self) -> None:
        """As `leave`; the module comes back the next time."""
        module, self.module = self.module, None
        if module is not None:
            module.close()

    def install(self, board: str | None) -> str:
        """Put Latentrack on the module, which restarts; what is to be said of that."""
        with self.needed().link() as link:
            kept = install(link, self._worker.progress, board=board).kept_main
        self._store.update(bare=False)
        self.ask()
        more = " Your own main.py is kept there as main_before_latentrack.py." if kept else ""
        return f"Latentrack is on the module.{more}"

    def refresh(self) -> None:
        """Ask the module, and find out which others there are with the next poll."""
        self._scanned = -_SCAN_S
        self.ask()

    def ask(self) -> None:
        """Ask the module what it is, what it plays, and which models it has."""
        if self.module is not None:
            self._asked = time.monotonic()
            self._take(self.module.talk.call("hello"))

    def poll(self, watched_at: float, following: bool) -> None:
        """What is to be done without being asked for. watched_at: when somebody watched last.
        following: whether the module is needed even if nobody watches."""
        now = time.monotonic()
        state, module = self._store.state, self.module
        watched = now - watched_at < WATCHED_S
        if watched and now - self._scanned > _SCAN_S:
            self.scan()
        if state.kind == UsbModule.kind and (watched or following):
            if not state.connected and not state.bare and now > self._retry_at:
                self._reach_again()
        elif module is not None and module.talk.held:
            seen_at = watched_at if state.kind == UsbModule.kind else 0.0
            if now - max(module.talk.used, seen_at) > module.hold_s:
                module.talk.close()

    def watch(self) -> None:
        """Bring what is shown up to date, as far as it is time for that."""
        module = self.module
        if module is None:
            return
        plays = module.poll()
        if plays is not None:
            self._store.update(plays=plays)
        elif time.monotonic() - self._asked > _ASK_S:
            # Another program may have the port now.
            with contextlib.suppress(UserError):
                self.ask()
            module.talk.close()

    def fail(self, error: Exception) -> str:
        """What is to be said of a task that failed; "": the state shows it as long as it lasts."""
        module = self.module
        if isinstance(error, ModuleError):
            return f"The module refuses: {reason(error)}."
        text = sentence(str(error))
        if module is None or not (module.talk.broken or isinstance(error, NoPackage)):
            return text
        module.talk.close()
        if isinstance(error, NoPackage):
            self._store.update(connected=False, bare=True, trouble="")
            return ""
        self._retry_at = time.monotonic() + RETRY_S
        if isinstance(module, HostedModule):
            return text
        self._store.update(connected=False, trouble=text)
        return ""

    def _prepare(self, hosted: HostedModule) -> dict[str, Any]:
        """Bring Latentrack to the hosted module if it is not there yet; what the module says."""
        if not hosted.is_current():
            self._worker.say("Installing Latentrack on it")
            with hosted.talk.link() as link:
                install(link, self._worker.progress)
        return dict(hosted.talk.call("hello"))

    def _reach(self, port: str) -> None:
        if self.module is not None:
            self.module.close()
        self.module = UsbModule(port, self._store.state.title, self._worker)
        self._store.update(port=port)
        self.ask()

    def _reach_again(self) -> None:
        """Try the module that was lost, if it is there."""
        self._retry_at = time.monotonic() + RETRY_S
        state = self._store.state
        port = port_again(state.port, state.title)
        if port is None:
            gone = f"{state.title} is gone. It is taken up again when it comes back."
            self._store.update(trouble=gone)
        else:
            self._reach(port)

    def _take(self, about: dict[str, Any]) -> None:
        assert self.module is not None
        talk = self.module.talk
        if not about["runs"]:
            if not self._start(talk):
                return
            about = talk.call("hello")
        self._store.update(
            connected=True,
            bare=False,
            trouble="",
            board=str(about["board"]),
            plays=tuple(about["plays"]),
            models=self._stored(talk, talk.call("models")),
            free=int(about["free"]),
        )

    def _stored(self, talk: Talk, models: list[tuple[str, int]]) -> tuple[Stored, ...]:
        """The models of the library with their titles, each read once."""
        known = {(model.path, model.size): model for model in self._store.state.models}
        titles = library.titles(talk)
        return tuple(
            known.get((path, size)) or Stored(path, size, titles(path))
            for path, size in sorted(models)
        )

    def _start(self, talk: Talk) -> bool:
        """Start Latentrack where mpremote's reset has left it unstarted; whether it runs then.

        Once for each connection: main.py that fails would else be run again every few seconds.
        """
        if not self._may_start:
            return False
        self._may_start = False
        try:
            with talk.link() as link:
                diagnosis.start(link, self._store.notice)
        except UserError as error:
            self._store.update(connected=False, trouble=sentence(str(error)))
            return False
        return True
