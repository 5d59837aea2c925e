"""Search for the best of all positions: deterministic, in pieces, without derivatives.

First the start and positions all over the space are judged; around the best of these each latent is
then moved up and down, and some directions are thrown, in steps that halve until they are small.
"""

from latentrack.dice import throw

# Positions judged at first, for each latent; how many of them are improved.
_FIRST = 33
_IMPROVED = 6
# Directions that are thrown beside those along the latents, in each round.
_THROWN = 4
# Steps as knob values: the first, and the last.
_STEP, _LEAST = 0.3, 0.005
# dice.throw repeats itself after so many.
_THROWS = 8192


class Search:
    """A search from a position, a tuple of knob values -1 to 1.

    `judge(position)` returns (loss, wrong): the less the better; it is found when nothing is wrong.
    best: (wrong, loss, position), the best so far.  judged: how many positions were.
    """

    def __init__(self, judge, start):
        self._judge = judge
        self._count = len(start)
        self._throws = 0
        self.judged = 0
        self.best = None
        self._steps = self._run(tuple(start))

    def go_on(self):
        """Judge one position. Returns False when the search has ended."""
        try:
            next(self._steps)
        except StopIteration:
            return False
        return self.best[0] > 0

    def _loss(self, position):
        loss, wrong = self._judge(position)
        self.judged += 1
        found = (wrong, loss, position)
        if self.best is None or found[:2] < self.best[:2]:
            self.best = found
        return loss

    def _thrown(self, around, step):
        self._throws = (self._throws + 1) % _THROWS
        return self._clamped(
            [around[i] + step * throw(self._throws, i) for i in range(self._count)]
        )

    def _clamped(self, position):
        return tuple(min(max(value, -1), 1) for value in position)

    def _run(self, start):
        pool = []
        for number in range(1 + _FIRST * self._count):
            position = self._thrown((0,) * self._count, 1) if number else self._clamped(start)
            pool.append((self._loss(position), position))
            yield
            pool.sort()
            del pool[_IMPROVED:]
        for loss, position in pool:
            step = _STEP
            while step > _LEAST:
                moved = False
                for turn in range(2 * self._count + _THROWN):
                    other = self._other(position, step, turn)
                    found = self._loss(other)
                    yield
                    if found < loss:
                        loss, position, moved = found, other, True
                if not moved:
                    step /= 2

    def _other(self, position, step, turn):
        if turn >= 2 * self._count:
            return self._thrown(position, step)
        other = list(position)
        other[turn // 2] += -step if turn % 2 else step
        return self._clamped(other)
