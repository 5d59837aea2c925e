"""What the form of a training comes to."""

from __future__ import annotations

import numpy as np
import pytest

from latentrack.corpus import Dataset
from latentrack.errors import UserError
from latentrack.model import Settings
from latentrack.studio.training.choices import MORE, TrainingChoices, in_short
from tests.host.model.made_music import drummed

DRUMS = Dataset(np.zeros((30, 16, 12), np.uint8), "drums", tuple("abcdefghijkl"), files=3)


def layers(*sizes: int) -> int:
    """Bytes of dense layers in float32: a weight for each pair, and a bias for each output."""
    return sum(4 * (a * b + b) for a, b in zip(sizes, sizes[1:], strict=False))


def test_what_an_empty_field_means_fits_into_it() -> None:
    """A field of the form is as wide as 38 characters or so, and cuts the rest off."""
    assert {entry.name: entry.automatic for entry in MORE if len(entry.automatic) > 36} == {}


@pytest.mark.parametrize(
    ("size", "sizes", "part"),
    [
        ("small", (4, 15, 53, 192), 1),
        ("medium", (4, 67, 129, 192), 1),
        ("large", (4, 51, 98, 145, 192), 1 / 2),  # two of them fit in float16 only
    ],
)
def test_the_size_is_told_before(size: str, sizes: tuple[int, ...], part: float) -> None:
    planned = TrainingChoices(size=size).plan(DRUMS)
    assert planned.layers == sizes
    assert planned.file_bytes == pytest.approx(part * layers(*sizes), rel=0.1)
    assert f"About {planned.file_bytes / 1000:,.0f} kB on the module, which every module holds" in (
        TrainingChoices(size=size).size_in_words(DRUMS)
    )


def test_a_feel_is_in_the_plan_and_refused_without_dynamics() -> None:
    music = drummed(40, 2)
    plain = TrainingChoices(more={"feel": "none"}).plan(music)
    felt = TrainingChoices().plan(music)
    assert (plain.feel, felt.feel) == (0, 2) and felt.file_bytes > plain.file_bytes
    assert TrainingChoices().plan(DRUMS).feel == 0
    with pytest.raises(UserError, match="no dynamics in this corpus.*none"):
        TrainingChoices(more={"feel": "1"}).size_in_words(DRUMS)


def test_variations_of_little_music_are_told_before() -> None:
    said = TrainingChoices().variations_in_words(drummed(12, 2))
    assert said.startswith("12 sequences are few: 52 variations of them are added")
    assert said.endswith("To train without them: More, Variations.")
    assert TrainingChoices(more={"variations": "none"}).variations_in_words(drummed(12, 2)) == ""
    assert TrainingChoices().variations_in_words(drummed(20, 2)) == ""


def test_a_decoder_that_no_module_holds_is_said() -> None:
    notes = Dataset(np.zeros((30, 64, 60), np.uint8), "notes", tuple(map(str, range(60))))
    said = TrainingChoices(size="medium").size_in_words(notes)
    # 6.1 and 53 MB in float32, in float16 half of it.
    assert "3.0 MB on the module, which only a module with PSRAM holds" in said
    wide = TrainingChoices(more={"decoder_layers": "1282-2561"}).size_in_words(notes)
    assert "26 MB on the module, which no module holds (its flash has 7 MB" in wide


def test_as_it_stands_it_trains_as_the_command_line_does() -> None:
    assert TrainingChoices().settings() == Settings(latent_dim=4)
    assert Settings().latents == 4


def test_what_is_filled_in_is_what_is_trained() -> None:
    more = {
        "decoder_layers": "48-96",
        "patience": 7.0,
        "validation_split": 0.0,
        "boundary_penalty": None,
    }
    choices = TrainingChoices(knobs=2, model="stacked", epochs=12.0, seed=None, more=more)
    assert choices.settings() == Settings(
        model="stacked",
        latent_dim=2,
        epochs=12,
        decoder_layers=(48, 96),
        patience=7,
        validation_split=0.0,
    )
    on = TrainingChoices(epochs=5.0, seed=3.0, earlier="mine", more=more)
    assert on.settings() == Settings(epochs=5, seed=3)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"encoder_layers": "wide"},
            "wide is not a list of sizes for encoder layers: write it",
        ),
        ({"latent_dim": 9}, "latent dim is 9: choose 1 to 8"),
    ],
)
def test_what_cannot_be_is_said(more: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        TrainingChoices(more=more).settings()


def test_the_form_has_every_setting() -> None:
    above = {"model", "hidden_layers", "taper", "epochs", "seed"}
    assert {*above, *(each.name for each in MORE)} == set(Settings.__dataclass_fields__)


def test_the_music_in_short() -> None:
    assert in_short(DRUMS) == "30 bars of 16 steps × 12 voices, from 3 files"
