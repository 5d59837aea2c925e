"""The transport: one clock for browsers, MIDI and OSC.

The worker's thread waits and calls the conductor with the time as an argument. Other threads do not
call the conductor but queue tasks for the worker, so that no thread waits for another.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from latentrack.osc.controls import OscControls
from latentrack.playing.schedule import MOST_SWING, STRAIGHT, TEMPO_RANGE
from latentrack.playing.sequencer import DueStep, Sequencer
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.listen.conductor import Action, Conductor
from latentrack.studio.listen.follow import Follower
from latentrack.studio.listen.memory import Memory
from latentrack.studio.listen.midi import Midi
from latentrack.studio.listen.osc import Osc
from latentrack.studio.listen.own_samples import OwnSamples
from latentrack.studio.listen.voice_sounds import AUTO, INSTRUMENTS
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store
from latentrack.studio.worker import Worker
from latentrack.studio.workspace import Workspace

# Called with each step as soon as it is known, and with None to cancel all announced steps.
StepListener = Callable[[DueStep | None], None]


@dataclass(frozen=True)
class TransportState:
    """playing: whether steps are played.  following: whether an external MIDI clock is followed.

    tempo: quarter notes per minute, 20 to 400.  swing: share of two steps that the first takes, 0.5
    (straight) to 0.75.  volume: of the browsers' sounds, 0 to 1.  reverb: how much of the room is
    heard with them, 0 to 1.  instrument: of notes and rhythms, one of `voice_sounds.INSTRUMENTS`.
    """

    playing: bool = False
    following: bool = False
    tempo: float = 120.0
    swing: float = STRAIGHT
    volume: float = 0.8
    reverb: float = 0.2
    instrument: str = AUTO


class Transport(Store[TransportState]):
    """Plays, stops and sets tempo, swing and volume. Thread-safe; methods return at once.

    playing_changed: `playing` or `following` has changed.  sound_changed: tempo, swing,
    volume, reverb or instrument has changed.  stepped: the next step is due, or playing has
    stopped.
    """

    def __init__(self, workspace: Workspace, explorer: Explorer) -> None:
        self.playing_changed = Signal()
        self.sound_changed = Signal()
        self.stepped = Signal()
        self.step = -1
        """The step that was due last, from 0; -1 while nothing plays."""
        self._memory = Memory(workspace)
        self._listeners: tuple[StepListener, ...] = ()
        self._hidden: frozenset[object] = frozenset()
        self._lock = threading.Lock()
        self._sequencer = Sequencer(explorer)
        self._sequencer.tempo = _within(self._memory.kept("tempo", 120.0), TEMPO_RANGE, 120.0)
        swing_range = (STRAIGHT, MOST_SWING)
        self._sequencer.swing = _within(self._memory.kept("swing", STRAIGHT), swing_range, STRAIGHT)
        self._own_tempo = self._sequencer.tempo
        instrument = self._memory.kept("instrument", AUTO)
        super().__init__(
            TransportState(
                tempo=self._own_tempo,
                swing=self._sequencer.swing,
                volume=_within(self._memory.kept("volume", 0.8), (0.0, 1.0), 0.8),
                reverb=_within(self._memory.kept("reverb", 0.2), (0.0, 1.0), 0.2),
                instrument=instrument if instrument in INSTRUMENTS else AUTO,
            ),
            {
                self.playing_changed: ("playing", "following"),
                self.sound_changed: ("tempo", "swing", "volume", "reverb", "instrument"),
            },
        )
        self.samples = OwnSamples(workspace.samples)
        self.midi = Midi(self._memory, self)
        controls = OscControls(explorer, self, workspace.run_folders)
        self.osc = Osc(self._memory, explorer, controls)
        self._conductor = Conductor(self._sequencer, (self, self.midi, self.osc))
        # After an exception in a hearer playing stops, but the worker's thread continues.
        self._worker = Worker("transport", poll=self._advance, failed=lambda _: self.stop())
        self.midi.open()
        self.osc.open(
            self.playing_changed,
            self.sound_changed,
            explorer.run_changed,
            explorer.pattern_changed,
        )

    @property
    def playing(self) -> bool:
        """Whether steps are played."""
        return self.state.playing

    @property
    def tempo(self) -> float:
        """Quarter notes per minute."""
        return self._sequencer.tempo

    @property
    def swing(self) -> float:
        """Share of two steps that the first takes, 0.5 to 0.75."""
        return self.state.swing

    @property
    def volume(self) -> float:
        """Volume of the sounds, 0 to 1."""
        return self.state.volume

    @property
    def following(self) -> bool:
        """Whether an external clock sets the tempo."""
        return self.state.following

    @staticmethod
    def now() -> float:
        """Return the present time in seconds, on the clock of `DueStep.due`."""
        return time.perf_counter()

    def play(self) -> None:
        """Play from the first step, at the next tick if an external clock is followed."""
        if not self.state.playing:
            self._worker.do(lambda: self._conductor.begin(self.now()))
            self.update(playing=True)

    def resume(self) -> None:
        """Play from the step after the last one played."""
        if not self.state.playing:
            self._worker.do(lambda: self._conductor.resume(self.now()))
            self.update(playing=True)

    def stop(self) -> None:
        """Stop playing and end all notes."""
        # In play, resume and stop the task is queued before the state changes: code that reacts to
        # the new state may queue the next task.
        if self.state.playing:
            self._worker.do(lambda: self._conductor.halt(self.now()))
            self.update(playing=False)

    def set_tempo(self, tempo: float) -> None:
        """Set the tempo from the next step on, clamped to 20 to 400; ignored while following."""
        if math.isfinite(tempo) and not self.following:
            self._sequencer.tempo = self._own_tempo = _within(tempo, TEMPO_RANGE, self.tempo)
            self._memory.keep("tempo", self._own_tempo)
            self.update(tempo=self._own_tempo)

    def set_swing(self, swing: float) -> None:
        """Set the swing from the next step on, clamped to 0.5 to 0.75."""
        if math.isfinite(swing):
            self._sequencer.swing = _within(swing, (STRAIGHT, MOST_SWING), self.swing)
            self._memory.keep("swing", self._sequencer.swing)
            self.update(swing=self._sequencer.swing)

    def set_volume(self, volume: float) -> None:
        """Set the volume, clamped to 0 to 1."""
        if math.isfinite(volume):
            self.update(volume=_within(volume, (0.0, 1.0), self.volume))
            self._memory.keep("volume", self.volume)

    def set_reverb(self, share: float) -> None:
        """Set how much of the room is heard, clamped to 0 to 1."""
        if math.isfinite(share):
            self.update(reverb=_within(share, (0.0, 1.0), self.state.reverb))
            self._memory.keep("reverb", self.state.reverb)

    def set_instrument(self, name: str) -> None:
        """Set what notes and rhythms sound like; what is not one of INSTRUMENTS is ignored."""
        if name in INSTRUMENTS:
            self.update(instrument=name)
            self._memory.keep("instrument", name)

    def set_hidden(self, tab: object, hidden: bool) -> None:
        """Say of a browser's tab whether nobody sees it.

        While there is one, step listeners are also told of the steps of the next seconds as
        they would be if nothing changed (`DueStep.foreseen`).
        """
        with self._lock:
            self._hidden = (self._hidden | {tab}) if hidden else (self._hidden - {tab})
            foresees = self._tell if self._hidden else None
        self._worker.do(lambda: self._conductor.foresee(foresees))

    def on_step(self, listener: StepListener) -> Callable[[], None]:
        """Call `listener` with each step from now on, about 120 ms before it is due.

        It is called in the transport's thread. Returns a function that disconnects it.
        """
        with self._lock:
            self._listeners += (listener,)

        def disconnect() -> None:
            with self._lock:
                self._listeners = tuple(each for each in self._listeners if each is not listener)

        return disconnect

    def follow(self, follows: bool) -> None:
        """Follow the external clock, whose ticks `tick` takes, or use the own clock. Stops."""
        self.stop()

        def turn() -> None:
            follower = Follower(self.tempo) if follows else None
            self._conductor.follow(follower, self.now())
            self._sequencer.tempo = self._own_tempo
            self.update(following=follows, tempo=self._own_tempo)

        self._worker.do(turn)

    def tick(self, now: float) -> None:
        """Take a tick of the external clock, 24 per quarter note, received at `now`."""

        def heard() -> None:
            self._conductor.tick(now)
            # Smaller changes are jitter of the clock's cable.
            if abs(self.tempo - self.state.tempo) > 0.3:
                self.update(tempo=self.tempo)

        self._worker.do(heard)

    def close(self) -> None:
        """Stop, close MIDI and OSC ports, and write the settings."""
        self.stop()
        self._worker.close(5)
        self.midi.close()
        self.osc.close()
        self._memory.write()

    def ahead(self, step: DueStep) -> Iterable[tuple[float, Action]]:
        """See `conductor.Hearer`."""
        self._tell(step)
        return [(step.due, lambda: self._sounds(step.number))]

    def halted(self) -> None:
        """See `conductor.Hearer`."""
        self._tell(None)
        self._sounds(-1)

    def _tell(self, step: DueStep | None) -> None:
        for listener in self._listeners:
            listener(step)

    def _sounds(self, step: int) -> None:
        if step != self.step or step >= 0:
            self.step = step
            self.stepped.emit()

    def _advance(self) -> float | None:
        """Run the due actions; return the seconds until the next one, None for no limit."""
        self._conductor.advance(self.now())
        return self._conductor.wait(self.now())


def _within(value: float, bounds: tuple[float, float], otherwise: float) -> float:
    """Return `value` clamped to `bounds`; `otherwise` if it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return otherwise
    return float(min(max(value, bounds[0]), bounds[1]))
