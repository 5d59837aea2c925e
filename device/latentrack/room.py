"""Room for models: what is done before a model is refused because it does not fit.

1. What the clock has left is released.
2. Files of models that play are moved together, so that what is free is one piece. (Not while a
   track follows each step: then the clock reads its file.)
3. A file as small as device code may lie in the ordinary heap.
4. MemoryError says what fits, and what would make room.
"""

import latentcore

from latentrack.arena import Block, models

# The largest file of device code is half as large.
_SMALL_BYTES = 32 * 1024


def reserve(size, tracks, at_end=False):
    """A block for a model's file, or, `at_end`, for what stays where it is. Raises MemoryError."""
    for track in tracks:
        track.release_unused()
    block = models.reserve(size, at_end=at_end)
    if block is None:
        _close_gaps(tracks)
        block = models.reserve(size, at_end=at_end)
    if block is None:
        raise MemoryError(_refusal(size, tracks))
    return block


def reserve_any(size, tracks):
    """A block for a file of which only the size is known. Raises MemoryError."""
    small = size <= _SMALL_BYTES
    # Code that waits for a pause of the clock stays in its place, where models are not.
    try:
        return reserve(size, tracks, at_end=small)
    except MemoryError:
        if not small:
            raise
    return Block(memoryview(bytearray(size)))


def largest(tracks):
    """Bytes of the largest piece that can be reserved."""
    for track in tracks:
        track.release_unused()
    _close_gaps(tracks)
    return models.largest()


def _close_gaps(tracks):
    def move(block, start):
        holders = 0
        for track in tracks:
            holders += track.plays_from(block)
        if holders == block.holders:
            try:
                models.move(block, start, latentcore.move)
            except ValueError:
                pass  # a track follows each step

    models.close_gaps(move)


def _refusal(size, tracks):
    needed = (size + 1023) // 1024
    playing = [track.number for track in tracks if track.model is not None]
    smaller = "export it smaller (`latentrack export --precision int8`)"
    if not playing:
        return f"the model needs {needed} KB, of {len(models.memory) // 1024} KB: {smaller}"
    free = models.largest() // 1024
    return (
        f"the model needs {needed} KB; {free} KB are free beside what plays: stop a track "
        f"(`tracks[{playing[-1]}].stop()`; free at its next bar), or {smaller}"
    )
