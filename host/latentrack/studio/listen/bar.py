"""The bar at the foot of every page: play, tempo, swing, volume, and this browser's sound."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from nicegui import context, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from latentrack.playing.pattern import Pattern
from latentrack.playing.sequencer import DueStep
from latentrack.playing.voices import DRUM_CHANNEL
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.listen.routes import SAMPLE, serve
from latentrack.studio.listen.transport import Transport
from latentrack.studio.listen.voice_sounds import voice_sound
from latentrack.studio.page_parts import errors_shown, in_background, listen

_SILENT_STEPS = 16
_SCRIPTS: list[str | Path] = [
    "listen_sound.js",
    "listen_midi_out.js",
    "listen_synth.js",
    "listen_drums.js",
    "listen_notes.js",
    "listen_master.js",
    "listen_dice.js",
]


class Bar(Element, component="listen_bar.js", dependencies=_SCRIPTS):
    """Controls the transport, shows its state, and passes steps to the sound of this tab."""

    def __init__(self, transport: Transport, explorer: Explorer) -> None:
        super().__init__()
        self._transport, self._explorer = transport, explorer
        self._shown: dict[str, Any] = {}
        self._hidden = False
        self.on("play", self._play)
        self.on("stop", transport.stop)
        self.on("ping", self._answer)
        self.on("hidden", lambda event: self.hide(event.args is True))
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
            "reverb": transport.state.reverb,
            "samples": {
                f"own {name}": f"{SAMPLE}?{urlencode({'voice': name, 'of': version})}"
                for name, version in transport.samples.versions.items()
            },
            "midiChannel": transport.midi.state.channel - 1,
            "following": transport.following,
            "model": self._model(),
            "steps": pattern.steps if pattern else _SILENT_STEPS,
            "beat": pattern.steps_per_beat if pattern else 4,
        }
        if state != self._shown:
            self._shown = state
            self.props.update(state)

    async def _play(self) -> None:
        """Play; where nothing is open yet, something that comes with Latentrack."""
        if self._explorer.state.run is None:
            with errors_shown():
                await in_background(self._explorer.open_supplied)
        self._transport.play()

    def hide(self, hidden: bool) -> None:
        """Say whether nobody sees the tab: then it hears of steps long before they come."""
        self._hidden = hidden
        self._transport.set_hidden(self, hidden)

    def tell(self, step: DueStep | None) -> None:
        """Announce a step to the browser; None cancels all announced steps."""
        if step is None:
            self.run_method("halt")
            return
        if step.foreseen and not self._hidden:
            return
        hits = [] if step.pattern is None else list(self._hits(step, step.pattern))
        self.run_method(
            "step", step.count, step.number, step.due, step.seconds, hits, step.foreseen
        )

    def audition(self, hits: list[tuple[Any, ...]], steps: int, steps_per_beat: int) -> None:
        """Sound a bar by itself, once, at the studio's tempo; what plays here is silent meanwhile.

        hits: (sound, Hz, velocity, step) each.
        """
        self.run_method("audition", hits, steps, steps_per_beat)

    def _hits(self, step: DueStep, pattern: Pattern) -> Iterator[tuple[Any, ...]]:
        """Each hit: (sound, Hz, velocity, seconds after the step, seconds that it is held, MIDI
        pitch, MIDI channel from 0; -1: the one that is chosen for notes)."""
        own = self._transport.samples.versions
        channel = DRUM_CHANNEL if pattern.kind == "drums" else -1
        for time, (voice, pitch, velocity) in step.timed_hits:
            sound = voice_sound(pattern, voice, pitch, self._transport.state.instrument, own)
            yield (*sound, velocity, time - step.due, step.seconds, pitch, channel)

    def _model(self) -> str:
        run = self._explorer.state.run
        return "" if run is None else run.folder.name.removesuffix(".run")

    def _answer(self, event: GenericEventArguments) -> None:
        self.run_method("pong", event.args, self._transport.now())


def build(transport: Transport, explorer: Explorer) -> None:
    """Add the bar to the page and connect it to the transport and the explorer."""
    serve(transport.samples)
    bar = Bar(transport, explorer)
    loop = asyncio.get_running_loop()

    def tell(step: DueStep | None) -> None:
        if not bar.is_deleted:
            bar.tell(step)

    def told(step: DueStep | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, step)

    context.client.on_delete(transport.on_step(told))
    context.client.on_delete(lambda: bar.hide(False))
    listen(transport.playing_changed, bar.show)
    listen(transport.sound_changed, bar.show)
    listen(transport.samples.changed, bar.show)
    listen(transport.midi.sending_changed, bar.show)
    listen(explorer.run_changed, bar.show)
    listen(explorer.pattern_changed, bar.show)


def _number_to(setter: Any) -> Any:
    def act(event: GenericEventArguments) -> None:
        if isinstance(event.args, (int, float)):
            setter(event.args)

    return act
