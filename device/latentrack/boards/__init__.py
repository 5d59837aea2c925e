"""Boards: which pin is which jack. A board is one module in this folder, a readable table.

    NAME      what it is called
    CLOCK     pin of the clock input       RESET   pin of the reset input
    KNOBS     name -> analog input, for "x", "y", "z" and "threshold"; a missing one stays put
    connect() tells latentcore where the outputs are and what time it is
"""

import sys


def this_board():
    """The board that this module is."""
    if sys.platform == "linux":
        from latentrack.boards import virtual as board
    else:
        from latentrack.boards import bare as board
    return board
