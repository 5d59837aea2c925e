"""What the tests of the demo rhythms ask of them: steps, shares, turns, Euclid.

Steps are numbers: 0 is the first of the sixteen of a bar, 16 the first of the second bar.
"""

from itertools import pairwise

from latentrack.corpus.demo import demo_patterns

STEPS = 32
BAR = 16
BEATS = range(0, STEPS, 4)
OFF_EIGHTHS = range(2, STEPS, 4)
BACKBEATS = (4, 12, 20, 28)

SON = (0, 3, 6, 10, 12)
RUMBA = (0, 3, 7, 10, 12)
BOSSA = (0, 3, 6, 10, 13)


def rhythms():
    """The patterns of each style, by their names."""
    found = {}
    for patterns in demo_patterns("rhythm").values():
        for pattern in patterns:
            found.setdefault(pattern.style, {})[pattern.name] = pattern
    return found


def steps(pattern):
    return tuple(hit.step for hit in pattern.hits)


def struck(styles, style):
    """The steps that are struck, by the name of the pattern."""
    return {name: set(steps(pattern)) for name, pattern in styles[style].items()}


def share(of, among):
    """How many of these steps are struck, 0 to 1, over all patterns."""
    of = set(of)
    return sum(len(of & hits) for hits in among.values()) / (len(of) * len(among))


def turned(bar, by):
    return tuple(sorted((step + by) % BAR for step in bar))


def twice(bar):
    """A bar of sixteen steps, played in both bars."""
    return (*bar, *(step + BAR for step in bar))


def stretched(bar):
    """A bar of sixteen steps, over two bars: eighths for sixteenths."""
    return tuple(2 * step for step in bar)


def binary(pulses):
    """Twelve pulses as sixteen steps: of each beat's three the first, third and fourth step."""
    return tuple(4 * (pulse // 3) + (0, 2, 3)[pulse % 3] for pulse in pulses)


def gaps(hits):
    return [later - earlier for earlier, later in pairwise(sorted(hits))]


def bjorklund(strokes, length):
    """Bjorklund's pairing of sequences, as Toussaint tells it (The Euclidean Algorithm, 2005)."""
    heads, tails = [(1,)] * strokes, [(0,)] * (length - strokes)
    while len(tails) > 1:
        paired = [head + tail for head, tail in zip(heads, tails, strict=False)]
        heads, tails = paired, heads[len(paired) :] or tails[len(paired) :]
    flat = [cell for group in heads + tails for cell in group]
    return tuple(step for step, cell in enumerate(flat) if cell)


def is_maximally_even(hits, length):
    """Clough and Douthett: so many strokes apart are always so many steps, or one more."""
    hits = sorted(hits)
    for apart in range(1, len(hits)):
        spans = {(hits[(at + apart) % len(hits)] - step) % length for at, step in enumerate(hits)}
        if max(spans) - min(spans) > 1:
            return False
    return True
