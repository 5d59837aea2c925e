"""The bar at the foot of every page: play, tempo, swing, volume, and this browser's sound."""

from __future__ import annotations

import asyncio
from typing import Any

from nicegui import context, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from latentrack.playing.sequencer import DueStep
from latentrack.sound.names import sound_of
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.listen.transport import Transport
from latentrack.studio.page_parts import listen

_SILENT_STEPS = 16


class Bar(Element, component="listen_bar.js", dependencies=["listen_sound.js", "listen_synth.js"]):
    """Controls the transport, shows its state, and passes steps to the sound of this tab."""

    def __init__(self, transport: Transport, explorer: Explorer) -> None:
        super().__init__()
        self._transport, self._explorer = transport, explorer
        self._shown: dict[str, Any] = {}
        self.on("play", transport.play)
        self.on("stop", transport.stop)
        self.on("ping", self._answer)
        self.on("model", lambda: ui.navigate.to("/explore"))
        for name, setter in (
            ("tempo", transport.set_tempo),
            ("swing", transport.set_swing),
            ("volume", transport.set_volume),
        ):
            self.on(name, _number_to(setter), throttle=0.03)
        self.show()

    def show(self) -> None:
        """Send the state to the browser if it has changed (a moving puck does not change it)."""
        transport, pattern = self._transport, self._explorer.state.pattern
        state = {
            "playing": transport.playing,
            "tempo": transport.state.tempo,
            "swing": transport.swing,
            "volume": transport.volume,
            "following": transport.following,
            "model": self._model(),
            "steps": pattern.steps if pattern else _SILENT_STEPS,
            "beat": pattern.steps_per_beat if pattern else 4,
        }
        if state != self._shown:
            self._shown = state
            self.props.update(state)

    def tell(self, step: DueStep | None) -> None:
        """Announce a step to the browser; None cancels all announced steps."""
        if step is None:
            self.run_method("halt")
            return
        hits = []
        if step.pattern is not None:
            kind, names = step.pattern.kind, step.pattern.voice_names
            for time, (voice, pitch, velocity) in step.timed_hits:
                late = (time - step.due,) if time != step.due else ()
                hits.append((*sound_of(kind, names[voice], pitch), velocity, *late))
        self.run_method("step", step.number, step.due, step.seconds, hits)

    def _model(self) -> str:
        run = self._explorer.state.run
        return "" if run is None else run.folder.name.removesuffix(".run")

    def _answer(self, event: GenericEventArguments) -> None:
        self.run_method("pong", event.args, self._transport.now())


def build(transport: Transport, explorer: Explorer) -> None:
    """Add the bar to the page and connect it to the transport and the explorer."""
    bar = Bar(transport, explorer)
    loop = asyncio.get_running_loop()

    def tell(step: DueStep | None) -> None:
        if not bar.is_deleted:
            bar.tell(step)

    def told(step: DueStep | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, step)

    context.client.on_delete(transport.on_step(told))
    listen(transport.playing_changed, bar.show)
    listen(transport.sound_changed, bar.show)
    listen(explorer.run_changed, bar.show)
    listen(explorer.pattern_changed, bar.show)


def _number_to(setter: Any) -> Any:
    def act(event: GenericEventArguments) -> None:
        if isinstance(event.args, (int, float)):
            setter(event.args)

    return act
