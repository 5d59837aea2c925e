"""The MicroPython that Latentrack needs: older ones have no hard timer, which ends the gates."""

import sys

LEAST = (1, 27)


def is_new_enough():
    """True if this MicroPython will do. Else says so at the prompt and on the screen."""
    if sys.implementation.version >= LEAST:
        return True
    text = "MicroPython {}.{} is too old: put {}.{} or newer on the Teensy".format(
        *(sys.implementation.version[:2] + LEAST)
    )
    print(text)
    try:
        _show(text)
    except Exception as error:
        print("no screen:", error)
    return False


def _show(text):
    """Puts a text on the display, once. It waits for the display to wake up."""
    from time import sleep_ms

    from latentrack import colours
    from latentrack.boards import this_board
    from latentrack.drivers.st7735 import ST7735, WIDTH
    from latentrack.screen import TALL, Canvas, lines

    board = this_board()
    board.connect()
    if board.DISPLAY is None:
        return
    display = ST7735(board.DISPLAY)
    while not display.ready():
        sleep_ms(1)
    canvas = Canvas(bytearray(2 * WIDTH * TALL), WIDTH, TALL)
    shown = lines(text) + [""] * 5
    for row in range(5):
        canvas.fill(colours.BLACK)
        canvas.tall(shown[row], 0, 0, colours.YELLOW)
        display.show(0, row * TALL, WIDTH, TALL, canvas.pixels)
    display.light()
