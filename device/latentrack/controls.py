"""Read knobs, CV, buttons and encoders once per frame and pass them to the open page.

After a change of page or track, a knob's position differs from the value that it sets. The knob
then has no effect until it is turned to, or past, that value (soft takeover).
"""

from machine import ADC, Pin

from latentrack.drivers.button import Button
from latentrack.drivers.encoder import Encoder
from latentrack.knobs import Knobs
from latentrack.names import Part, hint
from latentrack.pages import make_pages

# Knob travel, of 0 to 1, within which a knob takes over without passing the value.
NEAR = 0.015


class Controls(Part):
    """The controls of the panel; `instrument.controls`.

    page: the open page.  track: the track that pages and knobs act on.  cv: volts at the CV inputs
    by name.  knobs: the Knobs.  buttons: Button by number from 1, those of encoders by the
    encoder's name.  asked: the computer's actions for the next frame: ("knob", name, position 0 to
    1), ("turn", encoder, steps), or ("press", "release" or "hold", button, None).
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
        # Knobs in soft takeover: name -> whether the knob was below its value.
        self._waiting = {}
        # The HelpLine that hears the controls in place of the page, or None.
        self.helper = None
        self.asked = []
        self.pages = make_pages(instrument, self)
        self.page = self.pages[0]
        self._seal()

    @property
    def seconds(self):
        """Seconds since power-on. A property: a float made in every frame would allocate."""
        return self._instrument.behaviours.seconds

    # -- pages ------------------------------------------------------------------------------------

    def open(self, page):
        """Open a page by name or index from 0 (modulo their count). Raises ValueError."""
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
        """Open the page that is `steps` after this one in the order of the left encoder's push."""
        self.open(self.pages.index(self.page) + steps)

    def begin_help(self):
        """Have the bottom line say what each control does, and nothing else be done by it."""
        from latentrack.help_line import HelpLine

        self.helper = HelpLine(self._instrument, self)

    def end_help(self):
        """Have the controls do again what they do."""
        if self.helper is not None:
            from latentrack import help_line

            self.helper = None
            help_line.forget()
            self.take_over()

    def choose_track(self, number):
        """Choose the track that pages and knobs act on, from 0 (modulo their count)."""
        tracks = self._instrument.tracks
        track = tracks[number % len(tracks)]
        if track is not self.track:
            self.track = track
            self.take_over()

    def take_over(self):
        """Start soft takeover: each knob has no effect until it passes the value that it sets."""
        self._waiting.clear()
        for name in self.knobs.names:
            self._wait(name)

    def take_over_one(self, name):
        """Start soft takeover of one knob, if the board has it: something else set its value."""
        self._waiting.pop(name, None)
        if name in self.knobs.names:
            self._wait(name)

    def _wait(self, name):
        position = getattr(self.knobs, name).position
        value = self.page.position(name)
        if position is not None and value is not None and abs(position - value) > NEAR:
            self._waiting[name] = position < value

    def waits(self, name):
        """Whether a knob is in soft takeover: not yet turned past its value."""
        return name in self._waiting

    # -- frames -----------------------------------------------------------------------------------

    def frame(self):
        """Read all inputs, call the page's handlers, set the LEDs. Called once per frame."""
        calibration = self._instrument.calibration
        for name in self._inputs:
            self.cv[name] = calibration.volts(name, self._inputs[name].read_u16())
        for name in self.knobs.turned(self._instrument.knobs_reversed()):
            position = getattr(self.knobs, name).position
            if self.helper is not None:
                self.helper.knob(name, position)
            elif not self._still_waiting(name, position):
                self.page.knob(name, position)
        while self.asked:
            self._do(*self.asked.pop(0))
        for name in self._encoders:
            steps = self._encoders[name].turned()
            if steps:
                (self.helper or self.page).turn(name, steps)
        for name in self.buttons:
            event = self.buttons[name].event()
            if event is not None:
                getattr(self.helper or self.page, event)(name)
        for number in range(len(self._lamps)):
            lit = self.page.lamp(number + 1)
            if lit != self._lit[number]:
                self._lit[number] = lit
                self._lamps[number].value(lit)

    def _do(self, what, name, value):
        """Perform one action of `asked` as if the user had done it at the panel."""
        page = self.helper or self.page
        if what == "knob":
            page.knob(name, value)
            # The hardware knob has not moved, so it needs soft takeover.
            self.take_over_one(name)
        elif what == "turn":
            page.turn(name, value)
        else:
            getattr(page, what)(name)

    def _still_waiting(self, name, position):
        if name not in self._waiting:
            return False
        value = self.page.position(name)
        if value is None or (position < value) != self._waiting[name]:
            del self._waiting[name]
        elif abs(position - value) <= NEAR:
            del self._waiting[name]
        return name in self._waiting
