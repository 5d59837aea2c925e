"""The instrument: clock and reset go to latentcore, everything else happens in frames.

A frame is a call 50 times a second on MicroPython's scheduler: it reads the knobs, and decodes what
has changed. The clock does not wait for it, and the prompt stays free.
"""

import sys

import latentcore
from machine import Pin, Timer

from latentrack.boards import this_board
from latentrack.knobs import Knobs
from latentrack.library import Library
from latentrack.track import Track

FRAME_MS = 20
TICK_MS = 1
_LATENT_KNOBS = ("x", "y", "z")


class Instrument:
    # The one that plays: for what comes over USB, whatever names the prompt has changed.
    running = None

    def __init__(self):
        self.board = this_board()
        self.board.connect()
        self.track = Track(0)
        self.knobs = Knobs(self.board.KNOBS)
        self.library = Library(self.track)
        self.frames = 0
        self._frame_timer = None
        self._tick_timer = None
        self._shown = None

    def start(self):
        """Loads a model, patches the clock through, and starts the frames."""
        Instrument.running = self
        self.library.play_something()
        self.frame()
        board = self.board
        for pin, handler in ((board.CLOCK, latentcore.clock), (board.RESET, latentcore.reset)):
            Pin(pin, Pin.IN).irq(handler, Pin.IRQ_RISING, hard=True)
        self._tick_timer = Timer(-1, period=TICK_MS, callback=latentcore.tick, hard=True)
        self._frame_timer = Timer(-1, period=FRAME_MS, callback=self._run_frame)

    def stop(self):
        """Stops clock and frames; the prompt and the files stay."""
        for pin in (self.board.CLOCK, self.board.RESET):
            Pin(pin, Pin.IN).irq(None, hard=True)
        for timer in (self._tick_timer, self._frame_timer):
            if timer is not None:
                timer.deinit()
        self._tick_timer = self._frame_timer = None

    def frame(self):
        """What happens 50 times a second. Change it at the prompt, if you like."""
        track, knobs = self.track, self.knobs
        for name in knobs.turned():
            position = getattr(knobs, name).position
            if name == "threshold":
                track.threshold = position
            else:
                track.move(_LATENT_KNOBS.index(name), 2 * position - 1)
        track.refresh()

    def _run_frame(self, timer):
        self.frames += 1
        try:
            self.frame()
            self._shown = None
        except Exception as error:
            # The same mistake 50 times a second is shown once.
            if repr(error) != self._shown:
                self._shown = repr(error)
                sys.print_exception(error)
