"""Compute the samples of a sound: oscillators, noise, filters and envelopes, no recordings.

The numbers are those of the studio's `listen_synth.js`, so that a model sounds alike in both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""One channel, (n,), about -1 to 1, at RATE."""

RATE = 44_100
"""Samples a second."""
# Frequencies without a common measure, as of a struck plate.
_METAL = (2.0, 3.0, 4.16, 5.43, 6.79, 8.21)
_NOTE_S, _RELEASE_S = 0.25, 0.12
_HIGHEST_HZ = 12_000.0


@lru_cache(maxsize=256)
def samples_of(sound: str, hertz: float = 0.0) -> Samples:
    """The samples of a sound at full level. An unknown sound is a wood block. Not to be written to.

    sound, hertz: as `names.sound_of` returns them.
    """
    made = SOUNDS.get(sound, SOUNDS["block"])(hertz or 1000.0).astype(np.float32)
    made.flags.writeable = False
    return made


# -- parts of sounds: each is an array of its own length ------------------------------------------

_Part = NDArray[np.float64]


def _times(seconds: float) -> _Part:
    return np.arange(round(seconds * RATE)) / RATE


def _decay(share: float, seconds: float, attack: float = 0.0) -> _Part:
    """Rise to `share` within the attack, and fall by 60 dB within the seconds after it."""
    t = _times(attack + seconds)
    fallen = share * 0.001 ** (np.maximum(t - attack, 0) / seconds)
    return fallen * np.minimum(t / attack, 1) if attack else fallen


def _drop(share: float, start: float, end: float, fall: float, seconds: float) -> _Part:
    """A sine that falls from one frequency to another, as a drum skin's does."""
    t = _times(seconds)
    hertz = start * (end / start) ** np.minimum(t / fall, 1)
    return _decay(share, seconds) * np.sin(2 * np.pi * np.cumsum(hertz) / RATE)


def _tone(share: float, hertz: float, seconds: float) -> _Part:
    return _decay(share, seconds) * np.sin(2 * np.pi * hertz * _times(seconds))


@cache
def _noise(count: int) -> _Part:
    """The same noise each time: a sound that is computed twice is the same."""
    return np.random.default_rng(22222).uniform(-1, 1, count)


def _burst(
    share: float,
    seconds: float,
    *,
    above: float = 0.0,
    below: float = 0.0,
    around: float = 0.0,
    q: float = 0.7,
    attack: float = 0.0,
) -> _Part:
    """Filtered noise.

    above, below: corner of a high-pass and a low-pass filter in Hz, 0: none; around: the centre of
    a band-pass filter of quality q.
    """
    envelope = _decay(share, seconds, attack)
    spectrum = np.fft.rfft(_noise(len(envelope)))
    hertz = np.maximum(np.fft.rfftfreq(len(envelope), 1 / RATE), 1e-9)
    # The magnitudes of filters of second order.
    if above:
        spectrum /= np.sqrt(1 + (above / hertz) ** 4)
    if below:
        spectrum /= np.sqrt(1 + (hertz / below) ** 4)
    if around:
        spectrum /= np.sqrt(1 + (q * (hertz / around - around / hertz)) ** 2)
    return envelope * np.fft.irfft(spectrum, len(envelope))


def _metal(share: float, hertz: float, above: float, seconds: float) -> _Part:
    """Square waves of `hertz` times _METAL: of each the harmonics above a frequency in Hz."""
    t = _times(seconds)
    total = np.zeros(len(t))
    for ratio in _METAL:
        for harmonic in range(1, 16, 2):
            each = hertz * ratio * harmonic
            if above <= each < _HIGHEST_HZ:
                total += np.sin(2 * np.pi * each * t) * 4 / np.pi / harmonic
    return _decay(share, seconds) * total


def _sum(*parts: _Part) -> _Part:
    total = np.zeros(max(map(len, parts)))
    for part in parts:
        total[: len(part)] += part
    return total


def _late(part: _Part, seconds: float) -> _Part:
    return np.concatenate([np.zeros(round(seconds * RATE)), part])


def _clap(_: float) -> _Part:
    strokes = ((0.0, 0.02), (0.011, 0.02), (0.023, 0.18))
    return _sum(*(_late(_burst(1.1, s, around=1300, q=2), late) for late, s in strokes))


def _bell(hertz: float) -> _Part:
    return _sum(*(_tone(0.2, hertz * ratio, 0.3) for ratio in (1.0, 1.48, 3.0, 4.44)))


def _note(hertz: float) -> _Part:
    """A saw whose harmonics die away the sooner the higher they are: a filter that closes."""
    t = _times(_NOTE_S + _RELEASE_S)
    total = np.zeros(len(t))
    for harmonic in range(1, int(min(_HIGHEST_HZ / hertz, 24)) + 1):
        detuned = np.sin(2 * np.pi * hertz * harmonic * 1.003 * t)
        plain = np.sin(2 * np.pi * hertz * harmonic * t)
        total += (plain + detuned) / harmonic * np.exp(-1.5 * harmonic * t)
    release = np.clip((_NOTE_S + _RELEASE_S - t) / _RELEASE_S, 0, 1)
    return 0.22 * total * np.minimum(t / 0.006, 1) * release


def _pluck(hertz: float) -> _Part:
    body = [
        _tone(0.5 / harmonic, hertz * harmonic, 0.3 / harmonic**0.5)
        for harmonic in range(1, 9)
        if hertz * harmonic < _HIGHEST_HZ
    ]
    return _sum(*body, _burst(0.15, 0.02, around=2500, q=1))


SOUNDS: dict[str, Callable[[float], _Part]] = {
    "kick": lambda _: _sum(_drop(1.0, 170, 48, 0.09, 0.38), _burst(0.12, 0.012, below=1500)),
    "snare": lambda _: _sum(
        _drop(0.45, 230, 180, 0.04, 0.14), _burst(0.9, 0.2, around=3600, q=0.5)
    ),
    "rim": lambda _: _sum(_tone(0.5, 1700, 0.04), _burst(0.5, 0.03, around=2600, q=3)),
    "clap": _clap,
    "closed hat": lambda _: _burst(0.5, 0.06, above=7500),
    "pedal hat": lambda _: _burst(0.5, 0.1, above=7500),
    "open hat": lambda _: _burst(0.5, 0.5, above=7500),
    "tom": lambda hertz: _drop(0.9, hertz * 1.7, hertz, 0.07, 0.35),
    "conga": lambda hertz: _sum(
        _drop(0.7, hertz * 1.2, hertz, 0.03, 0.2), _burst(0.12, 0.015, around=1800, q=1)
    ),
    "ride": lambda _: _sum(_metal(0.14, 760, 5200, 0.9), _burst(0.2, 0.4, above=8000)),
    "crash": lambda _: _sum(_burst(0.45, 1.5, above=4200), _metal(0.08, 610, 4800, 1.1)),
    "splash": lambda _: _burst(0.5, 0.5, above=5000),
    "bell": _bell,
    "block": lambda hertz: _tone(0.6, hertz, 0.08),
    "shaker": lambda _: _burst(0.5, 0.08, around=6800, q=1.2, attack=0.008),
    "triangle": lambda _: _sum(*(_tone(0.2, hertz, 0.8) for hertz in (4100, 6370, 9230))),
    "note": _note,
    "pluck": _pluck,
}
"""What computes each sound at a frequency in Hz."""
