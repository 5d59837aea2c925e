"""Knobs, CV, buttons and encoders: read once a frame, and given to the page that is open.

After a change of page or of track a knob stands where it does not belong. It then waits: nothing
changes until it has been turned to, or past, the value that it would change (soft takeover).
"""

from machine import ADC, Pin

from latentrack.drivers.button import Button
from latentrack.drivers.encoder import Encoder
from latentrack.knobs import Knobs
from latentrack.names import Part, hint
from latentrack.pages import make_pages

# So near, a knob need not pass the value to take it over.
NEAR = 0.015


class Controls(Part):
    """`page` is the page that is open, `track` the track that it is about.

    `cv` has the volts at the CV inputs by name; `knobs` the knobs; `buttons` the buttons by number,
    and the encoders' by name. `asked` takes what a computer
    does to the panel, for the next frame: ("knob", name, position), ("turn", encoder, steps), or
    ("press", "release" or "hold", button, None).
    """

    def __init__(self, instrument):
        board = instrument.board
        self._instrument = instrument
        self.track = instrument.tracks[0]
        self.knobs = Knobs(board.KNOBS)
        self.cv = {}
        self._inputs = {name: ADC(pin) for name, pin in board.CV.items()}
        self.buttons = {}
        for number, pin in enumerate(board.BUTTONS):
            self.buttons[number + 1] = Button(pin)
        self._lamps = [Pin(pin, Pin.OUT, value=0) for pin in board.LEDS]
        self._lit = [False] * len(self._lamps)
        self._encoders = {}
        for number, name in enumerate(sorted(board.ENCODERS)):
            a, b, push = board.ENCODERS[name]
            self._encoders[name] = Encoder(number, a, b)
            self.buttons[name] = Button(push)
        # Knobs that wait for their value to be passed: name -> whether they stood below it.
        self._waiting = {}
        self.asked = []
        self.pages = make_pages(instrument, self)
        self.page = self.pages[0]
        self._seal()

    @property
    def seconds(self):
        """Time since power-on, for behaviours; made only when it is asked for."""
        return self._instrument.behaviours.seconds

    # -- pages ------------------------------------------------------------------------------------

    def open(self, page):
        """Opens a page by its name or its number."""
        if isinstance(page, str):
            names = [each.name for each in self.pages]
            if page not in names:
                raise ValueError(f"no page is called {page}{hint(page, names)}")
            page = names.index(page)
        self.page.leave()
        self.page = self.pages[page % len(self.pages)]
        self.page.enter()
        self.take_over()

    def next_page(self, steps=1):
        """Opens the page that comes `steps` pages later in the order of the left push."""
        self.open(self.pages.index(self.page) + steps)

    def choose_track(self, number):
        """The track that pages and knobs are about, from 0."""
        tracks = self._instrument.tracks
        track = tracks[number % len(tracks)]
        if track is not self.track:
            self.track = track
            self.take_over()

    def take_over(self):
        """From now on every knob waits until it passes the value that it would change."""
        self._waiting.clear()
        for name in self.knobs.names:
            self._wait(name)

    def _wait(self, name):
        position = getattr(self.knobs, name).position
        value = self.page.position(name)
        if position is not None and value is not None and abs(position - value) > NEAR:
            self._waiting[name] = position < value

    def waits(self, name):
        """Whether a knob waits for its value to be passed."""
        return name in self._waiting

    # -- frames -----------------------------------------------------------------------------------

    def frame(self):
        """Reads CV, knobs, encoders and buttons, and lets the page act; frames call this."""
        calibration = self._instrument.calibration
        for name in self._inputs:
            self.cv[name] = calibration.volts(name, self._inputs[name].read_u16())
        for name in self.knobs.turned(self._instrument.knobs_reversed()):
            position = getattr(self.knobs, name).position
            if not self._still_waiting(name, position):
                self.page.knob(name, position)
        while self.asked:
            self._do(*self.asked.pop(0))
        for name in self._encoders:
            steps = self._encoders[name].turned()
            if steps:
                self.page.turn(name, steps)
        for name in self.buttons:
            event = self.buttons[name].event()
            if event is not None:
                getattr(self.page, event)(name)
        for number in range(len(self._lamps)):
            lit = self.page.lamp(number + 1)
            if lit != self._lit[number]:
                self._lit[number] = lit
                self._lamps[number].value(lit)

    def _do(self, what, name, value):
        """What a computer asked for, as if it had happened at the panel."""
        if what == "knob":
            self.page.knob(name, value)
            # The real knob stands where it stood.
            self._waiting.pop(name, None)
            if name in self.knobs.names:
                self._wait(name)
        elif what == "turn":
            self.page.turn(name, value)
        else:
            getattr(self.page, what)(name)

    def _still_waiting(self, name, position):
        if name not in self._waiting:
            return False
        value = self.page.position(name)
        if value is None or (position < value) != self._waiting[name]:
            del self._waiting[name]
        elif abs(position - value) <= NEAR:
            del self._waiting[name]
        return name in self._waiting
