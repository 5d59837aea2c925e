"""The behaviours in the flash, one a line with "on" or "off".

encoders              choose a behaviour
right push            switch it on or off
knobs                 nothing
buttons, left push    as on every page (base.py)
"""

from latentrack.pages.base import ListPage


class Page(ListPage):
    """The page of behaviours."""

    title = "Behaviours"
    empty = "none in the flash"

    def count(self):
        """The number of behaviours in the flash."""
        return len(self.instrument.behaviours.names())

    def line(self, at):
        """(name, "on" or "off") of a behaviour."""
        behaviours = self.instrument.behaviours
        name = behaviours.names()[at]
        return (name[:15], "on" if behaviours.is_on(name) else "off")

    def source(self, at):
        """The number of reloads and whether the behaviour is on, packed."""
        behaviours = self.instrument.behaviours
        return behaviours.loads << 1 | behaviours.is_on(behaviours.names()[at])

    def turn(self, encoder, steps):
        """Either encoder chooses a behaviour."""
        self.choose(self.chosen + steps)

    def press(self, button):
        """The right push switches the chosen behaviour on or off."""
        behaviours = self.instrument.behaviours
        names = behaviours.names()
        if button != "right":
            super().press(button)
        elif names:
            name = names[min(self.chosen, len(names) - 1)]
            behaviours.switch(name, not behaviours.is_on(name))
