"""What is said of models that the reference project's firmware cannot play."""

import pytest

from latentrack.decoder.reference import unlike_reference


@pytest.mark.parametrize("kind", ["perdec", "seqdec"])
@pytest.mark.parametrize("latents", [1, 2, 4])
def test_a_model_with_other_latents_than_three_is_told(kind: str, latents: int) -> None:
    assert unlike_reference(kind, latents) == (
        f"The reference project's firmware plays models of 3 latents, and this one has {latents}: "
        "to play it there, train one with --latents 3."
    )


@pytest.mark.parametrize(("kind", "latents"), [("perdec", 3), ("seqdec", 3), ("rhythm", 4)])
def test_nothing_is_said_where_it_plays_or_no_training_would_help(kind: str, latents: int) -> None:
    """It plays no rhythms, whatever they are trained with."""
    assert unlike_reference(kind, latents) == ""
