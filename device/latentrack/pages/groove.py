"""The page for the groove: the pattern as on the play page, and where the feel is decoded.

knob X              Feel X, from end to end of the model's scale
knob Y              Feel Y
knob Z              feel, 0 to 200 %: how much of the learned timing is heard
knob threshold      dynamics, 0 to 200 %: how much of the learned dynamics is heard
left encoder        the track that the page is about
right encoder       swing, 50 to 75 %: the share of two steps that the first takes
right push          tap the tempo of the own clock; held: straight again, swing 50 %
buttons, left push  as on every page (base.py)
"""

from latentrack.pages import play


class Page(play.Page):
    """The groove page; its square is about the feel, and the hits' position is hollow."""

    TURNS = {"x": "feel_x", "y": "feel_y", "z": "feel", "threshold": "dynamics"}
    OF_FEEL = True

    def name_line(self):
        """Return the page's name, and what is missing: a model, or the model's feel."""
        model = self.track.model
        if model is None:
            return "no model"
        return "groove" if model.has_feel else "groove, no feel"

    def values_line(self):
        """Feel and swing as set, or that the pattern is silent."""
        feel, swing, silent = self.track.feel, self.track.swing, self.silent()
        if self.others(feel, swing, silent):
            self._text = f"feel {feel:.0f}%  swing {swing:.0f}%"
            if silent:
                self._text = f"silent at thr {self.track.threshold:.2f}"
        return self._text

    def turn(self, encoder, steps):
        """The left encoder chooses the track, the right one changes swing by 1 % a step."""
        if encoder == "left":
            self.controls.choose_track(self.track.number + steps)
        else:
            entry = self.track.parameter("swing")
            self.track.swing = min(max(self.track.swing + steps, entry.least), entry.most)

    def press(self, button):
        """The right push taps the tempo."""
        if button == "right":
            self.instrument.tempo.tap()
        else:
            super().press(button)

    def hold(self, button):
        """Holding the right push takes the swing away."""
        if button == "right":
            self.track.swing = self.track.parameter("swing").default
        else:
            super().hold(button)
