"""Choose the sound of a voice in the browser: a sample of one's own, else a synthesised one."""

from __future__ import annotations

from collections.abc import Collection

from latentrack.playing.pattern import Pattern
from latentrack.sound.names import sound_of
from latentrack.studio.workspace import safe_name

AUTO = "auto"
INSTRUMENTS = {
    AUTO: "Bass for low notes, synth above",
    "note": "Synth",
    "bass": "Bass",
    "pluck": "Plucked string",
}
"""What notes and rhythms can sound like, and how that is called on the page."""
_LOWEST_OF_SYNTH = 48  # MIDI: below this C notes are the bass's


def own_name(voice_name: str) -> str:
    """The name of a voice's sample in the browser and, with `.wav` behind it, in its folder."""
    return safe_name(voice_name)


def voice_sound(
    pattern: Pattern, voice: int, pitch: int, instrument: str, own: Collection[str]
) -> tuple[str, float]:
    """Return the sound of a hit, and its frequency in Hz (0 for an unpitched sound).

    pitch: MIDI note.  instrument: one of INSTRUMENTS.  own: the names of the samples there are.
    """
    name = f"pitch {pitch}" if pattern.kind == "rhythm" else pattern.voice_names[voice]
    sound, hertz = sound_of(pattern.kind, name, pitch)
    if own_name(name) in own:
        return f"own {own_name(name)}", hertz
    if pattern.kind == "drums":
        return sound, hertz
    if instrument != AUTO:
        return instrument, hertz
    if pattern.kind == "notes" and pitch < _LOWEST_OF_SYNTH:
        return "bass", hertz
    return sound, hertz
