"""The verdict counts what a musician would count."""

import re
from types import SimpleNamespace

import numpy as np

from latentrack.corpus.dataset import Dataset
from latentrack.model.measures import Recall, recall
from latentrack.model.settings import Settings
from latentrack.model.verdict import verdict


class Parrot:
    """A model that plays for bar i what it was told to."""

    def __init__(self, played: np.ndarray) -> None:
        self.played = played

    def encode(self, sequences: np.ndarray) -> np.ndarray:
        return np.arange(len(sequences))

    def decode(self, positions: np.ndarray) -> np.ndarray:
        return np.where(self.played[positions], 0.51, 0.5).astype(np.float32)


WANTED = np.array(
    [
        [[1, 0], [0, 0], [1, 0], [0, 1]],
        [[1, 1], [0, 0], [0, 0], [0, 0]],
        [[0, 0], [1, 0], [0, 0], [0, 0]],
    ],
    np.uint8,
)
PLAYED = np.array(
    [
        [[1, 0], [0, 0], [1, 0], [0, 1]],  # exact
        [[1, 0], [0, 0], [0, 0], [0, 0]],  # one missing
        [[0, 1], [0, 1], [0, 0], [0, 0]],  # one missing, two too many
    ],
    np.uint8,
)


def test_recall_counts_bars_and_hits() -> None:
    assert recall(Parrot(PLAYED), WANTED) == Recall(
        3, exact=1, cells=24, right=20, hits=6, played=4, extra=2
    )


def sentences(model: Parrot, validated_on: list[int]) -> str:
    dataset = Dataset(WANTED, "rhythm", ("a", "b"), sources=("x", "x", "y"), steps_per_beat=1)
    known = [i for i in range(3) if i not in validated_on]
    return said_of(model, dataset, known, validated_on)


def said_of(
    model: Parrot, dataset: Dataset, known: list[int], validated_on: list[int], **settings: str
) -> str:
    training = SimpleNamespace(
        feel=None,
        model=model,
        settings=Settings(**settings),
        trained_on=np.array(known),
        validated_on=np.array(validated_on, int),
    )
    return " ".join(verdict(training, dataset))


def test_the_words_hold_the_counts() -> None:
    said = sentences(Parrot(PLAYED), [])
    assert "of the 3 bars it learnt from 1 comes out exactly as it was" in said
    assert "67% of the hits sound, and 33% more that are not theirs" in said
    assert "learnt from all of them" in said


def test_the_validation_set_is_told_apart() -> None:
    # The parrot counts from 0 in either half, so bar 2 gets what bar 0 was to get.
    said = sentences(Parrot(PLAYED), [2])
    assert "of the 2 bars it learnt from 1 comes out exactly as it was" in said
    assert "Of 1 bar in 1 file that it has never seen 0 come out exactly" in said
    assert "0% of the hits sound, and 300% more" in said
    assert "more files would help" in said


def test_all_and_none_are_said_only_where_true() -> None:
    cells = np.zeros((1, 250, 2), np.uint8)
    cells[0, :, 0] = 1
    almost = cells.copy()
    almost[0, 0] = (0, 1)
    dataset = Dataset(cells, "rhythm", ("a", "b"))
    said = said_of(Parrot(almost), dataset, [0], [])
    assert "more than 99% of the hits sound, and less than 1% more" in said
    assert "100% of the hits sound, and 0% more" in said_of(Parrot(cells), dataset, [0], [])


def few_bars(lost: int, **settings: str) -> str:
    """The verdict on five bars, of which so many do not come back."""
    cells = (np.random.default_rng(0).random((5, 16, 1)) < 0.5).astype(np.uint8)
    played = cells.copy()
    played[:lost, 0] ^= 1
    known = list(range(5))
    return said_of(Parrot(played), Dataset(cells, "rhythm", ("a",)), known, [], **settings)


def test_of_few_bars_each_that_does_not_come_back_is_told() -> None:
    assert "of the 5 bars it learnt from 4 come out exactly as they were" in few_bars(1)
    assert "1 does not come back exactly: try another --seed" in few_bars(1)
    assert "2 do not come back exactly" in few_bars(2)
    assert "by heart" in few_bars(0) and "by heart" not in few_bars(1)


def test_variations_are_told_of_and_not_judged() -> None:
    varied, plain = few_bars(1), few_bars(1, variations="none")
    assert re.search(r"all of them and from \d+ variations, which are not judged here", varied)
    assert "--variations none" in varied and "variation" not in plain


def test_a_model_that_has_learnt_little_says_so() -> None:
    assert "Less than half of the hits come back" in sentences(Parrot(0 * PLAYED), [])
