"""Loops rendered from known patterns: what must be heard in them is known, for it was written.

`python -m tests.host.corpus.loops FOLDER` writes all of `loops()`, to listen to.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

Sound = npt.NDArray[np.float64]

# A row a voice, a column a 16th: x is struck, o softly, . not at all. Each row is one bar.
PATTERNS: dict[str, dict[str, str]] = {
    "rock": {"low": "x.....x.x.......", "mid": "....x.......x...", "high": "x.x.x.x.x.x.x.x."},
    "break": {"low": "x.x.......xx....", "mid": "....x..o.o..x..o", "high": "x.x.x.x.x...x.x."},
    "house": {"low": "x...x...x...x...", "mid": "....x.......x...", "high": "..x...x...x...xx"},
    "clave": {"low": "x.....x.....x...", "mid": "...x......x.....", "high": "................"},
    "sparse": {"low": "x.........x.....", "mid": "........x.......", "high": "...o............"},
    "ghosts": {"low": "x.......x.x.....", "mid": ".o..x.o..o..x.oo", "high": "................"},
    "busy": {"low": "x..x..x...x.x...", "mid": "....x..x....x..x", "high": "xoxoxoxoxoxoxoxo"},
    "late": {"low": "..x...x...x...x.", "mid": "....x.......x...", "high": ".x.....x.x......"},
    "trap": {"low": "x......x..x.....", "mid": "........x.......", "high": "x.x.xxx.x.x.x.xx"},
    "one drop": {"low": "........x.......", "mid": "........x.......", "high": "x..ox.x.x.xox..o"},
}
HARD = 1.0


@dataclass(frozen=True)
class Loop:
    """One loop: what is played, on which kit, and how the file is made.

    bpm: quarter notes a minute; the pattern is repeated for so many bars. tail: seconds in which
    the last sounds ring out behind the loop. soft: the height of what is struck softly, 1 is that
    of the others. channels: "mono", "stereo", "inverted" (the right one turned over), "partly" (of
    the right one the middle drum turned over), "half" (of the right one only the low drum), "late"
    (the right one by 9 ms), "wide" (drums left and right).
    floor: the height of the noise behind it all. swing: so much of a step is every second one late.
    seam: "wrapped" (what rings at the end goes on at the beginning) or "cut".
    """

    pattern: str
    kit: str
    bpm: float
    bars: int = 2
    tail: float = 0.0
    soft: float = 0.4
    channels: str = "mono"
    suffix: str = "wav"
    subtype: str | None = None
    rate: int = 44_100
    floor: float = 0.0
    room: float = 0.0
    swing: float = 0.0
    seam: str = "wrapped"
    named: str = "bpm"

    @property
    def name(self) -> str:
        told = {"bpm": f" {self.bpm:g}bpm", "bars": f" {self.bars}bar", "": ""}[self.named]
        kind = f"{self.pattern} {self.kit} {self.channels} {self.rate}"
        return f"{kind} {self._seed % 1000:03}{told}.{self.suffix}"

    @property
    def steps(self) -> set[int]:
        """The steps of the whole loop, 16ths from 0, on which anything is struck."""
        rows = PATTERNS[self.pattern].values()
        bar = {i for row in rows for i, sign in enumerate(row) if sign != "."}
        return {16 * number + step for number in range(self.bars) for step in bar}

    @property
    def _seed(self) -> int:
        return zlib.crc32(repr(self).encode())

    def render(self) -> Sound:
        """The samples, shape (frames, channels), within -0.9 and 0.9."""
        chance = np.random.default_rng(self._seed)
        step = 60 / self.bpm / 4
        length = round(self.bars * 16 * step * self.rate)
        voices = []
        for voice, row in PATTERNS[self.pattern].items():
            track = np.zeros(length + 4 * self.rate)
            for bar in range(self.bars):
                for place, sign in enumerate(row):
                    if sign != ".":
                        late = self.swing * step * (place % 2)
                        at = round(((bar * 16 + place) * step + late) * self.rate)
                        sound = strike(self.kit, voice, self.rate, chance)
                        sound[-self.rate // 5 :] *= np.linspace(1, 0, len(sound[-self.rate // 5 :]))
                        loud = (HARD if sign == "x" else self.soft) * chance.uniform(0.9, 1)
                        track[at : at + len(sound)] += loud * sound
            voices.append(track)
        if self.room:
            ring = np.exp(-np.arange(round(self.room * self.rate)) / (self.room / 5 * self.rate))
            answer = ring * chance.standard_normal(len(ring))
            answer *= 0.3 / np.sqrt(np.sum(answer**2))  # 10 dB below the sound itself
            answer[0] = 1
            size = len(voices[0])
            voices = [_convolved(track, answer)[:size] for track in voices]
        left, right = self._spread(voices)
        sides = [left] if self.channels == "mono" else [left, right]
        made = np.stack([self._ended(side, length) for side in sides], axis=1)
        made += self.floor * chance.standard_normal(made.shape)
        return made * (0.9 / max(np.abs(made).max(), 1e-9))

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.name
        # libsndfile knows AIFF-C by the encoding, and Opus by that within an Ogg file.
        kinds = {"aifc": "AIFF", "opus": "OGG", "aif": "AIFF"}
        kind = kinds.get(self.suffix, self.suffix.upper())
        soundfile.write(path, self.render(), self.rate, subtype=self.subtype, format=kind)
        return path

    def _spread(self, voices: list[Sound]) -> tuple[Sound, Sound]:
        whole = np.sum(voices, axis=0)
        if self.channels == "inverted":
            return whole, -whole
        if self.channels == "partly":
            return whole, voices[0] - voices[1] + voices[2]
        if self.channels == "half":
            return whole, voices[0]
        if self.channels == "late":
            return whole, np.roll(whole, round(0.009 * self.rate))
        if self.channels == "wide":
            return voices[0] + voices[1] * 0.2 + voices[2], voices[0] + voices[1]
        return whole, 0.8 * whole

    def _ended(self, track: Sound, length: int) -> Sound:
        if self.tail:
            kept = track[: length + round(self.tail * self.rate)].copy()
            fade = round(0.3 * self.tail * self.rate)
            kept[-fade:] *= np.linspace(1, 0, fade)
            return kept
        kept = track[:length].copy()
        if self.seam == "wrapped":
            over = track[length : 2 * length]
            kept[: len(over)] += over
        return kept


def strike(kit: str, voice: str, rate: int, chance: np.random.Generator) -> Sound:
    """One sound of a kit, from its attack; voices are low, mid and high."""
    time = np.arange(round(1.2 * rate)) / rate
    noise = chance.standard_normal(len(time))
    bright = np.diff(noise, prepend=0) * 0.7

    def falling(seconds: float) -> Sound:
        return np.exp(-time / seconds)

    def tone(hertz: float, bend: float = 0.0, over: float = 0.03) -> Sound:
        sweep = hertz * time + bend * over * (1 - np.exp(-time / over))
        return np.sin(2 * np.pi * sweep)

    if kit == "noise":
        return noise * falling({"low": 0.05, "mid": 0.03, "high": 0.012}[voice]) * 0.5
    if kit == "machine":
        return {
            "low": tone(52, 160) * falling(0.12),
            "mid": 0.4 * tone(190) * falling(0.06) + 0.35 * noise * falling(0.07),
            "high": 0.35 * bright * falling(0.02),
        }[voice]
    if kit == "long":
        return {
            "low": tone(46, 90, 0.04) * falling(0.4),
            "mid": 0.3 * tone(180) * falling(0.1) + 0.35 * noise * falling(0.16),
            "high": 0.3 * bright * falling(0.12),
        }[voice]
    if kit == "room":
        return {
            "low": tone(65, 100) * falling(0.09) + 0.05 * noise * falling(0.004),
            "mid": 0.35 * tone(210) * falling(0.08) + 0.3 * noise * falling(0.09),
            "high": 0.25 * bright * falling(0.05),
        }[voice]
    if kit == "claps":
        hands = sum(np.roll(falling(0.006), round(lag * rate)) * (time >= lag)
                    for lag in (0, 0.009, 0.019))  # fmt: skip
        return {
            "low": tone(60, 140) * falling(0.1),
            "mid": 0.4 * noise * (hands + 0.6 * np.roll(falling(0.06), round(0.025 * rate))
                                  * (time >= 0.025)),
            "high": 0.3 * bright * falling(0.015),
        }[voice]  # fmt: skip
    if kit == "shaker":
        rise = {"low": 0.004, "mid": 0.01, "high": 0.02}[voice]
        shape = np.minimum(time / rise, 1) * np.exp(-np.maximum(time - rise, 0) / 0.03)
        return {"low": 0.9 * tone(90, 60), "mid": 0.4 * noise, "high": 0.35 * bright}[voice] * shape
    if kit == "clicks":
        hertz = {"low": 400.0, "mid": 900.0, "high": 1800.0}[voice]
        return tone(hertz) * falling(0.008)
    if kit == "plucks":
        hertz = {"low": 110.0, "mid": 220.0, "high": 440.0}[voice]
        partials = sum(tone(hertz * k) * falling(0.25 / k) / k for k in (1, 2, 3, 5))
        return 0.4 * partials * np.minimum(time / 0.002, 1)
    raise ValueError(f"no kit {kit}")


def loops() -> list[Loop]:
    """The set that `audio.onsets_right` is measured with."""
    return [
        Loop("rock", "machine", 120),
        Loop("rock", "noise", 97, suffix="flac"),
        Loop("break", "machine", 172, suffix="ogg"),
        Loop("break", "room", 92, room=0.25),
        Loop("break", "long", 104, channels="stereo", subtype="PCM_24"),
        Loop("house", "machine", 124, channels="inverted"),
        Loop("house", "long", 128, 4, channels="stereo", suffix="mp3"),
        Loop("house", "claps", 126, tail=1.1),
        Loop("clave", "clicks", 108, suffix="aiff"),
        Loop("clave", "plucks", 90, channels="wide"),
        Loop("clave", "machine", 140, 1),
        Loop("sparse", "long", 70, tail=1.5),
        Loop("sparse", "room", 84, room=0.6, channels="stereo"),
        Loop("sparse", "noise", 60, 1),
        Loop("ghosts", "machine", 96, soft=0.2),
        Loop("ghosts", "room", 105, soft=0.25, suffix="flac", channels="partly"),
        Loop("ghosts", "noise", 115, soft=0.15),
        Loop("ghosts", "claps", 100, soft=0.3, channels="late"),
        Loop("busy", "machine", 110, soft=0.35),
        Loop("busy", "machine", 160, soft=0.5, suffix="mp3"),
        Loop("busy", "noise", 130, soft=0.3, channels="inverted"),
        Loop("busy", "shaker", 95, soft=0.5),
        Loop("busy", "room", 120, soft=0.4, floor=0.001),
        Loop("late", "machine", 118),
        Loop("late", "plucks", 132, suffix="ogg"),
        Loop("late", "long", 88, seam="cut"),
        Loop("trap", "long", 142, suffix="aifc", subtype="ULAW"),
        Loop("trap", "machine", 75, 4),
        Loop("trap", "clicks", 150, suffix="caf", channels="half"),
        Loop("one drop", "room", 76, swing=0.2),
        Loop("one drop", "machine", 144, suffix="w64"),
        Loop("one drop", "shaker", 80, suffix="au"),
        # Low and high rates: the same must be heard.
        Loop("rock", "machine", 120, rate=8_000),
        Loop("break", "room", 92, rate=8_000, suffix="au", subtype="ULAW"),
        Loop("ghosts", "machine", 100, rate=8_000, soft=0.25),
        Loop("busy", "machine", 126, rate=8_000, soft=0.4),
        Loop("trap", "claps", 140, rate=11_025),
        Loop("house", "long", 122, rate=11_025, suffix="aiff"),
        Loop("busy", "room", 100, rate=16_000, soft=0.4),
        Loop("break", "machine", 165, rate=22_050, tail=1.3),
        Loop("late", "claps", 112, rate=32_000, channels="inverted"),
        Loop("rock", "room", 101, rate=48_000, suffix="opus", subtype="OPUS", channels="stereo"),
        Loop("ghosts", "long", 94, rate=96_000, soft=0.3, subtype="FLOAT", channels="stereo"),
        Loop("break", "claps", 180, rate=96_000),
        # Tempi that the name does not say.
        Loop("rock", "machine", 118, named="bars"),
        Loop("trap", "room", 135, 4, named="bars", channels="stereo", suffix="mp3"),
        Loop("break", "machine", 125, named=""),
        Loop("house", "room", 122, named="", rate=8_000),
    ]


def share_right(loop: Loop, found: npt.NDArray[np.uint8], steps: int = 32) -> float:
    """Hits found on right steps, over the hits of the pattern and the wrong ones together.

    found: sequences of so many steps, shape (n, steps), as they were read. A loop shorter than a
    sequence is repeated in it.
    """
    length = max(steps, 16 * loop.bars)
    right = {step for again in range(0, length, 16 * loop.bars)
             for step in (again + place for place in loop.steps)}  # fmt: skip
    heard = set(np.flatnonzero(found.reshape(-1)).tolist())
    return len(heard & right) / len(heard | right)


def _convolved(track: Sound, answer: Sound) -> Sound:
    size = 1 << (len(track) + len(answer)).bit_length()
    made: Sound = np.fft.irfft(np.fft.rfft(track, size) * np.fft.rfft(answer, size), size)
    return made


if __name__ == "__main__":
    for each in loops():
        print(each.write(Path(sys.argv[1])))
