"""What all pages have in common; a page's own table names what it changes.

button 1            pause: clock edges are ignored until the next reset
button 2            reset: the next clock edge plays step 0; held: play a bar in, held again: end it
button 3            decode the present position; held: follow "hold", or "bar" again
button 4            freeze, or go on; held: the other track
buttons 1 to 4      while a bar is played in: tap that voice
left encoder        on pages with lines: choose a line
left push           the next page; held: the play page, and there help (help_line.py)
lamps 1 to 4        paused, step 0 plays, follow is "hold", frozen
"""

from time import ticks_ms

import latentcore

from latentrack import colours
from latentrack.screen import LETTER, TALL, WIDTH, CachedPart

PAUSE, RESET, DECODE, FREEZE = 1, 2, 3, 4


def position_of(values, name):
    """The knob position, 0 to 1, of a parameter's value; the end for a value beyond the range."""
    entry = values.parameter(name)
    return entry.to_position(min(max(values.numbers[name], entry.least), entry.most))


class BasePage:
    """A page. The controls and the screen call the methods, each at most once a frame."""

    # The page's name in NAMES.
    name = ""
    # The parts of the screen (screen.Part). `whole`: together they cover all of it.
    parts = ()
    whole = False

    def __init__(self, instrument, controls):
        self.instrument = instrument
        self.controls = controls

    @property
    def track(self):
        """The track that the page shows and changes."""
        return self.controls.track

    def enter(self):
        """Called when the page is opened."""

    def leave(self):
        """Called when another page is opened."""

    def refresh(self):
        """Called in each frame before the page's parts are drawn."""

    def tell(self, text):
        """Show a message on the screen. instrument.message() also adds it to the logs."""
        self.instrument.message_text = text
        self.instrument.message_ms = ticks_ms()

    def about(self, kind, which):
        """What a control does, for help; None: what the table of the page's file says.

        kind: "knob", "encoder", "push" or "button".  which: its name or number.
        """
        return None

    # -- knobs and encoders ---------------------------------------------------------------------

    def position(self, knob):
        """The value that a knob changes, 0 to 1; None if the knob changes nothing."""
        return None

    def knob(self, knob, position):
        """Called when a knob ("x", "y", "z", "threshold", "w") was turned to a position, 0 to 1."""

    def turn(self, encoder, steps):
        """Called when an encoder ("left", "right") was turned; steps to the right are positive."""

    # -- buttons ----------------------------------------------------------------------------------

    def press(self, button):
        """Called when a button (1 to 4) or an encoder ("left", "right") was pressed."""
        if self.instrument.plays_in() and button in (PAUSE, RESET, DECODE, FREEZE):
            self.instrument.play_in.tap(button)
        elif button == PAUSE:
            self.instrument.pause()
        elif button == RESET:
            self.instrument.reset()
        elif button == DECODE:
            self.instrument.decode()

    def release(self, button):
        """Called when a button or an encoder was released within a second."""
        if button == FREEZE and not self.instrument.plays_in():
            self.track.freeze = "off" if self.track.freeze == "on" else "on"
        elif button == "left":
            self.controls.next_page()

    def hold(self, button):
        """Called when a button or an encoder has been down for a second."""
        if button == RESET:
            # What the press has tapped was meant as the end.
            self.instrument.play_in.drop_last()
            self.instrument.play_in.toggle()
        elif self.instrument.plays_in() and button != "left":
            pass
        elif button == DECODE:
            self.track.follow = "bar" if self.track.follow == "hold" else "hold"
            self.tell("follow " + self.track.follow)
        elif button == FREEZE:
            self.controls.choose_track(self.track.number + 1)
            self.tell(f"track {self.track.number + 1}")
        elif button == "left" and self.controls.page.name == "play":
            self.controls.begin_help()
        elif button == "left":
            self.controls.open("play")

    def end_hold(self, button):
        """Called when a button or an encoder that was held is let go."""

    def lamp(self, button):
        """Whether the lamp of a button is lit."""
        if button == PAUSE:
            return latentcore.paused()
        if button == RESET:
            track = self.track.number
            return latentcore.count(track, 4) != 0 and latentcore.count(track, 5) == 0
        if button == DECODE:
            return self.track.follow == "hold"
        return self.track.freeze == "on"


ROWS = 4
# The letters in a row, and the most of them in its right part.
LETTERS = (WIDTH - 4) // LETTER
RIGHT = 12


class ListPage(BasePage):
    """A page of lines, four on the screen; the left encoder chooses a line."""

    title = ""
    # Whether the lines depend on the chosen track.
    of_track = False
    # What the page says while it has no lines.
    empty = "nothing here"
    whole = True

    def __init__(self, instrument, controls):
        super().__init__(instrument, controls)
        self.chosen = 0
        self.parts = [Title(self)] + [Row(self, i) for i in range(ROWS)]

    def count(self):
        """The number of lines."""
        return 0

    def line(self, at):
        """The texts of line `at`, from 0: (left, right)."""
        raise NotImplementedError

    def source(self, at):
        """What the text of line `at` is made from, a small integer or an existing object.

        The text is made again when it differs.
        """
        raise NotImplementedError

    def normalised(self, at):
        """The value of line `at` from 0 to 1; None if the line has no such value."""
        return None

    def waits(self, row):
        """Whether the knob of a row must first pass the present value."""
        return False

    @property
    def first(self):
        """The line in the first row, a multiple of 4, so that each line keeps its knob."""
        return self.chosen // ROWS * ROWS

    def choose(self, at):
        """Choose a line; `at` is clamped to 0 to count() - 1."""
        count = self.count()
        first = self.first
        self.chosen = min(max(at, 0), count - 1) if count else 0
        if self.first != first:
            self.controls.take_over()

    def turn(self, encoder, steps):
        """The left encoder chooses another line, one for each step."""
        if encoder == "left":
            self.choose(self.chosen + steps)


class Title(CachedPart):
    """The first row: the page's title, its track, and the chosen line's number of how many."""

    def __init__(self, page):
        super().__init__(0, 0, WIDTH, TALL)
        self._page = page

    def version(self):
        """Chosen line, number of lines and track, packed into one integer."""
        page = self._page
        return page.chosen << 16 | page.count() << 4 | page.track.number

    def value(self):
        """(title, track from 0, chosen line from 0, number of lines, whether a track is shown)."""
        page = self._page
        return (page.title, page.track.number, page.chosen, page.count(), page.of_track)

    def draw(self, canvas, value):
        """Draw the title on the left, the track and the line number on the right."""
        title, track, chosen, count, of_track = value
        paper = colours.TRACKS[track] if of_track else colours.GREY
        canvas.fill(paper)
        canvas.tall(title, 2, 0, colours.BLACK, paper)
        where = f"{chosen + 1}/{count}" if count else ""
        if of_track:
            where = f"T{track + 1} {where}"
        canvas.tall(where, WIDTH - 2 - LETTER * len(where), 0, colours.BLACK, paper)


class Row(CachedPart):
    """A line of a list, with a thin bar below it that shows its normalised value."""

    def __init__(self, page, row):
        super().__init__(0, TALL * (row + 1), WIDTH, TALL)
        self._page = page
        self._row = row

    def version(self):
        """Line, whether it is chosen and whether its knob waits, packed; below 0 without a line."""
        page = self._page
        at = page.first + self._row
        if at >= page.count():
            return -1 if at == 0 else -2
        return at << 2 | (at == page.chosen) << 1 | page.waits(self._row)

    def source(self):
        """What the page's line is made of; None without a line."""
        page = self._page
        at = page.first + self._row
        return page.source(at) if at < page.count() else None

    def value(self):
        """((left, right) text, chosen, bar's end in pixels or -1, knob waits); False: empty row."""
        page = self._page
        at = page.first + self._row
        if at >= page.count():
            return ((page.empty, ""), False, -1, False) if at == 0 else False
        value = page.normalised(at)
        end = -1 if value is None else int(value * (WIDTH - 1))
        return (page.line(at), at == page.chosen, end, page.waits(self._row))

    def draw(self, canvas, value):
        """Draw both texts and, where the line has a normalised value, its bar."""
        if not value:
            return
        (left, right), chosen, end, waits = value
        paper = colours.DIM if chosen else colours.BLACK
        canvas.fill(paper)
        # The left text is cut to leave room for the right one and a letter between them.
        right = right[:RIGHT]
        left = left[: LETTERS - 1 - len(right)] if right else left[:LETTERS]
        canvas.tall(left, 2, -1, colours.WHITE if chosen else colours.GREY, paper)
        canvas.tall(right, WIDTH - 2 - LETTER * len(right), -1, colours.WHITE, paper)
        if end >= 0:
            canvas.fill_rect(0, TALL - 2, WIDTH, 2, colours.SHADE)
            canvas.fill_rect(0, TALL - 2, end + 1, 2, colours.YELLOW if waits else colours.WHITE)
