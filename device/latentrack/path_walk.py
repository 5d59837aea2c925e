"""Paths through the latent space: files of /flash/paths, which the parameter `path` names.

    # the line of a comment
    axes x y                parameters: x, y, z, w, feel_x, feel_y; x y if the line is missing
    bars 8                  from one end to the other where it is played bar by bar, 2 to 256; 8
    way back and forth      or loop, or once
    -0.5 0.25               a point, 2 to 256 of them: a knob value, -1 to 1, for each axis
    0.1 0.9

Between two points it goes straight, everywhere equally fast. A track on a path is where the path
is, on its axes; CV is added to that. How far along it is says `path_at`, 0 to 1; or, with `path_by`
"bar", each bar is a place of its own, `bars` of them evenly from one end to the other. Bar 1 since
the reset is its beginning, or the bar after it was switched on. Behind the last bar a loop begins
again, back and forth it returns, and once it stays at its end.
"""

from array import array
from math import sqrt

import latentcore

from latentrack import logs, parameters, position
from latentrack.files_offered import lines_of, number
from latentrack.paths import ENDING, FOLDER

MOST_BYTES = 16384
MOST_POINTS = 256
MOST_BARS = 256
WAYS = ("loop", "back and forth", "once")
_STEP = 1  # of the parameter `follow`
# What latentcore.count() calls the steps of a pattern, and those left in its bar.
_STEPS, _LEFT = 8, 12


class Path:
    """A line through points.

    places: of each axis, as position.py numbers them.  points: knob values, axis by axis.
    """

    def __init__(self, axes, points, bars, way):
        self.places = tuple(position.NAMES.index(name) for name in axes)
        self.points = points
        self.bars = bars
        self.way = way
        self.count = len(points) // len(axes)
        # How long it is as far as each point.
        self.lengths = array("f", [0])
        for i in range(1, self.count):
            square = 0
            for axis in range(len(axes)):
                square += (self._of(i, axis) - self._of(i - 1, axis)) ** 2
            self.lengths.append(self.lengths[i - 1] + sqrt(square))

    def _of(self, point, axis):
        return self.points[point * len(self.places) + axis]

    def put(self, share, along):
        """Write where it is at a share of its length, 0 to 1, into `along`, by place."""
        target = min(max(share, 0), 1) * self.lengths[-1]
        last = 1
        while last < self.count - 1 and self.lengths[last] < target:
            last += 1
        length = self.lengths[last] - self.lengths[last - 1]
        part = min((target - self.lengths[last - 1]) / length, 1) if length else 1
        for axis in range(len(self.places)):
            before = self._of(last - 1, axis)
            along[self.places[axis]] = before + part * (self._of(last, axis) - before)

    def share(self, bar):
        """Where a bar is, counted from 0; a fraction lies between two."""
        last = self.bars - 1
        if self.way == "loop":
            bar %= self.bars
        elif self.way == "back and forth":
            bar %= 2 * last
            bar = min(bar, 2 * last - bar)
        return min(max(bar / last, 0), 1)


class Walk:
    """A track on its path.  share: where, 0 to 1.  path: None: it is to be read again."""

    def __init__(self, track, name):
        self.name = name
        self.path = None
        self.share = 0
        self._track = track
        # Whether it goes bar by bar; the bar in which the path begins.
        self._by_bar = False
        self._first = 1
        # The bar, and the steps that were left in it, seen last.
        self._bar = self._left = 0
        # The number of the last clock edge when a reset was asked; None: none waits for an edge.
        self._edge = None

    def reset(self):
        """The next clock edge is that of bar 1."""
        self._edge = latentcore.count(0, 0)
        self._bar = 0
        self._first = 1

    def moved(self):
        """Whether another bar has begun, or in follow step another step; asked once a frame."""
        track = self._track
        if not track.now("path_by"):
            return False
        if self._edge is not None:
            if latentcore.count(0, 0) == self._edge:
                return False
            self._edge = None
        bar = track.bar
        left = latentcore.count(track.number, _LEFT) if track.now("follow") == _STEP else 0
        if bar == self._bar and left == self._left:
            return False
        if bar < self._bar:
            self._first = 1
        self._bar, self._left = bar, left
        return True

    def refresh(self, along):
        """Write where the track is into `along`, by place."""
        track = self._track
        if not track.now("path_by"):
            self._by_bar = False
            self.share = track.now("path_at")
        else:
            if not self._by_bar:
                self._by_bar = True
                self._bar = track.bar
                self._first = self._bar + 1
            self.share = self.path.share(max(self._coming(track), 0))
        self.path.put(self.share, along)

    def _coming(self, track):
        """Return the bar, from 0 at the path's beginning, in which what is decoded now is heard."""
        bar = self._bar - self._first
        if track.now("follow") != _STEP:
            return bar + 1
        # A part of the bar: the step that comes.
        steps = track.now("length") or latentcore.count(track.number, _STEPS)
        return bar + 1 - self._left / steps if steps else bar + 1


def walk_of(track, along):
    """Return the Walk by a track's parameter `path`; write where it is into `along`, by place.

    None: it is on no path, or on one that cannot be read, which the logs say.
    """
    chosen = track.now("path")
    for place in range(position.PLACES):
        along[place] = None
    if not chosen:
        return None
    walk, name = track.walk, parameters.PATHS[chosen]
    if walk is None or walk.name != name:
        walk = Walk(track, name)
    try:
        if walk.path is None:
            walk.path = read(name)
    except (OSError, ValueError) as error:
        logs.note(str(error))
        return None
    walk.refresh(along)
    return walk


def read(name):
    """The Path of this name. Raises OSError, or ValueError with the file and what is wrong."""
    try:
        return parse(lines_of(FOLDER + "/" + name + ENDING, MOST_BYTES))
    except ValueError as error:
        raise ValueError(f"{name}{ENDING} is not a path that can be played: {error}")


def parse(lines):
    """The Path that the lines of a file say. Raises ValueError with what is wrong."""
    axes, bars, way = ("x", "y"), 8, "back and forth"
    points = array("f")
    for line in lines:
        words = line.partition("#")[0].split()
        if not words:
            continue
        word = words[0]
        if word == "axes":
            axes = _axes(words[1:])
            if points:
                raise ValueError("its axes must stand before its points")
        elif word == "bars":
            bars = number(" ".join(words[1:]), int)
        elif word == "way":
            way = " ".join(words[1:])
        elif len(words) != len(axes):
            raise ValueError(f"a point has {len(axes)} numbers, not {len(words)}: {line[:20]}")
        else:
            for each in words:
                value = number(each)
                if not -1 <= value <= 1:
                    raise ValueError(f"the numbers of a point are from -1 to 1, not {each[:20]}")
                points.append(value)
    if not 2 <= len(points) // len(axes) <= MOST_POINTS:
        raise ValueError(f"expected 2 to {MOST_POINTS} points, got {len(points) // len(axes)}")
    if not 2 <= bars <= MOST_BARS:
        raise ValueError(f"it takes 2 to {MOST_BARS} bars, not {bars}")
    if way not in WAYS:
        raise ValueError(f"its way is {' or '.join(WAYS)}, not {way[:20]}")
    return Path(axes, points, bars, way)


def _axes(names):
    for name in names:
        if name not in position.NAMES or name == "morph":
            raise ValueError(f"its axes are x, y, z, w, feel_x or feel_y, not {name[:20]}")
    if not names or len(set(names)) < len(names):
        raise ValueError("expected one axis or more, each once")
    return names
