"""What the studio sends to a module: models, and where the puck is."""

from __future__ import annotations

import time

from latentrack.errors import UserError
from latentrack.module import library
from latentrack.module.files import FramedFiles, reason
from latentrack.module.link import ModuleError
from latentrack.module.offered import OfferedFile, put_files
from latentrack.module.paths import MOST_POINTS, PATHS, path_text
from latentrack.module.session import Session
from latentrack.osc.controls import AXES
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.paths import LatentPath, fitting
from latentrack.studio.panel.connection import RETRY_S, Connection
from latentrack.studio.panel.hosted import HostedModule
from latentrack.studio.panel.position import feel_at, values_at
from latentrack.studio.panel.state import ModuleState
from latentrack.studio.training.run_files import RunFiles
from latentrack.studio.worker import Worker

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
    ) -> None:
        self._files, self._explorer = files, explorer
        self._store, self._connection, self._worker = store, connection, worker
        self._moved = False
        self._followed_at = -_FOLLOW_S

    # -- models -----------------------------------------------------------------------------------

    def audition(self, precision: str, track: int, store: bool) -> str:
        """Play the model that is open on Explore, from the next bar on, with its feel as it is
        there; store: also keep it."""
        talk = self._connection.needed()
        state = self._explorer.state
        run = state.run
        if run is None:
            raise UserError("No model is open: open one on the page Explore.")
        self._worker.say("Exporting the model")
        file = self._files.model_file(run.folder, precision)
        self._worker.say("Sending the model")
        with talk.link() as link:
            done = library.push(link, file, self._worker.progress, store=store, track=track)
        feel = feel_at(state)
        if feel:
            talk.call("change", track, feel)
        self._connection.ask()
        kept = " It is in the module's library." if store else " It is not stored."
        return f"{done.shown} plays on track {track + 1} from the next bar on.{kept}"

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
        self._connection.needed().call("change", track, values_at(self._explorer.state))
        return f"Track {track + 1} stands where the puck is."

    def send_preset(self, number: int, track: int) -> str:
        """Move a track to where the puck is, and have the module store that as a preset."""
        talk = self._connection.needed()
        talk.call("change", track, values_at(self._explorer.state))
        stored = talk.call("preset", number)
        text = f"Preset {number} is on the module."
        if not stored:
            text = f"The module keeps preset {number}, and stores it when its clock stops."
        state = self._store.state
        plays = state.plays[track] if track < len(state.plays) else None
        if plays is not None and plays not in {model.name for model in state.models}:
            text += f" {plays} is not in its library yet: store it, too."
        return text

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
            self._connection.needed().call("change", track, values_at(self._explorer.state))
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
