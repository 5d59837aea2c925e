"""A model in memory: what latentcore and its file say of it."""

import latentcore

from latentrack import axes, metadata
from latentrack.arena import Block

# The library's folder for each kind, by the first three of the six letters in the metadata.
FOLDERS = {"per": "perc", "seq": "notes", "rhy": "rhythm"}
# How a kind is played, if it is not the usual "drums".
_MODES = {"seq": "notes", "rhy": "rhythm"}


class Model:
    """A decoder in memory, checked by latentcore.

    `has_feel` says whether it knows velocity and timing of its hits; the last `feel_latents` of its
    `latents` move these and nothing else.

    `file` is the whole .tflite: a block of the arena, or bytes in the heap. Who reserved the block
    releases it; a track holds it as long as it plays from it. Raises ValueError, with what is
    wrong, if it cannot be played.
    """

    def __init__(self, name, file):
        self.name = name
        self.block = file if isinstance(file, Block) else Block(memoryview(file))
        file = self.block.view
        about = latentcore.describe(file)
        self.kind, self.latents, self.steps, self.voices, self.scale = about[:5]
        groups, self.memory, self.feel_latents, self.has_feel = about[5:]
        self.groups = tuple(groups)
        self.mode = _MODES.get(self.kind[:3], "drums")
        self.lowest_pitch, named = metadata.extras(file)
        # By parameter ("x", …): what its knob does, in a line for the screen.
        self.axes = axes.lines(named)
        if self.kind[:3] not in FOLDERS:
            raise ValueError(
                "a model of kind {!r} cannot be played, only {}".format(
                    self.kind, ", ".join(kind + "…" for kind in sorted(FOLDERS))
                )
            )

    @property
    def file(self):
        """The bytes of the .tflite; they move, so do not keep them."""
        return self.block.view

    def hold(self):
        """Keeps the file in memory. Raises ValueError if it has been released by all holders."""
        self.block.hold()

    def release(self):
        """Lets the file's memory be used for another, once per `hold` or `Library.load`."""
        self.block.release()

    def __repr__(self):
        feel = f", {self.feel_latents} of the feel" if self.feel_latents else ""
        return (
            f"<model {self.name}: {self.kind}, {self.steps} steps, {self.voices} voices, "
            f"{self.latents} latents{feel}>"
        )
