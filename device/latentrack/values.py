"""Values by the table of parameters: read and set by name, checked, and told when they change."""

from latentrack.names import Part, UnknownName, hint


class Values(Part):
    """Base of what has parameters. A subclass has a `TABLE` and is passed to `properties`."""

    TABLE = ()
    ENTRIES = {}
    # Who is told what was set before (history.py), or None.
    history = None

    def __init__(self):
        # The numbers behind the values, by name, as set by hand.
        self.numbers = {entry.name: entry.default for entry in self.TABLE}
        # Rows of the table that history has noted in this gesture.
        self.noted = bytearray(len(self.TABLE))
        # How often something was set; settings notice by it.
        self.edits = 0

    def parameter(self, name):
        """The table's entry: title, range, unit. KeyError: there is none of that name."""
        entry = self.ENTRIES.get(name)
        if entry is None:
            raise KeyError(f"no parameter is called {name}{hint(name, self.ENTRIES)}")
        return entry

    def set(self, name, value):
        """Sets one by its name. KeyError: no such parameter; ValueError: not a value of it."""
        number = self.parameter(name).number(value)
        before = self.numbers[name]
        if before != number:
            if self.history is not None:
                self.history.note(self, name, before)
            self.numbers[name] = number
            self.edits += 1
            self.changed(name)

    def get(self, name):
        """The value of one by its name, as it is set. KeyError: no such parameter."""
        return self.parameter(name).value(self.numbers[name])

    def lines(self, name):
        """Lines of settings beside those of parameters; `name` is the object's name there."""
        return ""

    def restore(self, said):
        """Sets what `lines` tells, by its words (name -> value)."""

    # Those of several of a kind (mute1 to mute8) are no properties, which would take memory each.
    # What is not an attribute of the object or its class comes here.

    def __getattr__(self, name):
        entry = self.ENTRIES.get(name)
        if entry is None:
            raise UnknownName(self, name)
        return entry.value(self.numbers[name])

    def changed(self, name):
        """Called when a value has become another."""

    def defaults(self):
        """Every value as it was at first."""
        for entry in self.TABLE:
            self.set(entry.name, entry.default)


def properties(cls):
    """Makes every entry of the class's table an attribute of its objects, but for what is one."""
    cls.ENTRIES = {entry.name: entry for entry in cls.TABLE}
    for row, entry in enumerate(cls.TABLE):
        entry.row = row
        name = entry.name
        if name in cls.__dict__ or entry.number_of_kind:
            continue
        setattr(
            cls,
            name,
            property(
                lambda self, name=name: self.get(name),
                lambda self, value, name=name: self.set(name, value),
            ),
        )
    return cls
