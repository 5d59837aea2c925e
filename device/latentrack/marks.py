"""Marks: which of some numbered things have changed since they were looked at last.

The prompt marks, and a frame that comes between any two of its steps takes the marks; or a frame
marks while the prompt takes them. Nothing is lost either way, as long as both keep this order:

    mark:  change the thing, then its mark, then `some`
    take:  clear `some`, then for each mark that is set: clear it, then look at the thing

No memory is allocated.
"""


class Marks:
    """Marks for `count` things, numbered from 0; none is marked at first."""

    def __init__(self, count):
        self._marks = bytearray(count)
        # Whether any may be set.
        self.some = False

    def mark(self, number):
        """Marks a thing, after it has changed."""
        self._marks[number] = 1
        self.some = True

    def begin(self):
        """Before the first `take`: True if there may be something to take."""
        if not self.some:
            return False
        self.some = False
        return True

    def take(self, number):
        """Whether that one was marked; its mark is cleared."""
        if not self._marks[number]:
            return False
        self._marks[number] = 0
        return True
