"""Decoding on the computer equals what LiteRT answered when the expectations were made."""

from pathlib import Path

import numpy as np
import pytest

from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import DecoderInfo, attach_info
from latentrack.errors import UserError

DRUMS = DecoderInfo("perdec", steps=16, voices=12, latent_scale=3, groups=(1, 1, 6, 2, 2))
# LiteRT's kernels add in an order that depends on the processor; on one of them it is exact.
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def expected(shared_data: Path):
    return np.load(shared_data / "decoders" / "expected.npz")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("reference_perc_groove", "perc-groove"),
        ("reference_note_chorales", "note-chorales"),
    ],
)
def test_reference_models(shared_data: Path, expected, name: str, key: str) -> None:
    decoder = Decoder(shared_data / "decoders" / f"{name}.tflite")
    assert decoder.latents == 3
    answer = decoder.decode(expected["latents"])
    assert answer.dtype == np.float32
    wanted = expected[f"{key}.litert"].reshape(64, decoder.info.steps, decoder.info.voices)
    np.testing.assert_allclose(answer, wanted, rtol=0, atol=TOLERANCE)
    sure = abs(wanted - 0.3) > TOLERANCE
    gates = decoder.pattern(expected["latents"], 0.3)
    assert gates.dtype == bool
    assert (gates == (wanted > np.float32(0.3)))[sure].all()


@pytest.mark.parametrize(
    "number_type", ["f32", "f16", "dynamic", "int8", "int8_per_tensor", "int8_io"]
)
def test_every_number_type(shared_data: Path, expected, number_type: str) -> None:
    plain = (shared_data / "decoders" / f"drum_{number_type}.tflite").read_bytes()
    answer = Decoder(attach_info(plain, DRUMS)).decode(expected["latents"])
    wanted = expected[f"drum_{number_type}.litert"].astype(np.float32)
    if number_type == "int8_io":  # an int8 sigmoid is (q + 128) / 256 by TensorFlow's definition
        wanted = (wanted + 128) / 256
    np.testing.assert_allclose(answer.reshape(64, 192), wanted, rtol=0, atol=TOLERANCE)


def test_latents_of_the_wrong_number_are_refused(drum_model: Path) -> None:
    decoder = Decoder(drum_model)
    assert decoder.decode([0, 0, 0]).shape == (1, 16, 12)
    with pytest.raises(ValueError, match=r"\(n, 3\)"):
        decoder.decode([[0, 0]])


def test_litert_s_refusal_becomes_one_sentence(
    drum_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "odd.tflite"
    path.write_bytes(_with_version(drum_model.read_bytes(), 9))
    with pytest.raises(UserError, match="odd.tflite is of version 9 .*latentrack train"):
        Decoder(path)
    # Our own check refuses what LiteRT refuses; where it knew nothing of it, LiteRT would speak.
    monkeypatch.setattr("latentrack.decoder.playable.check", lambda data: None)
    with pytest.raises(UserError, match="odd.tflite cannot be run by LiteRT .*latentrack train"):
        Decoder(path)


def _with_version(data: bytes, version: int) -> bytes:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data)
    model.version = version
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
