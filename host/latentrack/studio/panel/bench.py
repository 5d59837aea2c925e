"""The bench: the module that is connected, or a virtual one.

One thread has the cable; what is to be done over it waits in a queue. It holds the port while
somebody looks at the page or the module follows the puck, and lets go of it a few seconds later, so
that other programs get it. A virtual module of the studio's own is played through its jacks
(own.py), and its port is held only while something is sent to it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from latentrack.errors import UserError
from latentrack.module import diagnosis, library
from latentrack.module.files import reason
from latentrack.module.link import ModuleError
from latentrack.module.ports import Found, modules
from latentrack.module.session import NoPackage
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.panel import sending
from latentrack.studio.panel.look import Look
from latentrack.studio.panel.own import LOOKED_S, OwnModule, can_be_made
from latentrack.studio.panel.place import values_at
from latentrack.studio.panel.remote import RemotePanel
from latentrack.studio.panel.source import Source
from latentrack.studio.panel.state import Notice, State, Stored
from latentrack.studio.panel.talk import Talk
from latentrack.studio.signals import Signal
from latentrack.studio.workspace import Workspace

if TYPE_CHECKING:
    from latentrack.studio.listen.transport import Transport

CLOCKS = ("studio", "own", "off")
TEMPO_RANGE = (20.0, 400.0)
_LOOK_S = 0.08
_FOLLOW_S = 0.05
_SCAN_S = 2.0
_RETRY_S = 1.5
_ASK_S = 5.0
# So long after its last use a port is held: of a module that is looked at, and of the own one.
_HOLD_S = {"usb": 4.0, "own": 0.5}
_PROGRESS_S = 0.1
_END_S = 10.0
_VIRTUAL = "Virtual module"


@dataclass(frozen=True)
class _Job:
    """Something to be done: what it is called, what does it and says what came of it ("": nothing
    worth saying), and whether it needs a module that answers."""

    words: str
    work: Callable[[], str]


class Bench:
    """`changed` says that a module has come, gone, or something about it is different (`state`).

    What the panel shows changes all the time: `look` has it, and nobody is told. All methods return
    at once, from whatever thread; what goes wrong is in `state`, as `trouble` or as a notice.
    """

    def __init__(
        self, workspace: Workspace, explorer: Explorer, transport: Transport | None = None
    ) -> None:
        self._workspace = workspace
        self._explorer = explorer
        self._transport = transport
        self.changed = Signal()
        self.state = State(
            clock=_known(workspace.setting("module_clock", "studio")),
            tempo=_tempo(workspace.setting("module_tempo", 120.0)),
        )
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._state_lock = threading.Lock()
        self._own: OwnModule | None = None
        self._remote: RemotePanel | None = None
        self._talk: Talk | None = None
        self._looked = -LOOKED_S
        self._scanned = self._asked = self._mirrored = self._followed = self._told = -_SCAN_S
        self._retry_at = 0.0
        self._gone = False
        self._may_start = True
        self._moved = False
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="bench", daemon=True)
        self._thread.start()
        self._disconnect = [explorer.changed.connect(self._puck_moved)]
        if transport is not None:
            self._was_playing = False
            self._disconnect.append(transport.changed.connect(self._transport_changed))
            self._disconnect.append(transport.stepped.connect(self._stepped))
        self._recall()

    def close(self) -> None:
        """Lets go of the module; switches a virtual one off."""
        for disconnect in self._disconnect:
            disconnect()
        self._ends = True
        self._jobs.put(None)
        self._thread.join(_END_S)

    # -- which module -----------------------------------------------------------------------------

    def switch_on(self) -> None:
        """Switches on the studio's own virtual module, and brings Latentrack to it if need be."""
        self._do("Switching on", self._switch_on)

    def connect(self, port: str) -> None:
        """Takes the module at a port; also one that was lost, again."""
        self._do("Connecting", lambda: self._connect(port))

    def leave(self) -> None:
        """Switches the own module off, or lets go of the connected one."""
        self._do("Letting go", self._leave)

    def install(self, board: str | None = None) -> None:
        """Puts Latentrack on the module; `board` is what a Teensy sits on (see install.boards)."""
        self._do("Installing Latentrack", lambda: self._install(board))

    def refresh(self) -> None:
        """Looks again which modules there are, and what is on this one."""
        self._scanned = -_SCAN_S
        self._do("Looking", self._ask)

    # -- its panel --------------------------------------------------------------------------------

    def look(self) -> Look:
        """What the panel shows; it is kept up to date for those who look again and again."""
        now = time.monotonic()
        before, self._looked = self._looked, now
        if now - before > LOOKED_S:
            self._jobs.put(None)
        own, remote = self._own, self._remote
        if own is not None:
            return replace(own.look(), plays=self.state.plays)
        return remote.now if remote is not None else Look()

    def turn(self, knob: str, position: float) -> None:
        """Turns a knob to 0..1."""
        self._panel("turn", knob, min(max(float(position), 0.0), 1.0))

    def turn_encoder(self, encoder: str, steps: int) -> None:
        """Turns an encoder by clicks; to the right is positive."""
        self._panel("turn_encoder", encoder, steps)

    def press(self, control: int | str) -> None:
        """A button (1 to 4) or an encoder goes down, and stays there."""
        self._panel("press", control)

    def release(self, control: int | str) -> None:
        """It is let go."""
        self._panel("release", control)

    def pulse(self, jack: str) -> None:
        """One edge at a trigger input. Of a connected module no cable can be reached from here, but
        what an edge at its reset and trigger inputs does can be done."""
        own = self._own
        if own is not None:
            own.pulse(jack)
        elif self.state.connected and jack == "clock":
            self._notice("The clock of a connected module comes by cable only.", good=False)
        elif self.state.connected:
            self._do("", lambda: self._act(jack))

    def patch(self, jack: str, source: Source) -> None:
        """Puts a source into a CV input of the own module."""
        if self._own is not None:
            self._own.patch(jack, source)
            self.changed.emit()

    @property
    def sources(self) -> dict[str, Source]:
        """What is patched into the own module's CV inputs."""
        own = self._own
        return own.sources if own is not None else {}

    def clock(self, clock: str, tempo: float | None = None) -> None:
        """Which clock the own module gets: "studio", "own" (at a tempo) or "off"."""
        chosen = _known(clock)
        beats = self.state.tempo if tempo is None else _tempo(tempo)
        self._workspace.remember("module_clock", chosen)
        self._workspace.remember("module_tempo", beats)
        self._set(clock=chosen, tempo=beats)
        self._plug_clock()

    # -- what it plays ----------------------------------------------------------------------------

    def audition(self, precision: str = "float32", track: int = 0, store: bool = False) -> None:
        """Plays the model that is open, from the next bar on; `store` also keeps it there."""
        self._do("Sending the model", lambda: self._audition(precision, track, store))

    def play(self, name: str, track: int = 0) -> None:
        """Plays a model of its library, from the next bar on."""
        self._do("", lambda: self._said(f"{name} plays from the next bar on.", "play", name, track))

    def remove(self, model: Stored) -> None:
        """Removes a model from its library; what plays goes on."""
        self._do("", lambda: self._said(f"{model.shown} is removed.", "remove", [model.path]))

    def send_place(self, track: int = 0) -> None:
        """The track goes where the puck is, with its threshold, densities and the rest."""
        self._do("", lambda: self._send_place(track))

    def send_preset(self, number: int, track: int = 0) -> None:
        """The track goes where the puck is, and the module stores that as a preset."""
        self._do("", lambda: self._send_preset(number, track))

    def follow(self, track: int | None) -> None:
        """From now on the track goes wherever the puck goes; None ends that."""
        self._set(follows=track)
        self._moved = True
        self._jobs.put(None)

    # -- the thread -------------------------------------------------------------------------------

    def _do(self, words: str, work: Callable[[], str]) -> None:
        self._jobs.put(_Job(words, work))

    def _run(self) -> None:
        while not self._ends:
            try:
                job = self._jobs.get(timeout=self._pause())
            except queue.Empty:
                job = None
            if self._ends:
                break
            if job is not None:
                self._carry_out(job)
            with self._troubles():
                self._attend()
        self._let_go()
        if self._own is not None:
            self._own.close()

    def _pause(self) -> float | None:
        now = time.monotonic()
        if self._moved and self.state.follows is not None:
            if not self.state.connected:
                return _RETRY_S
            return max(_FOLLOW_S - (now - self._followed), 0)
        if now - self._looked < LOOKED_S:
            return max(_LOOK_S - (now - self._mirrored), 0) if self._remote else 0.3
        if self._talk is not None and self._talk.held:
            return 0.5
        return None

    def _carry_out(self, job: _Job) -> None:
        if job.words:
            self._set(busy=job.words, part=None)
        with self._troubles():
            said = job.work()
            if said:
                self._notice(said)
        if job.words:
            self._set(busy="", part=None)

    @contextlib.contextmanager
    def _troubles(self) -> Iterator[None]:
        """What goes wrong with the module, in words, for the page."""
        try:
            yield
        except ModuleError as error:
            self._notice(f"The module refuses: {reason(error)}.", good=False)
        except NoPackage:
            self._let_go()
            self._set(connected=False, bare=True, trouble="")
        except UserError as error:
            text = _sentence(str(error))
            talk = self._talk
            if talk is not None and talk.broken:
                self._lose(text)
            else:
                self._notice(text, good=False)

    def _lose(self, text: str) -> None:
        self._let_go()
        self._retry_at = time.monotonic() + _RETRY_S
        if self._own is not None:
            self._notice(text, good=False)
        else:
            self._set(connected=False, trouble=text)

    def _let_go(self) -> None:
        if self._talk is not None:
            self._talk.close()

    def _attend(self) -> None:
        """What is to be done without being asked for."""
        now = time.monotonic()
        looked = now - self._looked < LOOKED_S
        state = self.state
        if looked and now - self._scanned > _SCAN_S:
            self._scan()
        if state.kind == "usb" and (looked or state.follows is not None):
            if not state.connected and not state.bare and now > self._retry_at:
                self._reach_again()
        elif self._talk is not None and self._talk.held:
            idle = now - max(self._talk.used, self._looked if state.kind == "usb" else 0)
            if idle > _HOLD_S.get(state.kind, 0):
                self._let_go()
        if not self.state.connected:
            return
        if state.follows is not None and self._moved and now - self._followed >= _FOLLOW_S:
            self._send_move(state.follows)
        if not looked:
            return
        if self._remote is not None and now - self._mirrored >= _LOOK_S:
            self._mirrored = now
            assert self._talk is not None
            while self._remote.ask(self._talk):
                pass
            if self._remote.now.plays != self.state.plays:
                self._set(plays=self._remote.now.plays)
        elif state.kind == "own" and now - self._asked > _ASK_S:
            # Another program may have the port now.
            with contextlib.suppress(UserError):
                self._ask()
            self._let_go()

    # -- which module: the work -------------------------------------------------------------------

    def _scan(self) -> None:
        self._scanned = time.monotonic()
        mine = self._own.port if self._own is not None else None
        here = tuple(found for found in modules() if found.port != mine)
        if here != self.state.here:
            self._set(here=here)

    def _switch_on(self) -> str:
        if self._own is not None:
            return ""
        why = can_be_made()
        if why:
            raise UserError(why)
        self._leave()
        own = OwnModule(self._workspace.folder / "module")
        self._talk = Talk(own.port)
        try:
            try:
                about = self._prepare(own)
            except UserError:
                # A busy machine may take longer to start than one waits for an answer.
                self._let_go()
                about = self._prepare(own)
        except BaseException:
            self._let_go()
            own.close()
            raise
        self._own = own
        self._set(kind="own", port=own.port, title=_VIRTUAL, connected=True)
        self._know(about)
        self._plug_clock()
        self._workspace.remember("module", {"own": True})
        return ""

    def _prepare(self, own: OwnModule) -> dict[str, Any]:
        """Brings Latentrack to the own module if it is not there yet; what the module says."""
        talk = self._talk
        assert talk is not None
        if not own.is_current():
            self._set(busy="Installing Latentrack on it")
            with talk.link() as link:
                sending.install(link, self._progress)
        about: dict[str, Any] = talk.call("hello")
        return about

    def _connect(self, port: str) -> str:
        known = {found.port: found for found in (*modules(), *self.state.here)}
        found = known.get(port, Found(port, "module"))
        if self.state.kind != "usb" or self.state.port != port:
            self._leave()
            self._set(kind="usb", port=port, title=_title(found))
            self._workspace.remember("module", {"port": port, "title": self.state.title})
        self._let_go()
        self._talk = Talk(port)
        self._may_start = True
        self._remote = RemotePanel()
        self._set(bare=False, trouble="")
        self._ask()
        return ""

    def _reach_again(self) -> None:
        """Looks for the module that was lost: at its port, or a virtual one by its name."""
        self._retry_at = time.monotonic() + _RETRY_S
        state = self.state
        there = next(
            (f for f in modules() if f.port == state.port or _title(f) == state.title), None
        )
        port = there.port if there is not None else state.port
        # The port of a virtual module that has ended may be another program's by now.
        virtual = state.title.startswith(_VIRTUAL)
        if there is None and (virtual or not os.path.exists(port)):
            text = f"{state.title} is gone. It is taken up again when it comes back."
            if state.trouble != text:
                self._set(trouble=text)
            return
        self._let_go()
        self._talk = Talk(port)
        self._remote = RemotePanel()
        if port != state.port:
            self._set(port=port)
        self._ask()

    def _leave(self) -> str:
        self._let_go()
        own, self._own = self._own, None
        self._remote = self._talk = None
        if own is not None:
            own.close()
        self._workspace.remember("module", None)
        state = self.state
        self._set(
            whole=State(
                busy=state.busy,
                clock=state.clock,
                tempo=state.tempo,
                here=state.here,
                notice=state.notice,
            )
        )
        self._scanned = -_SCAN_S
        return ""

    def _recall(self) -> None:
        """What was on the bench when the studio was left; it is looked for when somebody looks."""
        left = self._workspace.setting("module", None)
        if not isinstance(left, dict):
            return
        if left.get("own"):
            self.switch_on()
        elif isinstance(left.get("port"), str):
            self._set(kind="usb", port=left["port"], title=str(left.get("title", "")))

    def _install(self, board: str | None) -> str:
        talk = self._needed()
        with talk.link() as link:
            done = sending.install(link, self._progress, board)
        self._set(bare=False)
        self._ask()
        kept = " Your own main.py is kept there as main_before_latentrack.py." if done else ""
        return f"Latentrack is on the module.{kept}"

    def _ask(self) -> str:
        """What the module says of itself, and which models it has."""
        if self._talk is None:
            return ""
        self._asked = time.monotonic()
        self._know(self._talk.call("hello"))
        return ""

    def _know(self, about: dict[str, Any]) -> None:
        talk = self._talk
        assert talk is not None
        if not about["runs"]:
            if not self._start(talk):
                return
            about = talk.call("hello")
        models = self._stored(talk, talk.call("models"))
        self._set(
            connected=True,
            bare=False,
            trouble="",
            board=str(about["board"]),
            plays=tuple(about["plays"]),
            models=models,
            free=int(about["free"]),
        )

    def _stored(self, talk: Talk, models: list[tuple[str, int]]) -> tuple[Stored, ...]:
        """The models of the library with their titles, each read once."""
        known = {(model.path, model.size): model for model in self.state.models}
        titles = library.titles(talk)
        return tuple(
            known.get((path, size)) or Stored(path, size, titles(path))
            for path, size in sorted(models)
        )

    def _start(self, talk: Talk) -> bool:
        """Starts Latentrack where mpremote's reset has left it unstarted; whether it runs then.

        Once for each connection: main.py that fails would else be run again every few seconds.
        """
        if not self._may_start:
            return False
        self._may_start = False
        try:
            with talk.link() as link:
                diagnosis.start(link, self._notice)
        except UserError as error:
            self._set(connected=False, trouble=_sentence(str(error)))
            return False
        return True

    # -- its panel: the work ----------------------------------------------------------------------

    def _panel(self, what: str, *arguments: object) -> None:
        panel = self._own or self._remote
        if panel is not None:
            getattr(panel, what)(*arguments)
            if panel is self._remote:
                self._mirrored = -_LOOK_S
                self._jobs.put(None)

    def _act(self, jack: str) -> str:
        self._needed().call("act", jack)
        return ""

    def _plug_clock(self) -> None:
        if self._own is not None:
            self._own.clock(self.state.tempo if self.state.clock == "own" else None)

    def _transport_changed(self) -> None:
        assert self._transport is not None
        playing = self._transport.playing
        begins = playing and not self._was_playing
        self._was_playing = playing
        own = self._own
        if begins and own is not None and self.state.clock == "studio":
            own.pulse("reset")

    def _stepped(self) -> None:
        own = self._own
        if own is not None and self.state.clock == "studio":
            assert self._transport is not None
            if self._transport.playing and self._transport.step >= 0:
                own.pulse("clock")

    # -- what it plays: the work ------------------------------------------------------------------

    def _audition(self, precision: str, track: int, store: bool) -> str:
        talk = self._needed()
        run = self._explorer.run
        if run is None:
            raise UserError("No model is open: open one on the page Explore.")
        self._set(busy="Exporting the model")
        file = sending.export(run.folder, self._workspace.models, precision)
        self._set(busy="Sending the model")
        with talk.link() as link:
            done = sending.push(link, file, self._progress, store=store, track=track)
        self._ask()
        kept = " It is in the module's library." if store else " It is not stored."
        return f"{done.shown} plays on track {track + 1} from the next bar on.{kept}"

    def _said(self, words: str, request: str, *arguments: object) -> str:
        self._needed().call(request, *arguments)
        self._ask()
        return words

    def _send_place(self, track: int) -> str:
        self._needed().call("change", track, values_at(self._explorer))
        return f"Track {track + 1} stands where the puck is."

    def _send_preset(self, number: int, track: int) -> str:
        talk = self._needed()
        talk.call("change", track, values_at(self._explorer))
        stored = talk.call("preset", number)
        text = f"Preset {number} is on the module."
        if not stored:
            text = f"The module keeps preset {number}, and stores it when its clock stops."
        plays = self.state.plays[track] if track < len(self.state.plays) else None
        if plays is not None and plays not in {model.name for model in self.state.models}:
            text += f" {plays} is not in its library yet: store it, too."
        return text

    def _puck_moved(self) -> None:
        if self.state.follows is not None:
            self._moved = True
            self._jobs.put(None)

    def _send_move(self, track: int) -> None:
        self._moved = False
        self._followed = time.monotonic()
        try:
            self._needed().call("change", track, values_at(self._explorer))
        except ModuleError as error:
            self._set(follows=None)
            self._notice(
                f"The module does not follow the puck any more: {reason(error)}.", good=False
            )
        except UserError:
            # Another program may have the port now: where the puck is must not be lost for that.
            self._moved = True
            self._followed = time.monotonic() + _RETRY_S
            if self._own is None:
                raise
            self._let_go()

    def _needed(self) -> Talk:
        if self._talk is None or not self.state.connected and not self.state.bare:
            raise UserError("No module is connected.")
        return self._talk

    # -- the state --------------------------------------------------------------------------------

    def _set(self, whole: State | None = None, **parts: Any) -> None:
        with self._state_lock:
            before = self.state
            self.state = replace(before if whole is None else whole, **parts)
        if self.state != before:
            self.changed.emit()

    def _notice(self, text: str, good: bool = True) -> None:
        self._set(notice=Notice(self.state.notice.number + 1, text, good))

    def _progress(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told > _PROGRESS_S or done >= total:
            self._told = now
            self._set(part=done / max(total, 1))


def _title(found: Found) -> str:
    return f"{_VIRTUAL} {found.name}" if found.name else f"{found.kind} at {found.port}"


def _known(clock: object) -> str:
    return str(clock) if clock in CLOCKS else CLOCKS[0]


def _tempo(tempo: object) -> float:
    beats = float(tempo) if isinstance(tempo, int | float) else 120.0
    return min(max(beats, TEMPO_RANGE[0]), TEMPO_RANGE[1])


def _sentence(text: str) -> str:
    """With a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
