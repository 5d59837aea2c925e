"""The decoder on the emulated Cortex-M7: LiteRT's answers, and the same scores as here."""

import numpy as np
import pytest

from tests.firmware.litert_oracle import decode, made_float
from tests.firmware.test_tflite_litert import SHARED, Compared, as_probabilities, check
from tests.firmware.tflite_c import Decoder
from tests.firmware.tflite_models import PRECISIONS, SHAPES

SETS = 6


class FromM7:
    """What the M7 computed, with the thresholds of the computer's build (they are bit-exact)."""

    def __init__(self, decoder: Decoder, scores: np.ndarray, probabilities: np.ndarray) -> None:
        self._found = scores, probabilities
        self.cutoff = decoder.cutoff

    def scores(self, latents: np.ndarray) -> np.ndarray:
        return self._found[0]

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        return self._found[1]


def run_on_m7(on_m7, folder, models: dict[str, bytes], latents: dict[str, np.ndarray]):
    """The scores and probabilities of each model at its latents, as the M7 computes them."""
    jobs = []
    for name, model in models.items():
        (folder / f"{name}.tflite").write_bytes(model)
        latents[name].tofile(folder / f"{name}.latents")
        jobs.append(f"{name}.tflite {name}.latents {name}.scores {name}.probabilities")
    (folder / "jobs.txt").write_text("\n".join(jobs))
    assert on_m7("decode_m7", folder).splitlines()[-1] == "done"
    return {
        name: [
            np.fromfile(folder / f"{name}.{what}", np.float32).reshape(len(latents[name]), -1)
            for what in ("scores", "probabilities")
        ]
        for name in models
    }


def compare(on_m7, folder, tflite_c, models: dict[str, bytes]) -> Compared:
    compared = Compared()
    decoders = {name: Decoder(tflite_c, model) for name, model in models.items()}
    rng = np.random.default_rng(16)
    latents = {
        name: rng.uniform(-3, 3, (SETS, decoder.latents)).astype(np.float32)
        for name, decoder in decoders.items()
    }
    found = run_on_m7(on_m7, folder, models, latents)
    for name, model in models.items():
        here = decoders[name].scores(latents[name])
        # One rounding of a fused sum in 2^29 may fall differently on a computer without it.
        assert np.mean(found[name][0] != here) < 1e-4, name
        oracle = made_float(model) if "dynamic" in name else model
        expected = as_probabilities(model, decode(oracle, latents[name]))
        there = FromM7(decoders[name], *found[name])
        check(there, latents[name], expected, "int8" in name, compared)
    return compared


def test_shared_decoders_on_the_m7(shared_data, on_m7, tflite_c, tmp_path, figures):
    folder = shared_data / "decoders"
    models = {name: (folder / f"{name}.tflite").read_bytes() for name in SHARED}
    figures.append(f"{'M7 other makers':<24}{compare(on_m7, tmp_path, tflite_c, models)}")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_generated_decoders_on_the_m7(precision, exported, on_m7, tflite_c, tmp_path, figures):
    models = {f"{precision}_{i}": exported(SHAPES[i], precision) for i in range(10)}
    figures.append(f"{'M7 ' + precision:<24}{compare(on_m7, tmp_path, tflite_c, models)}")
