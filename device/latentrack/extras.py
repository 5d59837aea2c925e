"""What a model file says beyond what it takes to play it: the note that its first voice means."""

_LOWEST = b'"lowest_pitch":'


def lowest_pitch(file):
    """The MIDI note of voice 0, from the JSON that our training writes; 0 where nothing is said.

    The reference's models say nothing: there voice n is n semitones above 0 V.
    """
    at = file.find(_LOWEST)
    if at < 0:
        return 0
    digits = bytes(file[at + len(_LOWEST) : at + len(_LOWEST) + 5]).split(b",")[0].split(b"}")[0]
    try:
        note = int(digits.decode())
    except ValueError:
        return 0
    return note if 0 <= note <= 127 else 0
