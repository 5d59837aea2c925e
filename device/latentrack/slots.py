"""Presets while it plays: recalled at the bar, one after the other, and in chains.

`slots.recall(3)` is heard from the next bar on (patch.slots_at: or at once); the patch stays as it
is. A chain is a list of
presets, each for some bars: `slots.chain = "1x4 2x4 1x3 5"`; `slots.play()` goes through it, round
and round, until `slots.stop()`.
"""

import latentcore

from latentrack.names import Part
from latentrack.parameters import PRESETS

# The bars that a preset of a chain may last.
MOST_BARS = 64
MOST_LINKS = 32


class Slots(Part):
    """instrument.slots, and `slots` at the prompt."""

    def __init__(self, instrument):
        self._instrument = instrument
        # The preset that waits for the bar; None: none does.
        self.waiting = None
        # The chain as ((preset, bars), ...); the link that plays, from 0, or None; the first bar
        # of the first track in which the preset recalled last is heard.
        self._chain = ()
        self.link = None
        self._since = 0
        # The preset chosen by CV last; 0: none.
        self.selected = 0
        # Counts changes, for settings.
        self.edits = 0
        self._seal()

    # -- presets at the bar ------------------------------------------------------------------------

    def recall(self, number):
        """Recalls a preset: at the next bar, or at once if no clock runs or patch.slots_at says so.

        Returns False if there is none of that number.
        """
        instrument = self._instrument
        if number not in instrument.presets.used():
            instrument.message(f"preset {number} is empty")
            return False
        if instrument.patch.slots_at == "step" or not self._is_playing():
            self._recall_now(number)
            return True
        self.waiting = number
        instrument.message(f"preset {number} at the bar")
        return True

    def _recall_now(self, number):
        self.waiting = None
        # New patterns are heard in the next bar.
        self._since = self._instrument.tracks[0].bar + 1
        # The cables stay where they are, so the patch does: else what recalls would unplug itself.
        self._instrument.presets.recall(number, patch=False)

    def next_slot(self):
        """Recalls the next preset that is there, and after the last one the first."""
        used = self._instrument.presets.used()
        if not used:
            self._instrument.message("no preset is stored")
            return
        last = self.waiting or self._instrument.presets.last or 0
        later = [number for number in used if number > last]
        self.recall(later[0] if later else used[0])

    def keep(self):
        """Stores what is heard as the first preset that is empty. Returns its number, or None."""
        used = self._instrument.presets.used()
        for number in range(1, PRESETS + 1):
            if number not in used:
                self._instrument.presets.store(number)
                return number
        self._instrument.message("all presets are used")
        return None

    def select(self, part):
        """Recalls the preset that a CV points at: 0 to 1 are the first to the last."""
        number = min(max(int(part * PRESETS), 0), PRESETS - 1) + 1
        if number != self.selected:
            self.selected = number
            if number in self._instrument.presets.used():
                self.recall(number)

    # -- chains ------------------------------------------------------------------------------------

    @property
    def chain(self):
        """The chain as text: presets, each with the bars that it lasts ("1x4 2")."""
        return " ".join(f"{n}x{bars}" if bars > 1 else str(n) for n, bars in self._chain)

    @chain.setter
    def chain(self, text):
        self._chain = links(text)
        self.link = None
        self.edits += 1

    def play(self):
        """Plays the chain from its beginning. ValueError: there is none."""
        if not self._chain:
            raise ValueError('no chain is set: slots.chain = "1x4 2x4"')
        self._begin(0)

    def stop(self):
        """Leaves the chain: what plays goes on."""
        self.link = self.waiting = None

    def _begin(self, link):
        self.link = link
        self.recall(self._chain[link][0])

    # -- frames ------------------------------------------------------------------------------------

    def _is_playing(self):
        instrument = self._instrument
        return instrument.clocked_recently() and not latentcore.paused()

    def frame(self):
        """Recalls what waits, within the last step before the bar. Called once per frame."""
        if self.waiting is None and self.link is None:
            return
        last_step = latentcore.count(0, 12) == 0
        if self.link is not None and last_step and self.waiting is None:
            bars = self._chain[self.link][1]
            if self._instrument.tracks[0].bar - self._since + 1 & 0xFFFF == bars:
                self._begin((self.link + 1) % len(self._chain))
        if self.waiting is not None and (last_step or not self._is_playing()):
            self._recall_now(self.waiting)

    # -- settings ----------------------------------------------------------------------------------

    def lines(self):
        """What settings keep: the chain."""
        return f"slots.chain {self.chain}\n" if self._chain else ""

    def set_from(self, text):
        """Takes the chain from lines of `lines`; one that is damaged is left out."""
        for line in text.split("\n"):
            word, _, chain = line.partition(" ")
            if word == "slots.chain":
                try:
                    self._chain = links(chain)
                except ValueError:
                    self._chain = ()


def links(text):
    """((preset, bars), ...) of a chain's text. ValueError: what is wrong with it."""
    found = []
    for word in text.replace(",", " ").split():
        number, times, bars = word.partition("x")
        try:
            link = int(number), int(bars) if times else 1
        except ValueError:
            raise ValueError(f"a chain is presets and bars (1x4 2x4), not {word!r}") from None
        if not 1 <= link[0] <= PRESETS:
            raise ValueError(f"presets are numbered 1 to {PRESETS}, not {link[0]}")
        if not 1 <= link[1] <= MOST_BARS:
            raise ValueError(f"a preset of a chain lasts 1 to {MOST_BARS} bars, not {link[1]}")
        found.append(link)
    if len(found) > MOST_LINKS:
        raise ValueError(f"a chain has at most {MOST_LINKS} presets")
    return tuple(found)
