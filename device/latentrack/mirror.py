"""The panel for a computer that watches: what its screen shows, its lamps, lights and knobs.

The parts of the page that have changed since the last snapshot are drawn once more, a few at a
time: a board without a display has its pages all the same. A snapshot is taken on the scheduler,
as frames are, because both draw letters with the same buffers.
"""

import binascii

import latentcore

from latentrack import colours
from latentrack.parameters import KNOBS
from latentrack.screen import HEIGHT, MESSAGE_Y, PIXELS_A_FRAME, TALL, WIDTH, Canvas

BUTTONS = 4
_STRIPS = tuple((0, y, WIDTH, TALL) for y in range(0, HEIGHT, TALL))
_BOTTOM = (0, MESSAGE_Y, WIDTH, TALL)


class Mirror:
    """The mirror of one computer: keeps what has been told, so that only changes are sent."""

    def __init__(self, instrument):
        self._instrument = instrument
        self._memory = bytearray(2 * PIXELS_A_FRAME)
        self._page = None
        self._seen = {}
        self._said = None

    def snapshot(self):
        """{"page", "more", "drawn": [[x, y, width, height, pixels], ...], "lamps", "lights", ...}.

        `pixels` is base64 of 16-bit colours, red first, the high byte first; "" is all black.
        `more`: not all fitted in. `lights`: bit i is output i, whose gate rose with the last clock
        edge; `edges` counts them. `knobs`: by name, the value that the knob changes, 0 to 1 (None:
        it changes nothing), and whether the knob itself waits to be turned to that value.
        """
        controls = self._instrument.controls
        screen = self._instrument.screen
        page = controls.page
        drawn = []
        track = controls.track.number
        return {
            "page": page.name,
            "track": track,
            "more": False if screen is None else self._draw(screen, page, drawn),
            "drawn": drawn,
            "lamps": [bool(page.lamp(number + 1)) for number in range(BUTTONS)],
            "lights": latentcore.triggered(),
            "edges": latentcore.count(track, 0),
            "step": latentcore.count(track, 5),
            "knobs": {name: [page.position(name), controls.waits(name)] for name in KNOBS},
            "cv": controls.cv,
            "plays": self._instrument.plays(),
        }

    def _draw(self, screen, page, drawn):
        """Draws what is new; True if there is more of it than a frame's share of pixels."""
        if page is not self._page:
            self._page = page
            self._seen = {}
            self._said = None
            drawn += [list(strip) + [""] for strip in _STRIPS]
        page.refresh()
        # What is gone from the page need not be remembered.
        self._seen = {part: self._seen[part] for part in page.parts if part in self._seen}
        says = screen.says()
        if says != self._said:
            if says is None:
                drawn.append(list(_BOTTOM) + [""])
                for part in page.parts:
                    if part.y + part.height > MESSAGE_Y:
                        self._seen.pop(part, None)
            else:
                drawn.append(list(_BOTTOM) + [self._painted(screen.message, says)])
            self._said = says
        left = PIXELS_A_FRAME
        for part in page.parts:
            if says is not None and part.y + part.height > MESSAGE_Y:
                continue
            value = part.now()
            if value == self._seen.get(part):
                continue
            left -= part.width * part.height
            if left < 0:
                return True
            painted = self._painted(part, value)
            drawn.append([part.x, part.y, part.width, part.height, painted])
            self._seen[part] = value
        return False

    def _painted(self, part, value):
        canvas = Canvas(self._memory, part.width, part.height)
        canvas.fill(colours.BLACK)
        part.draw(canvas, value)
        return binascii.b2a_base64(canvas.pixels)[:-1].decode()
