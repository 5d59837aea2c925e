"""Compute the samples of a sound: oscillators, noise, filters and envelopes, no recordings.

The numbers are those of the studio's `listen_drums.js` and `listen_notes.js` for a firm hit, so
that a model sounds alike in both.
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
_PLATE = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
_CRASH = (317.0, 423.0, 517.0, 689.0, 811.0, 1049.0)
_RIDE = (455.0, 611.0, 823.0, 1107.0, 1391.0, 1733.0)
_NOTE_S, _RELEASE_S = 0.25, 0.12
_HIGHEST_HZ = 16_000.0


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


def _metal(share: float, all_hertz: tuple[float, ...], above: float, seconds: float) -> _Part:
    """Square waves: of each the harmonics above a frequency in Hz."""
    t = _times(seconds)
    total = np.zeros(len(t))
    for hertz in all_hertz:
        for harmonic in range(1, 64, 2):
            each = hertz * harmonic
            if above <= each < _HIGHEST_HZ:
                total += np.sin(2 * np.pi * each * t) * 4 / np.pi / harmonic
    return _decay(share / len(all_hertz), seconds) * total


def _sum(*parts: _Part) -> _Part:
    total = np.zeros(max(map(len, parts)))
    for part in parts:
        total[: len(part)] += part
    return total


def _late(part: _Part, seconds: float) -> _Part:
    return np.concatenate([np.zeros(round(seconds * RATE)), part])


def _clap(_: float) -> _Part:
    strokes = ((0.0, 1.8, 0.014), (0.0095, 2.0, 0.014), (0.0205, 1.9, 0.016), (0.031, 2.4, 0.23))
    return _sum(*(_late(_burst(share, s, around=1250, q=1.3), at) for at, share, s in strokes))


def _snare(_: float) -> _Part:
    return _sum(
        _drop(0.38, 300, 186, 0.03, 0.19),
        _drop(0.18, 390, 331, 0.03, 0.13),
        _burst(0.5, 0.3, above=1100, attack=0.002),
        _burst(0.22, 0.08, above=5200),
        _burst(0.3, 0.012, around=1900, q=0.8),
    )


def _hat(seconds: float, above: float) -> _Part:
    return _sum(
        _metal(0.9, _PLATE, above, seconds),
        _burst(0.45, seconds, above=above - 400, attack=0.003),
        _burst(0.2, 0.012, above=9500),
    )


def _tom(hertz: float) -> _Part:
    ring = min(0.75, 0.36 + 18 / hertz)
    return _sum(
        _drop(0.74, hertz * 1.5, hertz, 0.06, ring),
        _drop(0.16, hertz * 2.4, hertz * 1.59, 0.05, 0.45 * ring),
        _burst(0.2, 0.035, below=3000),
    )


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
    "kick": lambda _: _sum(
        _drop(0.8, 240, 52, 0.06, 0.5),
        _drop(0.22, 66, 45, 0.28, 0.5),
        _burst(0.32, 0.011, around=3600, q=0.6),
    ),
    "snare": _snare,
    "rim": lambda _: _sum(
        _tone(0.42, 1720, 0.045), _tone(0.12, 512, 0.03), _burst(0.5, 0.014, around=3200, q=2)
    ),
    "clap": _clap,
    "closed hat": lambda _: _hat(0.065, 8000),
    "pedal hat": lambda _: _hat(0.105, 6800),
    "open hat": lambda _: _hat(0.55, 7400),
    "tom": _tom,
    "conga": lambda hertz: _sum(
        _drop(0.62, hertz * 1.2, hertz, 0.03, 0.24),
        _drop(0.2, hertz * 2.1, hertz * 1.98, 0.02, 0.09),
        _burst(0.28, 0.012, around=2100, q=0.9),
    ),
    "ride": lambda _: _sum(
        _metal(0.75, _RIDE, 5000, 1.3),
        _metal(0.45, tuple(2.71 * each for each in _RIDE), 6500, 0.16),
        _burst(0.18, 0.5, above=8200),
    ),
    "crash": lambda _: _sum(
        _burst(0.5, 1.7, above=4000, attack=0.003),
        _burst(0.24, 0.35, around=5200),
        _metal(0.5, _CRASH, 4600, 1.1),
    ),
    "splash": lambda _: _sum(
        _burst(0.6, 0.5, above=5000, attack=0.003),
        _metal(0.4, tuple(1.5 * each for each in _CRASH), 6000, 0.3),
    ),
    "bell": _bell,
    "block": lambda hertz: _sum(_tone(0.55, hertz, 0.09), _tone(0.18, hertz * 2.42, 0.03)),
    "shaker": lambda _: _burst(0.6, 0.075, around=7000, q=1, attack=0.008),
    "triangle": lambda _: _sum(
        *(_tone(0.17, hertz, 1.1) for hertz in (4113, 6371)), _tone(0.1, 9231, 0.6)
    ),
    "note": _note,
    "pluck": _pluck,
}
"""What computes each sound at a frequency in Hz."""
