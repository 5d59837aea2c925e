"""What a model file says beyond what it takes to play it: the note that its first voice means."""

_LOWEST = b'"lowest_pitch":'
# The number behind it, with what ends it.
_DIGITS = 5
_PIECE = 1024


def lowest_pitch(file):
    """The MIDI note of voice 0, from the JSON that our training writes; 0 where nothing is said.

    The reference's models say nothing: there voice n is n semitones above 0 V.
    """
    at = _find(file, _LOWEST)
    if at < 0:
        return 0
    at += len(_LOWEST)
    digits = bytes(file[at : at + _DIGITS]).split(b",")[0].split(b"}")[0]
    try:
        note = int(digits.decode())
    except ValueError:
        return 0
    return note if 0 <= note <= 127 else 0


def _find(file, words):
    """Where the words begin, or -1. A memoryview has no `find`, and a copy is as large as it."""
    piece = bytearray(_PIECE)
    for start in range(0, len(file), _PIECE - len(words) + 1):
        part = file[start : start + _PIECE]
        piece[: len(part)] = part
        at = piece.find(words, 0, len(part))
        if at >= 0:
            return start + at
    return -1
