"""The page of what moves and what stays: a path through the latent space, and locked voices.

buttons 1 to 4      lock voices 1 to 4 where they are, or let them follow; held: voices 5 to 8
knob X              how far along the path it is, if it is moved by hand
knob Y              morph: how far the model is blended into its partner
knob Z              chaos: how far the dice carry the position away
knob threshold      how probable a hit must be to sound, 0 to 1
left encoder        choose a path, or none
right encoder       how far along the path, 1 % a click
right push          bar by bar, from its beginning at the next bar on, or by hand again
left push           as on every page (base.py)
lamps 1 to 4        the voice is locked
"""

from latentrack import colours
from latentrack.pages import play

BUTTONS = 4
CLICK = 0.01
LETTERS = 15


class Page(play.Page):
    """The page of paths and locks; its square shows the path, if that lies in X and Y."""

    TURNS = {"x": "path_at", "y": "morph", "z": "chaos", "threshold": "threshold"}

    def make_square(self):
        """The square, with the path."""
        return PathSquare(self, False)

    def name_line(self):
        """The path's name."""
        walk = self.track.walk
        if walk is None:
            return "no path"
        if walk.name is not self._model_name:
            self._model_name = walk.name
            self._name = walk.name[:LETTERS]
        return self._name

    def values_line(self):
        """Where on the path it is, who moves it, and the locked voices."""
        track = self.track
        walk = track.walk
        share = -1 if walk is None else walk.share
        state = track.locked_mask << 1 | track.numbers["path_by"]
        silent = self.silent()
        if self.others(share, state, silent):
            self._text = self._words(share, silent)
        return self._text

    def _words(self, share, silent):
        track = self.track
        if silent:
            return f"silent at thr {track.threshold:.2f}"
        locked = "".join(str(voice) for voice in track.locked)
        text = "" if share < 0 else f"{100 * share:.0f}% by {track.path_by}"
        return text + (f" lock {locked}" if locked else "")

    # -- encoders and buttons ------------------------------------------------------------------

    def turn(self, encoder, steps):
        """The left encoder chooses a path, the right one moves along it."""
        track = self.track
        if encoder == "left":
            entry = track.parameter("path")
            number = min(max(track.numbers["path"] + steps, 0), entry.most)
            track.path = entry.value(number)
            if not entry.most:
                self.tell("no path: latentrack paths")
        else:
            track.path_at = min(max(track.path_at + CLICK * steps, 0), 1)
            self.controls.take_over_one("x")

    def press(self, button):
        """What buttons do here, they do when it is known how long they are held."""
        if self.instrument.plays_in():
            super().press(button)

    def release(self, button):
        """A button locks its voice, or has it follow; the right push starts the path, or stops."""
        track = self.track
        if button == "right":
            track.path_by = "hand" if track.path_by == "bar" else "bar"
        elif button == "left":
            super().release(button)
        elif not self.instrument.plays_in():
            self.instrument.toggle_lock(button)

    def hold(self, button):
        """A button that is held locks the voice that is four further."""
        if button == "left" or self.instrument.plays_in():
            super().hold(button)
        elif button != "right":
            self.instrument.toggle_lock(button + BUTTONS)

    def lamp(self, button):
        """Whether the button's voice is locked."""
        return self.track.locked_mask >> button & 1 == 1


class PathSquare(play.Square):
    """The square with the path, as far as it lies in the first two latents."""

    def draw(self, canvas, value):
        """Draw the path below what the square has."""
        walk = self._page.track.walk
        path = None if walk is None else walk.path
        if path is not None and 0 in path.places and 1 in path.places:
            x, y, count = path.places.index(0), path.places.index(1), len(path.places)
            at = None
            for i in range(0, len(path.points), count):
                to = (play.pixel_of(path.points[i + x]), play.pixel_of(path.points[i + y]))
                if at is not None:
                    canvas.line(
                        at[0],
                        play.SQUARE - 1 - at[1],
                        to[0],
                        play.SQUARE - 1 - to[1],
                        colours.GREY,
                    )
                at = to
        super().draw(canvas, value)
