"""Samples of one's own for voices: a folder of WAV files, one for each voice that has one."""

from __future__ import annotations

import io
import threading
import wave
from pathlib import Path

import numpy as np

from latentrack.corpus.sound_files import SILENCE, decode
from latentrack.corpus.unreadable import Unreadable
from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.studio.listen.voice_sounds import own_name
from latentrack.studio.signals import Signal

MOST_BYTES = 40_000_000
"""Of a file that is dropped."""
LONGEST_S = 10.0
"""Of a sample; what comes later is left out, and faded over the last 10 ms."""
_FADE_S = 0.01


class OwnSamples:
    """Thread-safe. changed: a sample came or went."""

    def __init__(self, folder: Path) -> None:
        self.changed = Signal()
        self._folder = folder
        self._lock = threading.Lock()
        self._known = self._found()

    @property
    def versions(self) -> dict[str, int]:
        """The names of the samples, as `own_name` gives them, with a number that changes with the
        file."""
        return dict(self._known)

    def path(self, voice_name: str) -> Path:
        """Where the sample of a voice lies, or would lie."""
        return self._folder / f"{own_name(voice_name)}.wav"

    def take(self, voice_name: str, file_name: str, data: bytes) -> None:
        """Keep a sound file as the sample of a voice, in place of the one before.

        Raises UserError if the file cannot be decoded, or the folder cannot be written to.
        """
        with self._lock:
            with atomic_write(self.path(voice_name), "the sample") as file:
                file.write(_as_wave(file_name, data))
            self._known = self._found()
        self.changed.emit()

    def remove(self, voice_name: str) -> None:
        """Have the voice sound as it does without a sample."""
        with self._lock:
            self.path(voice_name).unlink(missing_ok=True)
            self._known = self._found()
        self.changed.emit()

    def _found(self) -> dict[str, int]:
        return {path.stem: path.stat().st_mtime_ns for path in sorted(self._folder.glob("*.wav"))}


def _as_wave(name: str, data: bytes) -> bytes:
    """The first seconds of a sound file of any kind that the corpus reads, as a WAV file of 16 bits
    and at most two channels, which every browser decodes."""
    pieces: list[np.ndarray] = []
    rate = 0

    def hear(samples_a_second: int, piece: np.ndarray) -> None:
        nonlocal rate
        rate = samples_a_second
        pieces.append(piece[:, :2])

    try:
        decode(data, Path(name).suffix.lower(), hear)
    except Unreadable as error:
        why = "is silent" if str(error) == SILENCE else f"cannot be used: it is {error}"
        raise UserError(f"{name} {why}. Drop a short WAV file of one hit.") from error
    sound = np.concatenate(pieces)
    most = round(LONGEST_S * rate)
    if len(sound) > most:
        fade = round(_FADE_S * rate)
        sound = sound[:most].copy()
        sound[-fade:] *= np.linspace(1, 0, fade)[:, None]
    loudest = float(np.abs(sound).max())
    if loudest > 1:  # of floating point
        sound = sound / loudest
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return made.getvalue()
