"""How large a decoder will be, which module holds it, and what its training takes."""

import os
from pathlib import Path

import numpy as np
import pytest

from latentrack.errors import UserError
from latentrack.model import plan as plan_module
from latentrack.model.plan import Estimate, plan
from latentrack.model.settings import Settings
from latentrack.model.sizes import chosen_precision, file_bytes, in_words, which_modules
from latentrack.model.tapers import fitting_taper, hidden_sizes, with_taper
from latentrack.model.training import train
from tests.host.model.made_music import music


@pytest.mark.parametrize(
    ("precision", "size"),
    [("float32", 137_672), ("float16", 70_908), ("dynamic", 41_800), ("int8", 47_208)],
)
def test_a_model_file_is_as_large_as_was_said(precision: str, size: int) -> None:
    """The sizes are those of files that TensorFlow's converter wrote."""
    assert file_bytes((3, 66, 129, 192), precision) == pytest.approx(size, rel=0.01)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (999, "1 kB"),
        (137_672, "138 kB"),
        (5_540_000, "5.5 MB"),
        (52_518_000, "53 MB"),
        (537_000_000, "537 MB"),
        (2_140_000_000, "2.1 GB"),
    ],
)
def test_bytes_are_said_in_words(size: int, words: str) -> None:
    assert in_words(size) == words


@pytest.mark.parametrize(
    ("cells", "hidden"),
    [
        (16 * 9, (51, 97)),
        (16 * 12, (67, 129)),
        (16 * 16, (88, 172)),
        (32 * 1, (13, 23)),
        (8 * 3, (11, 17)),
    ],
)
def test_what_every_module_holds_tapers_linearly(cells: int, hidden: tuple[int, ...]) -> None:
    assert hidden_sizes(Settings(encoder_layers=(9,)), cells) == ((9,), hidden)
    assert with_taper(Settings(), cells).taper == "linear"


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("hidden_layers", [1, 2, 7])
@pytest.mark.parametrize("latents", [1, 3, 8])
def test_by_default_a_module_holds_the_decoder(
    latents: int, hidden_layers: int, precision: str
) -> None:
    for cells in (1, 24, 192, 640, 1024, 3840, 12_288, 255 * 255):
        taper = fitting_taper(cells, latents, hidden_layers, precision)
        assert (taper[0], taper[-1], len(taper)) == (cells, latents, hidden_layers + 2)
        assert min(taper) >= 1
        assert file_bytes(taper[::-1], precision) <= 6_500_000
        if cells <= 640:
            assert file_bytes(taper[::-1], precision) <= 340_000


def test_a_decoder_is_as_wide_as_fits() -> None:
    # Of bytes as weights four times as many fit, so 16 steps × 20 pitches × 1.5 stay linear.
    assert with_taper(Settings(), 480, "int8").taper == "linear"
    chosen = with_taper(Settings(), 480)
    assert chosen.taper is None and chosen.decoder_layers is not None
    assert file_bytes((4, *chosen.decoder_layers, 480)) > 0.9 * 340_000
    # What the user chose stays.
    for settings in (Settings(taper="linear"), Settings(decoder_layers=(500, 600))):
        assert with_taper(settings, 3840) == settings


def test_auto_is_float32_where_a_module_holds_two_of_them() -> None:
    small, large = (3, 66, 129, 192), (3, 162, 321, 480)
    assert file_bytes(small) < 190_000 < file_bytes(large)
    assert chosen_precision("auto", small) == "float32"
    assert chosen_precision("auto", large) == "float16"
    # With a feel a drum model has 315 kB in float32.
    assert chosen_precision("auto", small, feel=2) == "float16"
    assert file_bytes(small, "float16", feel=2) < 190_000
    assert chosen_precision("int8", small) == "int8"
    with pytest.raises(UserError, match="choose auto, float32, float16, dynamic or int8"):
        chosen_precision("int7", small)
    # What is too large for either is planned as it will be written.
    assert plan(60, 192, Settings(), "auto", feel=2).precision == "float16"
    assert plan(60, 192, Settings(), "auto").precision == "float32"


def test_four_bars_of_piano_are_made_to_fit_and_it_is_said() -> None:
    planned = plan(60, 64 * 60, Settings())
    assert planned.layers == (4, 39, 389, 3840)
    assert "layers 4-39-389-3840, will have 6.1 MB, which only a module with PSRAM" in planned.words
    assert "4-1283-2561-3840, would have 53 MB" in planned.words
    assert "memory" in planned.words


def test_a_decoder_that_no_module_holds_is_said_with_the_remedy() -> None:
    said = plan(60, 64 * 60, Settings(taper="linear")).words
    assert "53 MB, which no module holds (its flash has 7 MB, its memory at most 16 MB)" in said
    assert "--decoder-layers 48-96" in said and "--precision dynamic" in said
    # 4 bars of 24 steps, 128 pitches: 134 million weights in the decoder alone.
    with pytest.raises(UserError, match="would have 537 MB.*leave --taper out"):
        plan(60, 96 * 128, Settings(taper="linear"))
    assert plan(60, 96 * 128, Settings()).file_bytes < 7_000_000


def test_every_module_is_told_of_from_both_sides_of_its_bound() -> None:
    assert which_modules(340_000) == "which every module holds"
    assert "only a module with PSRAM" in which_modules(400_001)
    assert "only a module with PSRAM" in which_modules(6_500_000)
    assert "no module holds" in which_modules(6_500_001)


def test_what_the_memory_does_not_hold_is_refused_before_it_trains(monkeypatch) -> None:
    dataset = music(40, 1)
    # Some 34 million weights with the encoder, which mirrors the decoder.
    large = Settings(epochs=1, decoder_layers=(4096, 4096))
    planned = plan(40, 24, large)
    planned.check_memory(planned.memory_bytes)
    with pytest.raises(UserError, match=r"takes about .* of memory, .* has 100 kB free: leave"):
        planned.check_memory(100_000)
    # A small model is trained, however little memory is free.
    plan(40, 24, Settings()).check_memory(100_000)
    monkeypatch.setattr(plan_module, "free_memory", lambda: 100_000)
    with pytest.raises(UserError, match="100 kB free"):
        train(dataset, large)
    monkeypatch.setattr(plan_module, "free_memory", lambda: None)
    planned.check_memory()


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="another system than Linux")
def test_the_free_memory_is_what_linux_says() -> None:
    free, most = plan_module.free_memory(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert free is not None
    swap = [line for line in open("/proc/swaps").readlines()[1:] if line.strip()]
    assert 10_000_000 < free and (swap or free <= most)


def test_more_music_and_more_weights_take_more_memory() -> None:
    few, many = plan(1000, 192, Settings()), plan(200_000, 192, Settings())
    wide = plan(1000, 192, Settings(decoder_layers=(2000, 2000)))
    # A byte a cell is in memory at least once, a weight with its two moments three times.
    assert many.memory_bytes - few.memory_bytes > 199_000 * 192
    assert wide.memory_bytes - few.memory_bytes > 12 * (2000 * 2000 - 66 * 129)
    assert many.memory_bytes < 2_000_000_000


def test_the_time_is_said_once_when_it_is_known() -> None:
    now = 0.0
    estimate = Estimate(lambda: now)
    said = []
    # Compiling takes 30 s, then each hundredth of the training 2 s.
    for part in range(1, 101):
        now = 28.0 + 2 * part
        said.append(estimate.words(part / 100))
    assert [words for words in said if words] == ["It takes about 3 min here."]
    assert said.index("It takes about 3 min here.") <= 2


def test_of_a_short_training_no_time_is_said() -> None:
    now = 0.0
    estimate = Estimate(lambda: now)
    for part in range(1, 101):
        now = 0.1 * part
        assert estimate.words(part / 100) == ""


def test_the_settings_as_used_say_what_was_chosen() -> None:
    used = train(music(40, 1), Settings(epochs=1)).settings
    assert used.taper == "linear" and used.decoder_layers is None
    assert np.prod(hidden_sizes(used, 24)[1]) == 11 * 17
