"""The page to play from: the model, its pattern with the step that sounds, and the position.

knobs X, Y, Z       the position in the latent space, from end to end of the model's scale; what
                    they do is said in the bottom line, if the model knows it
knob threshold      how probable a hit must be to sound, 0 to 1
left encoder        W, where a model with a fourth latent plays; else the track
knob W              the same, on a board that has one
right encoder       chaos, 0 to 1: how far the dice carry the position away
right push          throw the dice, so that chaos goes another way
buttons, left push  as on every page (base.py)
"""

from time import ticks_diff, ticks_ms

import latentcore

from latentrack import colours
from latentrack.grid import HEIGHT, TOP, Grid
from latentrack.grid import WIDTH as PATTERN_WIDTH
from latentrack.pages.base import BasePage, position_of
from latentrack.parameters import KNOBS
from latentrack.screen import LETTER, MESSAGE_Y, WIDTH, CachedPart, Words

STATE_X = WIDTH - 5 * LETTER
SQUARE = HEIGHT
BARS_X = PATTERN_WIDTH + 4 + SQUARE
CHAOS_CLICK = 0.05
# A click of W is 1/64 of its range, a number that adds up without rounding: 0 is met again.
W_CLICK = 1 / 32
# So long after a knob's last turn the bottom line says what the knob does.
AXIS_MS = 2000
# Convert a knob value of -1 to 1 to pixels of the square, without its frame of two; rounded.
_HALF = (SQUARE - 5) / 2
_MIDDLE = 2 + _HALF + 0.5
FOLLOWS = {"bar": "  bar", "step": " step", "hold": " hold"}


class Page(BasePage):
    """The play page; `grid` is the pattern that it shows."""

    # The parameter that each knob turns, and whether the square is about the feel.
    TURNS = {name: name for name in KNOBS + ("w",)}
    OF_FEEL = False

    def __init__(self, instrument, controls):
        super().__init__(instrument, controls)
        self.grid = Grid()
        # Cached with their inputs: formatting in every frame would allocate.
        self._name = ""
        self._model_name = None
        self._text = ""
        # What the knob turned last does, if the model says it; and when it was turned.
        self._axis = None
        self._turned_ms = 0
        self._one = self._other = self._silent = None
        self._fixed = [
            NameLine(0, 0, STATE_X, self),
            StateLine(STATE_X, 0, WIDTH - STATE_X, self),
            self.make_square(),
            Bars(self),
            ValuesLine(0, MESSAGE_Y, WIDTH, self),
        ]
        self.parts = self.grid.parts + self._fixed

    def make_square(self):
        """The part of the screen that shows the position."""
        return Square(self, self.OF_FEEL)

    # -- what it shows ------------------------------------------------------------------------

    def enter(self):
        """Have the next frame read the pattern again."""
        self.grid.forget()

    def refresh(self):
        """Read the pattern if it is another one."""
        if self.grid.refresh(self.track):
            self.parts = self.grid.parts + self._fixed

    def name_line(self):
        """The name of the track's model, its first 15 letters."""
        model = self.track.model
        if model is None:
            return "no model"
        if model.name is not self._model_name:
            self._model_name = model.name
            self._name = model.name[:15]
        return self._name

    def name_colour(self):
        """The colour of the track."""
        return colours.TRACKS[self.track.number]

    def state_line(self):
        """ "pause", "froze" or the follow mode, in five letters."""
        if latentcore.paused():
            return "pause"
        if self.track.freeze == "on":
            return "froze"
        return FOLLOWS[self.track.follow]

    def state_colour(self):
        """Yellow while nothing follows the knobs, else grey."""
        stands = latentcore.paused() or self.track.freeze == "on"
        return colours.YELLOW if stands else colours.GREY

    def silent(self):
        """Whether a model plays without any cell above the threshold."""
        return self.track.model is not None and self.track.hits == 0

    def values_colour(self):
        """Yellow while the pattern is silent, else grey."""
        return colours.YELLOW if self.silent() else colours.GREY

    def axis_line(self):
        """The ends of the knob that is being turned, "sparse <X> busy"; None if there are none."""
        if self._axis and ticks_diff(ticks_ms(), self._turned_ms) > AXIS_MS:
            self._axis = None
        return self._axis

    def values_line(self):
        """Threshold and chaos as set, or that the pattern is silent, or what a knob does."""
        if self.axis_line() and not self.silent():
            return self._axis
        threshold, chaos, silent = self.track.threshold, self.track.chaos, self.silent()
        if self.others(threshold, chaos, silent):
            self._text = f"thr {threshold:.2f}  chaos {chaos:.2f}"
            if silent:
                self._text = f"silent at thr {threshold:.2f}"
        return self._text

    def others(self, one, other, silent):
        """Whether the bottom line says other values than these; keeps them for the next time."""
        if one == self._one and other == self._other and silent == self._silent:
            return False
        self._one, self._other, self._silent = one, other, silent
        return True

    # -- what the controls do -------------------------------------------------------------------

    def position(self, knob):
        """The position of the parameter that the knob turns, 0 to 1; None if it turns none."""
        name = self.TURNS.get(knob)
        return None if name is None else position_of(self.track, name)

    def knob(self, knob, position):
        """Set the parameter that the knob turns; position is 0 to 1."""
        name = self.TURNS.get(knob)
        if name is not None:
            self.track.set(name, self.track.parameter(name).from_position(position))
            model = self.track.model
            self._axis = None if model is None else model.axes.get(name)
            self._turned_ms = ticks_ms()
            if self.track.on_path(name):
                self.tell(f"{name} is on path {self.track.path}")

    def turn(self, encoder, steps):
        """The left encoder turns W by 1/32 a step, the right one chaos by 0.05.

        While no track has a W, the left one chooses the track.
        """
        track = self.track
        if encoder == "right":
            track.chaos = min(max(track.chaos + CHAOS_CLICK * steps, 0), 1)
        elif track.has_latent("w"):
            track.w = min(max(track.w + W_CLICK * steps, -1), 1)
            self.controls.take_over_one("w")
        elif any(other.has_latent("w") for other in self.instrument.tracks):
            # Choosing the track here would let the next click turn the other track's W.
            self.tell("no W: hold 4 for the other track")
        else:
            self.controls.choose_track(track.number + steps)

    def press(self, button):
        """The right push throws the dice."""
        if button == "right":
            self.track.advance("dice")
        else:
            super().press(button)


class NameLine(Words):
    """The line with the model's name, top left."""

    def text(self):
        """The model's name."""
        return self.page.name_line()

    def ink(self):
        """The track's colour."""
        return self.page.name_colour()


class StateLine(Words):
    """The line with the state, top right."""

    def text(self):
        """The state: "pause", "froze" or the follow mode."""
        return self.page.state_line()

    def ink(self):
        """Yellow while paused or frozen, else grey."""
        return self.page.state_colour()


class ValuesLine(Words):
    """The line with threshold and chaos, at the bottom."""

    def text(self):
        """Threshold and chaos, or that the pattern is silent."""
        return self.page.values_line()

    def ink(self):
        """Yellow while the pattern is silent, else grey."""
        return self.page.values_colour()


class Square(CachedPart):
    """Two latents as a point: X to the right, Y upwards; CV and chaos included.

    Those of the hits and, hollow, those of the feel; with `of_feel` the other way round.
    """

    def __init__(self, page, of_feel):
        super().__init__(PATTERN_WIDTH + 2, TOP, SQUARE, SQUARE)
        self._page = page
        self._of_feel = of_feel

    def version(self):
        """A number that differs when another position is decoded."""
        return _point(self._page.track)

    def source(self):
        """The track's model, or None."""
        return self._page.track.model

    def value(self):
        """The points' X and Y in pixels, 6 bits each, the hollow one's on top; 0: no point."""
        track = self._page.track
        count, feel = _latents(track)
        hits = _pair(track, 0, count - feel if count else 2)
        felt = _pair(track, count - feel, feel)
        return hits << 12 | felt if self._of_feel else felt << 12 | hits

    def draw(self, canvas, value):
        """Draw a frame, two axes through the point, and the points."""
        canvas.rect(0, 0, SQUARE, SQUARE, colours.DIM)
        point, hollow = value & 0xFFF, value >> 12
        x, y = point >> 6, SQUARE - 1 - (point & 0x3F)
        if point:
            canvas.hline(1, y, SQUARE - 2, colours.SHADE)
            canvas.vline(x, 1, SQUARE - 2, colours.SHADE)
        half = SQUARE // 2
        canvas.hline(half - 2, half, 5, colours.DIM)
        canvas.vline(half, half - 2, 5, colours.DIM)
        if point:
            canvas.fill_rect(x - 2, y - 2, 5, 5, colours.TRACKS[self._page.track.number])
        if hollow:
            x, y = hollow >> 6, SQUARE - 1 - (hollow & 0x3F)
            canvas.rect(x - 2, y - 2, 5, 5, colours.GREY)


class Bars(CachedPart):
    """The latents beyond the second, but those of the feel: a bar each, from the bottom up."""

    def __init__(self, page):
        super().__init__(BARS_X, TOP, WIDTH - BARS_X, HEIGHT)
        self._page = page

    def version(self):
        """A number that differs when another position is decoded."""
        return _point(self._page.track)

    def source(self):
        """The track's model, or None."""
        return self._page.track.model

    def value(self):
        """Pixel heights of the latents beyond the second, a byte each, behind a leading 1."""
        track = self._page.track
        count, feel = _latents(track)
        # Three at the most; a byte each, and a leading one.
        value = 1
        for latent in range(2, min(count - feel, 5)):
            value = value << 8 | _pixel(track, latent)
        return value

    def draw(self, canvas, value):
        """Draw a bar for each latent, with a line at the middle; narrow ones without a frame."""
        bars = []
        while value > 1:
            bars.insert(0, value & 0xFF)
            value >>= 8
        if not bars:
            return
        width = self.width // len(bars)
        for i, pixel in enumerate(bars):
            x = i * width
            if len(bars) == 1:
                canvas.rect(x, 0, width - 1, SQUARE, colours.DIM)
                canvas.fill_rect(x + 1, SQUARE - 1 - pixel, width - 3, pixel, colours.WHITE)
            else:
                canvas.fill_rect(x, 0, width - 1, SQUARE, colours.DIM)
                canvas.fill_rect(x, SQUARE - 1 - pixel, width - 1, pixel, colours.WHITE)
            canvas.hline(x, SQUARE // 2, width - 1, colours.BLACK)


def _latents(track):
    """How many latents the track's model has, and how many of them are the feel's."""
    return (0, 0) if track.model is None else (track.model.latents, track.model.feel_latents)


def _pair(track, first, count):
    """Pixels of latent `first` and, if there are more than one, of the next; 0: there is none."""
    if not count:
        return 0
    y = _pixel(track, first + 1) if count > 1 else SQUARE // 2
    return _pixel(track, first) << 6 | y


def _pixel(track, latent):
    """A latent's value in pixels from the square's edge, 2 to SQUARE - 3."""
    return pixel_of(track.decoded_value(latent))


def pixel_of(value):
    """A knob value, -1 to 1, in pixels from the square's edge, 2 to SQUARE - 3."""
    return min(max(int(value * _HALF + _MIDDLE), 2), SQUARE - 3)


def _point(track):
    """A number that differs when another position is decoded, or on another track."""
    return (track.moves & 0xFFFFFF) << 2 | track.number
