"""The colours of the pages, as the display wants them."""

from latentrack.drivers.st7735 import colour

BLACK = 0
WHITE = colour(255, 255, 255)
GREY = colour(150, 150, 150)
DIM = colour(60, 60, 70)
SHADE = colour(24, 24, 32)
YELLOW = colour(255, 200, 40)
# Voices in turn, so that neighbours differ.
VOICES = (
    colour(255, 130, 30),
    colour(80, 200, 255),
    colour(130, 230, 90),
    colour(255, 210, 60),
    colour(240, 110, 200),
    colour(150, 140, 255),
    colour(90, 230, 190),
    colour(220, 220, 220),
)
TRACKS = VOICES[:4]


def dimmed(pixel, share):
    """A colour less bright: `share` of 0 (black) to 127 (as it is). Allocates nothing."""
    pixel = pixel >> 8 | (pixel & 0xFF) << 8
    red = (pixel >> 11) * share // 127
    green = (pixel >> 5 & 0x3F) * share // 127
    pixel = red << 11 | green << 5 | (pixel & 0x1F) * share // 127
    return pixel >> 8 | (pixel & 0xFF) << 8
