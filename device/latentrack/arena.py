"""The arena: the memory in which models lie, one block of the heap taken before all else.

A heap in use is scattered with small objects that outlive collections, so after a while no hole in
it is as large as a model, however much is free. Model files and the memory that latentcore works in
are therefore pieces (`Block`) of one block that is taken when the instrument is imported.

The collector knows nothing of blocks. Who reserves a block holds it, and releases it once; who else
keeps it (`hold`) does the same. A block that has no holder is free. room.py says what waits for a
block, and what is done when there is none.
"""

import gc
import sys

# Bytes of the heap that are not the arena's. Device code and instrument take 100 KB of them, the
# rest is for the prompt, a session over USB, and the largest live reload. Objects of 64 bits are
# almost twice as large.
RESERVE_BYTES = (400 if sys.maxsize >> 32 else 232) * 1024
# So many bytes are allocated between two collections. Set before the device code is imported: what
# stays then lies together, and what is free of the reserve is almost one piece.
COLLECT_BYTES = 16 * 1024
# The arena is this much smaller at most than the largest that would have been possible.
_PRECISION = 1024
# Of a block's offset and size in bytes; latentcore needs 8.
_ALIGNMENT = 16


class Block:
    """A piece of memory: `view` is a memoryview of its `size` bytes.

    `start` is its offset in the arena in bytes, None for a block in the heap.
    """

    def __init__(self, view, start=None):
        self.view = view
        self.size = len(view)
        self.start = start
        self.holders = 1

    def hold(self):
        """Adds a holder. Raises ValueError if the block has been released by all of them."""
        # Held first: a frame that comes before the check finds it held.
        self.holders += 1
        if self.holders < 2:
            self.holders = 0
            raise ValueError("the model's memory has been released: load the model again")

    def release(self):
        """Removes a holder; the last one must not use the memory any more."""
        if self.holders > 0:
            self.holders -= 1


class Arena:
    """Gives out blocks of `memory`, a bytearray."""

    def __init__(self, memory):
        self.memory = memory
        self._view = memoryview(memory)
        # Sorted by offset. Blocks that are not held are removed when the next one is reserved.
        self._blocks = []
        self._reserving = False

    def reserve(self, size, at_end=False):
        """Returns a block of `size` bytes; None if no free piece is that large.

        It lies as near as possible to the arena's beginning, or to its end. A frame may come while
        the prompt reserves a block; then it gets none.
        """
        if self._reserving:
            return None
        self._reserving = True
        try:
            self._drop_free()
            return self._reserve(size, at_end)
        finally:
            self._reserving = False

    def _reserve(self, size, at_end):
        needed = _aligned(size)
        found = None
        end = 0
        for number in range(len(self._blocks) + 1):
            start = self._start(number)
            if start - end >= needed:
                found = number, start - needed if at_end else end
                if not at_end:
                    break
            end = self._end(number)
        if found is None:
            return None
        number, start = found
        block = Block(self._view[start : start + size], start)
        self._blocks.insert(number, block)
        return block

    def close_gaps(self, move):
        """Moves blocks towards the beginning, so that what is free is in one piece.

        `move(block, start)` moves a block, unless it has to stay.
        """
        if self._reserving:
            return
        self._reserving = True
        try:
            self._drop_free()
            end = 0
            for number in range(len(self._blocks)):
                block = self._blocks[number]
                if block.start > end:
                    move(block, end)
                end = self._end(number)
        finally:
            self._reserving = False

    def move(self, block, start, mover):
        """Move a block to a lower offset; `mover(memory, to, from, size)` copies the bytes."""
        view = self._view[start : start + block.size]
        # No jump stands between these lines, so that no frame comes between them.
        mover(self.memory, start, block.start, block.size)
        block.start = start
        block.view = view

    def free(self):
        """Bytes that no block takes."""
        taken = 0
        for block in self._blocks:
            if block.holders:
                taken += _aligned(block.size)
        return len(self.memory) - taken

    def largest(self):
        """Bytes of the largest piece that no block takes."""
        largest = end = 0
        for block in self._blocks:
            if block.holders:
                largest = max(largest, block.start - end)
                end = block.start + _aligned(block.size)
        return max(largest, len(self.memory) - end)

    def _drop_free(self):
        self._blocks = [block for block in self._blocks if block.holders]

    def _start(self, number):
        return self._blocks[number].start if number < len(self._blocks) else len(self.memory)

    def _end(self, number):
        if number == len(self._blocks):
            return len(self.memory)
        return self._blocks[number].start + _aligned(self._blocks[number].size)


def _aligned(size):
    return (max(size, 1) + _ALIGNMENT - 1) // _ALIGNMENT * _ALIGNMENT


def take():
    """The largest arena that leaves RESERVE_BYTES of the heap."""
    gc.threshold(COLLECT_BYTES)
    gc.collect()
    return Arena(_largest(max(gc.mem_free() - RESERVE_BYTES, 0) // _ALIGNMENT * _ALIGNMENT))


def _largest(most):
    """The largest bytearray of `most` bytes or less that the heap can give."""
    try:
        return bytearray(most)
    except MemoryError:
        pass
    low, high = 0, most
    while high - low > _PRECISION:
        size = (low + high) // 2 // _ALIGNMENT * _ALIGNMENT
        try:
            bytearray(size)
            low = size
        except MemoryError:
            high = size
    gc.collect()
    return bytearray(low)


# A live reload runs these lines again: the arena that is there stays.
models = getattr(sys.modules.get("latentrack.arena"), "models", None) or take()
