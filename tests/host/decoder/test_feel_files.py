"""Model files with a feel: three outputs, written by TensorFlow, read by LiteRT and by the C."""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from latentrack.decoder.export import to_tflite
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import (
    DecoderInfo,
    Extras,
    attach_info,
    read_extras,
    read_feel_latents,
    read_info,
)
from latentrack.decoder.model_file import Malformed, ModelFile
from latentrack.decoder.precision import PRECISIONS
from latentrack.decoder.rewrite import with_entries, with_outputs
from latentrack.errors import UserError
from latentrack.model.autoencoder import Autoencoder, Dense, new_autoencoder
from latentrack.model.feel import Feel

INFO = DecoderInfo("perdec", 16, 3, 3, (1, 2))
NAMES = ("hits", "velocity", "timing")


def layer(rng: np.random.Generator, inputs: int, outputs: int) -> Dense:
    weights = rng.normal(0, 1 / np.sqrt(inputs), (inputs, outputs)).astype(np.float32)
    return Dense(weights, rng.normal(0, 0.2, outputs).astype(np.float32))


@pytest.fixture(scope="module")
def model() -> Autoencoder:
    return new_autoencoder(INFO, (9,), 3, (20, 30), np.random.default_rng(4))


@pytest.fixture(scope="module")
def feel() -> Feel:
    rng = np.random.default_rng(7)
    return Feel(
        3,
        (layer(rng, 144, 8),),
        layer(rng, 8, 2),
        layer(rng, 8, 2),
        (layer(rng, 5, 12), layer(rng, 12, 10)),
        layer(rng, 10, 48),
        layer(rng, 10, 48),
    )


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return np.random.default_rng(5).uniform(-3, 3, (100, 5)).astype(np.float32)


@pytest.fixture(scope="module")
def files(model: Autoencoder, feel: Feel) -> dict[str, bytes]:
    extras = Extras(("kick", "snare", "hat"))
    return {n: to_tflite(model, precision=n, extras=extras, feel=feel) for n in PRECISIONS}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_each_output_is_what_the_model_computes(files, model, feel, points, precision) -> None:
    decoder = Decoder(files[precision])
    assert (decoder.latents, decoder.feel_latents, decoder.has_feel) == (5, 2, True)
    assert read_info(files[precision]) == INFO and read_extras(files[precision]).voices
    close = {"float32": 1e-5, "float16": 4e-3, "dynamic": 0.06, "int8": 0.12}[precision]
    velocity, timing = decoder.decode_feel(points)
    assert velocity.shape == timing.shape == (100, 16, 3)
    for answer, wanted in zip(
        (decoder.decode(points), velocity, timing),
        (model.decode(points[:, :3]), *feel.decode(points)),
        strict=True,
    ):
        np.testing.assert_allclose(answer, wanted.reshape(answer.shape), atol=close)
    assert np.abs(timing).max() <= 0.5 and timing.std() > 0.05 and velocity.std() > 0.05


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_hits_are_the_first_output_and_know_nothing_of_the_feel(
    files, points, precision
) -> None:
    tree = schema.ModelT.InitFromPackedBuf(files[precision])
    (signature,) = tree.signatureDefs
    tensors = {entry.name.decode(): entry.tensorIndex for entry in signature.outputs}
    assert list(tree.subgraphs[0].outputs) == [tensors[name] for name in NAMES]
    decoder = Decoder(files[precision])
    others = points.copy()
    others[:, 3:] = -others[:, 3:]
    assert np.array_equal(decoder.decode(points), decoder.decode(others))
    assert not np.array_equal(decoder.decode_feel(points)[0], decoder.decode_feel(others)[0])


@pytest.mark.parametrize("precision", [name for name in PRECISIONS if name != "int8"])
def test_hits_are_the_same_with_a_feel_and_without(files, model, points, precision) -> None:
    """In int8 they are not to the bit: the converter finds its scales with other latents."""
    plain = Decoder(to_tflite(model, precision=precision))
    assert (plain.latents, plain.feel_latents, plain.has_feel) == (3, 0, False)
    hits = Decoder(files[precision]).decode(points)
    np.testing.assert_allclose(hits, plain.decode(points[:, :3]), atol=1e-6)


def test_a_model_without_a_feel_says_so(model) -> None:
    plain = to_tflite(model)
    assert read_feel_latents(plain) == 0 and b"LATENTRACK_FEEL" not in plain
    with pytest.raises(ValueError, match="no feel"):
        Decoder(plain).decode_feel([0, 0, 0])


def test_the_entry_is_two_bytes(files) -> None:
    data = files["float32"]
    assert ModelFile.parse(data).metadata["LATENTRACK_FEEL"] == b"\x01\x02"
    assert data.index(b"xen:perdec") < data.index(b"LATENTRACK_FEEL")
    again = attach_info(data, INFO, feel_latents=1)
    assert read_feel_latents(again) == 1
    assert [m.name for m in schema.ModelT.InitFromPackedBuf(again).metadata].count(
        b"LATENTRACK_FEEL"
    ) == 1


@pytest.mark.parametrize("entry", [b"\x02\x02", b"\x01", b"\x01\x03", b"\x01\x05", b"\x01\x02\x00"])
def test_an_entry_that_does_not_fit_is_refused(files, entry: bytes) -> None:
    with_entry = with_entries(files["float32"], {"LATENTRACK_FEEL": entry}, ("LATENTRACK_FEEL",))
    with pytest.raises(UserError, match="feel"):
        read_info(with_entry)


def test_outputs_of_other_names_are_refused(files) -> None:
    data = files["float32"]
    with pytest.raises(UserError, match="not called hits, velocity and timing"):
        read_info(data.replace(b"velocity", b"Velocity"))
    with pytest.raises(Malformed, match="not called hits, tempo"):
        with_outputs(data, ("hits", "tempo", "timing"))


def test_a_file_whose_feel_outputs_are_the_other_way_round_is_read(files, points) -> None:
    other = with_outputs(files["float32"], ("hits", "timing", "velocity"))
    for a, b in zip(
        Decoder(other).decode_feel(points),
        Decoder(files["float32"]).decode_feel(points),
        strict=True,
    ):
        assert np.array_equal(a, b)


def test_the_reference_s_model_has_no_feel(shared_data: Path) -> None:
    decoder = Decoder(shared_data / "decoders" / "reference_perc_groove.tflite")
    assert (decoder.feel_latents, decoder.has_feel) == (0, False)
