"""Morphing between two presets by the patch's parameter `preset_morph`.

Numbers go from one preset to the other; choices, whole numbers and locked voices change in the
middle. At 0 and at 1 everything is as that preset has it. Models stay the first preset's; where the
second has another one that fits as a partner, the track's own `morph` follows.
"""

from latentrack import locks, morphing
from latentrack.settings import number_of, words_of

# A CV input that moves the morph stays, whatever the presets say.
_CABLE = "patch.preset_morph"


class PresetMorph:
    """What lies between two presets, given as their texts, of an instrument.

    Nothing is set before `set`.
    """

    def __init__(self, instrument, first, second):
        self._instrument = instrument
        # For each owner of parameters: (values, what both ends say of it).
        self._owners = []
        for values, name in _owners(instrument):
            words = (words_of(name, first), words_of(name, second))
            self._owners.append((values, words))
        # Tracks whose models are the presets' own, blended.
        self._blended = []

    def begin(self):
        """Have the first preset's models play, with the second's as partners where they fit."""
        instrument = self._instrument
        for track in instrument.tracks:
            words = self._owners[track.number][1]
            name, other = words[0].get("model"), words[1].get("model")
            if name and other and other != name and track.model is not None:
                try:
                    morphing.choose(instrument, track, other)
                    self._blended.append(track)
                except (OSError, ValueError, MemoryError) as error:
                    instrument.message(f"the model stays: {error}")

    def set(self, amount):
        """Set everything as it is at `amount`, 0 to 1."""
        nearer = amount >= 0.5
        for values, words in self._owners:
            is_patch = values is self._instrument.patch
            follows = "morph" if values in self._blended else "preset_morph"
            for entry in values.TABLE:
                if entry.name == follows or values.get(entry.name) == _CABLE:
                    continue
                one, other = number_of(entry, words[0]), number_of(entry, words[1])
                # What both have in common may be turned meanwhile.
                if one != other or not 0 < amount < 1:
                    values.set(entry.name, entry.value(_between(entry, one, other, amount)))
            if follows == "morph":
                values.set(follows, amount)
            if not is_patch:
                values.set_locked(locks.read(words[nearer]))


def _owners(instrument):
    for track in instrument.tracks:
        yield track, str(track.number + 1)
    yield instrument.patch, "patch"


def _between(entry, one, other, amount):
    if amount <= 0 or one == other:
        return one
    if amount >= 1:
        return other
    if entry.whole:
        return one if amount < 0.5 else other
    one, other = entry.to_position(one), entry.to_position(other)
    return entry.from_position(one + amount * (other - one))
