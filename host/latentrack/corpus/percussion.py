"""Percussion maps: which percussion instrument goes to which voice.

A map is a row of voices in groups. A group shares one trigger output; in a group of several
voices an accent output tells them apart, from 0 V for the first to full for the last. So a
group runs from low to high, and whatever lands in it keeps its place in that order.

The order of the voices follows the reference project's maps: its drum models and ours mean
the same by "voice 8".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

from latentrack.playing.voices import ACCENT_FROM, accent_name


@dataclass(frozen=True)
class MapVoice:
    """One column of a drum sequence, and what plays it.

    With `accent` True only hits from the map's `accent_from` on, with False only softer ones.
    """

    name: str
    pitches: tuple[int, ...]
    accent: bool | None = None


@dataclass(frozen=True)
class PercussionMap:
    """Voices in groups. Raises ValueError if two voices claim the same pitch at once."""

    name: str
    groups: tuple[tuple[MapVoice, ...], ...]
    accent_from: int = ACCENT_FROM  # the velocity that makes an accent

    def __post_init__(self) -> None:
        for accent in (False, True):
            claimed: set[int] = set()
            for voice in self.voices:
                if voice.accent in (None, accent):
                    for pitch in voice.pitches:
                        if pitch in claimed:
                            raise ValueError(f"map {self.name}: two voices claim pitch {pitch}")
                        claimed.add(pitch)

    @property
    def voices(self) -> tuple[MapVoice, ...]:
        """All voices, group by group."""
        return tuple(voice for group in self.groups for voice in group)

    @property
    def voice_names(self) -> tuple[str, ...]:
        """The names of all voices, in their order."""
        return tuple(voice.name for voice in self.voices)

    @property
    def group_sizes(self) -> tuple[int, ...]:
        """The number of voices of each group."""
        return tuple(len(group) for group in self.groups)

    @cached_property
    def voice_of(self) -> dict[int, int]:
        """MIDI pitch -> index of its voice; a pitch that no voice takes is not in it.

        Where accents have a voice of their own it is the voice of the softer hits.
        """
        voices = list(enumerate(self.voices))
        voices.sort(key=lambda entry: entry[1].accent is not True)
        return {pitch: index for index, voice in voices for pitch in voice.pitches}

    def place(
        self, pitches: npt.NDArray[np.int64], velocities: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """The voice of each hit, -1 where no voice takes it."""
        placed: npt.NDArray[np.int64] = self._table[(velocities >= self.accent_from) * 1, pitches]
        return placed

    @cached_property
    def _table(self) -> npt.NDArray[np.int64]:
        """The voice by accent (0 or 1) and pitch."""
        import numpy as np

        table = np.full((2, 128), -1, np.int64)
        for index, voice in enumerate(self.voices):
            for accent in (False, True):
                if voice.accent in (None, accent):
                    table[int(accent), list(voice.pitches)] = index
        return table


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
        (MapVoice("kick", (35, 36)),),
        (
            # side stick 37, clap 39, electric snare 40, sticks 31, slap 28, claves 75,
            # castanets 85
            MapVoice("snare", (28, 31, 37, 38, 39, 40, 75, 85)),
        ),
        (
            # open surdo 87
            MapVoice("low floor tom", (41, 87)),
            # Roland's floor tom rim 58, low conga 64, low timbale 66, mute surdo 86
            MapVoice("floor tom", (43, 58, 64, 66, 86)),
            # open high conga 63, open cuica 79
            MapVoice("low tom", (45, 63, 79)),
            # mute high conga 62, low bongo 61, low wood block 77
            MapVoice("low mid tom", (47, 61, 62, 77)),
            # high timbale 65, mute cuica 78
            MapVoice("high mid tom", (48, 65, 78)),
            # high bongo 60, high wood block 76
            MapVoice("high tom", (50, 60, 76)),
        ),
        (
            # Roland's closed edge 22, pedal 44, tambourine 54, cabasa 69, maracas 70,
            # short whistle 71, short guiro 73, mute triangle 80, shaker 82, jingle bell 83
            MapVoice("closed hat", (22, 42, 44, 54, 69, 70, 71, 73, 80, 82, 83)),
            # Roland's open edge 26, long whistle 72, long guiro 74, open triangle 81
            MapVoice("open hat", (26, 46, 72, 74, 81)),
        ),
        (
            # bell 53, second ride 59, cowbell 56, high and low agogo 67 and 68
            MapVoice("ride", (51, 53, 56, 59, 67, 68)),
            # china 52, splash 55, second crash 57, bell tree 84
            MapVoice("crash", (49, 52, 55, 57, 84)),
        ),
    ),
)


def _pitches(*names: str) -> tuple[int, ...]:
    """All pitches of the extended map's voices of these names."""
    return tuple(p for voice in EXTENDED.voices if voice.name in names for p in voice.pitches)


_TOMS = _pitches("low floor tom", "floor tom", "low tom", "low mid tom", "high mid tom", "high tom")

# One trigger for each part of a kit, and the hi-hat's foot as the one accent.
SIMPLE = PercussionMap(
    "simple",
    groups=(
        (MapVoice("kick", _pitches("kick")),),
        (MapVoice("snare", _pitches("snare")),),
        (MapVoice("tom", _TOMS),),
        (
            MapVoice("closed hat", _pitches("closed hat")),
            MapVoice("open hat", _pitches("open hat")),
        ),
        (MapVoice("cymbal", _pitches("ride", "crash")),),
    ),
)


def _hit_and_accent(name: str, pitches: tuple[int, ...]) -> tuple[MapVoice, MapVoice]:
    return (
        MapVoice(name, pitches, accent=False),
        MapVoice(accent_name(name), pitches, accent=True),
    )


# A soft and a loud voice for what carries the beat: five triggers and three accents, which the
# module's eight outputs hold.
ACCENTED = PercussionMap(
    "accented",
    groups=(
        _hit_and_accent("kick", _pitches("kick")),
        _hit_and_accent("snare", _pitches("snare")),
        _hit_and_accent("hat", _pitches("closed hat", "open hat")),
        (MapVoice("tom", _TOMS),),
        (MapVoice("cymbal", _pitches("ride", "crash")),),
    ),
)

# What is left when only when counts: every percussion pitch is a hit.
RHYTHM = PercussionMap("rhythm", groups=((MapVoice("hit", tuple(range(128))),),))

MAPS = {made.name: made for made in (SIMPLE, EXTENDED, ACCENTED)}

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
