"""Files of scales and tunings: Scala's .scl with .kbm, plain .txt, and the reference's .yml.

    .scl    Scala: a description, how many notes, and each note as a ratio or in cents; `!` is a
            comment, the last note is the period. A .kbm of the same name maps the keys.
    .txt    a step each, in semitones (3.5), cents (350c) or as a ratio (11/9), `#` is a comment;
            `period 3/1` if it is not an octave. The first step, 0, need not be there.
    .yml    the reference's: a tuning (`eq` or `ratios`) and scales of its degrees, in groups.

A reader takes the lines of a file and raises ValueError with what is wrong.
"""

from math import log2

from latentrack.files_offered import lines_of, number
from latentrack.tuning import Mapping, Tuning

MOST_NOTES = 256
MOST_BYTES = 32768
# How long a period is, and how far a step is from the first, at most: in semitones.
_MOST = 1200


def lines(path):
    """The lines of a file of scales. Raises OSError, or ValueError if it is too large."""
    return lines_of(path, MOST_BYTES)


def ratio(text):
    """Semitones of a ratio such as 3/2."""
    above, _, below = text.partition("/")
    above, below = number(above), number(below or "1")
    if above <= 0 or below <= 0:
        raise ValueError(f"expected a ratio of numbers above 0, got {text[:20]}")
    return 12 * log2(above / below)


def _checked(degrees, period, **more):
    if not degrees or len(degrees) > MOST_NOTES:
        raise ValueError(f"expected 1 to {MOST_NOTES} notes, got {len(degrees)}")
    if not 0.01 < period <= _MOST:
        raise ValueError("the period, its last note, must lie above its first")
    for degree in degrees:
        if not -_MOST <= degree <= _MOST:
            raise ValueError("a note is more than a hundred octaves away")
    return Tuning(degrees, period, **more)


def _without_comments(found):
    return [line.strip() for line in found if line[:1] != "!"]


def read_scl(found, mapping=None):
    """A Tuning from the lines of a .scl; mapping: a Mapping, or None."""
    found = _without_comments(found)
    if len(found) < 2:
        raise ValueError("expected a description and a number of notes")
    count = number((found[1].split() or [""])[0], int)
    notes = [line for line in found[2:] if line][: max(count, 0)]
    if len(notes) != count or not 0 < count <= MOST_NOTES:
        raise ValueError(f"expected 1 to {MOST_NOTES} notes, as many as its second line says")
    degrees = [0]
    for line in notes:
        word = line.split()[0]
        degrees.append(number(word) / 100 if "." in word else ratio(word))
    period = degrees.pop()
    return _checked(degrees, period, keyed=True, mapping=mapping)


def read_kbm(found):
    """A Mapping from the lines of a .kbm."""
    words = [(line.split() or [""])[0] for line in _without_comments(found)]
    words = [word for word in words if word]
    if len(words) < 7:
        raise ValueError("a mapping has seven numbers, and then a line for each key")
    size, first, last, middle, reference = (number(word, int) for word in words[:5])
    hertz, octave = number(words[5]), number(words[6], int)
    if not 0 <= size <= MOST_NOTES or hertz <= 0:
        raise ValueError(f"a mapping has 0 to {MOST_NOTES} keys, and a frequency above 0")
    degrees = [None if word in "xX" else number(word, int) for word in words[7 : 7 + size]]
    degrees += [None] * (size - len(degrees))
    if size and degrees[(reference - middle) % size] is None:
        raise ValueError("the key of its frequency is not mapped")
    return Mapping(size, first, last, middle, reference, hertz, octave, degrees)


def _step(word):
    if word[-1:] == "c":
        return number(word[:-1]) / 100
    return ratio(word) if "/" in word else number(word)


def read_txt(found):
    """A Tuning from the lines of a .txt."""
    degrees, period = [], 12
    for line in found:
        words = line.partition("#")[0].split()
        if words and words[0] == "period":
            period = _step(words[1] if len(words) > 1 else "")
        else:
            degrees += [_step(word) for word in words]
    if degrees and 0 not in degrees:
        degrees.insert(0, 0)
    return _checked(sorted(degrees), period)


def _items(text):
    inside = text.partition("[")[2].partition("]")[0]
    return [word.strip() for word in inside.split(",") if word.strip()]


def _reference_tuning(key, items):
    """(degrees, period) of the reference's: `eq`, `ratios`, or parts of an octave in `tuning`."""
    if key == "eq":
        if len(items) != 2:
            raise ValueError("eq has two numbers: how many steps, and of how many octaves")
        count, period = number(items[0], int), 12 * number(items[1])
        if not 0 < count <= MOST_NOTES:
            raise ValueError(f"expected 1 to {MOST_NOTES} notes, got {count}")
        return [period * i / count for i in range(count)], period
    if key == "ratios":
        degrees = [0] + [ratio(item) for item in items]
        # The reference's own files write an octave as 1/2, too.
        return degrees, abs(degrees.pop())
    degrees = []
    for item in items:
        part, _, whole = item.partition("/")
        degrees.append(12 * number(part) / (number(whole or "1") or 1))
    return degrees, degrees.pop() if degrees else 0


class Yml:
    """What a .yml says.

    whole: the Tuning of all degrees.  scales: Tuning by name.  chords: (Tuning of the scale,
    degrees of that scale above the chord's own) by name, SCALE/CHORD; CHORD alone counts all
    degrees.
    """

    def __init__(self, whole, scales, chords):
        self.whole = whole
        self.scales = scales
        self.chords = chords


def read_yml(found):
    """The Yml of the lines of a .yml.

    A chord of a group is one of each scale of the group; outside of groups it is the tuning's.
    """
    tuning, section, name, group = None, "", "", 0
    listed = {"scales": [], "chords": []}
    for line in found:
        key, colon, value = line.partition("#")[0].strip().partition(":")
        key, value = key.lstrip("- ").strip(), value.strip()
        if not colon:
            continue
        if key in ("eq", "ratios") or (key == "tuning" and value):
            tuning = _reference_tuning(key, _items(value))
        elif key in ("scales", "chords", "groups", "tuning"):
            section, name = key, ""
        elif key == "group":
            group += 1
        elif key == "name" and section in listed:
            name = value
        elif key == "notes" and section in listed and name:
            degrees = [number(item, int) for item in _items(value)]
            listed[section].append((group, name, degrees))
    if tuning is None:
        raise ValueError("expected a tuning with eq or ratios")
    whole = _checked(*tuning)
    scales, chords = {}, {}
    # All of them are made, for what is offered must play.
    for _, name, degrees in listed["scales"]:
        if name not in scales:
            scales[name] = _checked([whole.above(degree) for degree in degrees], whole.period)
    for group, name, degrees in listed["chords"]:
        of = [("", whole)] if not group else []
        for other, scale, _ in listed["scales"]:
            if group and other == group:
                of.append((scale + "/", scales[scale]))
        for scale, steps in of:
            _checked([steps.above(degree) for degree in degrees], whole.period)
            chords.setdefault(scale + name, (steps, degrees))
    return Yml(whole, scales, chords)
