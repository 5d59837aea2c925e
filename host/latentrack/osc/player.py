"""A model file that plays by OSC: without the studio, the module or a sound of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from latentrack.osc.clock import OscClock
from latentrack.osc.controls import OscControls
from latentrack.osc.endpoint import IN, OUT, Endpoint, parsed
from latentrack.osc.instrument import OscInstrument


class OscPlayer:
    """Play a model file by OSC: messages move it, and it tells each step and hit as it sounds.

    docs/latentrack.pd is a Pure Data patch for the other end. The player makes no sound itself.
    It is a context manager, and goes on until it is closed.

    Parameters
    ----------
    model : str or path-like
        A `.tflite` decoder.
    receive : str, default "127.0.0.1:9000"
        "HOST:PORT" where it listens.
    send : str, default "127.0.0.1:9001"
        "HOST:PORT" that it tells.
    on_ignore : callable, default None
        Hears a sentence when a message cannot be followed, once for the same one after another. It
        is called in the thread that receives.

    Raises
    ------
    UserError
        If the file is not a decoder, an address is none, or the port to listen at is in use.

    Examples
    --------
    >>> import latentrack as lt
    >>> with lt.OscPlayer("groove.tflite", receive="127.0.0.1:9020") as player:
    ...     player.instrument.set_knob_values([0.5, -0.5, 0.0, 0.0])
    ...     player.clock.set_tempo(97)
    ...     player.clock.play()
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        *,
        receive: str = IN,
        send: str = OUT,
        on_ignore: Callable[[str], None] | None = None,
    ) -> None:
        here, there = parsed(receive), parsed(send)
        self._closed = threading.Event()
        self.instrument = OscInstrument(model, self._changed)
        """What plays: `set_knob_values`, `set_threshold`, `set_density`, `set_pitches`,
        `set_steps`; of a model with a feel `set_feel_knob_values`, `set_feel`, `set_dynamics`."""
        self.clock = OscClock(
            self.instrument,
            lambda step: self._endpoint.say("step", step),
            lambda hit: self._endpoint.say("hit", *hit),
            self._changed,
        )
        """When it plays: `play`, `stop`, `set_tempo`, `set_swing`."""
        self._on_ignore = on_ignore
        self._ignored = ""
        self._endpoint = Endpoint(OscControls(self.instrument, self.clock, list), self._heard)
        try:
            self._endpoint.start_listening(*here)
        except BaseException:
            self.clock.close()
            raise
        self._endpoint.start_sending(*there)

    def __enter__(self) -> OscPlayer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        name = self.instrument.run.folder
        return f"<OscPlayer of {name}: {'playing' if self.clock.playing else 'stopped'}>"

    def wait(self) -> None:
        """Return when another thread closes the player; Ctrl-C raises KeyboardInterrupt."""
        self._closed.wait()

    def close(self) -> None:
        """Stop playing and give the port up."""
        self._endpoint.stop_listening()
        self.clock.close()
        self._endpoint.stop_sending()
        self._closed.set()

    def _changed(self) -> None:
        self._endpoint.tell()

    def _heard(self) -> None:
        if self._endpoint.ignored != self._ignored:
            self._ignored = self._endpoint.ignored
            if self._on_ignore:
                self._on_ignore(self._ignored)
