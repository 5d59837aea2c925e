"""Play sounds on a sound device, each at its time."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import numpy as np

from latentrack.decoder.quiet import quiet_terminal
from latentrack.errors import UserError
from latentrack.sound.patch import Hit
from latentrack.sound.synth import RATE, Samples, samples_of

LATENCY_S = 0.08
"""From a hit to its sound: time for this process to hear of it, and for the device's buffer."""
_BUFFER_MS = 25
_MOST = 64  # sounds at once
_VOLUME = 0.7


class Mixer:
    """Adds sounds up. `add` is for one thread, `take` for another.

    The first hit sets the offset between the module's time and the device's samples. The two clocks
    differ a little, so a hit outside the latency sets the offset again. A hit that is later still,
    because the computer was busy, is left out: all of them at once would be noise.
    """

    def __init__(self, latency_s: float = LATENCY_S) -> None:
        self._latency = round(latency_s * RATE)
        self._lock = threading.Lock()
        self._taken = 0
        self._offset: int | None = None
        self._sounding: list[tuple[int, float, Samples]] = []

    def add(self, hit: Hit) -> None:
        """Let a hit sound at its time, `latency_s` later than it happened."""
        samples = samples_of(hit.sound, hit.hertz)
        at = round(hit.time_us * RATE / 1_000_000)
        with self._lock:
            usual = self._taken + self._latency
            start = usual if self._offset is None else at + self._offset
            if start < usual - 2 * self._latency:
                return
            if not self._taken <= start <= usual + self._latency:
                start = usual
            self._offset = start - at
            self._sounding.append((start, hit.level**1.5 * _VOLUME, samples))
            del self._sounding[:-_MOST]

    def take(self, frames: int) -> Samples:
        """The next samples of the sum, (frames,), limited smoothly to -1 to 1."""
        with self._lock:
            now, sounding = self._taken, list(self._sounding)
            self._taken += frames
            self._sounding = [each for each in sounding if each[0] + len(each[2]) > now + frames]
        total = np.zeros(frames, np.float32)
        for start, level, samples in sounding:
            first, last = max(start, now), min(start + len(samples), now + frames)
            if first < last:
                total[first - now : last - now] += level * samples[first - start : last - start]
        return np.tanh(total)


class Speaker:
    """A context manager: while it is open, hits that are added to `mixer` are heard.

    Making one raises UserError if this computer has no sound device.
    """

    def __init__(self, backends: list[Any] | None = None) -> None:
        """backends: of miniaudio's, the one to use; None: the first with a device."""
        import miniaudio

        self.mixer = Mixer()
        no_device = UserError("No sound device was found on this computer.")
        try:
            with quiet_terminal():  # ALSA's opinion of each card that it does not find
                self._device = miniaudio.PlaybackDevice(
                    output_format=miniaudio.SampleFormat.FLOAT32,
                    nchannels=1,
                    sample_rate=RATE,
                    buffersize_msec=_BUFFER_MS,
                    app_name="Latentrack",
                    backends=backends,
                )
        except miniaudio.MiniaudioError as error:
            raise no_device from error
        # The library's last resort is a device that swallows everything.
        if backends is None and self._device.backend.lower() == "null":
            self._device.close()
            raise no_device

    def __enter__(self) -> Speaker:
        stream = self._stream()
        next(stream)  # a generator takes what is sent to it from its first yield on
        self._device.start(stream)
        return self

    def __exit__(self, *_: object) -> None:
        self._device.close()

    def _stream(self) -> Generator[Any, int, None]:
        frames = yield b""
        while True:
            frames = yield self.mixer.take(frames)
