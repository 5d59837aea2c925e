"""The screen: a page consists of parts, and only parts whose value has changed are drawn.

A part is a rectangle that shows one value. `now()` returns the value; if it differs from the value
shown, `draw(canvas, value)` draws it on a small canvas, which is sent to the display at once. There
is no picture of the whole screen in memory. A frame draws at most PIXELS_A_FRAME pixels; the other
parts wait for the next frame.
"""

import framebuf

from latentrack import colours
from latentrack.drivers.st7735 import HEIGHT, ST7735, WIDTH

# The most pixels drawn in a frame: they take 2 ms on SPI, and about as much in framebuf.
PIXELS_A_FRAME = 2560
LETTER = 8
TALL = 16
LINE = WIDTH // LETTER
# The bottom line belongs to messages while there are any.
MESSAGE_Y = HEIGHT - TALL

# framebuf's letters are 8 x 8, a millimetre on this glass. Drawn twice as tall they can be read at
# arm's length: once into the even rows of bits, once into the odd ones.
_STRIDE = WIDTH // 8
_tall_bits = bytearray(_STRIDE * (TALL + 1))
_tall = framebuf.FrameBuffer(_tall_bits, WIDTH, TALL, framebuf.MONO_HLSB)
_even = framebuf.FrameBuffer(_tall_bits, WIDTH, LETTER, framebuf.MONO_HLSB, 2 * WIDTH)
_odd = framebuf.FrameBuffer(
    memoryview(_tall_bits)[_STRIDE:], WIDTH, LETTER, framebuf.MONO_HLSB, 2 * WIDTH
)
_palette = framebuf.FrameBuffer(bytearray(4), 2, 1, framebuf.RGB565)


class Canvas(framebuf.FrameBuffer):
    """A framebuf of RGB565; `pixels` is its memory."""

    def __init__(self, memory, width, height):
        self.pixels = memoryview(memory)[: width * height * 2]
        super().__init__(self.pixels, width, height, framebuf.RGB565)

    def tall(self, text, x, y, ink=colours.WHITE, paper=colours.BLACK):
        """Draw text in letters of 8 x 16 pixels, and its background from x to the right edge."""
        _tall.fill(0)
        _even.text(text, 0, 0, 1)
        _odd.text(text, 0, 0, 1)
        _palette.pixel(0, 0, paper)
        _palette.pixel(1, 0, ink)
        self.blit(_tall, x, y, -1, _palette)


class Part:
    """A rectangle of the screen, of at most PIXELS_A_FRAME pixels, that shows one value."""

    # The value that is shown; None: nothing yet.
    shown = None

    def __init__(self, x, y, width, height):
        if width * height > PIXELS_A_FRAME:
            raise ValueError("so large a part does not fit in a frame: make several")
        self.x = x
        self.y = y
        self.width = width
        self.height = height

    def now(self):
        """The value to show: a number, a text or a tuple, not None."""
        raise NotImplementedError

    def draw(self, canvas, value):
        """Draw a value on a black canvas of the part's size."""
        raise NotImplementedError

    def forget(self):
        """Have the part drawn again in the next frame."""
        self.shown = None


class CachedPart(Part):
    """A part whose value takes memory to make.

    The value is made again only if `version()`, a small integer, or `source()`, an existing object,
    differs. Both are called in every frame, and must not allocate.
    """

    _version = None
    _source = None
    _value = None

    def version(self):
        """A small integer that differs when the value differs, as far as it depends on numbers."""
        return 0

    def source(self):
        """An object, such as a text or a model, that differs (by ==) when the value differs."""
        return None

    def value(self):
        """Make the value to show; see `now`."""
        raise NotImplementedError

    def now(self):
        """The value, made again only if version or source differs."""
        version = self.version()
        source = self.source()
        if self._value is None or version != self._version or source != self._source:
            self._version = version
            self._source = source
            self._value = self.value()
        return self._value

    def forget(self):
        """Have the value made and drawn again in the next frame."""
        super().forget()
        self._value = None


class Words(CachedPart):
    """A line of tall letters; subclasses define `text()` and its colour, `ink()`."""

    def __init__(self, x, y, width, page):
        super().__init__(x, y, width, TALL)
        self.page = page

    def text(self):
        """The text of the line; subclasses define it."""
        raise NotImplementedError

    def ink(self):
        """The colour of the line, RGB565; subclasses define it."""
        raise NotImplementedError

    def version(self):
        """The colour."""
        return self.ink()

    def source(self):
        """The text."""
        return self.text()

    def value(self):
        """(text, colour)."""
        return (self.text(), self.ink())

    def draw(self, canvas, value):
        """Draw the text in its colour on black."""
        text, ink = value
        canvas.tall(text, 0, 0, ink)


class Message(Part):
    """The bottom line, while there is something to say: long messages come piece by piece.

    frames_left: frames until the next piece, or the end.
    """

    FRAMES = 75  # a frame is 20 ms

    def __init__(self):
        super().__init__(0, MESSAGE_Y, WIDTH, TALL)
        self._lines = []
        self.frames_left = 0

    def say(self, text):
        """Show a text instead of the last one: a single line for 3 s, several for 1.5 s each."""
        self._lines = lines(text)
        self.frames_left = 2 * self.FRAMES if len(self._lines) == 1 else self.FRAMES

    def clear(self):
        """Takes the message away."""
        self._lines = []

    def tick(self):
        """Count a frame; return whether there is a message."""
        if self._lines:
            self.frames_left -= 1
            if self.frames_left <= 0:
                self._lines.pop(0)
                self.frames_left = self.FRAMES
        return self.speaks()

    def speaks(self):
        """Whether there is a message now."""
        return bool(self._lines)

    def now(self):
        """The line of the message that is due; only while `speaks`."""
        return self._lines[0]

    def draw(self, canvas, value):
        """Draw the line black on yellow."""
        canvas.tall(value, 0, 0, colours.BLACK, colours.YELLOW)


def lines(text, width=LINE):
    """Split a text into lines of at most `width` letters, between words where possible."""
    found = []
    line = ""
    for word in text.split():
        while len(word) > width:
            if line:
                found.append(line)
                line = ""
            found.append(word[:width])
            word = word[width:]
        if line and len(line) + 1 + len(word) > width:
            found.append(line)
            line = word
        else:
            line = line + " " + word if line else word
    return found + [line] if line else found


class Screen:
    """Shows the page of the controls, and the instrument's messages.

    `pixels` is the number of pixels drawn so far; `whole` is whether the display was complete after
    the last frame; `blank` is True until the first page is complete. Nothing is drawn on a board
    without a DISPLAY.
    """

    def __init__(self, instrument):
        self._instrument = instrument
        pins = instrument.board.DISPLAY
        self.display = None if pins is None else ST7735(pins)
        self.message = Message()
        self.page = None
        self.pixels = 0
        self.whole = False
        self.blank = True
        self._memory = bytearray(2 * PIXELS_A_FRAME)
        self._canvases = {}
        self._first = 0
        self._wipes = []
        self._speaks = False
        self._said_ms = None

    def show(self, page):
        """Change to another page, which is drawn within some frames."""
        self.page = page
        self._first = 0
        strips = () if page.whole else range(0, HEIGHT, TALL)
        self._wipes = [(0, y, WIDTH, TALL) for y in strips]
        for part in page.parts:
            part.shown = None
        self.message.shown = None

    def says(self):
        """The text of the message in the bottom line; None without a message."""
        return self.message.now() if self.message.speaks() else None

    def frame(self):
        """Draw the parts that have changed, at most PIXELS_A_FRAME pixels."""
        self.whole = False
        instrument = self._instrument
        if instrument.message_text and instrument.message_ms != self._said_ms:
            self._said_ms = instrument.message_ms
            self.message.say(instrument.message_text)
        speaks = self.message.tick()
        if self.display is None:
            return
        page = None if instrument.controls is None else instrument.controls.page
        if page is None or not self.display.ready():
            return
        if page is not self.page:
            self.show(page)
        page.refresh()
        if speaks != self._speaks:
            self._speaks = speaks
            self._turn_bottom_line()
        until = self.pixels + PIXELS_A_FRAME
        while self._wipes:
            x, y, width, height = self._wipes.pop(0)
            if not self._put(x, y, width, height, None, None, until):
                self._wipes.insert(0, (x, y, width, height))
                return
        if speaks and not self._refresh(self.message, until):
            return
        # Begin where the last frame stopped, so that each part is drawn in time.
        parts = page.parts
        count = len(parts)
        first = self._first
        for i in range(count):
            at = (first + i) % count
            part = parts[at]
            if speaks and part.y + part.height > MESSAGE_Y:
                continue
            if not self._refresh(part, until):
                self._first = at
                return
        if self.blank:
            self.blank = False
            self.display.light()
        self.whole = True

    def _turn_bottom_line(self):
        """Draw the area of the bottom line anew when a message begins or ends."""
        self.message.shown = None
        if not self._speaks:
            self._wipes.append((0, MESSAGE_Y, WIDTH, TALL))
            for part in self.page.parts:
                if part.y + part.height > MESSAGE_Y:
                    part.shown = None

    def _refresh(self, part, until):
        """Draw a part if its value has changed; False if the frame has no pixels left for it."""
        value = part.now()
        if value == part.shown:
            return True
        if not self._put(part.x, part.y, part.width, part.height, part, value, until):
            return False
        part.shown = value
        return True

    def _put(self, x, y, width, height, part, value, until):
        if self.pixels + width * height > until:
            return False
        shape = width << 8 | height
        canvas = self._canvases.get(shape)
        if canvas is None:
            canvas = self._canvases[shape] = Canvas(self._memory, width, height)
        canvas.fill(colours.BLACK)
        if part is not None:
            part.draw(canvas, value)
        self.display.show(x, y, width, height, canvas.pixels)
        self.pixels += width * height
        return True
