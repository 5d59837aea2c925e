"""Reserve memory for models in the arena. If no free piece is large enough, in this order:

1. Release the models that the clock no longer plays from.
2. Move the files of playing models together, so that the free memory is one piece. (Not while a
   track is in follow mode step: then the clock reads the file.)
3. Allocate a file of at most 32 KB, such as device code, in the ordinary heap.
4. Raise MemoryError, with the sizes and what would make room.
"""

import latentcore

from latentrack.arena import Block, models

# Larger than any file of device code, of which track.py has the most, 18 KB.
_SMALL_BYTES = 32 * 1024


def reserve(size, tracks, at_end=False):
    """Return a block of `size` bytes for a model's file. Raises MemoryError.

    at_end: the block must not be moved (working memory, code); it is reserved at the arena's end.
    """
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
    """Return a block for a received file, model or code, of `size` bytes. Raises MemoryError."""
    small = size <= _SMALL_BYTES
    # Code may be held until the clock pauses and cannot be moved: it is kept away from models.
    try:
        return reserve(size, tracks, at_end=small)
    except MemoryError:
        if not small:
            raise
    return Block(memoryview(bytearray(size)))


def largest(tracks):
    """Return the bytes of the largest block that can be reserved, after moving models together."""
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
