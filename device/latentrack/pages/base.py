"""What all pages have in common; a page's own table names what it changes.

button 1            pause: clock edges are ignored until the next reset
button 2            reset: the next clock edge plays step 0
button 3            decode the present position; held: follow "hold", or "bar" again
button 4            freeze, or go on; held: the other track
left encoder        on pages with lines: choose a line
left push           the next page; held: the play page
lamps 1 to 4        paused, step 0 plays, follow is "hold", frozen
"""

from time import ticks_ms

import latentcore

from latentrack import colours
from latentrack.screen import LETTER, TALL, WIDTH, CachedPart

PAUSE, RESET, DECODE, FREEZE = 1, 2, 3, 4


def position_of(values, name):
    """Where a knob would stand for a value, 0 to 1; for one typed beyond the range, at its end."""
    entry = values.parameter(name)
    return entry.to_position(min(max(values.numbers[name], entry.least), entry.most))


class BasePage:
    """A page. The methods are called by the controls and the screen, once a frame at most."""

    # What it is called in NAMES.
    name = ""
    # What the screen shows; see screen.Part. `whole`: they leave no gap between them.
    parts = ()
    whole = False

    def __init__(self, instrument, controls):
        self.instrument = instrument
        self.controls = controls

    @property
    def track(self):
        """The track that the page is about."""
        return self.controls.track

    def enter(self):
        """It is opened."""

    def leave(self):
        """Another page is opened."""

    def refresh(self):
        """Called in each frame before the page's parts are drawn."""

    def tell(self, text):
        """Shows a line for a while. instrument.message() also keeps it in the logs, for somebody
        far from the panel."""
        self.instrument.message_text = text
        self.instrument.message_ms = ticks_ms()

    # -- knobs and encoders ---------------------------------------------------------------------

    def position(self, knob):
        """Where the value stands that a knob changes, 0 to 1; None if the knob changes nothing."""
        return None

    def knob(self, knob, position):
        """A knob ("x", "y", "z", "threshold") was turned."""

    def turn(self, encoder, steps):
        """An encoder ("left", "right") was turned; to the right is positive."""

    # -- buttons ----------------------------------------------------------------------------------

    def press(self, button):
        """A button (1 to 4) or an encoder ("left", "right") went down."""
        if button == PAUSE:
            self.instrument.pause()
        elif button == RESET:
            self.instrument.reset()
        elif button == DECODE:
            self.instrument.decode()

    def release(self, button):
        """It was let go within a second."""
        if button == FREEZE:
            self.track.freeze = "off" if self.track.freeze == "on" else "on"
        elif button == "left":
            self.controls.next_page()

    def hold(self, button):
        """It has been down for a second."""
        if button == DECODE:
            self.track.follow = "bar" if self.track.follow == "hold" else "hold"
            self.tell("follow " + self.track.follow)
        elif button == FREEZE:
            self.controls.choose_track(self.track.number + 1)
            self.tell(f"track {self.track.number + 1}")
        elif button == "left":
            self.controls.open("play")

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
# Letters in a row, and of those the most that its right part takes.
LETTERS = (WIDTH - 4) // LETTER
RIGHT = 12


class ListPage(BasePage):
    """A page of lines, four at a time: the left encoder chooses one."""

    title = ""
    # Whether it is about the track that is chosen; what it says when there are no lines.
    of_track = False
    empty = "nothing here"
    whole = True

    def __init__(self, instrument, controls):
        super().__init__(instrument, controls)
        self.chosen = 0
        self.parts = [Title(self)] + [Row(self, i) for i in range(ROWS)]

    def count(self):
        """How many lines there are."""
        return 0

    def line(self, at):
        """Line number `at`: (text on the left, text on the right)."""
        raise NotImplementedError

    def source(self, at):
        """What line `at` is made of, a small integer or an object that exists anyway: the line is
        made again when that is another one."""
        raise NotImplementedError

    def normalised(self, at):
        """The value of line `at` from 0 to 1; None if the line has no such value."""
        return None

    def waits(self, row):
        """Whether the knob of that row waits for its value to be passed."""
        return False

    @property
    def first(self):
        """The line in the first row: lines come in fours, so that knobs keep their lines."""
        return self.chosen // ROWS * ROWS

    def choose(self, at):
        """Chooses a line, 0 to count() - 1, or the nearest that there is."""
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
    """The first line: the page's title, its track, and which line of how many is chosen."""

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
    """A line of a list, and below it a thin bar: how far its value is on the way."""

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
        # What does not fit on the left makes room for the right, with a letter between them.
        right = right[:RIGHT]
        left = left[: LETTERS - 1 - len(right)] if right else left[:LETTERS]
        canvas.tall(left, 2, -1, colours.WHITE if chosen else colours.GREY, paper)
        canvas.tall(right, WIDTH - 2 - LETTER * len(right), -1, colours.WHITE, paper)
        if end >= 0:
            canvas.fill_rect(0, TALL - 2, WIDTH, 2, colours.SHADE)
            canvas.fill_rect(0, TALL - 2, end + 1, 2, colours.YELLOW if waits else colours.WHITE)
