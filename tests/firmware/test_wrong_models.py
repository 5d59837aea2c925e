"""Models broken by meaning: what our readers accept, LiteRT accepts and decodes alike.

`make fuzz` breaks 20,000 others each time; here the same ones each time.
"""

import sys

import numpy as np
import pytest

from latentrack.decoder.metadata import parse_info
from latentrack.errors import UserError
from tests.firmware.tflite_c import ROOT, Decoder, Refused

sys.path.insert(0, str(ROOT / "firmware" / "fuzz"))
import broken_models  # noqa: E402
import oracle  # noqa: E402
import wrong_models  # noqa: E402
from ai_edge_litert import schema_py_generated as schema  # noqa: E402

MODELS = 800


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    comparison = wrong_models.Comparison(tmp_path_factory.mktemp("comparison"))
    yield comparison
    comparison.close()


def test_every_seed_is_accepted_and_decoded_as_litert_does(small_models, comparison):
    """Operators before the first layer, too, with an input of int8."""
    for name, model in small_models.items():
        count = wrong_models.Count()
        assert comparison.compare(model, count) is None, name
        assert count.accepted == 1, name
    heads = [name for name in small_models if name.endswith("_first")]
    assert len(heads) == 8


def test_no_broken_model_is_taken_for_another(small_models, tmp_path, figures):
    found = wrong_models.count_wrong(small_models, tmp_path, MODELS, seed=1)
    assert found.wrong == []
    # A reader that refuses everything would be right, and of no use.
    assert MODELS / 3 < found.accepted < 2 * MODELS / 3
    assert found.micro > MODELS / 4
    figures.append(
        f"{'broken by meaning':<24}{found.models} models, {found.accepted} accepted, none wrong"
    )


def test_what_the_module_refuses_is_refused_before_it_is_sent(small_models, tflite_c):
    refused = 0
    models = broken_models.generate(small_models, MODELS, seed=2)
    for name, changes, model in models:
        try:
            Decoder(tflite_c, model)
        except Refused as words:
            refused += 1
            with pytest.raises(UserError) as sentence:
                parse_info("groove.tflite", model)
            said = str(sentence.value)
            assert said.startswith("groove.tflite "), f"{name}: {changes}: {words}"
            assert "\n" not in said and "`latentrack train`" in said
    assert refused > MODELS / 3


def test_good_models_are_not_refused_before_they_are_sent(small_models):
    for name, model in small_models.items():
        if name != "no_metadata":
            assert parse_info(name, model).voices in (6, 8)


def test_every_field_of_every_table_is_broken(small_models):
    """Tables and fields are as the schema's own classes list them."""
    changed: dict[type, set[str]] = {}
    for model in (small_models["signature"], small_models["reshape_by_options"]):
        tree = broken_models.unpack(model)
        for change in broken_models.changes_of(model):
            owner = tree
            for part in change.path[:-1]:
                owner = owner[part] if isinstance(part, int) else getattr(owner, part)
            changed.setdefault(type(owner), set()).add(change.path[-1])
    for table in (
        schema.ModelT,
        schema.OperatorCodeT,
        schema.SubGraphT,
        schema.TensorT,
        schema.QuantizationParametersT,
        schema.BufferT,
        schema.OperatorT,
        schema.FullyConnectedOptionsT,
        schema.ReshapeOptionsT,
        schema.MetadataT,
        schema.SignatureDefT,
        schema.TensorMapT,
    ):
        assert changed[table] == set(vars(table())), table.__name__


def test_a_model_that_ends_litert_ends_a_process_of_its_own(small_models):
    """A signal is what a crash is; the next model is answered as if nothing had been."""
    model = small_models["float32_perdec"]
    with oracle.Oracle("litert") as litert:
        before = litert.decode(model, np.ones((1, 3), np.float32))
        with pytest.raises(oracle.Refused, match="died of signal 9"):
            litert.decode(oracle.KILL, np.ones((1, 3), np.float32))
        with pytest.raises(oracle.Refused):
            litert.decode(b"not a model", np.ones((1, 3), np.float32))
        assert np.array_equal(litert.decode(model, np.ones((1, 3), np.float32)), before)
