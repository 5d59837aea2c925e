"""Latents that are ordered by attributes: the loss, what is kept of it, and how well it works."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentrack.decoder.metadata import DecoderInfo, read_extras
from latentrack.errors import UserError
from latentrack.limits import read_toml
from latentrack.model import Run, Settings, axes_loss, load_run, save_run, train
from latentrack.model.attributes import ATTRIBUTES, Layout, layout_of, measured, metrical_weights
from latentrack.model.autoencoder import Autoencoder, Dense, flat_weights
from latentrack.model.axes_loss import AxisLoss, disorder, knob_loss
from latentrack.model.axes_measures import (
    axes_in_words,
    axes_of,
    knobs_in_words,
    measure_axes,
    smoothness,
)
from latentrack.model.expected import expected_attribute
from latentrack.model.loss import VaeLoss
from latentrack.model.ranks import rank_correlation, ranked
from latentrack.model.toml import to_toml
from tests.host.model.made_music import music

SHORT = Settings(epochs=15, encoder_layers=(24, 16), decoder_layers=(12, 16), seed=5)


# -- ranks ----------------------------------------------------------------------------------------


def test_rank_correlation() -> None:
    assert rank_correlation([1, 2, 3, 4], [10, 20, 30, 31]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)
    assert rank_correlation([1, 2, 3], [5, 5, 5]) == 0
    # By hand: ranks 1 2 3 4 against 2 1 4 3, so 1 - 6 * 4 / (4 * 15) = 0.6.
    assert rank_correlation([1, 2, 3, 4], [20, 10, 40, 30]) == pytest.approx(0.6)


def test_equal_values_have_the_mean_of_their_ranks() -> None:
    assert ranked([30, 10, 20, 20]).tolist() == [4, 1, 2.5, 2.5]
    # By hand: ranks 1 2 3 4 against 1.5 1.5 3.5 3.5; covariance 4, variances 5 and 4.
    assert rank_correlation([1, 2, 3, 4], [7, 7, 9, 9]) == pytest.approx(4 / math.sqrt(5 * 4))


# -- the loss -------------------------------------------------------------------------------------


def test_disorder_is_the_mean_over_all_pairs() -> None:
    latent, told, sharpness = [0.5, -1.0, 2.0], [3.0, 3.0, 5.0], 0.7
    pairs = [
        abs(math.tanh(sharpness * (a - b)) - (x > y) + (x < y))
        for a, x in zip(latent, told, strict=True)
        for b, y in zip(latent, told, strict=True)
    ]
    found = disorder(np.float32(latent), np.float32(told), sharpness)
    assert float(found) == pytest.approx(sum(pairs) / 9, rel=1e-6)


def flat(logits):
    """An attribute that is always the same."""
    return 0 * logits[:, 0, 0]


def test_the_objective_has_the_terms_of_the_axes_and_the_loss_stays() -> None:
    rng = np.random.default_rng(1)
    shapes = ((6, 4), (4,), (4, 3), (3,), (4, 3), (3,), (3, 6), (6,))
    weights = [rng.normal(0, 0.5, shape).astype(np.float32) for shape in shapes]
    cells = (rng.random((5, 6)) < 0.4).astype(np.float32)
    noise = rng.normal(size=(5, 3)).astype(np.float32)
    told = np.float32([[0, 3], [1, 2], [1, 1], [2, 0], [4, 5]])
    axes = (AxisLoss(2.0, flat, 1.0), AxisLoss(7.0, flat, 1.0))
    plain, ordered = VaeLoss(1, 1, 3.0), VaeLoss(1, 1, 3.0, axes=axes, steps=2)
    objective, loss = plain(weights, cells, 1.0, noise)
    with_axes, same = ordered(weights, cells, 1.0, noise, told)
    assert float(same) == float(loss) == float(objective)
    means = np.asarray(plain.encoded(weights[:6], cells)[0])
    extra = sum(
        axis.weight * float(disorder(means[:, i], told[:, i], axes_loss.SHARPNESS / 3))
        for i, axis in enumerate(axes)
    )
    extra += float(knob_loss(axes, lambda at: at @ weights[6] + weights[7], noise, 3.0, 2))
    assert float(with_axes) - float(objective) == pytest.approx(extra, rel=1e-4)


def test_the_knobs_loss_is_the_formula() -> None:
    """By plain loops: of 2 steps × 3 voices and 3 latents, of which two have an axis."""
    rng = np.random.default_rng(1)
    matrix, bias = rng.normal(0, 0.5, (3, 6)), rng.normal(0, 0.5, 6)
    noise = rng.normal(size=(5, 3)).astype(np.float32)
    spread, layout = 0.3, Layout(np.zeros(2, np.int64), (0,))
    density = expected_attribute("density", layout)
    axes = (AxisLoss(0.0, flat, 1.0), AxisLoss(0.0, density, spread))

    def chances(position: list[float]) -> np.ndarray:
        logits = np.array(position) @ matrix + bias
        return 1 / (1 + np.exp(-axes_loss.CONTRAST * logits))

    reach = axes_loss.KNOB_RANGE * 3
    positions = [[reach * math.erf(v / math.sqrt(2)) for v in row] for row in noise]
    wrong, changed = [], []
    for i, here in enumerate(positions):
        there = [here[0], positions[i - 1][1], here[2]]
        rises = (chances(there).sum() - chances(here).sum()) / 2 / spread
        slope = axes_loss.KNOB_SLOPE / 3 * (there[1] - here[1])
        wrong.append(abs(math.tanh(rises) - math.tanh(slope)))
        # The first attribute never rises.
        wrong[-1] += abs(math.tanh(axes_loss.KNOB_SLOPE / 3 * (positions[i - 1][0] - here[0])))
        further = list(here)
        further[i % 3] += 3 * axes_loss.TURN
        changed.append(np.abs(chances(further) - chances(here)).sum())
    found = knob_loss(
        axes, lambda at: at @ matrix.astype(np.float32) + bias.astype(np.float32), noise, 3.0, 2
    )
    wanted = axes_loss.KNOB_WEIGHT * np.mean(wrong) + axes_loss.TURN_WEIGHT * np.mean(changed)
    assert float(found) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_what_is_expected_of_certain_cells_is_the_attribute(name) -> None:
    rng = np.random.default_rng(2)
    cells = rng.random((40, 16, 7)) < rng.uniform(0.02, 0.6, (40, 1, 1))
    cells[:, 3, 2] = True  # a silent bar has no register
    layout = Layout(metrical_weights(16, 4), (0, 1, 2, 5), (0,), (5, 6))
    of = expected_attribute(name, layout)
    found = np.asarray(of(np.where(cells, 20, -20).astype(np.float32)))
    np.testing.assert_allclose(found, measured((name,), cells, layout)[:, 0], atol=1e-4)


@pytest.mark.parametrize("name", ["syncopation", "range", "leaps"])
def test_what_is_expected_of_chances_is_the_mean_of_many_throws(name) -> None:
    rng = np.random.default_rng(3)
    chances = rng.uniform(0.05, 0.95, (8, 3))
    layout = Layout(metrical_weights(8, 4), (0, 1))
    logits = np.log(chances / (1 - chances)).astype(np.float32)
    thrown = rng.random((40_000, 8, 3)) < chances
    told = measured((name,), thrown, layout)[:, 0]
    error = np.nanstd(told) / math.sqrt(len(told))
    # Leaps are a ratio, of whose parts the means are taken.
    near = 0.03 if name == "leaps" else 4 * error
    found = expected_attribute(name, layout)(logits[np.newaxis])
    assert float(found[0]) == pytest.approx(np.nanmean(told), abs=near)


# -- what comes of it -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run of conftest.py without axes."""
    dataset = music(800, sources=20)
    folder = tmp_path_factory.mktemp("plain") / "plain.run"
    return save_run(folder, train(dataset, replace(SHORT, axes=())), dataset, music="made.npz")


def test_more_of_an_attribute_lies_further_along_its_latent(run: Run, plain: Run) -> None:
    assert run.settings.axes == ("density", "syncopation")
    for axis, before in zip(
        axes_of(run),
        measure_axes(
            plain.model, ("density", "syncopation"), plain.dataset, plain.checks, plain.threshold
        ),
        strict=True,
    ):
        assert axis.music > 0.8 > before.music and axis.knob > 0.7
    told = measured(("density",), run.checks, layout_of(run.dataset))[:, 0]
    latent = run.model.encode(run.checks)[:, 0]
    assert (
        latent[told >= np.quantile(told, 0.8)].mean()
        > latent[told <= np.quantile(told, 0.2)].mean()
    )


def test_axes_that_weigh_nothing_change_nothing(plain: Run, monkeypatch) -> None:
    """They take no random number, so that a model without them is what it was."""
    for name, each in ATTRIBUTES.items():
        monkeypatch.setitem(ATTRIBUTES, name, replace(each, weight=0.0))
    for weight in ("KNOB_WEIGHT", "TURN_WEIGHT"):
        monkeypatch.setattr(axes_loss, weight, 0.0)
    weightless = train(music(800, sources=20), SHORT).model
    for a, b in zip(flat_weights(weightless), flat_weights(plain.model), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_without_axes_run_and_file_say_nothing_of_them(plain: Run) -> None:
    header = read_toml(plain.folder / "run.toml")
    assert header["version"] == 1 and "axes" not in header["settings"]
    assert plain.settings.axes == () and plain.axes == () and axes_of(plain) == []
    data = plain.to_tflite()
    assert b'"axes"' not in data and read_extras(data).axes == ()


def test_run_and_file_say_what_each_latent_means(run: Run) -> None:
    header = read_toml(run.folder / "run.toml")
    assert header["version"] == 3
    assert list(header["settings"]["axes"]) == ["density", "syncopation"]
    assert run.axes == read_extras(run.to_tflite()).axes == ("density", "syncopation", "", "")


def test_the_feel_s_latents_have_no_axis(felt: Run) -> None:
    assert felt.axes == ("density", "syncopation", "", "", "", "")
    assert read_extras(felt.to_tflite()).axes == felt.axes


def test_a_run_of_an_earlier_version_has_no_axes(run: Run, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run.folder, tmp_path / "copy.run"))
    header = {"": {}} | read_toml(copy / "run.toml")
    for name in [name for name, value in header.items() if name and not isinstance(value, dict)]:
        header[""][name] = header.pop(name)
    header[""]["version"] = 1
    del header["settings"]["axes"]
    (copy / "run.toml").write_text(to_toml(header))
    earlier = load_run(copy)
    assert earlier.settings.axes == () and earlier.axes == ()
    # What is trained on from it stays without.
    assert earlier.going_on(Settings(epochs=1)).axes == ()


def test_axes_that_cannot_be_are_refused_before_the_training() -> None:
    with pytest.raises(UserError, match="A drum model has no axis leaps"):
        train(music(30, 3), Settings(axes=("leaps",)))
    with pytest.raises(UserError, match="A stacked model has no axes"):
        train(music(30, 3), Settings(model="stacked", axes=("density",)))


# -- measures -------------------------------------------------------------------------------------


def ladder() -> Autoencoder:
    """A decoder of 8 steps and 1 voice that is reckoned by hand: at latent 1 = z as many steps
    sound as thresholds -3, -2.14, … lie below z; latent 2 does nothing."""
    info = DecoderInfo("rhythm", steps=8, voices=1, latent_scale=3)
    limits = np.linspace(-2.99, 2.99, 8).astype(np.float32)
    weights = np.zeros((2, 8), np.float32)
    weights[0] = 1
    nothing = Dense(np.zeros((8, 2), np.float32), np.zeros(2, np.float32))
    return Autoencoder(info, (), nothing, None, (Dense(weights, -limits),))


def test_smoothness_is_the_gates_that_a_step_changes() -> None:
    """Eight gates change along 64 steps of one knob, never two at once; none along the other."""
    found = smoothness(ladder(), 0.5)
    assert found.mean == pytest.approx(8 / 64 / 2) and found.worst == 1


def test_along_the_knob_is_the_attribute_of_what_plays() -> None:
    dataset = music(20, 4, "rhythm")
    cells = dataset.sequences[:, :, :1]
    one = replace(dataset, sequences=cells, voice_names=("hit",))
    (axis,) = measure_axes(ladder(), ("density",), one, cells, 0.5)
    assert axis.along.shape == (100, 33)
    assert axis.along[0, 0] == 0 and axis.along[0, -1] == 1
    np.testing.assert_array_equal(axis.along, np.repeat(axis.along[:1], 100, 0))
    # 33 knob values and 9 densities: as near to 1 as ties allow.
    assert 0.97 < axis.knob < 1
    assert axis.music == 0  # this encoder puts all music into the middle
    assert not axis.good


def test_words(run: Run) -> None:
    axes = axes_of(run)
    assert axes_in_words(axes[:1]) == (
        f"X density {axes[0].music:.2f} in music, {axes[0].knob:.2f} along the knob"
    )
    assert knobs_in_words(run.axes) == "Turned up, X makes it busier and Y more syncopated."
    assert knobs_in_words(("", "density")) == "Turned up, Y makes it busier."
