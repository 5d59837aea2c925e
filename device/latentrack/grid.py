"""The pattern that a track plays, as the pages show it: a column a step, a block a voice.

Of a model with a feel the blocks of softer hits are darker, and those of early or late hits stand
to the left or right.
"""

import latentcore

from latentrack import colours
from latentrack.screen import MESSAGE_Y, TALL, Part

TOP = TALL + 2
HEIGHT = MESSAGE_Y - 2 - TOP
WIDTH = 104
# More steps than this are shown a part at a time: the part that plays.
MOST_COLUMNS = 34
# How bright the softest hit is, of 127; and the velocity that dynamics leave as it is, 0.6.
SOFTEST = 40
PIVOT = 76
# What latentcore.count tells.
_PATTERN, _STEP, _STEPS, _VOICES = 4, 5, 8, 9


class Grid:
    """The pattern that is shown. `parts` are its columns, others each time there are other steps.

    `row` is the bytes that a step has in `cells`; `step` the one played last.
    """

    def __init__(self):
        # The track whose pattern is shown, and the pattern's number.
        self._number = self._track = None
        # Of the bar.
        self._length = self._rotation = 0
        self.steps = self.voices = self.row = 0
        self.cells = self._cells_before = bytearray()
        # Of a model with a feel: a byte of velocity for each cell, then one of timing.
        self._feel = self._feel_before = bytearray()
        self.has_feel = False
        # What is heard of the timing and of the velocities' differences, in %.
        self._share = self._dynamics = 100
        self.step = 0
        # By step: the number of changes of its cells.
        self.ages = []
        self._set_columns(0)

    def forget(self):
        """Have the next refresh read the pattern again."""
        self._number = None

    def refresh(self, track):
        """Reads what the track plays, if it is another pattern; True if there are new `parts`."""
        number = latentcore.count(track.number, _PATTERN)
        step = latentcore.count(track.number, _STEP)
        length = track.now("length")
        rotation = track.now("rotation")
        share = track.now("feel")
        if length != self._length or rotation != self._rotation or share != self._share:
            self._length = length
            self._rotation = rotation
            self._share = share
            self._age()
        parts = self.parts
        if (
            number != self._number
            or track is not self._track
            or (step != self.step and track.follow == "step")
        ):
            self._number = number
            self._track = track
            self._read_cells(track)
        self.step = step
        return self.parts is not parts

    def _age(self):
        for i in range(self.steps):
            self.ages[i] += 1

    def _read_cells(self, track):
        steps = latentcore.count(track.number, _STEPS)
        voices = latentcore.count(track.number, _VOICES)
        row = (voices + 7) // 8
        others = steps != self.steps or voices != self.voices
        if others:
            self.steps, self.voices, self.row = steps, voices, row
            self.cells = bytearray(steps * row)
            self._cells_before = bytearray(steps * row)
        # The two take turns, as new ones would have to be allocated.
        self.cells, self._cells_before = self._cells_before, self.cells
        latentcore.read_cells(track.number, self.cells)
        had_feel, dynamics = self.has_feel, self._dynamics
        self._read_feel(track)
        if others:
            self._set_columns(steps)
        elif self.has_feel != had_feel or self._dynamics != dynamics:
            self._age()
        else:
            for i in range(steps):
                if self._differs(i):
                    self.ages[i] += 1

    def _read_feel(self, track):
        size = 0
        if track.model is not None and track.model.has_feel:
            size = 2 * self.steps * self.voices
        if size != len(self._feel):
            self._feel = bytearray(size)
            self._feel_before = bytearray(size)
        self._feel, self._feel_before = self._feel_before, self._feel
        # Of an older pattern, whose model has no feel, nothing is written.
        self.has_feel = size > 0 and latentcore.read_feel(track.number, self._feel) == size
        self._dynamics = int(track.now("dynamics"))

    def _differs(self, step):
        """Whether a step is another one than in the pattern before."""
        cells, before, first = self.cells, self._cells_before, step * self.row
        for at in range(first, first + self.row):
            bits = cells[at]
            if bits != before[at]:
                return True
            if bits and self.has_feel and self._sounds_otherwise(bits, step, (at - first) * 8):
                return True
        return False

    def _sounds_otherwise(self, bits, step, voice):
        """Whether velocity or timing is another one of those voices from `voice` on whose bits are
        set; of the others both are 0."""
        new, old, cells = self._feel, self._feel_before, self.steps * self.voices
        at = step * self.voices + voice
        while bits:
            if bits & 1 and (new[at] != old[at] or new[cells + at] != old[cells + at]):
                return True
            bits >>= 1
            at += 1
        return False

    def _set_columns(self, steps):
        """Make a column for each step, MOST_COLUMNS at most, as wide as there is room."""
        self.ages = [0] * steps
        self.columns = min(steps, MOST_COLUMNS)
        width = WIDTH // self.columns if steps else WIDTH
        self.parts = [Column(self, i, width) for i in range(self.columns)]
        # What is left of another model's columns goes; without columns that is all of the width.
        used = width * self.columns
        strip = HEIGHT // 4
        if used < WIDTH:
            for y in range(TOP, TOP + HEIGHT, strip):
                self.parts.append(Nothing(used, y, WIDTH - used, strip))

    # -- of a cell --------------------------------------------------------------------------------

    def in_bar(self, step):
        """The step of the bar, from 0, that a step of the pattern is; None beyond the bar."""
        length = min(self._length, self.steps) or self.steps
        return (step - self._rotation) % length if step < length else None

    def colour(self, step, voice):
        """The colour of a cell that sounds: of its voice, or white in the step played last."""
        if step == self.step:
            ink = colours.WHITE
        elif self.in_bar(step) is None:
            ink = colours.DIM
        else:
            ink = colours.VOICES[self._track.knob_of(voice) % len(colours.VOICES)]
        if self.has_feel:
            velocity = self._feel[step * self.voices + voice]
            velocity = min(max(PIVOT + (velocity - PIVOT) * self._dynamics // 100, 0), 127)
            ink = colours.dimmed(ink, SOFTEST + (127 - SOFTEST) * velocity // 127)
        return ink

    def shift(self, step, voice, width):
        """How far from its step a cell is played, in pixels of a step `width` wide; + is late."""
        timing = self._feel[(self.steps + step) * self.voices + voice]
        if timing > 127:
            timing -= 256
        # It is in 1/254 of a step.
        return (timing * width * int(self._share) + 12700) // 25400


class Nothing(Part):
    """A black piece of the screen, where another model's columns were."""

    def now(self):
        """Always 0: this part never changes."""
        return 0

    def draw(self, canvas, value):
        """Draw nothing: the canvas is black already."""
        pass


class Column(Part):
    """One step of the pattern: a block for each voice that sounds, the lowest at the bottom."""

    def __init__(self, grid, number, width):
        super().__init__(number * width, TOP, width, HEIGHT)
        self._grid = grid
        self._number = number

    def _step(self):
        """The step it stands for: of a long pattern, of the part that plays."""
        grid = self._grid
        return grid.step // grid.columns * grid.columns + self._number

    def now(self):
        """Changes of the cells, step and whether it plays, packed; -1 beyond the pattern."""
        step = self._step()
        if step >= self._grid.steps:
            return -1
        return (self._grid.ages[step] << 9) + (step << 1) + (step == self._grid.step)

    def draw(self, canvas, value):
        """Draw a block for each voice that sounds, and a line below the step that plays."""
        if value < 0:
            return
        grid, step, height = self._grid, self._step(), self.height - 3
        width = self.width - (1 if self.width > 2 else 0)
        playing = value & 1
        position = grid.in_bar(step)
        if position is not None:
            canvas.fill_rect(0, 0, width, height, colours.DIM if playing else colours.SHADE)
        voices = grid.voices
        row = step * grid.row
        for voice in range(voices):
            if grid.cells[row + (voice >> 3)] >> (voice & 7) & 1:
                top = height - (voice + 1) * height // voices
                tall = height - voice * height // voices - top
                # From one voice to the next a gap, where there is room for one.
                tall = max(tall - (tall > 2), 1)
                self._block(canvas, step, voice, top, width, tall)
        if playing:
            canvas.fill_rect(0, height + 1, width, 2, colours.WHITE)
        elif position == 0:
            canvas.fill_rect(0, height + 1, 2, 2, colours.YELLOW)
        elif position is not None and position % 4 == 0:
            canvas.fill_rect(0, height + 1, 2, 2, colours.GREY)

    def _block(self, canvas, step, voice, top, width, tall):
        """A cell that sounds."""
        grid = self._grid
        left, right = 0, width
        if grid.has_feel:
            # Narrower, so that there is room to be early or late; a pixel stays visible.
            wide = max(width * 3 // 5, 1)
            left = (width - wide) // 2 + grid.shift(step, voice, self.width)
            right = min(max(left + wide, 1), width)
            left = min(max(left, 0), width - 1)
        canvas.fill_rect(left, top, right - left, tall, grid.colour(step, voice))
