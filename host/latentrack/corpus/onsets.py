"""Detect onsets in a sound, and how hard each is, alike at every sample rate.

A spectrum every 6 ms, in bands that are as wide at 8 kHz as at 96 kHz; an onset is where bands
rise above what they have just been. Of several channels the power is added, not the samples: one
that is turned over or late takes nothing from another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Envelope = npt.NDArray[np.float32]

_FRAME = 0.0058  # seconds from one spectrum to the next: a twentieth of a 16th
_WINDOW = 0.032  # seconds of sound in a spectrum
_BEFORE = 0.25  # seconds in front of a loop, for an onset is heard only against a before
_FADE = 0.025  # seconds in which a loop's end fades where it is held against its beginning
_EARLY = 0.03  # seconds by which an onset may be found before the beginning
_AT_ONCE = 1024  # spectra that are held at a time

_BANDS, _TOP_HERTZ = 48, 16_000  # of all rates; a low one has the lower bands of them
_GROUPS_HERTZ = (120, 300, 900, 2600, 7000)  # a kick's few bands count as much as a hat's many
_RANGE_DB = 70  # below the loudest band nothing is heard
_EVEN = 8  # frames before and behind over which a steady noise is even
_LAG, _MEMORY = 3, 3  # frames: a rise is one above all of the frames from _LAG to both together ago
_LATE = 0.004  # seconds by which the peak of a rise comes behind its beginning

# A peak is the highest within _APART. How far it stands above the mean around it (of which only a
# share counts) decides, against the highest peaks: less than _LOWEST of them is a flutter, more
# than _LOW is struck, and between the two lies the least that is.
_APART = 0.04  # seconds
_CLOSEST = 0.05  # seconds: a clap's hands, or two drums at once, are one
_AROUND, _MEAN_SHARE = 0.07, 0.7  # seconds
_LOWEST, _LOW = 0.02, 0.12


@dataclass(frozen=True)
class Heard:
    """Where something is struck, and how much it rises there."""

    times: npt.NDArray[np.float64]  # seconds, from 0 (or a little before) to the end
    velocities: npt.NDArray[np.int64]  # 1 to 127, by the rise
    envelope: Envelope  # the rise, one value a frame from the beginning
    frame: float  # seconds


class OnsetListener:
    """Takes a sound in pieces, and tells at the end what was struck in it.

    Of the sound only the power in some 45 bands is kept, 30 kB a second.
    """

    def __init__(self, rate: int) -> None:
        """rate: samples a second."""
        self._rate = rate
        self._hop = max(1, round(_FRAME * rate))
        self._size = _fast_size(_WINDOW * rate)
        self._front = round(_BEFORE / _FRAME)
        self._window = np.hanning(self._size + 1)[:-1].astype(np.float32)
        self._bands, self._groups = _bands(rate, self._size)
        self._powers: list[npt.NDArray[np.float32]] = []
        self._rest = self._head = self._end = np.zeros((0, 0), np.float32)
        self._length = 0

    def hear(self, piece: Samples) -> None:
        """The next samples, shape (frames, channels), finite; of the same channels each time."""
        if not self._length:
            self._rest = np.zeros((self._size // 2, piece.shape[1]), np.float32)
            self._head = self._end = piece[:0]
        self._length += len(piece)
        most = self._front * self._hop + self._size
        if len(self._head) < self._size:
            self._head = np.concatenate([self._head, piece])[: self._size]
        self._end = np.concatenate([self._end[-most:], piece[-most:]])[-most:]
        joined = np.concatenate([self._rest, piece])
        power = self._power(joined)
        self._powers.append(power)
        self._rest = joined[len(power) * self._hop :]

    def listen(self, wraps: bool) -> Heard:
        """What was struck in all of it. wraps: it is a loop, whose end is before its beginning."""
        behind = self._head if wraps else self._head[:0]
        last = self._power(np.concatenate([self._rest, behind]))
        whole = np.concatenate([*self._powers, last])[: -(-self._length // self._hop)]
        first = self._before(whole, wraps)
        envelope = _rises(np.concatenate([first, whole[self._crossing :]]), self._groups)
        if wraps:
            # What rings on over the seam is not struck there, nor is a ring that is cut off there.
            faded = self._before(whole, wraps, fade=True)
            again = _rises(np.concatenate([faded, whole[self._crossing :]]), self._groups)
            envelope = np.minimum(envelope, again)
        frame = self._hop / self._rate
        peaks = _peaks(envelope, frame)
        times = np.asarray((peaks - self._front) * frame - _LATE, np.float64)
        inside = times >= -_EARLY
        if wraps and inside.any():
            # What comes just before the end of a loop is heard before its beginning, too.
            first, end = times[inside][0], self._length / self._rate
            inside &= times < end + (first - _CLOSEST if first < 0 else _FRAME - _EARLY)
        rise = envelope[peaks[inside]] / max(float(envelope.max(initial=0)), 1e-9)
        velocities = np.clip(np.rint(127 * rise), 1, 127).astype(np.int64)
        return Heard(times[inside], velocities, envelope[self._front :], frame)

    @property
    def _crossing(self) -> int:
        """How many of the first frames reach back before the beginning."""
        return self._size // 2 // self._hop + 1

    def _before(
        self, whole: npt.NDArray[np.float32], wraps: bool, fade: bool = False
    ) -> npt.NDArray[np.float32]:
        """The power in front of the beginning and across it."""
        length = self._front * self._hop + self._size // 2
        before = np.zeros((length, self._head.shape[1]), np.float32)
        if wraps:
            before[:] = np.resize(self._end[::-1], before.shape)[::-1]
        if fade:
            count = max(1, round(_FADE * self._rate))
            before[-count:] *= np.hanning(2 * count)[count:, None].astype(np.float32)
        power = self._power(np.concatenate([before, self._head]))
        count = self._front + min(self._crossing, len(whole))
        if len(power) < count:  # the whole sound is shorter than a spectrum
            power = np.concatenate([power, np.zeros((count - len(power), power.shape[1]))])
        made: npt.NDArray[np.float32] = power[:count].astype(np.float32)
        return made

    def _power(self, samples: Samples) -> npt.NDArray[np.float32]:
        """The power in each band, of all channels together, of all whole spectra."""
        count = max(0, (len(samples) - self._size) // self._hop + 1)
        made = np.zeros((count, len(self._bands)), np.float32)
        for channel in samples.T:
            if not count or not channel.any():
                continue
            all_of_it = np.ascontiguousarray(channel)
            windows = np.lib.stride_tricks.sliding_window_view(all_of_it, self._size)
            for start in range(0, count, _AT_ONCE):
                some = windows[:: self._hop][start : start + _AT_ONCE] * self._window
                spectra = np.fft.rfft(some)
                power = spectra.real**2 + spectra.imag**2
                made[start : start + _AT_ONCE] += np.add.reduceat(power, self._bands, axis=1)
        return made


def _fast_size(least: float) -> int:
    """An even number of samples, not less than this, whose spectrum is soon made: 2, 3 and 5 are
    its only factors."""
    size = 2 * max(4, int(np.ceil(least / 2)))
    while True:
        rest = size
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return size
        size += 2


def _bands(rate: int, size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The first line of each band in a spectrum, and the group that the band is in.

    Bands are as wide as the ear's (mel), but not narrower than a line.
    """
    step = rate / size
    mels = np.linspace(0, 2595 * np.log10(1 + _TOP_HERTZ / 700), _BANDS + 1)
    lines = np.unique(np.rint(700 * (10 ** (mels / 2595) - 1) / step).astype(np.int64))
    # What is cut off by the rate is not a band of its own.
    lines = lines[lines * step < 0.98 * rate / 2]
    middles = (lines + np.append(lines[1:], lines[-1] + 1)) * step / 2
    return lines, np.searchsorted(_GROUPS_HERTZ, middles)


def _rises(power: npt.NDArray[np.float32], groups: npt.NDArray[np.int64]) -> Envelope:
    """How much the bands rise at each frame, in dB: their mean in each group, and of the groups
    the root of the mean square."""
    loudest = float(power.max(initial=0))
    if not loudest or len(power) <= _LAG:
        return np.zeros(len(power), np.float32)
    # A steady noise (tape, a bad cable) takes part in the floor, so that it is heard as even.
    quiet = np.percentile(_mean(power, _EVEN), 10, axis=0).astype(np.float32)
    level = 10 * np.log10(power + (quiet + np.float32(loudest * 10 ** (-_RANGE_DB / 10))))
    # Held against its neighbours too, a tone that bends does not rise.
    was = _highest(_highest(level.T, 1, 1).T, _MEMORY, 0)
    rise = np.zeros_like(level)
    rise[_LAG:] = np.maximum(0, level[_LAG:] - was[:-_LAG])
    means = [rise[:, groups == group].mean(axis=1) for group in np.unique(groups)]
    made: Envelope = np.sqrt(np.mean(np.square(means), axis=0)).astype(np.float32)
    return made


def _gap(shares: npt.NDArray[np.float64]) -> float:
    """The least height of what is struck: the middle of the widest gap between the low peaks.

    What is struck softest and what only flutters are further apart than either among themselves.
    """
    inside = np.sort(shares[(shares > _LOWEST) & (shares < _LOW)])
    ends = np.concatenate([[_LOWEST], inside, [_LOW]])
    widest = int(np.argmax(ends[1:] / ends[:-1]))
    return float(np.sqrt(ends[widest] * ends[widest + 1]))


def _mean(values: npt.NDArray[np.float32], around: int) -> npt.NDArray[np.float64]:
    """Of each row the mean of itself and so many rows around it; beyond the ends is 0."""
    rest = [(0, 0)] * (values.ndim - 1)
    sums = np.cumsum(np.pad(values.astype(np.float64), [(around + 1, around), *rest]), axis=0)
    made: npt.NDArray[np.float64] = (sums[2 * around + 1 :] - sums[: -2 * around - 1]) / (
        2 * around + 1
    )
    return made


def _highest(values: npt.NDArray[np.float32], before: int, behind: int) -> npt.NDArray[np.float32]:
    """Of each row the highest of so many rows before it, itself, and so many behind it."""
    made = values.copy()
    for shift in range(1, max(before, behind) + 1):
        if shift <= before:
            np.maximum(made[shift:], values[:-shift], out=made[shift:])
        if shift <= behind:
            np.maximum(made[:-shift], values[shift:], out=made[:-shift])
    return made


def _peaks(envelope: Envelope, frame: float) -> npt.NDArray[np.int64]:
    """The frames at which something is struck."""
    apart, around = round(_APART / frame), round(_AROUND / frame)
    highest = _highest(envelope, apart, apart)
    mean = _mean(envelope, around)
    peaks = np.flatnonzero((envelope == highest) & (envelope > 0))
    if not len(peaks):
        return peaks
    # Where little is struck, and much hisses, only the very highest are struck.
    height = max(float(np.percentile(envelope[peaks], 95)), 0.8 * float(envelope.max()))
    over = envelope[peaks] - _MEAN_SHARE * mean[peaks]
    kept: list[int] = []
    least = _gap(over / height) * height
    for peak in peaks[over >= least].tolist():
        if not kept or (peak - kept[-1]) * frame >= _CLOSEST:
            kept.append(peak)
    return np.array(kept, np.int64)
