"""Choose a sound for each voice: by its name, else by its General MIDI note.

A sound is a name that `synth.py` and the studio's `listen_synth.js` know, and a frequency in Hz for
pitched sounds.
"""

from __future__ import annotations

import re
from functools import cache

from latentrack.corpus.percussion import INSTRUMENTS

# (word, sound): the first entry whose word is in the voice's name is chosen.
_WORDS = (
    ("kick", "kick"),
    ("bass drum", "kick"),
    ("surdo", "kick"),
    ("rim", "rim"),
    ("stick", "rim"),
    ("clap", "clap"),
    ("slap", "clap"),
    ("snare", "snare"),
    ("open hat", "open hat"),
    ("pedal", "pedal hat"),
    ("hat", "closed hat"),
    ("tom", "tom"),
    ("bongo", "conga"),
    ("conga", "conga"),
    ("timbale", "conga"),
    ("cuica", "conga"),
    ("jingle", "shaker"),
    ("bell tree", "triangle"),
    ("bell", "bell"),
    ("agogo", "bell"),
    ("splash", "splash"),
    ("crash", "crash"),
    ("china", "crash"),
    ("ride", "ride"),
    ("cowbell", "bell"),
    ("cymbal", "crash"),
    ("block", "block"),
    ("claves", "block"),
    ("castanets", "block"),
    ("click", "block"),
    ("triangle", "triangle"),
    ("whistle", "triangle"),
    ("shaker", "shaker"),
    ("maracas", "shaker"),
    ("cabasa", "shaker"),
    ("tambourine", "shaker"),
    ("guiro", "shaker"),
    ("scratch", "shaker"),
)
DRUMS = tuple(dict.fromkeys(sound for _, sound in _WORDS))

# Frequencies of hand drums, bells and blocks by General MIDI note; those of toms are computed.
_HERTZ = {
    56: 560, 53: 1100, 67: 900, 68: 660,
    60: 400, 61: 300, 62: 240, 63: 220, 64: 165, 65: 350, 66: 250, 78: 380, 79: 300,
    75: 2500, 76: 1000, 77: 750, 85: 1800,
}  # fmt: skip
_USUAL_HERTZ = {"bell": 560.0, "conga": 240.0, "block": 1000.0}
_FLOOR_TOM, _LOWEST_TOM_HERTZ, _TOM_OCTAVE = 41, 70.0, 7.5
_TOM_PITCHES = range(41, 51)


@cache
def sound_of(kind: str, name: str, pitch: int) -> tuple[str, float]:
    """Return the sound of a voice and its frequency in Hz (0 for an unpitched sound).

    kind: the pattern's: "drums", "notes" or "rhythm".  name: the voice's.  pitch: its MIDI note.
    """
    if kind != "drums":
        return "note" if kind == "notes" else "pluck", 440 * 2 ** ((pitch - 69) / 12)
    for text in (name, INSTRUMENTS.get(pitch, "")):
        words = f" {' '.join(re.findall('[a-z]+', text.lower()))} ".replace(" hihat ", " hat ")
        for word, sound in _WORDS:
            if f" {word} " in words:
                return sound, _hertz(sound, pitch)
    return "block", _hertz("block", pitch)


def _hertz(sound: str, pitch: int) -> float:
    if sound == "tom":
        near = min(max(pitch, _TOM_PITCHES[0]), _TOM_PITCHES[-1])
        return _LOWEST_TOM_HERTZ * 2 ** ((near - _FLOOR_TOM) / _TOM_OCTAVE)
    return float(_HERTZ.get(pitch, _USUAL_HERTZ.get(sound, 0.0)))
