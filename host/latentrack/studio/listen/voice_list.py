"""Elements of the page Listen: the list of voices, and the MIDI port of the browser's computer."""

from __future__ import annotations

from nicegui.element import Element

from latentrack.sound.names import DRUMS, sound_of
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.listen.routes import SAMPLE
from latentrack.studio.listen.transport import Transport
from latentrack.studio.listen.voice_sounds import own_name, voice_sound


class VoiceList(Element, component="listen_voices.js", dependencies=["listen_sound.js"]):
    """The voices of the open model, else all drums; takes the sound files that are dropped."""

    def __init__(self, transport: Transport, explorer: Explorer) -> None:
        super().__init__()
        self._transport, self._explorer = transport, explorer
        self._props["url"] = SAMPLE
        self.on("remove", lambda event: transport.samples.remove(str(event.args)))
        self.show()

    def show(self) -> None:
        """Send the voices to the browser if they have changed."""
        voices = [
            {"name": name, "sound": sound, "hertz": round(hertz, 2), "own": sound[:4] == "own "}
            for name, sound, hertz in self._voices()
        ]
        if voices != self._props.get("voices"):
            self.props["voices"] = voices

    def _voices(self) -> list[tuple[str, str, float]]:
        own = self._transport.samples.versions
        pattern = self._explorer.state.pattern
        if pattern is None:
            return [
                (name, f"own {name}" if own_name(name) in own else name, hertz)
                for name, hertz in ((each, sound_of("drums", each, 0)[1]) for each in DRUMS)
            ]
        names = pattern.voice_names
        instrument = self._transport.state.instrument
        if pattern.kind == "rhythm":
            return [
                (f"pitch {pitch}", *voice_sound(pattern, 0, pitch, instrument, own))
                for pitch in dict.fromkeys(pattern.pitches)
            ]
        return [
            (name, *voice_sound(pattern, voice, pattern.pitches[voice], instrument, own))
            for voice, name in enumerate(names)
        ]


class BrowserPorts(Element, component="listen_ports.js", dependencies=["listen_midi_out.js"]):
    """Web MIDI: notes to a port of the browser's own computer."""
