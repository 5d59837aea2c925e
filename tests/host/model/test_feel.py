"""The feel: velocity and timing beside hits that stay as they are."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentrack.decoder.litert import Decoder
from latentrack.errors import UserError
from latentrack.limits import read_toml
from latentrack.model import feel_training, load_run, save_run, train
from latentrack.model.autoencoder import flat_weights
from latentrack.model.feel import feel_latents, feel_shapes, flat_feel, played
from latentrack.model.feel_measures import axes, measure_feel
from latentrack.model.feel_training import wanted_latents
from latentrack.model.plan import plan
from latentrack.model.ranks import rank_correlation
from latentrack.model.run import Run
from latentrack.model.training import Training
from latentrack.model.verdict import verdict
from tests.host.model.made_music import FEEL_SETTINGS, drummed, music


def test_the_bar_s_loudness_and_lateness_are_learnt(felt: Run) -> None:
    assert felt.feel is not None and felt.feel.latents == 2
    found = measure_feel(felt.model, felt.feel, felt.dataset, felt.trained_on, felt.validated_on)
    # Almost all of it is the bar's and the voice's: 3 of 127 and 0.02 of a step are chance.
    assert found.velocity.r2 > 0.85 and found.timing.r2 > 0.85
    assert found.velocity.error < found.velocity.by_cells / 2
    assert found.timing.error < found.timing.by_cells / 2


def test_by_cells_is_the_error_of_each_cell_s_mean(felt: Run) -> None:
    assert felt.feel is not None
    dataset, judged = felt.dataset, felt.validated_on
    found = measure_feel(felt.model, felt.feel, dataset, felt.trained_on, judged)
    loud = dataset.spread(dataset.velocities).astype(float)
    hits = dataset.sequences > 0
    errors = []
    for step, voice in np.ndindex(dataset.steps, dataset.voices):
        known = loud[felt.trained_on, step, voice][hits[felt.trained_on, step, voice]]
        asked = loud[judged, step, voice][hits[judged, step, voice]]
        errors += list(abs(asked - known.mean()))
    assert found.velocity.by_cells == pytest.approx(np.mean(errors), rel=1e-3)


def test_the_first_knob_is_louder_and_the_second_later(felt: Run) -> None:
    assert felt.feel is not None
    positions = felt.model.encode(felt.dataset.sequences[felt.validated_on])
    louder, later = axes(felt.model, felt.feel, positions, felt.threshold)
    assert louder > 0.95 and later > 0.95
    latents = feel_latents(felt.model, felt.feel, felt.dataset, felt.validated_on)
    heard = played(felt.dataset, felt.validated_on)
    hits = heard.hits.sum(axis=1)
    assert rank_correlation(latents[:, 0], heard.velocity.sum(axis=1) / hits) > 0.9
    assert rank_correlation(latents[:, 1], heard.timing.sum(axis=1) / hits) > 0.9


def test_the_hits_are_those_of_a_model_without_a_feel(felt: Run) -> None:
    plain = train(drummed(), replace(FEEL_SETTINGS, feel="none"))
    assert plain.feel is None
    for a, b in zip(flat_weights(plain.model), flat_weights(felt.model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_run_with_a_feel_comes_back(felt: Run, tmp_path: Path) -> None:
    header = read_toml(felt.folder / "run.toml")
    assert header["version"] == 3 and header["settings"]["feel"] == "auto"
    assert header["feel"] == {"latents": 2, "encoder": [128, 64], "trunk": [64, 96]}
    training = Training(
        felt.model, felt.history, felt.trained_on, felt.validated_on, False, felt.settings,
        feel=felt.feel,
    )  # fmt: skip
    again = save_run(tmp_path / "again.run", training, felt.dataset)
    assert again.feel is not None and felt.feel is not None
    for a, b in zip(flat_feel(again.feel), flat_feel(felt.feel), strict=True):
        np.testing.assert_array_equal(a, b)
    weights = tmp_path / "again.run" / "weights.npz"
    with np.load(weights) as arrays:
        damaged = {name: arrays[name] for name in arrays.files if name != "f003"}
    np.savez(weights, **damaged)
    with pytest.raises(UserError, match="damaged"):
        load_run(tmp_path / "again.run")


def test_the_model_file_plays_what_the_run_says(felt: Run) -> None:
    assert felt.feel is not None
    decoder = Decoder(felt.to_tflite())
    assert (decoder.latents, decoder.feel_latents) == (6, 2)
    positions = felt.model.encode(felt.dataset.sequences[:20])
    latents = np.concatenate(
        [positions, feel_latents(felt.model, felt.feel, felt.dataset, slice(20))], axis=1
    )
    np.testing.assert_allclose(decoder.decode(latents), felt.model.decode(positions), atol=1e-5)
    np.testing.assert_array_equal(decoder.decode(latents), decoder.decode(positions))
    for got, wanted in zip(decoder.decode_feel(latents), felt.feel.decode(latents), strict=True):
        np.testing.assert_allclose(got, wanted.reshape(got.shape), atol=1e-5)


def test_the_plan_knows_how_large_the_file_will_be(felt: Run) -> None:
    for precision in ("float32", "float16", "int8"):
        planned = plan(800, 24, felt.settings, precision, feel=2)
        assert planned.file_bytes == pytest.approx(
            len(felt.to_tflite(precision=precision)), rel=0.1
        )
    assert "and a feel of 2 latents" in plan(800, 24, felt.settings, feel=2).words


def test_music_without_dynamics_has_no_feel() -> None:
    plain, loud = music(100, 5), drummed(100, 5, late=False)
    machine = replace(loud, velocities=np.full(loud.hits, 100))
    for dataset, latents in ((plain, 0), (machine, 0), (loud, 1), (drummed(100, 5), 2)):
        assert wanted_latents(dataset, FEEL_SETTINGS) == latents
        assert wanted_latents(dataset, replace(FEEL_SETTINGS, feel="none")) == 0
    assert wanted_latents(loud, replace(FEEL_SETTINGS, feel="2")) == 2
    with pytest.raises(UserError, match="no dynamics in this corpus.*--feel none"):
        train(machine, replace(FEEL_SETTINGS, feel="1"))


def test_one_latent_for_music_on_the_grid() -> None:
    training = train(drummed(100, 5, late=False), FEEL_SETTINGS)
    assert training.feel is not None and training.feel.tells == ("velocity",)
    _, timing = training.feel.decode(np.zeros((1, 5)))
    assert np.abs(timing).max() < 0.05


def test_one_latent_of_music_that_is_only_late_says_how_late() -> None:
    dataset = drummed(300, 10)
    dataset = replace(dataset, velocities=np.full(dataset.hits, 100))
    training = train(dataset, FEEL_SETTINGS)
    feel = training.feel
    assert feel is not None and feel.tells == ("timing",)
    latents = feel_latents(training.model, feel, dataset)
    heard = played(dataset)
    late = heard.timing.sum(axis=1) / heard.hits.sum(axis=1)
    assert rank_correlation(latents[:, 0], late) > 0.9
    (later,) = axes(training.model, feel, training.model.encode(dataset.sequences), 0.4)
    assert later > 0.9


def test_latents_in_another_order_are_the_same_feel(felt: Run) -> None:
    assert felt.feel is not None
    other = felt.feel.reordered([1, 0], [-1, 1])
    which = slice(40)
    latents = feel_latents(felt.model, felt.feel, felt.dataset, which)
    turned = feel_latents(felt.model, other, felt.dataset, which)
    np.testing.assert_allclose(turned, np.stack([-latents[:, 1], latents[:, 0]], 1), atol=0.02)
    positions = felt.model.encode(felt.dataset.sequences[which])
    for a, b in zip(
        felt.feel.decode(np.concatenate([positions, latents], axis=1)),
        other.decode(np.concatenate([positions, turned], axis=1)),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=0.01)


def test_a_short_training_has_a_short_feel() -> None:
    """Of two epochs in batches of 16, 200 sequences are 24 steps: in batches of 32 four epochs."""
    parts: list[float] = []
    settings = replace(FEEL_SETTINGS, epochs=2, validation_split=0.0)
    train(drummed(200, 10), settings, on_feel=parts.append)
    assert parts == [0.25, 0.5, 0.75, 1.0]


def test_an_interrupt_keeps_the_hits() -> None:
    def stop(done: float) -> None:
        raise KeyboardInterrupt

    training = train(drummed(100, 5), replace(FEEL_SETTINGS, epochs=2), on_feel=stop)
    assert training.interrupted and training.feel is None and len(training.history) == 2


def test_the_verdict_says_how_near_it_comes(felt: Run) -> None:
    (sentence,) = (said for said in verdict(felt, felt.dataset) if said.startswith("The feel"))
    assert "of 127 off on average" in sentence and "of a step" in sentence


def test_the_objective_has_what_timing_lacks_along_its_knob() -> None:
    """By plain loops: a small turn of the second latent, wherever the two are."""
    rng = np.random.default_rng(1)
    cells, scale, spread = 6, 3.0, 0.4
    shapes = feel_shapes(cells, 2, 2, (5,), (4,))
    weights = [rng.normal(0, 0.5, shape).astype(np.float32) for shape in shapes]
    hits = np.uint8([[1, 0, 1, 1, 0, 0], [0, 0, 0, 1, 0, 1], [1, 1, 1, 1, 1, 1]])
    rows = np.concatenate([hits, 90 * hits, 127 + 30 * hits], axis=1).astype(np.float32)
    positions, noise = rng.normal(size=(2, 3, 2)).astype(np.float32)

    def timing(row: int, latents: list[float]) -> float:
        (first, bias), (matrix, last) = weights[6:8], weights[10:12]
        hidden = np.maximum(np.concatenate([positions[row], latents]) @ first + bias, 0)
        return float(np.tanh(hidden @ matrix + last)[hits[row] > 0].mean())

    wanted, turn = 0.0, feel_training.TURN
    for row, (first, second) in enumerate(noise):
        louder = scale * math.erf(first / math.sqrt(2))
        later = (1 - turn / 2) * math.erf(second / math.sqrt(2))
        before, after = (
            timing(row, [louder, scale * (later + side * turn / 2)]) for side in (-1, 1)
        )
        wanted += max(0.0, feel_training.KNOB_RISE - (after - before) / spread) / 3
    assert wanted > 0
    tells = ("velocity", "timing")
    plain = feel_training.FeelLoss(1, 1, tells, cells, scale)
    rising = feel_training.FeelLoss(1, 1, tells, cells, scale, spread)
    objective, loss = plain(weights, rows, positions, noise)
    with_rise, same = rising(weights, rows, positions, noise)
    assert float(loss) == float(same)
    more = float(with_rise) - float(objective)
    assert more == pytest.approx(feel_training.KNOB_WEIGHT * wanted, rel=1e-3)
