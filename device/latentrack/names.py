"""Names typed at the prompt: one that is not there is refused, with the nearest that is.

`track.treshold = 0.2` would otherwise make a new attribute, and change nothing that sounds.
"""

_set = object.__setattr__


class UnknownName(AttributeError):
    """Its sentence is made when it is read: the prompt's Tab tries a thousand names and reads none.

    part: the object that was asked.  name: what it does not have.
    """

    def __init__(self, part, name):
        super().__init__(name)
        self.part = part
        self.name = name

    def __str__(self):
        owner = _owner(self.part)
        near = nearest(self.name, names_of(self.part))
        hint = f"did you mean {near}?" if near else f"help({owner}) says what it has"
        return f"{owner} has no {self.name}; {hint}"

    def __repr__(self):
        return f"AttributeError: {self}"


class Part:
    """Base of what the prompt reaches by name.

    After `_seal` a public name can be set if the object or its class has it, and what is called, or
    has names of its own, is not replaced by a value. Names that begin with "_" are the code's own.
    A class that was edited while it played (live.py) may have new names: its objects take any.
    """

    _sealed = _edited = False

    def _seal(self):
        """Called when everything is there that the object is to have."""
        self._sealed = True

    # MicroPython asks a property first: what comes here is an attribute of the object. Frames come
    # here often, so it is short: a longer function's variables would be taken from the heap. Names
    # are compared, as name[0] would be looked up among all the names that there are.
    def __setattr__(self, name, value):
        if not "_" <= name < "`" and self._sealed and not self._edited:
            _check(self, name, value)
        _set(self, name, value)

    def __getattr__(self, name):
        raise UnknownName(self, name)


def _owner(part):
    """What the prompt calls such an object: a Track is `track`."""
    return type(part).__name__.lower()


def _check(part, name, value):
    """Raises AttributeError, a sentence, if that name of a part is not to be set to this value."""
    now = getattr(part, name)  # raises UnknownName
    owner = _owner(part)
    if callable(now) and not callable(value):
        raise AttributeError(f"{owner}.{name} is called, not set: {owner}.{name}(...)")
    if isinstance(now, Part) and not isinstance(value, Part):
        raise AttributeError(f"{owner}.{name} is a {_owner(now)}, not a value: see help({owner})")


def names_of(part):
    """The public names that an object has, of itself and of its classes."""
    found = set(part.__dict__)
    kinds = [type(part)]
    while kinds:
        kind = kinds.pop()
        found.update(kind.__dict__)
        kinds.extend(kind.__bases__)
    return [name for name in sorted(found) if name[0] != "_"]


def nearest(word, words):
    """The one that was probably meant; None: all are too far away. One that it begins is near."""
    best, least = None, len(word) // 2 + 1
    for other in words:
        away = 1 if len(word) > 2 and other.startswith(word) else _edits(word, other)
        if away < least:
            best, least = other, away
    return best


def hint(word, words):
    """ "; did you mean X?", or nothing: the end of a sentence about a word that is not there."""
    near = nearest(word, words)
    return f"; did you mean {near}?" if near else ""


def _edits(one, other):
    """How many letters have to be changed, added or taken away."""
    row = list(range(len(other) + 1))
    for i in range(len(one)):
        corner, row[0] = row[0], i + 1
        for j in range(len(other)):
            above = row[j + 1]
            row[j + 1] = min(corner + (one[i] != other[j]), above + 1, row[j] + 1)
            corner = above
    return row[-1]
