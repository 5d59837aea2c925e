"""Refuse unknown names at the prompt and suggest the nearest known one.

Otherwise `track.treshold = 0.2` would create a new attribute without any effect.
"""

_set = object.__setattr__


class UnknownName(AttributeError):
    """An object has no attribute of that name.

    The message is made in __str__: the prompt's Tab completion raises a thousand of these errors
    and reads none. part: the object.  name: the missing name.
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
    """Base class of the objects that the prompt reaches by name.

    After `_seal` only public names that the object or its class has can be set, and neither a
    method nor a Part can be replaced by a value. Names that begin with "_" are not checked. If the
    class was edited while it was in use (live.py) no name is checked, as it may have new ones.
    """

    _sealed = _edited = False
    # What values.py reads and sets by name, beside attributes.
    ENTRIES = {}

    def _seal(self):
        """End the initialisation: from now on names are checked."""
        self._sealed = True

    # MicroPython handles properties before this: only attributes of the object arrive here. Frames
    # call this often and must not allocate: a longer function's variables would be on the heap.
    # Strings are compared because name[0] would search the table of all interned strings.
    def __setattr__(self, name, value):
        if not "_" <= name < "`" and self._sealed:
            if name in self.ENTRIES:
                self.set(name, value)
                return
            if not self._edited:
                _check(self, name, value)
        _set(self, name, value)

    def __getattr__(self, name):
        raise UnknownName(self, name)


def _owner(part):
    """Return an object's name at the prompt: "track" for a Track."""
    return type(part).__name__.lower()


def _check(part, name, value):
    """Raise AttributeError if the attribute must not be set to this value."""
    now = getattr(part, name)  # raises UnknownName
    owner = _owner(part)
    if callable(now) and not callable(value):
        raise AttributeError(f"{owner}.{name} is called, not set: {owner}.{name}(...)")
    if isinstance(now, Part) and not isinstance(value, Part):
        raise AttributeError(f"{owner}.{name} is a {_owner(now)}, not a value: see help({owner})")


def names_of(part):
    """Return the sorted public names of an object, its classes' included."""
    found = set(part.__dict__)
    kinds = [type(part)]
    while kinds:
        kind = kinds.pop()
        found.update(kind.__dict__)
        kinds.extend(kind.__bases__)
    found.update(part.ENTRIES)
    return [name for name in sorted(found) if name[0] != "_"]


def nearest(word, words):
    """Return the word with the smallest edit distance to `word`; None if that is over half of it.

    A word that begins with `word` (three letters or more) has a distance of 1.
    """
    best, least = None, len(word) // 2 + 1
    for other in words:
        away = 1 if len(word) > 2 and other.startswith(word) else _edits(word, other)
        if away < least:
            best, least = other, away
    return best


def hint(word, words):
    """Return "; did you mean X?", the end of a message about an unknown word, or ""."""
    near = nearest(word, words)
    return f"; did you mean {near}?" if near else ""


def _edits(one, other):
    """Return the edit distance (Levenshtein) of two words."""
    row = list(range(len(other) + 1))
    for i in range(len(one)):
        corner, row[0] = row[0], i + 1
        for j in range(len(other)):
            above = row[j + 1]
            row[j + 1] = min(corner + (one[i] != other[j]), above + 1, row[j] + 1)
            corner = above
    return row[-1]
