"""Models to play in tests: those that nobody here made, or stand-ins of the same shape.

A stand-in has the layers, the metadata and about the density of its original, and random weights
that are the same every time. So whatever a test says of any model of that shape can be tested on a
machine without the shared models; what it says of the originals' own answers cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentrack.decoder.export import to_tflite
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import DecoderInfo
from latentrack.model.autoencoder import Dense
from tests.firmware.tflite_models import Shape, export

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Music and models that nobody here made, where they are."""

DRUMS = "reference_perc_groove"
CHORALES = "reference_note_chorales"
WIDE = "reference_note_128_pitches"
WITHOUT_METADATA = "drum_f32"
FELT = "felt_drums"
"""Drums with velocity and timing, 3 latents and 2 of the feel; nobody's but made here."""
FELT_SMALL = "felt_small"
"""The same with 2 latents and 1 of the feel."""
FELT_FOUR = "felt_four"
"""The same with 4 latents and 2 of the feel."""
EIGHT = "eight_drums"
"""Eight drums that have a jack each, with 3 latents and no feel."""
FOUR = "four_drums"
"""Drums with 4 latents, X to W, and no feel."""

# Metadata, hidden layers, and how far below even odds the cells lie on the whole.
_STAND_INS = {
    DRUMS: (DecoderInfo("perdec", 16, 12, 3, (1, 1, 6, 2, 2)), (12, 48), 4),
    CHORALES: (DecoderInfo("seqdec", 16, 27, 3), (15, 82), 9),
    WIDE: (DecoderInfo("seqdec", 16, 128, 3), (26, 232), 10),
}
_BEAT = 4
_RECORDED_AS = {DRUMS: "perc-groove", CHORALES: "note-chorales"}


@dataclass
class Network:
    """What `to_tflite` exports."""

    info: DecoderInfo
    latents: int
    decoder: list[Dense]


@dataclass
class FeelNetwork:
    """What `to_tflite` exports of a feel."""

    latents: int
    trunk: list[Dense]
    velocity: Dense
    timing: Dense


def shared_decoders() -> Path | None:
    """Where the models named above lie, if the shared ones are on this machine."""
    folder = SHARED / "decoders"
    return folder if folder.is_dir() else None


def decoders_or_stand_ins(folder: Path) -> Path:
    """Where the models named above lie: with the shared ones, or, made now, in `folder`."""
    shared = shared_decoders()
    if shared is None:
        write_stand_ins(folder)
    return shared or folder


def answers(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """64 places (64, latents) and a model's probabilities there (64, steps, voices).

    The shared models' were written down elsewhere; of a stand-in they are what LiteRT says now.
    """
    decoder = Decoder(folder / f"{name}.tflite")
    recorded = folder / "expected.npz"
    if recorded.is_file():
        with np.load(recorded) as expected:
            latents = expected["latents"]
            probabilities = expected[f"{_RECORDED_AS[name]}.litert"]
    else:
        latents = np.random.default_rng(1).uniform(-3, 3, (96, 3)).astype(np.float32)
        probabilities = decoder.decode(latents)
        # Kernels differ among themselves by a millionth: places where that would matter are out.
        near = [np.abs(probabilities - t).min(axis=(1, 2)) < 1e-5 for t in (0.1, 0.3, 0.5)]
        sure = np.flatnonzero(~np.any(near, axis=0))[:64]
        latents, probabilities = latents[sure], probabilities[sure]
    return latents, probabilities.reshape(-1, decoder.info.steps, decoder.info.voices)


def write_stand_ins(folder: Path) -> None:
    """Writes the stand-ins into a folder, under their originals' names."""
    for name, (info, hidden, below) in _STAND_INS.items():
        (folder / f"{name}.tflite").write_bytes(to_tflite(_network(info, hidden, below)))
    plain = export(Shape((3, 66, 129, 192), ("relu", "relu")), "float32", seed=1)
    (folder / f"{WITHOUT_METADATA}.tflite").write_bytes(plain)


def write_four(folder: Path) -> None:
    """Writes FOUR into a folder."""
    data = to_tflite(_network(*_STAND_INS[DRUMS], latents=4))
    (folder / f"{FOUR}.tflite").write_bytes(data)


def write_eight(folder: Path) -> None:
    """Writes EIGHT into a folder."""
    info = DecoderInfo("perdec", 16, 8, 3, (1,) * 8)
    (folder / f"{EIGHT}.tflite").write_bytes(to_tflite(_network(info, (12, 48), 1)))


def write_felt(folder: Path) -> None:
    """Writes the models with a feel into a folder; their hits are those of the drums' stand-in."""
    info, hidden, below = _STAND_INS[DRUMS]
    for name, latents, feel in ((FELT, 3, 2), (FELT_SMALL, 2, 1), (FELT_FOUR, 4, 2)):
        network = _network(info, hidden, below, latents)
        data = to_tflite(network, feel=_feel(info, latents, feel))
        (folder / f"{name}.tflite").write_bytes(data)


def _feel(info: DecoderInfo, latents: int, feel: int) -> FeelNetwork:
    """Random weights; velocities from soft to loud, timing up to half a step."""
    rng = np.random.default_rng(4)

    def layer(inputs: int, outputs: int, spread: float = 1.6) -> Dense:
        weights = rng.normal(0, spread / inputs**0.5, (inputs, outputs))
        bias = rng.normal(0, 0.3, outputs)
        return Dense(weights.astype(np.float32), bias.astype(np.float32))

    cells = info.steps * info.voices
    trunk = [layer(latents + feel, 16), layer(16, 24)]
    return FeelNetwork(feel, trunk, layer(24, cells, 0.8), layer(24, cells, 0.5))


def _network(info: DecoderInfo, hidden: tuple[int, ...], below: float, latents: int = 3) -> Network:
    """Random weights with the spread of a trained network's; notes are held for a beat or so."""
    rng = np.random.default_rng(3)

    def normal(mean: float, spread: float, *shape: int) -> np.ndarray:
        return rng.normal(mean, spread, shape).astype(np.float32)

    sizes = (latents, *hidden)
    layers = [
        Dense(normal(0, 1.6 / a**0.5, a, b), normal(-0.2, 0.4, b))
        for a, b in zip(sizes, sizes[1:], strict=False)
    ]
    last = hidden[-1]
    weights = normal(0, 0.8 / last**0.5, last, info.steps, info.voices)
    bias = normal(-below, 2.5, info.steps, info.voices)
    if info.kind == "seqdec":
        # Where the note began: not with all voices at the same steps.
        voice = np.arange(info.voices)
        began = (np.arange(info.steps)[:, np.newaxis] + voice) // _BEAT * _BEAT - voice
        began = np.maximum(began, 0)
        weights = weights[:, began, voice] + 0.2 * weights
        bias = bias[began, voice]
    layers.append(Dense(weights.reshape(last, -1), bias.ravel()))
    return Network(info, latents, layers)
