"""What a track keeps in memory of a model, as long as the clock may play from it."""

import latentcore

from latentrack import room


class Kept:
    """A model on a track, with its partner if it has one: it holds their files and memory.

    models: one or two.  blocks: latentcore's working memory for each, and for locked voices, which
    `has_locks` says.
    Raises MemoryError, and ValueError if a file has been released; then nothing is held.
    """

    def __init__(self, models, tracks):
        self.models = []
        self.blocks = []
        self.has_locks = False
        try:
            for model in models:
                model.hold()
                self.models.append(model)
                self.blocks.append(room.reserve(model.memory, tracks, at_end=True))
        except BaseException:
            self.release()
            raise

    def load(self, number):
        """Have track `number` use the models."""
        latentcore.load(number, self.models[0].file, self.blocks[0].view)
        if len(self.models) > 1:
            latentcore.partner(number, self.models[1].file, self.blocks[1].view)

    def reserve_locks(self, tracks):
        """Reserve memory for locked voices, once. Returns its block; None if there is one."""
        if self.has_locks:
            return None
        model = self.models[0]
        cells = model.steps * model.voices
        size = 64 + 5 * model.voices + (12 if model.has_feel else 4) * cells
        block = room.reserve(size, tracks, at_end=True)
        self.blocks.append(block)
        self.has_locks = True
        return block

    def is_used(self, number):
        """Whether track `number` may still play from the models."""
        return latentcore.uses(number, self.blocks[0].view)

    def reads(self, block):
        """Return how many of the models have their file in `block`."""
        count = 0
        for model in self.models:
            count += model.block is block
        return count

    def release(self):
        """Release all, once; what was released is still named, for who is looking at it."""
        for held in self.blocks + self.models:
            held.release()
