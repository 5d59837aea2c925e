"""The MIDI notes that the voices of a model are played with."""

from __future__ import annotations

from latentrack.corpus.dataset import Dataset
from latentrack.corpus.percussion import MAPS, PITCHES
from latentrack.playing.voices import accent_name

_GENERAL_MIDI = range(35, 82)
_WORDS = (
    ("kick", 36),
    ("bass drum", 36),
    ("rim", 37),
    ("snare", 38),
    ("clap", 39),
    ("open hat", 46),
    ("pedal", 44),
    ("hat", 42),
    ("tom", 45),
    ("crash", 49),
    ("ride", 51),
    ("cymbal", 51),
    ("cowbell", 56),
    ("shaker", 82),
    ("conga", 63),
    ("bongo", 60),
    ("perc", 75),
)


def voice_pitches(dataset: Dataset) -> tuple[int, ...]:
    """One MIDI note for each voice of drums or notes (of a rhythm: unused, 36 each).

    Notes are counted from the dataset's lowest pitch. A drum has the General MIDI note of its
    name; else the first one of its voice in the percussion map by which the dataset was made; else
    (a map of somebody's own, and a name that says nothing) the first that no other voice has.
    """
    if dataset.kind == "notes":
        lowest = dataset.lowest_pitch or 0
        return tuple(min(127, lowest + voice) for voice in range(dataset.voices))
    if dataset.kind == "rhythm":
        return (36,) * dataset.voices
    made_by = MAPS.get(dataset.recipe.get("map", ""))
    known = {voice.name: voice.pitches for voice in made_by.voices} if made_by else {}
    found = [_named(name, known) for name in dataset.voice_names]
    free = iter([p for p in _GENERAL_MIDI if p not in found] + [75] * dataset.voices)
    return tuple(next(free) if pitch is None else pitch for pitch in found)


def _named(name: str, known: dict[str, tuple[int, ...]]) -> int | None:
    plain = name.removesuffix(accent_name("")).lower()
    if plain in PITCHES:
        pitch = PITCHES[plain]
        # The map has the last word on which voice takes it.
        if name not in known or pitch in known[name]:
            return pitch
    if name in known:
        ours = [pitch for pitch in known[name] if pitch in _GENERAL_MIDI]
        return (ours or list(known[name]))[0]
    return next((pitch for word, pitch in _WORDS if word in plain), None)
