"""The C decoder gives LiteRT's answers: on nine decoders of other makers, and on generated ones.

The bound is 1e-6 on a probability in float, every byte in int8, and every gate at 20 thresholds but
those where LiteRT's own probability lies within 1e-6 of the threshold; those are counted.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pytest

from latentrack.decoder.quiet import import_tensorflow, quiet_terminal
from tests.firmware.litert_oracle import decode, made_float, output_quantisation, probabilities
from tests.firmware.tflite_c import Decoder
from tests.firmware.tflite_models import FEEL_SHAPES, PRECISIONS, SHAPES

BOUND = 1e-6
THRESHOLDS = np.append(np.linspace(0.02, 0.97, 19), 0.5).astype(np.float32)

SHARED = (
    "drum_dynamic",
    "drum_f16",
    "drum_f32",
    "drum_int8",
    "drum_int8_io",
    "drum_int8_per_tensor",
    "reference_note_128_pitches",
    "reference_note_chorales",
    "reference_perc_groove",
)

# The names under which expected.npz keeps the reference project's models.
EXPECTED = {"reference_note_chorales": "note-chorales", "reference_perc_groove": "perc-groove"}


def as_probabilities(model: bytes, outputs: np.ndarray) -> np.ndarray:
    if outputs.dtype != np.int8:
        return outputs
    scale, zero = output_quantisation(model)
    return (outputs.astype(np.float32) - np.float32(zero)) * np.float32(scale)


@dataclass
class Compared:
    """What has been held against LiteRT: how much of it, and how far apart it was at most."""

    decoders: int = 0
    gates: int = 0
    left_out: int = 0
    apart: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.decoders:>3} decoders, {self.gates:>10,} gates equal, {self.left_out:>3} too "
            f"near a threshold, probabilities at most {self.apart:.1e} apart"
        )


def check(decoder, latents: np.ndarray, expected: np.ndarray, exact: bool, into: Compared) -> None:
    """Holds the decoder against the expected probabilities, and adds up what was compared."""
    scores = decoder.scores(latents)
    found = decoder.probabilities(scores)
    apart = float(np.abs(found - expected).max())
    assert apart == 0 if exact else apart <= BOUND
    for threshold in THRESHOLDS:
        unsure = np.abs(expected - threshold) <= (-1 if exact else BOUND)
        wrong = ((scores > decoder.cutoff(threshold)) != (expected > threshold)) & ~unsure
        assert not wrong.any(), f"{wrong.sum()} gates differ at {threshold}"
        into.left_out += int(unsure.sum())
    into.decoders += 1
    into.gates += expected.size * len(THRESHOLDS)
    into.apart = max(into.apart, apart)


def test_shared_decoders_answer_as_litert_does(shared_data, tflite_c, figures):
    compared = Compared()
    for name in SHARED:
        model = (shared_data / "decoders" / f"{name}.tflite").read_bytes()
        decoder = Decoder(tflite_c, model)
        rng = np.random.default_rng(11)
        latents = rng.uniform(-3, 3, (300, decoder.latents)).astype(np.float32)
        oracle = made_float(model) if name == "drum_dynamic" else model
        expected = as_probabilities(model, decode(oracle, latents))
        check(decoder, latents, expected, "int8" in name, compared)
    figures.append(f"{'other makers':<24}{compared}")


@pytest.mark.parametrize("name", [n for n in SHARED if n not in ("drum_dynamic", SHARED[6])])
def test_shared_decoder_answers_as_was_written_down(name, shared_data, tflite_c):
    model = (shared_data / "decoders" / f"{name}.tflite").read_bytes()
    answers = np.load(shared_data / "decoders" / "expected.npz")
    key = EXPECTED.get(name, name)
    decoder = Decoder(tflite_c, model)
    for peer in ("litert", "litert_reference", "tflite_micro"):
        if f"{key}.{peer}" not in answers:
            continue
        expected = as_probabilities(model, answers[f"{key}.{peer}"])
        if "int8" not in name:
            check(decoder, answers["latents"], expected, False, Compared())
        elif peer != "tflite_micro":  # which rounds differently
            check(decoder, answers["latents"], expected, True, Compared())


@pytest.mark.parametrize("precision", PRECISIONS)
def test_generated_decoders_answer_as_litert_does(precision, exported, tflite_c, figures):
    compared = Compared()
    for shape in SHAPES:
        model = exported(shape, precision)
        decoder = Decoder(tflite_c, model)
        assert (decoder.latents, decoder.outputs) == (shape.sizes[0], shape.sizes[-1])
        rng = np.random.default_rng(12)
        latents = rng.uniform(-3, 3, (60, decoder.latents)).astype(np.float32)
        oracle = made_float(model) if precision == "dynamic" else model
        expected = as_probabilities(model, decode(oracle, latents))
        check(decoder, latents, expected, "int8" in precision, compared)
    figures.append(f"{precision:<24}{compared}")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_step_is_decoded_as_the_whole_is(precision, exported, tflite_c):
    for shape in SHAPES[:6]:
        decoder = Decoder(tflite_c, exported(shape, precision))
        rng = np.random.default_rng(13)
        latents = rng.uniform(-3, 3, (5, decoder.latents)).astype(np.float32)
        whole = decoder.scores(latents)
        for piece in (1, 2, 5, 12, 13):
            assert np.array_equal(decoder.scores(latents, piece), whole)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_velocity_and_timing_are_what_litert_says(precision, exported, tflite_c, figures):
    compared, furthest = Compared(), 0.0
    for shape in FEEL_SHAPES:
        model = exported(shape, precision)
        decoder = Decoder(tflite_c, model)
        assert decoder.has_feel and decoder.outputs == shape.outputs
        latents = np.random.default_rng(18).uniform(-3, 3, (40, decoder.latents))
        latents = latents.astype(np.float32)
        oracle = made_float(model) if precision == "dynamic" else model
        expected = probabilities(oracle, latents, "hits")
        check(decoder, latents, expected, "int8" in precision, compared)
        for output in ("velocity", "timing"):
            expected = probabilities(oracle, latents, output)
            apart = np.abs(decoder.values(latents, output) - expected).max()
            assert apart <= (0 if "int8" in precision else BOUND), (shape.name, output)
            assert expected.max() - expected.min() > 0.5  # it says something
            furthest = max(furthest, float(apart))
    figures.append(f"{'feel ' + precision:<24}{compared}, feel at most {furthest:.1e}")


def test_the_feels_latents_leave_the_hits_as_they_are(exported, tflite_c):
    shape = FEEL_SHAPES[0]
    decoder = Decoder(tflite_c, exported(shape, "float32"))
    latents = np.random.default_rng(19).uniform(-3, 3, (20, decoder.latents)).astype(np.float32)
    moved = latents.copy()
    moved[:, shape.pattern :] += 1
    assert np.array_equal(decoder.scores(latents), decoder.scores(moved))
    for output in ("velocity", "timing"):
        assert not np.array_equal(decoder.values(latents, output), decoder.values(moved, output))


def test_other_ways_to_write_the_same_network(tflite_c):
    """Layers without a bias, shapes of more dimensions, activations as operators of their own."""
    tf = import_tensorflow()

    rng = np.random.default_rng(17)
    first, second = (rng.normal(0, 0.6, s).astype(np.float32) for s in ((3, 20), (20, 96)))

    def decode_steps(x):
        x = tf.nn.relu(tf.reshape(x @ first, (1, 4, 5)))
        x = tf.tanh(tf.reshape(tf.nn.relu6(x), (1, 20)))
        return tf.sigmoid(tf.reshape(x @ second, (1, 8, 12)))

    traced = tf.function(decode_steps, input_signature=[tf.TensorSpec((1, 3), tf.float32)])
    concrete = traced.get_concrete_function()
    latents = rng.uniform(-3, 3, (100, 3)).astype(np.float32)
    for int8 in (False, True):
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], traced)
        if int8:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([row[None]] for row in latents)
        with quiet_terminal(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about statistics that are given
            model = converter.convert()
        expected = as_probabilities(model, decode(model, latents)).reshape(len(latents), 96)
        check(Decoder(tflite_c, model), latents, expected, int8, Compared())


def test_latents_beyond_the_range_do_no_harm(exported, tflite_c):
    extremes = np.array([np.inf, -np.inf, np.nan, 3e38, -3e38], np.float32)
    for precision in PRECISIONS:
        decoder = Decoder(tflite_c, exported(SHAPES[0], precision))
        latents = np.random.default_rng(14).choice(extremes, (200, decoder.latents))
        scores = decoder.scores(latents)
        if "int8" in precision:
            assert scores.min() >= -128 and scores.max() <= 127


def test_largest_model_needs_little_memory(exported, tflite_c):
    decoder = Decoder(tflite_c, exported(SHAPES[1], "float32"))
    users = 2
    assert decoder.workspace % 8 == 0
    assert users * decoder.workspace + tflite_c.shim_decoder_bytes() <= 8192
