"""Variations of a small corpus: they keep the music, and the music itself counts more."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentrack.corpus import demo_dataset, read
from latentrack.corpus.dataset import Dataset
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import read_info
from latentrack.model.findings import find
from latentrack.model.measures import recall
from latentrack.model.run import load_run, save_run
from latentrack.model.settings import Settings
from latentrack.model.training import train
from latentrack.model.variations import Material, material
from tests.host.model.made_music import drummed, music

PLAIN = Settings(feel="none")


def learnt(dataset: Dataset, settings: Settings = PLAIN) -> Material:
    return material(dataset, np.arange(len(dataset)), settings)


def rolled(bar: np.ndarray, *steps: int) -> list[bytes]:
    return [np.roll(bar, step, axis=0).tobytes() for step in steps]


def test_from_twenty_sequences_on_the_music_is_learnt_as_it_is() -> None:
    for number, settings in ((20, PLAIN), (5, replace(PLAIN, variations="none"))):
        dataset = music(number, 2)
        found = learnt(dataset, settings)
        assert found.music is dataset and found.words == "" and found.variations == 0
        assert found.drawn.tolist() == list(range(number))
    assert learnt(music(19, 2)).variations == 64 - 19


def test_the_music_is_drawn_more_often_than_its_variations() -> None:
    dataset = music(12, 3)
    found = learnt(dataset)
    assert found.variations == 64 - 12
    drawn = Counter(found.music.sequences[i].tobytes() for i in found.drawn)
    own = [drawn[bar.tobytes()] for bar in dataset.sequences]
    assert min(own) > max(n for bar, n in drawn.items() if bar not in
                          {bar.tobytes() for bar in dataset.sequences})  # fmt: skip
    assert sum(own) >= 2 * (len(found.drawn) - sum(own))
    assert f"Each sequence counts {found.weight} times as much" in found.words
    assert "12 sequences are few: 52 variations of them are added, which keep" in found.words


def test_a_variation_is_a_bar_turned_by_beats_or_a_bar_with_a_soft_hit_less() -> None:
    dataset = replace(music(8, 2), steps_per_beat=2)
    found = learnt(dataset)
    turned = {each for bar in dataset.sequences for each in rolled(bar, 2, 4, 6)}
    kinds = Counter()
    for variation in found.music.sequences[found.drawn[-found.variations :]]:
        if variation.tobytes() in turned:
            kinds["rotated"] += 1
            continue
        (gone,) = (
            np.argwhere(bar > variation)
            for bar in dataset.sequences
            if (bar >= variation).all() and bar.sum() == variation.sum() + 1
        )
        # Off the beat, where the weight is lowest: of eight steps the odd ones.
        assert gone[0, 0] % 2 == 1
        kinds["thinned"] += 1
    assert kinds["rotated"] and kinds["thinned"] > 0
    assert f"{kinds['rotated']} rotated by whole beats" in found.words
    assert f"{kinds['thinned']} with one of the softest hits left out" in found.words


def test_sequences_of_several_bars_are_turned_by_bars_only() -> None:
    cells = np.zeros((2, 32, 1), np.uint8)
    cells[0, [0, 6], 0] = cells[1, [0, 4, 20], 0] = 1  # too few hits to leave one out
    found = learnt(Dataset(cells, "rhythm", ("hit",), bars=2))
    made = {bar.tobytes() for bar in found.music.sequences[found.drawn[-found.variations :]]}
    assert made == {*rolled(cells[0], 16), *rolled(cells[1], 16)}
    assert "2 rotated by whole bars" in found.words


def test_the_softest_hit_is_the_one_of_the_lowest_velocity() -> None:
    cells = np.zeros((1, 8, 1), np.uint8)
    cells[0, :5, 0] = 1
    loud = Dataset(cells, "rhythm", ("hit",), steps_per_beat=8, velocities=[20, 90, 90, 90, 90])
    found = learnt(loud)
    (variation,) = found.music.sequences[found.drawn[-1:]]
    assert np.flatnonzero(variation).tolist() == [1, 2, 3, 4]


def test_another_feel_keeps_the_hits_and_needs_one_to_be_learnt() -> None:
    dataset = drummed(6, 2)
    assert "velocity and timing" not in learnt(dataset).words
    found = learnt(dataset, Settings())
    assert "with velocity and timing scaled" in found.words
    same = {bar.tobytes() for bar in dataset.sequences}
    loud = found.music.spread(found.music.velocities)
    known = {cells.tobytes() for cells in dataset.spread(dataset.velocities)}
    felt = [
        i
        for i in found.drawn
        if found.music.sequences[i].tobytes() in same and loud[i].tobytes() not in known
    ]
    assert len(felt) > 10
    assert 1 <= found.music.velocities.min() and found.music.velocities.max() <= 127
    assert np.abs(found.music.offsets).max() <= 0.5


def test_they_are_made_of_the_training_set_alone_and_are_the_same_each_time() -> None:
    dataset = music(30, 3)
    first, again = (material(dataset, np.arange(10), replace(PLAIN, seed=seed)) for seed in (0, 7))
    assert first.music.digest == again.music.digest
    assert first.drawn.tolist()[:10] == list(range(10)) and first.drawn[10] == 30
    others = {f"file {i % 3}" for i in range(10)}
    assert set(first.music.sources[30:]) == others
    assert first.music.sequences[:30].tobytes() == dataset.sequences.tobytes()


@pytest.mark.parametrize(("number", "variations"), [(1, "auto"), (1, "none"), (3, "auto")])
def test_any_number_of_sequences_makes_a_run(number: int, variations: str, tmp_path: Path) -> None:
    dataset = drummed(number, 1)
    settings = Settings(variations=variations, epochs=20, hidden_layers=1, latent_dim=2, restarts=0)
    training = train(dataset, settings)
    assert training.trained_on.tolist() == list(range(number))
    run = save_run(tmp_path / "few.run", training, dataset)
    assert run.dataset.digest == dataset.digest and run.settings.variations == variations
    assert len(load_run(run.folder).trained_on) == number
    find(run)
    for precision in ("float32", "int8"):
        run.export(tmp_path / "few.tflite", precision=precision)
        assert np.isfinite(Decoder(tmp_path / "few.tflite").decode([[0.0] * 4])).all()


def test_one_sequence_has_no_collapsed_latents() -> None:
    cells = np.ones((1, 4, 1), np.uint8)  # one beat that is the same wherever it begins
    training = train(Dataset(cells, "rhythm", ("hit",)), Settings(epochs=2, variations="none"))
    assert training.collapsed_latents == () and training.abandoned == ()


def test_sixteen_bars_come_back() -> None:
    corpus = demo_dataset()
    styles = sorted(set(corpus.styles))[::3][:16]
    few = corpus.take([corpus.styles.index(style) for style in styles])
    training = train(few, Settings(feel="none", epochs=600))
    assert recall(training.model, few.sequences).exact_share >= 0.9


def test_seven_loops_become_a_rhythm_model(shared_data: Path, tmp_path: Path) -> None:
    loops = read([shared_data / "loops"], kind="rhythm", cache=False)
    assert loops.files == 7 and len(loops) < 20
    training = train(loops, Settings(feel="none", epochs=400))
    assert recall(training.model, loops.sequences).exact_share >= 0.9
    model = tmp_path / "loops.tflite"
    save_run(tmp_path / "loops.run", training, loops).export(model)
    assert read_info(model).kind == "rhythm"
