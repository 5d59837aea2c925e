"""Each number type: written by TensorFlow, decoded by LiteRT, and read by the module's own C."""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from latentrack.decoder.export import to_tflite
from latentrack.decoder.gates import count_gates
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import DecoderInfo, Extras, read_extras, read_info
from latentrack.decoder.precision import PRECISIONS
from latentrack.errors import UserError
from latentrack.model.autoencoder import Autoencoder, new_autoencoder
from tests.workers import made_once

THRESHOLD = 0.4
EXTRAS = Extras(("kick xen:perdec", "snäre", "鼓"), None, THRESHOLD, {"music": "a.npz", "seed": 3})
# What a trained decoder's logits look like: mostly low, and a few units apart.
SHARPNESS = 4


@pytest.fixture(scope="module")
def model() -> Autoencoder:
    rng = np.random.default_rng(4)
    made = new_autoencoder(DecoderInfo("perdec", 16, 3, 3, (1, 2)), (9,), 3, (40, 64), rng)
    for layer in made.decoder:
        layer.bias[:] = rng.normal(0, 0.3, layer.bias.shape)
    made.decoder[-1].weights[:] *= SHARPNESS
    made.decoder[-1].bias[:] -= 1
    return made


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return np.random.default_rng(5).normal(0, 1.3, (400, 3)).clip(-3, 3).astype(np.float32)


@pytest.fixture(scope="module")
def files(model: Autoencoder, points: np.ndarray) -> dict[str, bytes]:
    return {
        precision: to_tflite(model, precision=precision, extras=EXTRAS, representative=points)
        for precision in PRECISIONS
    }


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory):
    from tests.firmware.tflite_c import compile_library, load_library

    return load_library(made_once(tmp_path_factory, "tflite", compile_library))


def weight_types(data: bytes) -> set[str]:
    names = {v: k for k, v in vars(schema.TensorType).items() if isinstance(v, int)}
    graph = schema.ModelT.InitFromPackedBuf(data).subgraphs[0]
    return {names[t.type] for t in graph.tensors if len(t.shape) == 2 and t.shape[0] > 1}


def test_the_weights_are_written_as_asked_for(files) -> None:
    assert weight_types(files["float32"]) == {"FLOAT32"}
    assert "FLOAT16" in weight_types(files["float16"])
    assert "INT8" in weight_types(files["dynamic"])
    assert weight_types(files["int8"]) == {"INT8"}
    sizes = {precision: len(data) for precision, data in files.items()}
    assert sizes["int8"] < sizes["float16"] < sizes["float32"]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_module_s_c_reader_opens_the_same_gates_as_litert(
    files, library, points, precision: str
) -> None:
    from tests.firmware.tflite_c import Decoder as CDecoder

    data = files[precision]
    c, litert = CDecoder(library, data), Decoder(data)
    assert c.kind == "perdec" and list(c.groups) == [1, 2]
    assert (c.steps, c.voices, c.latents, c.latent_scale) == (16, 3, 3, 3)
    wanted = litert.decode(points).reshape(len(points), -1)
    gates = c.scores(points) > c.cutoff(THRESHOLD)
    # In int8 a unit is what rounding may decide, in float the last bits. With weights of 8 bits
    # LiteRT rounds what flows between the layers too, and the module does not.
    tolerance = {"float32": 1e-5, "float16": 1e-5, "dynamic": 0.03, "int8": 1 / 64}[precision]
    close = np.abs(wanted - THRESHOLD) <= tolerance
    differing = gates != (wanted > np.float32(THRESHOLD))
    assert not (differing & ~close).any()
    assert differing.mean() < 0.005
    assert 0.05 < gates.mean() < 0.5


def test_what_the_numbers_cost_is_counted(files, model, points) -> None:
    wanted = model.decode(points) > THRESHOLD
    counts = {n: count_gates(data, wanted, points, THRESHOLD) for n, data in files.items()}
    assert counts["float32"].differing == 0
    assert counts["float32"].words == f"all {400 * 48:,} gates the same"
    assert counts["float16"].differing <= counts["int8"].differing
    for precision, count in counts.items():
        by_hand = (Decoder(files[precision]).decode(points) > np.float32(THRESHOLD)) != wanted
        assert count.differing == by_hand.sum() and count.touched == by_hand.any((1, 2)).sum()
        assert (count.patterns, count.gates, count.open) == (400, 19200, wanted.sum())
        assert count.size == len(files[precision])
    assert 0 < counts["int8"].differing < 0.2 * wanted.sum()
    assert f"{counts['int8'].differing:,} of 19,200 gates differ" in counts["int8"].words


@pytest.mark.parametrize("precision", PRECISIONS)
def test_extras_lie_behind_the_reference_s_entry(files, precision: str) -> None:
    data = files[precision]
    assert read_extras(data) == EXTRAS
    assert read_info(data) == DecoderInfo("perdec", 16, 3, 3, (1, 2))
    # The reference's firmware takes the first mark of the file; a voice's name has one, too.
    assert data.count(b"xen:") == 2
    assert data[data.index(b"xen:") + 4 :].startswith(b"perdec\x03\x10\x03\x02\x01\x02")
    names = [m.name for m in schema.ModelT.InitFromPackedBuf(data).metadata]
    assert names.count(b"LATENTRACK") == names.count(b"TFLITE_METADATA") == 1


def test_models_without_extras_and_with_odd_ones_play_all_the_same(
    files, shared_data: Path
) -> None:
    assert read_extras(shared_data / "decoders" / "reference_perc_groove.tflite") == Extras()
    data = files["float32"]
    for old, new in (
        (b'{"latentrack"', b'["latentrack"'),
        (b'"threshold":0.4', b'"threshold":9.4'),
        (b'"voices":["k', b'"voices":5,"'),
    ):
        assert old in data
        odd = data.replace(old, new)
        assert len(odd) == len(data)
        assert read_extras(odd).threshold in (None, THRESHOLD)
        assert read_info(odd) == read_info(data)


def test_an_unknown_number_type_is_one_sentence(model) -> None:
    with pytest.raises(UserError, match="Unknown precision 'int4': choose float32, float16"):
        to_tflite(model, precision="int4")
