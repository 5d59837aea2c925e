"""Which percussion instrument goes to which voice.

A map is a row of voices in groups. A group shares one trigger output; in a group of several
voices an accent output tells them apart, from 0 V for the first to full for the last. So a
group runs from low to high, and whatever lands in it keeps its place in that order.

The order of the voices follows the reference project's maps: its drum models and ours mean
the same by "voice 8".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Voice:
    """One column of a drum sequence, and the MIDI pitches that play it."""

    name: str
    pitches: tuple[int, ...]


@dataclass(frozen=True)
class PercussionMap:
    """Voices in groups. Raises ValueError if two voices claim the same pitch."""

    name: str
    groups: tuple[tuple[Voice, ...], ...]

    def __post_init__(self) -> None:
        pitches = [pitch for voice in self.voices for pitch in voice.pitches]
        twice = sorted({pitch for pitch in pitches if pitches.count(pitch) > 1})
        if twice:
            raise ValueError(f"map {self.name}: two voices claim pitch {twice[0]}")

    @property
    def voices(self) -> tuple[Voice, ...]:
        return tuple(voice for group in self.groups for voice in group)

    @property
    def voice_names(self) -> tuple[str, ...]:
        return tuple(voice.name for voice in self.voices)

    @property
    def group_sizes(self) -> tuple[int, ...]:
        return tuple(len(group) for group in self.groups)

    @cached_property
    def voice_of(self) -> dict[int, int]:
        """MIDI pitch -> index of its voice; a pitch that no voice takes is not in it."""
        return {pitch: index for index, voice in enumerate(self.voices) for pitch in voice.pitches}


# All of General MIDI's percussion (35 to 81) is here, what General MIDI 2 adds as far as it is
# an instrument (clicks and scratches are not), and Roland's V-Drums, which use 22 and 26 for
# the hi-hat's edge and 58 for the floor tom's rim. (In General MIDI 58 is the vibraslap, which
# is seldom heard; a floor tom's rim is what people record.)
#
# Where a sound has no voice of its own it goes where a drummer at a kit would play it: claps
# and sticks on the snare, hand drums on the toms by their register, shakers on the closed hat,
# bells and blocks that keep time on the ride.
EXTENDED = PercussionMap(
    "extended",
    groups=(
        (Voice("kick", (35, 36)),),
        (
            # side stick 37, clap 39, electric snare 40, sticks 31, slap 28, claves 75,
            # castanets 85
            Voice("snare", (28, 31, 37, 38, 39, 40, 75, 85)),
        ),
        (
            # open surdo 87
            Voice("low floor tom", (41, 87)),
            # Roland's floor tom rim 58, low conga 64, low timbale 66, mute surdo 86
            Voice("floor tom", (43, 58, 64, 66, 86)),
            # open high conga 63, open cuica 79
            Voice("low tom", (45, 63, 79)),
            # mute high conga 62, low bongo 61, low wood block 77
            Voice("low mid tom", (47, 61, 62, 77)),
            # high timbale 65, mute cuica 78
            Voice("high mid tom", (48, 65, 78)),
            # high bongo 60, high wood block 76
            Voice("high tom", (50, 60, 76)),
        ),
        (
            # Roland's closed edge 22, pedal 44, tambourine 54, cabasa 69, maracas 70,
            # short whistle 71, short guiro 73, mute triangle 80, shaker 82, jingle bell 83
            Voice("closed hat", (22, 42, 44, 54, 69, 70, 71, 73, 80, 82, 83)),
            # Roland's open edge 26, long whistle 72, long guiro 74, open triangle 81
            Voice("open hat", (26, 46, 72, 74, 81)),
        ),
        (
            # bell 53, second ride 59, cowbell 56, high and low agogo 67 and 68
            Voice("ride", (51, 53, 56, 59, 67, 68)),
            # china 52, splash 55, second crash 57, bell tree 84
            Voice("crash", (49, 52, 55, 57, 84)),
        ),
    ),
)

# What a percussion pitch is called, for messages and for patterns written as text.
INSTRUMENTS: dict[int, str] = {
    22: "closed hat edge",
    26: "open hat edge",
    27: "high q",
    28: "slap",
    29: "scratch push",
    30: "scratch pull",
    31: "sticks",
    32: "square click",
    33: "metronome click",
    34: "metronome bell",
    35: "acoustic kick",
    36: "kick",
    37: "rim",
    38: "snare",
    39: "clap",
    40: "electric snare",
    41: "low floor tom",
    42: "closed hat",
    43: "floor tom",
    44: "pedal hat",
    45: "low tom",
    46: "open hat",
    47: "low mid tom",
    48: "high mid tom",
    49: "crash",
    50: "high tom",
    51: "ride",
    52: "china",
    53: "ride bell",
    54: "tambourine",
    55: "splash",
    56: "cowbell",
    57: "second crash",
    58: "floor tom rim",
    59: "second ride",
    60: "high bongo",
    61: "low bongo",
    62: "mute conga",
    63: "high conga",
    64: "low conga",
    65: "high timbale",
    66: "low timbale",
    67: "high agogo",
    68: "low agogo",
    69: "cabasa",
    70: "maracas",
    71: "short whistle",
    72: "long whistle",
    73: "short guiro",
    74: "long guiro",
    75: "claves",
    76: "high wood block",
    77: "low wood block",
    78: "mute cuica",
    79: "open cuica",
    80: "mute triangle",
    81: "open triangle",
    82: "shaker",
    83: "jingle bell",
    84: "bell tree",
    85: "castanets",
    86: "mute surdo",
    87: "open surdo",
}
PITCHES: dict[str, int] = {name: pitch for pitch, name in INSTRUMENTS.items()}
