"""A track: one model, where it stands in its latent space, and what it plays.

Setting an attribute is all there is to do: the next frame decodes a new pattern and hands it to the
clock, which takes it at the next bar.
"""

from array import array

import latentcore


MOST_LATENTS = 8


class Track:
    def __init__(self, number):
        self.number = number
        self.model = None
        # The memory that latentcore works in and the files it reads, kept from the garbage
        # collector as long as the clock may play from them: (memory, file), the newest last.
        self._kept = []
        # As many as a model may have. Before there is a model they run from -1 to 1.
        self._latents = array("f", [0] * MOST_LATENTS)
        self._scale = 1
        self._threshold = 0.5
        self._changed = False

    def play(self, model):
        """Plays another model from the next bar on."""
        memory = bytearray(model.memory)
        latentcore.load(self.number, model.file, memory)
        self._kept.append((memory, model.file))
        # Another model may have larger latents: the knobs' places stay.
        for i in range(MOST_LATENTS):
            self._latents[i] *= model.scale / self._scale
        self._scale = model.scale
        self.model = model
        self._changed = True
        self.refresh()

    def move(self, latent, place):
        """Sets one latent from a knob: `place` is -1 to 1, whatever the model's scale."""
        self._latents[latent] = place * self._scale
        self._changed = True

    @property
    def latents(self):
        """Where in the latent space: one number a latent, from -model.scale to model.scale."""
        return tuple(self._latents[: self._count()])

    @latents.setter
    def latents(self, values):
        if len(values) != self._count():
            raise ValueError("here are {} latents, not {}".format(self._count(), len(values)))
        for i in range(len(values)):
            self._latents[i] = values[i]
        self._changed = True

    @property
    def threshold(self):
        """How probable a hit must be to be played, 0 to 1."""
        return self._threshold

    @threshold.setter
    def threshold(self, value):
        self._threshold = float(value)
        self._changed = True

    @property
    def cells(self):
        """The pattern that plays: for each step a tuple of the voices that sound."""
        playing = latentcore.cells(self.number)
        if playing is None:
            return []
        steps, voices, bits = playing
        row = (voices + 7) // 8
        return [
            tuple(v for v in range(voices) if bits[step * row + (v >> 3)] >> (v & 7) & 1)
            for step in range(steps)
        ]

    def _count(self):
        return MOST_LATENTS if self.model is None else self.model.latents

    def refresh(self):
        """Decodes and publishes, if something has changed. Frames call this."""
        if self._changed and self.model is not None:
            self._changed = False
            latentcore.set(self.number, latentcore.THRESHOLD, self._threshold)
            latentcore.decode(self.number, self._latents[: self._count()])
            newest = self._kept[-1]
            self._kept = [
                kept
                for kept in self._kept
                if kept is newest or latentcore.uses(self.number, kept[0])
            ]
