"""The sizes of layers, the parts of the loss, the stacked autoencoder, the schedules."""

import math
from dataclasses import replace

import numpy as np
import pytest

from latentrack.decoder.metadata import DecoderInfo
from latentrack.decoder.quiet import import_tensorflow
from latentrack.errors import UserError
from latentrack.model import Epoch, Settings, train
from latentrack.model import training as training_module
from latentrack.model.autoencoder import flat_weights, new_autoencoder
from latentrack.model.loss import VaeLoss
from latentrack.model.tapers import geometric_taper, hidden_sizes, linear_taper
from latentrack.model.training import collapsed_latents, cross_entropy
from tests.host.model.made_music import music


def test_sizes_fall_in_equal_steps_or_equal_ratios() -> None:
    assert linear_taper(192, 3, 2) == (192, 129, 66, 3)
    assert linear_taper(24, 3, 2) == (24, 17, 10, 3)
    # The reference project's own sizes.
    assert geometric_taper(192, 3, 2) == (192, 48, 12, 3)


@pytest.mark.parametrize(
    ("settings", "encoder", "decoder"),
    [
        (Settings(), (129, 67), (67, 129)),
        (Settings(latent_dim=3), (129, 66), (66, 129)),
        (Settings(taper="geometric"), (53, 15), (15, 53)),
        (Settings(encoder_layers=(300, 200)), (300, 200), (67, 129)),
        (Settings(decoder_layers=(20,)), (20,), (20,)),
        (Settings(model="stacked"), (129, 65), (65, 129)),
        (Settings(latent_dim=8, hidden_layers=1), (100,), (100,)),
    ],
)
def test_hidden_layers(settings: Settings, encoder: tuple, decoder: tuple) -> None:
    assert hidden_sizes(settings, 192) == (encoder, decoder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "gan"}, "Unknown value 'gan' for model: choose vae or stacked"),
        ({"taper": "round"}, "Unknown value 'round' for taper"),
        ({"decoder_layers": ()}, "decoder layers is empty: give 1 to 7 sizes"),
        ({"decoder_layers": (5, 0)}, "decoder layers is 5-0"),
        ({"factor": 1.0}, "factor is 1: choose 0.01 to 0.99"),
        ({"patience": 0}, "patience is 0"),
        ({"prior_std": 0.0}, "prior std is 0: choose more than 0"),
    ],
)
def test_settings_out_of_range_are_one_sentence(changes: dict, words: str) -> None:
    with pytest.raises(UserError, match=words):
        Settings(**changes)


def test_a_stacked_model_s_encoder_is_the_decoder_s_mirror() -> None:
    with pytest.raises(UserError, match="mirrors the decoder"):
        train(music(30, 2), Settings(model="stacked", encoder_layers=(9, 9)))


INFO = DecoderInfo("seqdec", steps=2, voices=3, latent_scale=3)


def gradients(loss: VaeLoss, random_bytes: list) -> list:
    """Of a tiny network, at random weights, with respect to each."""
    tf = import_tensorflow()
    rng = np.random.default_rng(5)
    model = new_autoencoder(INFO, (4,), 2, (4,), rng)
    weights = [tf.constant(w + rng.normal(0, 0.5, w.shape)) for w in flat_weights(model)]
    weights = [tf.cast(w, tf.float32) for w in weights]
    cells = tf.constant((rng.random((5, 6)) < 0.4).astype(np.float32))
    noise = tf.constant(rng.normal(size=(5, 2)).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(weights)
        objective, _ = loss(weights, cells, tf.constant(1.0), noise, *random_bytes)
    return [value.numpy() for value in tape.gradient(objective, weights)]


def test_replay_teaches_the_encoder_and_leaves_the_decoder_alone() -> None:
    plain = VaeLoss(encoder=1, decoder=2, latent_scale=3.0)
    random_bytes = [np.random.default_rng(1).integers(0, 256, (5, 6), np.uint8)]
    without, with_replay = gradients(plain, []), gradients(replace(plain, replay=1.0), random_bytes)
    for before, after in zip(
        without[:6], with_replay[:6], strict=True
    ):  # hidden, mean, log-variance
        assert np.abs(before - after).max() > 1e-3
    for before, after in zip(without[6:], with_replay[6:], strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6)


def test_a_dropped_hit_is_wanted_all_the_same() -> None:
    """Bytes below 256 × dropout hide a cell from the encoder."""
    tf = import_tensorflow()
    model = new_autoencoder(INFO, (4,), 2, (4,), np.random.default_rng(0))
    weights = [tf.constant(w) for w in flat_weights(model)]
    cells = np.array([[1, 0, 1, 1, 0, 0]], np.float32)
    hidden = np.array([[1, 0, 0, 1, 0, 0]], np.float32)
    random_bytes = np.array([[128, 0, 127, 200, 0, 0]], np.uint8)
    noise = np.zeros((1, 2), np.float32)
    dropping = VaeLoss(encoder=1, decoder=2, latent_scale=3.0, dropout=0.5)
    _, loss = dropping(weights, cells, 0.0, noise, random_bytes)
    probabilities = model.decode(model.encode(hidden)).ravel()
    likelihood = np.where(cells[0] == 1, probabilities, 1 - probabilities)
    assert loss.numpy() == pytest.approx(-np.log(likelihood).sum(), rel=1e-5)


def test_decay_is_the_sum_of_the_squares_of_all_matrices() -> None:
    tf = import_tensorflow()
    model = new_autoencoder(INFO, (4,), 2, (4,), np.random.default_rng(0))
    weights = [tf.constant(w + 0.1) for w in flat_weights(model)]  # biases are not counted
    loss = VaeLoss(encoder=1, decoder=2, latent_scale=3.0, decay=0.25)
    objective, told = loss(weights, np.ones((1, 6), np.float32), 1.0, np.zeros((1, 2), np.float32))
    squares = sum(float((w.numpy() ** 2).sum()) for w in weights if w.shape.rank == 2)
    assert float(objective - told) == pytest.approx(0.25 * squares, rel=1e-5)


def test_the_boundary_pushes_back_what_comes_near() -> None:
    tf = import_tensorflow()
    model = new_autoencoder(INFO, (4,), 2, (4,), np.random.default_rng(0))
    model.mean.bias[:] = (9, 0.1)  # one latent at the boundary, 3 of 3; one in the middle
    weights = [tf.constant(w) for w in flat_weights(model)]
    loss = VaeLoss(encoder=1, decoder=2, latent_scale=3.0, boundary_penalty=10.0)
    cells, noise = np.zeros((1, 6), np.float32), np.zeros((1, 2), np.float32)
    objective, told = loss(weights, cells, 1.0, noise)
    assert float(objective - told) == pytest.approx(10 * (3 - 2.6) ** 2, rel=1e-3)


def test_free_bits_are_the_least_a_latent_costs() -> None:
    loss = VaeLoss(encoder=1, decoder=2, latent_scale=3.0, free_bits=0.5)
    # A mean of 0 and a variance of 1 are the prior's own; a mean of 2 costs 2² / 2 nats.
    mean, log_variance = np.array([[0.0, 2.0], [0.0, -2.0]], np.float32), np.zeros((2, 2), "f")
    assert float(loss.kl(mean, log_variance)) == pytest.approx(0.5 + 2.0)


def test_a_collapsed_latent_is_one_whose_means_do_not_move() -> None:
    dataset = music(60, 3)
    model = new_autoencoder(
        DecoderInfo("perdec", 8, 3, 3, (1, 2)), (9,), 3, (9,), np.random.default_rng(0)
    )
    assert collapsed_latents(model, dataset.sequences) == ()
    model.mean.weights[:, 1] = 0
    assert collapsed_latents(model, dataset.sequences) == (1,)


def test_a_training_with_a_collapsed_latent_begins_again_with_the_next_seed(monkeypatch) -> None:
    dataset, said = music(60, 3), []
    settings = Settings(epochs=2, seed=7)
    verdicts = iter([(1,), (0, 2), ()])
    with monkeypatch.context() as patched:
        patched.setattr(training_module, "collapsed_latents", lambda *_: next(verdicts))
        training = train(dataset, settings, on_restart=said.append)
    assert training.abandoned == (7, 8) and training.settings.seed == 9
    assert training.collapsed_latents == ()
    assert "Latent 2 has collapsed" in said[0] and "beginning again with seed 8" in said[0]
    assert "Latents 1 and 3 have collapsed, knobs that" in said[1]
    fresh = train(dataset, replace(settings, seed=9)).model
    for a, b in zip(flat_weights(training.model), flat_weights(fresh), strict=True):
        np.testing.assert_array_equal(a, b)
    with monkeypatch.context() as patched:
        patched.setattr(training_module, "collapsed_latents", lambda *_: (0,))
        stubborn = train(dataset, replace(settings, restarts=1))
    assert stubborn.abandoned == (7,) and stubborn.collapsed_latents == (0,)


def test_the_stacked_autoencoder_learns_and_has_no_blur() -> None:
    dataset = music(120, 3, "rhythm")
    settings = Settings(model="stacked", epochs=150, decoder_layers=(8, 16))
    training = train(dataset, settings)
    model = training.model
    assert model.latents == 2 and model.log_variance is None
    assert model.encoder_sizes == (24, 16, 8, 2) and model.sizes == (2, 8, 16, 24)
    density = dataset.sequences.mean(axis=0)
    known = -np.log(np.where(dataset.sequences, density, 1 - density)).mean()
    assert cross_entropy(model, dataset.sequences) < 0.7 * known
    assert np.abs(model.encode(dataset.sequences)).max() <= 3
    assert np.isneginf(model.log_variances(dataset.sequences)).all()
    # The loss that is told of is the last epoch's cross-entropy of a whole sequence.
    last = cross_entropy(model, dataset.sequences) * 24
    assert training.history[-1].loss == pytest.approx(last, rel=0.05)


def test_layers_that_learnt_one_by_one_begin_ahead(monkeypatch) -> None:
    dataset = music(120, 3, "rhythm")
    settings = Settings(model="stacked", epochs=1, decoder_layers=(16,))
    ahead = train(dataset, settings).history[0].loss
    monkeypatch.setattr(training_module, "layer_by_layer", lambda model, *_: model)
    assert ahead < train(dataset, settings).history[0].loss - 1


def test_the_learning_rate_falls_when_patience_is_at_an_end() -> None:
    settings = Settings(epochs=100, patience=2, factor=0.5, min_learning_rate=0.001)
    settings = replace(settings, kl_warmup=0.0, learning_rate=0.004)
    schedule = training_module.Schedule(settings, batches=3, warm=False)
    rates, ended = [], []
    # The third and fourth epoch bring nothing; nor do the last ones.
    for number, loss in enumerate([5, 4, 4.5, 4.2] + [3] * 9, start=1):
        rates.append(float(schedule.rates(number)[0]))
        ended.append(schedule.has_ended(loss))
        if ended[-1]:
            break
    assert rates == pytest.approx([0.004] * 4 + [0.002] * 3 + [0.001] * 2)
    assert ended == [False] * 8 + [True]


def test_the_cosine_goes_from_the_first_rate_to_the_last_and_the_kl_weight_grows() -> None:
    settings = Settings(epochs=4, learning_rate=0.4, min_learning_rate=0.1, kl_warmup=0.5)
    schedule = training_module.Schedule(settings, batches=2, warm=False)
    rates = np.concatenate([schedule.rates(number) for number in range(1, 5)])
    angles = [math.cos(math.pi * i / 8) for i in range(8)]
    np.testing.assert_allclose(rates, [0.25 + 0.15 * a for a in angles], rtol=1e-6)
    weights = np.concatenate([schedule.kl_weights(number) for number in range(1, 5)])
    np.testing.assert_allclose(weights, [0, 0.25, 0.5, 0.75, 1, 1, 1, 1])


def test_training_on_begins_where_the_model_was_and_never_ends_worse() -> None:
    dataset = music(800, 20)
    first = train(dataset, Settings(epochs=12, encoder_layers=(8,), decoder_layers=(8,)))
    again: list[Epoch] = []
    settings = replace(first.settings, epochs=2, learning_rate=3.0)
    spoilt = train(
        dataset, settings, on_epoch=again.append, validated_on=first.validated_on, start=first.model
    )
    assert [epoch.number for epoch in spoilt.history] == [0, 1, 2]
    assert spoilt.history[0].validation_loss == pytest.approx(first.best.validation_loss, abs=1e-7)
    assert [epoch.number for epoch in again] == [1, 2]
    # A learning rate of 3 spoils everything, so what it began with is kept.
    assert spoilt.best.number == 0
    np.testing.assert_array_equal(spoilt.model.mean.weights, first.model.mean.weights)
    better = train(
        dataset, replace(settings, learning_rate=0.004), validated_on=[1, 2, 5], start=first.model
    )
    assert list(better.validated_on) == [1, 2, 5] and len(better.trained_on) == 797
    assert better.history[1].loss < first.history[0].loss
