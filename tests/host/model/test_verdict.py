"""The verdict counts what a musician would count."""

from types import SimpleNamespace

import numpy as np

from latentrack.corpus.dataset import Dataset
from latentrack.model.measures import Recall, recall
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
    training = SimpleNamespace(
        feel=None, model=model, trained_on=np.array(known), validated_on=np.array(validated_on, int)
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
    training = SimpleNamespace(
        feel=None, model=Parrot(almost), trained_on=np.array([0]), validated_on=np.array([], int)
    )
    said = " ".join(verdict(training, dataset))
    assert "more than 99% of the hits sound, and less than 1% more" in said
    training.model = Parrot(cells)
    assert "100% of the hits sound, and 0% more" in " ".join(verdict(training, dataset))


def test_a_model_that_has_learnt_little_says_so() -> None:
    assert "Less than half of the hits come back" in sentences(Parrot(0 * PLAYED), [])
