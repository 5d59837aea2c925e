"""The metadata, against the reference project's files and against other readers of the format."""

import random
from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as schema

from latentrack.decoder.metadata import DecoderInfo, attach_info, read_info
from latentrack.errors import UserError
from tests.decoders import WITHOUT_METADATA

DRUMS = DecoderInfo("perdec", steps=16, voices=12, latent_scale=3, groups=(1, 1, 6, 2, 2))


def dense_file(inputs: tuple[int, ...] = (1, 3), outputs: tuple[int, ...] = (1, 192)) -> bytes:
    """A network of one layer that computes nothing sensible, written by TensorFlow's own code."""
    import flatbuffers

    def tensor(shape: tuple[int, ...], buffer: int) -> schema.TensorT:
        made = schema.TensorT()
        made.shape, made.buffer, made.name = list(shape), buffer, f"t{buffer}"
        return made

    weights = schema.BufferT()
    weights.data = bytes(4 * inputs[-1] * outputs[-1])
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [0, 2], [1]
    graph = schema.SubGraphT()
    graph.tensors = [tensor(inputs, 0), tensor(outputs, 0), tensor((outputs[-1], inputs[-1]), 1)]
    graph.inputs, graph.outputs, graph.operators = [0], [1], [operator]
    model = schema.ModelT()
    model.version = 3
    model.operatorCodes = [schema.OperatorCodeT()]
    model.operatorCodes[0].builtinCode = schema.BuiltinOperator.FULLY_CONNECTED
    model.subgraphs, model.buffers = [graph], [schema.BufferT(), weights]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def as_the_reference_firmware_reads(data: bytes) -> bytes:
    """It searches the whole buffer for `xen:` and copies 6 + 12 bytes."""
    at = data.index(b"xen:") + 4
    assert at + 18 <= len(data)
    return data[at : at + 18]


@pytest.mark.parametrize(
    ("name", "info"),
    [
        ("reference_perc_groove", DRUMS),
        ("reference_note_chorales", DecoderInfo("seqdec", 16, 27, 3)),
        # Its writer stored 128 as the two bytes of UTF-8.
        ("reference_note_128_pitches", DecoderInfo("seqdec", 16, 128, 3)),
    ],
)
def test_models_of_the_reference_project_are_read(shared_data: Path, name: str, info) -> None:
    assert read_info(shared_data / "decoders" / f"{name}.tflite") == info


@pytest.mark.parametrize(
    ("info", "written"),
    [
        (DRUMS, b"perdec\x0c\x10\x03\x05\x01\x01\x06\x02\x02"),
        (DecoderInfo("seqdec", 1, 192, 3), b"seqdec\xc0\x01\x03"),
        (DecoderInfo("seqdec", 96, 2, 200), b"seqdec\x02\x60\xc8"),
        (DecoderInfo("perdec", 192, 1, 3, (1,)), b"perdec\x01\xc0\x03\x01\x01"),
        # These two numbers happen to be UTF-8 for one character.
        (DecoderInfo("seqdec", 128, 194, 3), b"seqdec\xc2\x80\x03"),
    ],
)
def test_the_bytes_are_the_reference_s_one_a_number(info: DecoderInfo, written: bytes) -> None:
    data = attach_info(dense_file(outputs=(1, info.steps * info.voices)), info)
    assert as_the_reference_firmware_reads(data).startswith(written)
    assert read_info(data) == info


def test_tensorflow_s_own_reader_finds_the_same_model_and_the_entry() -> None:
    plain = dense_file()
    before = schema.ModelT.InitFromPackedBuf(plain)
    after = schema.ModelT.InitFromPackedBuf(attach_info(plain, DRUMS))
    assert after.version == before.version == 3
    assert [m.name for m in after.metadata] == [b"TFLITE_METADATA"]
    packed = bytes(after.buffers[after.metadata[0].buffer].data)
    assert packed[4:8] == b"M001"
    assert b"xen:perdec\x0c\x10\x03\x05\x01\x01\x06\x02\x02\x00" in packed
    assert bytes(after.buffers[1].data) == bytes(before.buffers[1].data)
    assert [list(t.shape) for t in after.subgraphs[0].tensors] == [[1, 3], [1, 192], [192, 3]]


def test_other_metadata_stays_and_an_earlier_one_of_ours_is_replaced(decoders: Path) -> None:
    plain = (decoders / f"{WITHOUT_METADATA}.tflite").read_bytes()
    other = DecoderInfo("seqdec", 1, 192, 2)
    twice = attach_info(attach_info(plain, DRUMS), other)
    assert read_info(twice) == other
    assert as_the_reference_firmware_reads(twice).startswith(b"seqdec\xc0\x01\x02")
    names = [m.name for m in schema.ModelT.InitFromPackedBuf(twice).metadata]
    assert sorted(names) == [b"CONVERSION_METADATA", b"TFLITE_METADATA", b"min_runtime_version"]


def test_the_old_file_keeps_its_alignment() -> None:
    plain = dense_file()
    assert attach_info(plain, DRUMS).index(plain) % 16 == 0


def test_a_file_cut_anywhere_is_refused(shared_data: Path) -> None:
    data = (shared_data / "decoders" / "reference_perc_groove.tflite").read_bytes()
    end = data.index(b"PK\5\6")  # its writer put an empty zip archive behind the tables
    for size in [*range(0, end, 997), end - 1]:
        with pytest.raises(UserError, match="the model (is|has metadata)"):
            read_info(data[:size])


def test_damage_is_an_error_and_never_another_exception() -> None:
    whole = attach_info(dense_file(), DRUMS)
    rng = random.Random(1)
    refused = 0
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(3):
            data[rng.randrange(400)] = rng.randrange(256)
        try:
            read_info(bytes(data))
        except UserError:
            refused += 1
    assert refused > 500


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "x.tflite is empty: .*latentrack train"),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk", "x.tflite is not a .tflite file: .*latentrack train"),
        (dense_file()[:200], "x.tflite is cut short or damaged: copy it again"),
        (dense_file(), "x.tflite is a decoder without metadata .*192 outputs"),
        (
            dense_file((1, 224, 224, 3), (1, 1000)),
            r"x.tflite is a .tflite of another kind \(1×224×224×3 float32 in, 1×1000 float32 out\)",
        ),
        (dense_file((1, 64)), r"of another kind \(1×64 float32 in"),
    ],
)
def test_one_sentence_names_the_file_and_the_remedy(tmp_path: Path, content, words: str) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(content)
    with pytest.raises(UserError, match=words):
        read_info(path)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gone.tflite is not there"):
        read_info(tmp_path / "gone.tflite")
    with pytest.raises(UserError, match="is a folder"):
        read_info(tmp_path)


def test_metadata_that_contradicts_the_network_is_refused() -> None:
    data = attach_info(dense_file(), DRUMS)
    wrong = data.replace(b"xen:perdec\x0c\x10", b"xen:perdec\x0c\x11")
    with pytest.raises(UserError, match="17 steps × 12 voices, but the network has 192 outputs"):
        read_info(wrong)
    with pytest.raises(ValueError, match="does not fit"):
        attach_info(dense_file(), DecoderInfo("seqdec", 16, 13, 3))


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": "drums"},
        {"steps": 256},
        {"voices": 0},
        {"latent_scale": 300},
        {"groups": (1, 0)},
        {"groups": (6, 7)},
    ],
)
def test_numbers_that_a_byte_cannot_hold_are_refused(parts: dict) -> None:
    whole = {"kind": "perdec", "steps": 16, "voices": 12, "latent_scale": 3, "groups": (1,)}
    DecoderInfo(**whole)
    with pytest.raises(ValueError):
        DecoderInfo(**(whole | parts))
