"""What the studio sends to a module: models, and where the puck is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence

from latentrack.decoder.precision import AUTO
from latentrack.errors import UserError
from latentrack.module import library
from latentrack.module.files import FramedFiles, reason
from latentrack.module.link import ModuleError
from latentrack.module.offered import OfferedFile, put_files
from latentrack.module.paths import MOST_POINTS, PATHS, path_text
from latentrack.module.session import Session
from latentrack.osc.controls import AXES
from latentrack.playing.schedule import STRAIGHT
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.paths import LatentPath, fitting
from latentrack.studio.explore.slot_rack import SlotRack
from latentrack.studio.explore.state import ExplorerState
from latentrack.studio.listen.transport import Transport
from latentrack.studio.panel.connection import RETRY_S, Connection
from latentrack.studio.panel.hosted import HostedModule
from latentrack.studio.panel.position import left_out, said_of, values_at
from latentrack.studio.panel.state import ModuleState
from latentrack.studio.panel.talk import Talk
from latentrack.studio.training.run_files import RunFiles
from latentrack.studio.worker import Worker
from latentrack.words import agree, listed

_FOLLOW_S = 0.05


class Actions:
    """Tasks for the worker's thread. Those that return text say what came of them; they raise what
    `Talk` raises, and UserError if no module is connected."""

    def __init__(
        self,
        files: RunFiles,
        explorer: Explorer,
        store: ModuleState,
        connection: Connection,
        worker: Worker,
        transport: Transport | None = None,
        slots: SlotRack | None = None,
    ) -> None:
        self._transport, self._slots = transport, slots
        self._files, self._explorer = files, explorer
        self._store, self._connection, self._worker = store, connection, worker
        self._moved = False
        self._followed_at = -_FOLLOW_S

    # -- models -----------------------------------------------------------------------------------

    def audition(self, precision: str, track: int, store: bool) -> str:
        """Play what Explore plays, from the next bar on: the model, in the precision that is heard
        there if none is chosen, its position and all that is set; store: also keep the model."""
        talk = self._connection.needed()
        state = self._explorer.state
        shown = self._push(talk, state, precision, track, store).shown
        talk.call("change", track, values_at(state, self._swing()))
        self._connection.ask()
        kept = " It is in the module's library." if store else " It is not stored."
        plays = f"{shown} plays on track {track + 1} from the next bar on, as it is on Explore."
        return plays + said_of(left_out(state)) + kept

    def _push(
        self, talk: Talk, state: ExplorerState, precision: str, track: int, store: bool
    ) -> library.Pushed:
        """Send the state's model and play it."""
        opened = state.open_run
        if opened is None:
            raise UserError("No model is open: open one on the page Explore.")
        if precision == AUTO and opened.precision:
            precision = opened.precision
        self._worker.say("Exporting the model")
        file = self._files.model_file(opened.run.folder, precision)
        self._worker.say("Sending the model")
        with talk.link() as link:
            return library.push(link, file, self._worker.progress, store=store, track=track)

    def _swing(self) -> float:
        """The swing to send: none to a module whose clock swings by itself."""
        if self._transport is None:
            return STRAIGHT
        hosted = isinstance(self._connection.module, HostedModule)
        clocked = hosted and self._store.state.clock == "studio"
        return STRAIGHT if clocked else self._transport.swing

    def play(self, name: str, track: int) -> str:
        """Play a model of the module's library, from the next bar on."""
        self._connection.needed().call("play", name, track)
        self._connection.ask()
        return f"{name} plays from the next bar on."

    def remove(self, path: str, shown: str) -> str:
        """Remove a model from the module's library; what plays goes on."""
        self._connection.needed().call("remove", [path])
        self._connection.ask()
        return f"{shown} is removed."

    # -- the path ---------------------------------------------------------------------------------

    def send_path(self, path: LatentPath, name: str, track: int) -> str:
        """Store a path on the module, and have a track begin at its beginning."""
        if max(path.axes) >= len(AXES):
            raise UserError(
                "The module's paths lie in X, Y, Z and W: choose two of them for the map, and "
                "draw it there."
            )
        talk = self._connection.needed()
        text = path_text(
            [AXES[axis] for axis in path.axes],
            fitting(path.points, MOST_POINTS),
            path.bars,
            path.way,
            "drawn in the studio",
        )
        with talk.link() as link, Session(link) as session:
            files = FramedFiles(session, session.call("hello"))
            put_files(PATHS, files, [OfferedFile(f"{name}.txt", text.encode())])
            session.call("change", track, {"path": name, "path_at": 0})
        return (
            f"The path {name} is on the module, and track {track + 1} at its beginning. Its page "
            "Path moves it along."
        )

    # -- the puck ---------------------------------------------------------------------------------

    def send_position(self, track: int) -> str:
        """Move a track to where the puck is, with its threshold, densities and the rest."""
        state = self._explorer.state
        self._connection.needed().call("change", track, values_at(state, self._swing()))
        return f"Track {track + 1} stands where the puck is.{said_of(left_out(state))}"

    def send_preset(self, number: int, track: int) -> str:
        """Move a track to where the puck is, and have the module store that as a preset."""
        talk = self._connection.needed()
        talk.call("change", track, values_at(self._explorer.state, self._swing()))
        stored = talk.call("preset", number)
        text = f"Preset {number} is on the module."
        if not stored:
            text = f"The module keeps preset {number}, and stores it when its clock stops."
        state = self._store.state
        plays = state.plays[track] if track < len(state.plays) else None
        if plays is not None and plays not in {model.name for model in state.models}:
            text += f" {plays} is not in its library yet: store it, too."
        return text

    def send_slots(self, track: int) -> str:
        """Store each slot that is filled as the preset of its number, with its model in the
        module's library; what the track plays stays as it was."""
        talk = self._connection.needed()
        slots = self._explorer.state.slots
        filled = [index for index, slot in enumerate(slots) if slot is not None]
        if self._slots is None or not filled:
            raise UserError("All slots are empty: keep something in them on the page Explore.")
        states = {index: self._slots.state_at(index) for index in filled}
        before, was = talk.call("values", track), self._store.state.plays
        names: dict[tuple[str, str], str] = {}
        stored, missing = True, []
        for number, (index, state) in enumerate(states.items()):
            slot = slots[index]
            model = (slot.run, slot.precision)
            if model not in names:
                names[model] = self._push(talk, state, AUTO, track, store=True).name
            else:
                talk.call("play", names[model], track)
            talk.call("change", track, values_at(state, self._swing()))
            stored = bool(talk.call("preset", index + 1)) and stored
            if left_out(state):
                missing.append(f"slot {index + 1}")
            self._worker.progress(number + 1, len(filled))
        self._as_before(talk, track, before, was)
        self._connection.ask()
        numbers = listed([str(index + 1) for index in filled])
        text = f"{agree(len(filled), 'Slot', 'Slots')} {numbers} {agree(len(filled), 'is', 'are')} "
        text += f"on the module, as {agree(len(filled), 'preset', 'presets')} {numbers}."
        if missing:
            text += f" What was drawn or muted in {listed(missing)} is not."
        if not stored:
            text += " The module stores them when its clock stops."
        return text

    def _as_before(
        self, talk: Talk, track: int, before: dict[str, object], plays: Sequence[str | None]
    ) -> None:
        """The track goes back to the model and the values that it had."""
        name = plays[track] if track < len(plays) else None
        if name is not None:
            with contextlib.suppress(ModuleError):  # it was not stored there
                talk.call("play", name, track)
        # The position is among the values by name, too.
        values = {name: value for name, value in before.items() if name != "latents"}
        talk.call("change", track, values)

    def puck_moved(self) -> None:
        """Send where the puck is with the next `follow`. For any thread."""
        self._moved = True

    def pause(self) -> float | None:
        """Seconds until `follow` has something to do; None: until the puck moves."""
        state = self._store.state
        if not self._moved or state.follows is None:
            return None
        if not state.connected:
            return RETRY_S
        return max(_FOLLOW_S - (time.monotonic() - self._followed_at), 0)

    def follow(self) -> None:
        """Send where the puck is, if the module follows it and it is time."""
        track = self._store.state.follows
        if track is None or self.pause() != 0:
            return
        self._moved = False
        self._followed_at = time.monotonic()
        try:
            values = values_at(self._explorer.state, self._swing())
            self._connection.needed().call("change", track, values)
        except ModuleError as error:
            self._store.update(follows=None)
            text = f"The module does not follow the puck any more: {reason(error)}."
            self._store.notice(text, good=False)
        except UserError:
            # Another program may have the port now: where the puck is must not be lost for that.
            self._moved = True
            self._followed_at = time.monotonic() + RETRY_S
            module = self._connection.module
            if not isinstance(module, HostedModule):
                raise
            module.talk.close()
