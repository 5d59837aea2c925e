"""The page to play from: the model, its pattern with the step that sounds, and the position.

knobs X, Y, Z       the position in the latent space, from end to end of the model's scale
knob threshold      how probable a hit must be to sound, 0 to 1
left encoder        the track that the page is about
right encoder       chaos, 0 to 1: how far the dice carry the position away
right push          throw the dice, so that chaos goes another way
buttons, left push  as on every page (base.py)
"""

import latentcore

from latentrack import colours
from latentrack.pages.base import BasePage, position_of
from latentrack.parameters import KNOBS
from latentrack.screen import LETTER, MESSAGE_Y, TALL, WIDTH, CachedPart, Part, Words

STATE_X = WIDTH - 5 * LETTER
TOP = TALL + 2
HEIGHT = MESSAGE_Y - 2 - TOP
PATTERN_WIDTH = 104
SQUARE = HEIGHT
BARS_X = PATTERN_WIDTH + 4 + SQUARE
# More steps than this are shown a part at a time: the part that plays.
MOST_COLUMNS = 34
CHAOS_CLICK = 0.05
# Convert a knob value of -1 to 1 to pixels of the square, without its frame of two; rounded.
_HALF = (SQUARE - 5) / 2
_MIDDLE = 2 + _HALF + 0.5
# What latentcore.count tells.
_PATTERN, _STEP, _STEPS, _VOICES = 4, 5, 8, 9
FOLLOWS = {"bar": "  bar", "step": " step", "hold": " hold"}


class Page(BasePage):
    """The play page; `cells` are the pattern's bits, `row` bytes a step, voice 0 lowest."""

    def __init__(self, instrument, controls):
        super().__init__(instrument, controls)
        # The pattern that is shown, and its track.
        self._number = self._track = None
        # Of the bar.
        self._length = self._rotation = 0
        self.steps = self.voices = self.row = 0
        self.cells = self._cells_before = bytearray()
        self.step = 0
        # By step: the number of changes of its cells.
        self.ages = []
        # Cached with their inputs: formatting in every frame would allocate.
        self._name = ""
        self._model_name = None
        self._text = ""
        self._threshold = self._chaos = self._silent = None
        self._fixed = [
            NameLine(0, 0, STATE_X, self),
            StateLine(STATE_X, 0, WIDTH - STATE_X, self),
            Square(self),
            Bars(self),
            ValuesLine(0, MESSAGE_Y, WIDTH, self),
        ]
        self._set_columns(0)

    # -- what it shows ------------------------------------------------------------------------

    def enter(self):
        """Have the next frame read the pattern anew."""
        self._number = None

    def refresh(self):
        """Read the cells if pattern or track differ, or at each step in follow mode "step"."""
        track = self.track
        number = latentcore.count(track.number, _PATTERN)
        step = latentcore.count(track.number, _STEP)
        length = track.now("length")
        rotation = track.now("rotation")
        if length != self._length or rotation != self._rotation:
            self._length = length
            self._rotation = rotation
            for i in range(self.steps):
                self.ages[i] += 1
        if (
            number != self._number
            or track.number != self._track
            or (step != self.step and track.follow == "step")
        ):
            self._number = number
            self._track = track.number
            self._read_cells()
        self.step = step

    def _read_cells(self):
        track = self.track.number
        steps = latentcore.count(track, _STEPS)
        voices = latentcore.count(track, _VOICES)
        row = (voices + 7) // 8
        if steps != self.steps or voices != self.voices:
            self.steps, self.voices, self.row = steps, voices, row
            self.cells = bytearray(steps * row)
            self._cells_before = bytearray(steps * row)
            latentcore.read_cells(track, self.cells)
            self._set_columns(steps)
            return
        # The two take turns, as new ones would have to be allocated.
        self.cells, self._cells_before = self._cells_before, self.cells
        latentcore.read_cells(track, self.cells)
        for i in range(steps):
            for at in range(i * row, (i + 1) * row):
                if self.cells[at] != self._cells_before[at]:
                    self.ages[i] += 1
                    break

    def _set_columns(self, steps):
        """Make a column for each step, MOST_COLUMNS at most, as wide as there is room."""
        self.ages = [0] * steps
        self.columns = min(steps, MOST_COLUMNS)
        width = PATTERN_WIDTH // self.columns if steps else PATTERN_WIDTH
        columns = [Column(self, i, width) for i in range(self.columns)]
        # What is left of another model's columns goes; without columns that is all of the width.
        used = width * self.columns
        strip = HEIGHT // 4
        rest = []
        if used < PATTERN_WIDTH:
            for y in range(TOP, TOP + HEIGHT, strip):
                rest.append(Nothing(used, y, PATTERN_WIDTH - used, strip))
        self.parts = columns + self._fixed + rest

    def in_bar(self, step):
        """The step of the bar, from 0, that a step of the pattern is; None beyond the bar."""
        length = min(self._length, self.steps) or self.steps
        return (step - self._rotation) % length if step < length else None

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

    def values_line(self):
        """Threshold and chaos as set, or that the pattern is silent."""
        threshold, chaos, silent = self.track.threshold, self.track.chaos, self.silent()
        if threshold != self._threshold or chaos != self._chaos or silent != self._silent:
            self._threshold, self._chaos, self._silent = threshold, chaos, silent
            self._text = f"thr {threshold:.2f}  chaos {chaos:.2f}"
            if silent:
                self._text = f"silent at thr {threshold:.2f}"
        return self._text

    # -- what the controls do -------------------------------------------------------------------

    def position(self, knob):
        """The position of X, Y, Z and the threshold, 0 to 1."""
        return position_of(self.track, knob)

    def knob(self, knob, position):
        """Set the parameter that the knob is named after; position is 0 to 1."""
        if knob in KNOBS:
            self.track.set(knob, self.track.parameter(knob).from_position(position))

    def turn(self, encoder, steps):
        """The left encoder chooses the track, the right one changes chaos by 0.05 a step."""
        track = self.track
        if encoder == "left":
            self.controls.choose_track(track.number + steps)
        else:
            track.chaos = min(max(track.chaos + CHAOS_CLICK * steps, 0), 1)

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


class Nothing(Part):
    """A black piece of the screen, where another model's columns were."""

    def now(self):
        """Always 0: this part never changes."""
        return 0

    def draw(self, canvas, value):
        """Draw nothing: the canvas is black already."""
        pass


class Column(Part):
    """One step of the pattern: a block for each voice that sounds, the lowest at the bottom."""

    def __init__(self, page, number, width):
        super().__init__(number * width, TOP, width, HEIGHT)
        self._page = page
        self._number = number

    def _step(self):
        """The step it stands for: of a long pattern, of the part that plays."""
        page = self._page
        return page.step // page.columns * page.columns + self._number

    def now(self):
        """Changes of the cells, step and whether it plays, packed; -1 beyond the pattern."""
        step = self._step()
        if step >= self._page.steps:
            return -1
        return (self._page.ages[step] << 9) + (step << 1) + (step == self._page.step)

    def draw(self, canvas, value):
        """Draw a block for each voice that sounds, and a line below the step that plays."""
        if value < 0:
            return
        page, step, height = self._page, self._step(), self.height - 3
        width = self.width - (1 if self.width > 2 else 0)
        playing = value & 1
        position = page.in_bar(step)
        if position is not None:
            canvas.fill_rect(0, 0, width, height, colours.DIM if playing else colours.SHADE)
        voices = page.voices
        row = step * page.row
        for voice in range(voices):
            if page.cells[row + (voice >> 3)] >> (voice & 7) & 1:
                top = height - (voice + 1) * height // voices
                tall = height - voice * height // voices - top
                # From one voice to the next a gap, where there is room for one.
                tall = max(tall - (tall > 2), 1)
                ink = colours.VOICES[page.track.knob_of(voice) % len(colours.VOICES)]
                if position is None:
                    ink = colours.DIM
                canvas.fill_rect(0, top, width, tall, colours.WHITE if playing else ink)
        if playing:
            canvas.fill_rect(0, height + 1, width, 2, colours.WHITE)
        elif position == 0:
            canvas.fill_rect(0, height + 1, 2, 2, colours.YELLOW)
        elif position is not None and position % 4 == 0:
            canvas.fill_rect(0, height + 1, 2, 2, colours.GREY)


class Square(CachedPart):
    """The first two latents, as a point: X to the right, Y upwards; CV and chaos included."""

    def __init__(self, page):
        super().__init__(PATTERN_WIDTH + 2, TOP, SQUARE, SQUARE)
        self._page = page

    def version(self):
        """A number that differs when another position is decoded."""
        return _point(self._page.track)

    def value(self):
        """Pixel columns of the first two latents, a byte each."""
        track = self._page.track
        return _pixel(track, 0) << 8 | _pixel(track, 1)

    def draw(self, canvas, value):
        """Draw a frame, two axes through the point, and the point in the track's colour."""
        x, y = value >> 8, SQUARE - 1 - (value & 0xFF)
        canvas.rect(0, 0, SQUARE, SQUARE, colours.DIM)
        canvas.hline(1, y, SQUARE - 2, colours.SHADE)
        canvas.vline(x, 1, SQUARE - 2, colours.SHADE)
        half = SQUARE // 2
        canvas.hline(half - 2, half, 5, colours.DIM)
        canvas.vline(half, half - 2, 5, colours.DIM)
        canvas.fill_rect(x - 2, y - 2, 5, 5, colours.TRACKS[self._page.track.number])


class Bars(CachedPart):
    """The latents beyond the second, a bar each, from the bottom up."""

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
        count = 0 if track.model is None else track.model.latents
        # Three at the most; a byte each, and a leading one.
        value = 1
        for latent in range(2, min(count, 5)):
            value = value << 8 | _pixel(track, latent)
        return value

    def draw(self, canvas, value):
        """Draw a bar for each latent, with a line at the middle."""
        bars = []
        while value > 1:
            bars.insert(0, value & 0xFF)
            value >>= 8
        if not bars:
            return
        width = self.width // len(bars)
        for i, pixel in enumerate(bars):
            x = i * width
            canvas.rect(x, 0, width - 1, SQUARE, colours.DIM)
            canvas.fill_rect(x + 1, SQUARE - 1 - pixel, width - 3, pixel, colours.WHITE)
            canvas.hline(x, SQUARE // 2, width - 1, colours.BLACK)


def _pixel(track, latent):
    """A latent's value in pixels from the square's edge, 2 to SQUARE - 3."""
    pixel = int(track.decoded_value(latent) * _HALF + _MIDDLE)
    return min(max(pixel, 2), SQUARE - 3)


def _point(track):
    """A number that differs when another position is decoded, or on another track."""
    return (track.moves & 0xFFFFFF) << 2 | track.number
