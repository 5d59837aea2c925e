"""The arena: one bytearray, allocated before anything else, that contains the models.

A heap in use is fragmented by small objects that outlive collections, so after a while no free
piece is as large as a model, however much is free in total. Model files and latentcore's working
memory are therefore pieces (`Block`) of one bytearray, allocated when the instrument is imported.

The garbage collector does not manage blocks; holders are counted. The code that reserves a block is
its first holder and releases it once; other users call `hold` and `release`. A block without a
holder is free. room.py makes room when no block is free.
"""

import gc
import sys

# Bytes of the heap outside the arena. Device code and instrument take some 160 KB of them; the
# rest is for the prompt, a USB session and the largest live reload. 64-bit objects are almost
# twice as large.
RESERVE_BYTES = (656 if sys.maxsize >> 32 else 310) * 1024
# Bytes allocated between two collections. Set before the device code is imported: its objects are
# then contiguous, and the free part of the reserve is almost one piece. 64-bit objects: as above.
COLLECT_BYTES = (32 if sys.maxsize >> 32 else 16) * 1024
# Bytes by which the arena may be smaller than the largest possible one.
_PRECISION = 1024
# Alignment of a block's offset and size in bytes; latentcore needs 8.
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
        """Add a holder. Raises ValueError if all holders have released the block."""
        # Incremented before the check: a frame in between finds the block held.
        self.holders += 1
        if self.holders < 2:
            self.holders = 0
            raise ValueError("the model's memory has been released: load the model again")

    def release(self):
        """Remove a holder, which must not use the memory afterwards."""
        if self.holders > 0:
            self.holders -= 1


class Arena:
    """Allocates blocks in `memory`, a bytearray."""

    def __init__(self, memory):
        self.memory = memory
        self._view = memoryview(memory)
        # Sorted by offset. Blocks that are not held are removed when the next one is reserved.
        self._blocks = []
        self._reserving = False

    def reserve(self, size, at_end=False):
        """Return a block of `size` bytes with one holder; None if no free piece is that large.

        The block is as near as possible to the arena's beginning, or with `at_end` to its end. A
        call from a frame that interrupts another call returns None.
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
        """Move blocks towards the beginning, so that the free memory is one piece.

        `move(block, start)` is called for each block to move, and may leave it in place.
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
        # MicroPython runs scheduled functions at jumps only: no frame interrupts these lines.
        mover(self.memory, start, block.start, block.size)
        block.start = start
        block.view = view

    def free(self):
        """Return the free bytes, in all pieces together."""
        taken = 0
        for block in self._blocks:
            if block.holders:
                taken += _aligned(block.size)
        return len(self.memory) - taken

    def largest(self):
        """Return the bytes of the largest free piece."""
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
    """Return the largest possible arena that leaves RESERVE_BYTES of the heap free."""
    gc.threshold(COLLECT_BYTES)
    gc.collect()
    return Arena(_largest(max(gc.mem_free() - RESERVE_BYTES, 0) // _ALIGNMENT * _ALIGNMENT))


def _largest(most):
    """Return the largest bytearray, of at most `most` bytes, that the heap can allocate."""
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


# A live reload runs this line again: the existing arena is kept.
models = getattr(sys.modules.get("latentrack.arena"), "models", None) or take()
