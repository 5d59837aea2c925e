"""The page to perform from: mutes, fills, slots and the tempo at hand.

buttons 1 to 4      mute or unmute voices 1 to 4; held: only until it is let go
knob X              fill: turned up, density and ratchets rise; at its left end it is off
knob Y              ratchets: how probable; at its left end there are none
knob Z              the own clock's tempo, 20 to 400
knob threshold      how probable a hit must be to sound, 0 to 1
left encoder        which four voices the buttons have, 1 to 4 or 5 to 8
right encoder       choose a slot
right push          recall it, at the bar; held: keep what is heard in it
left push           as on every page (base.py)
lamps 1 to 4        the voice is heard
"""

from latentrack.pages import play
from latentrack.pages.base import position_of
from latentrack.parameters import PRESETS

BUTTONS = 4
# Below this part of its way a knob is at its left end.
OFF = 0.02


class Page(play.Page):
    """The performing page; the pattern is as on the play page."""

    TURNS = {"threshold": "threshold"}

    def __init__(self, instrument, controls):
        super().__init__(instrument, controls)
        self.slot = 1
        self.bank = 0
        self._used = ()
        self._shown = None

    def enter(self):
        """Read which presets are there."""
        super().enter()
        self._used = self.instrument.presets.used()

    def name_line(self):
        """The voices on the buttons, those that are heard as their numbers."""
        heard = 0
        for i in range(BUTTONS):
            heard |= (not self.track.numbers[_mute(self.bank + i)]) << i
        shown = heard << 1 | (self.bank > 0)
        if shown != self._shown:
            self._shown = shown
            self._name = self._voices(heard)
        return self._name

    def _voices(self, heard):
        # Apart from name_line: a function with an expression like this allocates at each call.
        marks = [str(self.bank + i + 1) if heard >> i & 1 else "-" for i in range(BUTTONS)]
        return "voices " + " ".join(marks)

    def values_line(self):
        """The slot and the tempo, or that the pattern is silent."""
        slots, silent = self.instrument.slots, self.silent()
        waits = slots.waiting == self.slot
        tempo = self.instrument.patch.tempo
        state = self.slot << 2 | waits << 1 | (self.slot in self._used)
        if self.others(state, tempo, silent):
            mark = " next" if waits else "" if self.slot in self._used else " empty"
            self._text = f"slot {self.slot}{mark}  {tempo:.0f} BPM"
            if silent:
                self._text = f"silent at thr {self.track.threshold:.2f}"
        return self._text

    # -- knobs and encoders --------------------------------------------------------------------

    def position(self, knob):
        """The position of what the knob turns, 0 to 1; None if it turns nothing."""
        track = self.track
        if knob == "x":
            return track.fill_density if track.fill == "on" else 0
        if knob == "y":
            return track.ratchet_chance if track.ratchet > 1 else 0
        if knob == "z":
            return position_of(self.instrument.patch, "tempo")
        return super().position(knob)

    def knob(self, knob, position):
        """Set what the knob turns; position is 0 to 1."""
        track = self.track
        if knob == "x":
            track.fill_density = position
            track.fill = "on" if position > OFF else "off"
        elif knob == "y":
            track.ratchet_chance = position
            track.ratchet = 1 if position <= OFF else max(track.ratchet, 2)
        elif knob == "z":
            patch = self.instrument.patch
            patch.tempo = patch.parameter("tempo").from_position(position)
        else:
            super().knob(knob, position)

    def turn(self, encoder, steps):
        """The left encoder chooses four voices, the right one a slot."""
        if encoder == "left":
            self.bank = BUTTONS if steps > 0 else 0
        else:
            self.slot = min(max(self.slot + steps, 1), PRESETS)

    # -- buttons ---------------------------------------------------------------------------------

    def press(self, button):
        """A button mutes its voice, or unmutes it."""
        if button in ("left", "right"):
            return
        name = _mute(self.bank + button - 1)
        self.track.set(name, "off" if self.track.numbers[name] else "on")

    def release(self, button):
        """The right push recalls the slot, the left one opens the next page."""
        if button == "right":
            self.instrument.slots.recall(self.slot)
        elif button == "left":
            super().release(button)

    def hold(self, button):
        """The right push keeps what is heard in the slot."""
        if button == "right":
            self.instrument.presets.store(self.slot)
            self._used = self.instrument.presets.used()
        elif button == "left":
            super().hold(button)

    def end_hold(self, button):
        """A button that was held: the mute was only for so long."""
        if button not in ("left", "right"):
            self.press(button)

    def lamp(self, button):
        """Whether the button's voice is heard."""
        return not self.track.numbers[_mute(self.bank + button - 1)]


# Made once: a name made in every frame would allocate.
_MUTES = tuple("mute" + str(i + 1) for i in range(2 * BUTTONS))


def _mute(voice):
    return _MUTES[voice]
