"""Training, the model and its export, on small made-up music; TensorFlow is the one oracle,
a hand computation in NumPy the other."""

import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentrack.corpus.dataset import Dataset
from latentrack.decoder import export as export_module
from latentrack.decoder.export import decoder_function, to_tflite
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import DecoderInfo, read_info
from latentrack.decoder.quiet import import_tensorflow
from latentrack.errors import UserError
from latentrack.model import optimiser
from latentrack.model.autoencoder import flat_weights, new_autoencoder
from latentrack.model.loss import VaeLoss
from latentrack.model.settings import Settings
from latentrack.model.training import cross_entropy, decoder_info, split_by_source, train
from tests.host.model.made_music import STEPS, VOICES, music


@pytest.fixture(scope="module")
def large() -> Dataset:
    return music(800, sources=20)


@pytest.fixture(scope="module")
def trained(large: Dataset):
    return train(large, Settings(epochs=40, seed=3))


def test_validation_loss_falls_below_knowing_each_cell_s_density(large, trained) -> None:
    first, last = trained.history[0].validation_loss, trained.best.validation_loss
    held = large.sequences[trained.validated_on]
    density = large.sequences[trained.trained_on].mean(axis=0)
    likelihood = np.where(held, density, 1 - density)
    assert last < 0.75 * -np.log(likelihood).mean() < first
    assert trained.history[-1].loss < trained.history[0].loss
    assert [e.number for e in trained.history] == list(range(1, 41))


def test_the_model_has_the_best_weights_once_the_kl_term_has_its_full_weight(
    large, trained
) -> None:
    # The warm-up takes 15 % of 40 epochs, and is over with the seventh.
    after = [e.validation_loss for e in trained.history[6:]]
    assert trained.best.validation_loss == min(after)
    measured = cross_entropy(trained.model, large.sequences[trained.validated_on])
    assert measured == pytest.approx(min(after), abs=1e-7)


def test_the_same_seed_gives_the_same_model_and_another_another(large, trained) -> None:
    short = Settings(epochs=2, decoder_layers=(9,), encoder_layers=(8,), seed=3)
    one, same = (train(large, short).model for _ in range(2))
    other = train(large, replace(short, seed=4)).model
    for a, b in zip(flat_weights(one), flat_weights(same), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one.mean.weights, other.mean.weights)


def test_what_has_been_compiled_is_not_compiled_again(large) -> None:
    short = Settings(epochs=1, decoder_layers=(9,), encoder_layers=(8,))
    train(large, short)
    before = optimiser.compiled.cache_info().misses
    train(large, replace(short, seed=7))
    assert optimiser.compiled.cache_info().misses == before
    train(large, replace(short, free_bits=0.1))
    assert optimiser.compiled.cache_info().misses == before + 1


def test_a_small_corpus_is_learnt_by_heart_and_wholly() -> None:
    cells = np.random.default_rng(2).random((60, 16, 4)) < 0.3
    small = Dataset(cells.astype(np.uint8), "rhythm", ("a", "b", "c", "d"))
    training = train(small)
    assert len(training.validated_on) == 0 and len(training.trained_on) == 60
    assert training.best.number == 3000 and training.best.validation_loss is None
    decoder = Decoder(to_tflite(training.model))
    again = decoder.pattern(training.model.encode(small.sequences), 0.5)
    exact = (again == small.sequences).all(axis=(1, 2)).mean()
    assert exact >= 0.9


def test_ctrl_c_keeps_the_best_so_far(large) -> None:
    def impatient(epoch) -> None:
        if epoch.number == 3:
            raise KeyboardInterrupt

    training = train(large, Settings(epochs=50), on_epoch=impatient)
    assert training.interrupted and len(training.history) == 3
    measured = cross_entropy(training.model, large.sequences[training.validated_on])
    assert measured == pytest.approx(training.best.validation_loss, abs=1e-7)


def test_one_may_look_at_the_model_after_each_epoch(large) -> None:
    lengths = []

    def look(current, outcome) -> None:
        kept = outcome()
        held = large.sequences[kept.validated_on]
        lengths.append(len(kept.history))
        now, best = cross_entropy(current, held), cross_entropy(kept.model, held)
        assert now == pytest.approx(kept.history[-1].validation_loss, abs=1e-7)
        assert best == pytest.approx(kept.best.validation_loss, abs=1e-7)
        if len(lengths) == 12:
            raise KeyboardInterrupt

    training = train(large, Settings(epochs=50, kl_warmup=0.0), on_model=look)
    assert lengths == list(range(1, 13))
    assert training.interrupted and len(training.history) == 12


def test_the_loss_is_the_formula() -> None:
    """Each number of a tiny network by plain loops in float64, the formula from the paper."""
    rng = np.random.default_rng(5)
    info = DecoderInfo("seqdec", steps=2, voices=3, latent_scale=3)
    model = new_autoencoder(info, (4,), 2, (4,), rng)
    weights = [w + rng.normal(0, 0.3, w.shape).astype(np.float32) for w in flat_weights(model)]
    cells = (rng.random((5, 6)) < 0.4).astype(np.float32)
    noise = rng.normal(size=(5, 2)).astype(np.float32)
    prior, kl_weight = 1.4, 0.3
    expected = []
    w1, b1, wm, bm, wv, bv, w2, b2, w3, b3 = (w.astype(np.float64) for w in weights)
    for x, e in zip(cells.astype(np.float64), noise.astype(np.float64), strict=True):
        hidden = np.maximum(x @ w1 + b1, 0)
        mean, log_variance = 3 * np.tanh(hidden @ wm + bm), 3 * np.tanh(hidden @ wv + bv)
        z = mean + np.sqrt(np.exp(log_variance)) * e
        p = 1 / (1 + np.exp(-(np.maximum(z @ w2 + b2, 0) @ w3 + b3)))
        total = 0.0
        for cell, probability in zip(x, p, strict=True):
            total -= math.log(probability if cell else 1 - probability)
        for m, lv in zip(mean, log_variance, strict=True):
            # KL(N(m, s) || N(0, p)) = ln(p / s) + (s² + m²) / 2p² - 1/2
            s = math.exp(lv / 2)
            total += kl_weight * (math.log(prior / s) + (s * s + m * m) / (2 * prior**2) - 0.5)
        expected.append(total)
    tf = import_tensorflow()
    loss_of = VaeLoss(encoder=1, decoder=2, latent_scale=3.0, prior_std=prior)
    wanted, loss = loss_of([tf.constant(w) for w in weights], cells, kl_weight, noise)
    assert wanted.numpy() == loss.numpy()
    np.testing.assert_allclose(loss.numpy(), np.mean(expected), rtol=2e-6)


def test_validation_sets_are_whole_files_and_about_the_share_asked_for() -> None:
    sources = [f"file {i * i % 37}" for i in range(2000)]
    chosen, held = split_by_source(sources, 0.2)
    assert sorted([*chosen, *held]) == list(range(2000))
    assert not {sources[i] for i in chosen} & {sources[i] for i in held}
    assert 300 <= len(held) <= 400
    assert len(split_by_source(["one long file"] * 2000, 0.2)[1]) == 0
    assert len(split_by_source(sources[:499], 0.2)[1]) == 0


def test_export_decodes_as_tensorflow_and_as_the_model_itself(trained, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "drums.tflite"
    trained.model.export(path)
    assert [p.name for p in path.parent.iterdir()] == ["drums.tflite"]
    assert read_info(path) == DecoderInfo("perdec", STEPS, VOICES, 3, (1, 2))
    points = np.random.default_rng(1).uniform(-3, 3, (200, 4)).astype(np.float32)
    answer = Decoder(path).decode(points)
    function = decoder_function(trained.model)
    tensorflow = np.concatenate([function(p[np.newaxis])["hits"] for p in points])
    np.testing.assert_allclose(answer.reshape(200, -1), tensorflow, rtol=0, atol=1e-6)
    np.testing.assert_allclose(answer, trained.model.decode(points), rtol=0, atol=1e-6)


def test_the_file_holds_only_the_operators_that_the_module_knows(trained) -> None:
    from ai_edge_litert import schema_py_generated as schema

    file = schema.ModelT.InitFromPackedBuf(to_tflite(trained.model))
    graph = file.subgraphs[0]
    codes = [file.operatorCodes[o.opcodeIndex].builtinCode for o in graph.operators]
    dense, logistic = schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOperator.LOGISTIC
    assert codes == [dense, dense, dense, logistic]
    fused = [o.builtinOptions.fusedActivationFunction for o in graph.operators[:3]]
    relu, none = schema.ActivationFunctionType.RELU, schema.ActivationFunctionType.NONE
    assert fused == [relu, relu, none]
    assert list(graph.tensors[graph.inputs[0]].shape) == [1, 4]
    assert list(graph.tensors[graph.outputs[0]].shape) == [1, STEPS * VOICES]
    assert {t.type for t in graph.tensors} == {schema.TensorType.FLOAT32}


def test_a_failed_export_leaves_the_old_file_and_nothing_else(
    trained, tmp_path: Path, monkeypatch
) -> None:
    path = tmp_path / "drums.tflite"
    path.write_bytes(b"the old one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        with pytest.raises(UserError, match="drums.tflite .*No space left"):
            trained.model.export(path)
    with monkeypatch.context() as patched:
        decode = Decoder.decode
        patched.setattr(
            export_module.Decoder, "decode", lambda self, points: decode(self, points) + 1e-3
        )
        with pytest.raises(RuntimeError, match="hits differ from the model by 0.001"):
            trained.model.export(path)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("kind", "latents", "info"),
    [
        ("rhythm", 2, DecoderInfo("rhythm", STEPS, VOICES, 3)),
        ("notes", 4, DecoderInfo("seqdec", STEPS, VOICES, 3)),
    ],
)
def test_other_kinds_and_other_numbers_of_latents(kind: str, latents: int, info) -> None:
    training = train(music(40, 4, kind), Settings(epochs=2, latent_dim=latents, hidden_layers=1))
    decoder = Decoder(to_tflite(training.model))
    assert decoder.info == info and decoder.latents == latents
    assert training.model.sizes == (latents, (24 + latents) // 2, 24)


def silent() -> Dataset:
    return Dataset(np.zeros((30, 4, 1), np.uint8), "rhythm", ("hit",))


def long() -> Dataset:
    return Dataset(np.ones((30, 256, 1), np.uint8), "rhythm", ("hit",))


@pytest.mark.parametrize(
    ("dataset", "settings", "words"),
    [
        (lambda: music(0, 1), {}, "no sequence to learn from"),
        (silent, {}, "silent"),
        (long, {}, "256 steps × 1 voice,"),
        (lambda: music(30, 2), {"latent_dim": 9}, "latent dim is 9: choose 1 to 8"),
        (lambda: music(30, 2), {"latent_scale": 0}, "latent scale is 0"),
        (lambda: music(30, 2), {"learning_rate": 0.0}, "learning rate is 0"),
        (lambda: music(30, 2), {"epochs": 0}, "epochs is 0"),
    ],
)
def test_what_cannot_be_trained_is_said_in_one_sentence(dataset, settings, words) -> None:
    with pytest.raises(UserError, match=words):
        train(dataset(), Settings(**settings))


def test_drums_that_share_no_trigger_have_one_each() -> None:
    """The module refuses drums whose groups do not add up to their voices."""
    drums = replace(music(20, 1), groups=())
    assert decoder_info(drums, 3).groups == (1, 1, 1)
