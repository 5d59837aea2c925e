"""tflite-micro, a second reader of the same files: it decodes as the C decoder does.

It knows float32 and int8. In float its sums differ from ours as LiteRT's do. In int8 it rounds half
up where LiteRT and we round to the even number, so that a hundredth of a layer's outputs lie one
unit apart; later layers may make more of it.
"""

import numpy as np
import pytest

from tests.firmware import tflite_micro_oracle
from tests.firmware.test_tflite_litert import BOUND, SHARED
from tests.firmware.tflite_c import Decoder
from tests.firmware.tflite_models import SHAPES

DIFFERENT = 0.08  # share of int8 outputs
FAR = 0.1  # of a probability


def compare(tflite_c, model: bytes, int8: bool) -> tuple[float, float]:
    """How far apart at most, and the share of outputs that differ."""
    decoder = Decoder(tflite_c, model)
    rng = np.random.default_rng(21)
    latents = rng.uniform(-3, 3, (40, decoder.latents)).astype(np.float32)
    ours = decoder.probabilities(decoder.scores(latents))
    expected = tflite_micro_oracle.probabilities(model, latents)
    apart = np.abs(ours - expected)
    assert apart.max() <= (FAR if int8 else BOUND)
    assert not int8 or np.mean(apart > BOUND) <= DIFFERENT
    return float(apart.max()), float(np.mean(apart > BOUND))


@pytest.mark.parametrize("precision", ["float32", "int8", "int8_io", "int8_per_tensor"])
def test_generated_decoders_answer_as_tflite_micro_does(precision, exported, tflite_c, figures):
    found = [compare(tflite_c, exported(shape, precision), "int8" in precision) for shape in SHAPES]
    apart, share = (max(values) for values in zip(*found, strict=True))
    figures.append(
        f"{'tflite-micro ' + precision:<30}{len(found)} decoders, at most {apart:.1e} apart, "
        f"at most {share:.1%} of a decoder's outputs"
    )


@pytest.mark.parametrize("name", [n for n in SHARED if n not in ("drum_f16", "drum_dynamic")])
def test_shared_decoders_answer_as_tflite_micro_does(name, shared_data, tflite_c):
    model = (shared_data / "decoders" / f"{name}.tflite").read_bytes()
    compare(tflite_c, model, "int8" in name)


@pytest.mark.parametrize("precision", ["float16", "dynamic"])
def test_tflite_micro_takes_no_other_weights(precision, exported):
    """If one day it does, it can be asked about them, too."""
    with pytest.raises(RuntimeError):
        tflite_micro_oracle.decode(exported(SHAPES[0], precision), np.zeros((1, 3), np.float32))
