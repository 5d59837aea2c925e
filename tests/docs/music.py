"""Music for pages that read some: the built-in patterns as MIDI files, and loops of clicks.

python -m tests.docs.music my-beats my-loops
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from latentrack.corpus import demo_dataset
from tests.host.corpus.midi_files import STEP, write_midi

# General MIDI's key for each voice of the built-in patterns.
KEYS = {
    "kick": 36, "snare": 38, "low floor tom": 41, "floor tom": 43, "low tom": 45,
    "low mid tom": 47, "high mid tom": 48, "high tom": 50, "closed hat": 42, "open hat": 46,
    "ride": 51, "crash": 49,
}  # fmt: skip
RATE = 22_050
BPM = 120


def write_beats(folder: Path) -> None:
    """A file for each style, its bars one after the other."""
    music = demo_dataset()
    bars: dict[str, list[np.ndarray]] = {}
    for source, bar in zip(music.sources, music.sequences, strict=True):
        bars.setdefault(Path(source).stem, []).append(bar)
    keys = [KEYS[name] for name in music.voice_names]
    for name, of_file in bars.items():
        cells = np.argwhere(np.concatenate(of_file))
        write_midi(folder / f"{name}.mid", [(int(s) * STEP, keys[v]) for s, v in cells])


def write_loops(folder: Path) -> None:
    """Thirty loops of two bars: clicks at different steps, the tempo in the name."""
    import soundfile

    folder.mkdir()
    rng = np.random.default_rng(1)
    step = RATE * 60 // BPM // 4
    click = rng.normal(size=RATE // 50) * np.exp(-np.linspace(0, 8, RATE // 50))
    for number in range(30):
        sound = np.zeros(32 * step)
        for at in range(0, 32, 2):
            if at % 8 == 0 or rng.random() < 0.4:
                sound[at * step : at * step + len(click)] += 0.3 * click
        soundfile.write(folder / f"clicks_{number:02}_{BPM}bpm.wav", sound, RATE)


if __name__ == "__main__":
    beats, loops = sys.argv[1:]
    write_beats(Path(beats))
    write_loops(Path(loops))
