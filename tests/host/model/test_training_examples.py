"""The examples of docs/training.md run as they stand there, only with fewer steps.

And in the long tier the way of notes and rhythms to its end: chorales and loops become models, and
what a virtual module plays of them is what LiteRT decodes.
"""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from latentrack.corpus import Dataset, read
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import DecoderInfo, read_extras
from latentrack.model import Settings, load_run, save_run, train
from latentrack.model import training as training_module
from latentrack.model.measures import density_entropy, recall
from latentrack.model.training import cross_entropy
from latentrack.module.link import Link
from tests.conftest import ROOT
from tests.device.rig import Rig, notes, rhythm

EXAMPLES = [
    code
    for code in re.findall(r"```python\n(.*?)```", (ROOT / "docs/training.md").read_text(), re.S)
    if "train(" in code
]
# The folder of music that an example reads, what to put there, and what comes out.
MUSIC = {
    "my_drums": ("groove/drummer9/session1", 40, "drums.tflite", "perdec"),
    "my_songs": ("chorales/valid", 30, "melody.tflite", "seqdec"),
    "my_loops": ("groove/drummer9/session1", 40, "loops.tflite", "rhythm"),
}


def test_there_is_an_example_of_four_lines_for_each_kind() -> None:
    assert [re.search(r'"(my_\w+)"', code)[1] for code in EXAMPLES] == list(MUSIC)
    assert all(len(code.strip().splitlines()) == 4 for code in EXAMPLES)


@pytest.mark.parametrize("code", EXAMPLES, ids=list(MUSIC))
def test_the_example_makes_a_model(
    code: str, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = re.search(r'"(my_\w+)"', code)[1]
    origin, count, model, kind = MUSIC[name]
    (tmp_path / name).mkdir()
    for file in sorted((shared_data / origin).glob("*.mid"))[:count]:
        shutil.copy(file, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(training_module, "STEPS", 500)
    exec(compile(code, f"docs/training.md, {name}", "exec"), {})
    decoder, run = Decoder(tmp_path / model), load_run(next(tmp_path.glob("*.run")))
    assert decoder.info.kind == kind == run.model.info.kind
    middle = decoder.decode(np.zeros((1, decoder.latents)))
    assert middle.shape[1:] == run.dataset.sequences.shape[1:]
    density = density_entropy(run.dataset.sequences, run.dataset.sequences)
    assert cross_entropy(run.model, run.dataset.sequences) < density


# -- the long tier


def played(start, model: Path, latents: np.ndarray, code: str) -> list:
    """Each position played from step 0: (jacks, LiteRT's probabilities, threshold)."""
    decoder, threshold = Decoder(model), read_extras(model).threshold
    module = start(model, manual_time=True)
    heard = []
    with Link(module.port) as link:
        rig = Rig(module, link)
        rig.run(f"library.play({model.stem!r}, remember=False)\n{code}")
        for position in latents.astype(np.float32):
            probabilities = decoder.decode(position[None])[0]
            # Kernels differ among themselves by as much; nothing here is too close to call.
            assert np.abs(probabilities - threshold).min() > 1e-6
            where = (
                f"track.latents = {tuple(map(float, position))}\ntrack.threshold = {threshold!r}"
            )
            heard.append((rig.jacks(where, decoder.info.steps), probabilities, threshold))
    return heard


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "rules"),
    [("soprano", {"include": ["soprano"]}), ("merged", {"merge": True})],
)
def test_chorales_become_a_model_that_plays(
    name: str, rules: dict, start, shared_data: Path, tmp_path: Path
) -> None:
    music = read([shared_data / "chorales" / "train"], kind="notes", cache=False, **rules)
    # By its taper the decoder of four voices, 736 cells, would be too large for the module.
    training = train(music, Settings(decoder_layers=(48, 96), seed=1))
    assert training.collapsed_latents == ()
    run = save_run(tmp_path / f"{name}.run", training, music)
    model = tmp_path / f"{name}.tflite"
    run.export(model)
    assert read_extras(model).lowest_pitch == music.lowest_pitch
    known = density_entropy(music.sequences[run.trained_on], music.sequences[run.validated_on])
    assert training.best.validation_loss < 0.8 * known
    positions = run.model.encode(music.sequences[run.validated_on[:8]])
    sounding, low = 0, music.lowest_pitch
    for jacks, probabilities, threshold in played(start, model, positions, ""):
        assert jacks == notes(probabilities, threshold, pitch=lambda voice: low + voice)
        sounding += sum(len(gates) for gates, _ in jacks)
    assert sounding > 8


@pytest.mark.long
@pytest.mark.parametrize("kind", ["vae", "stacked"])
def test_loops_become_a_model_that_plays(
    kind: str, start, shared_data: Path, tmp_path: Path
) -> None:
    loops = read([shared_data / "loops"], kind="rhythm", bpm=97, bars=1, cache=False)
    # A loop goes round: any of its beats may be the first, which makes music of a few loops.
    turned = np.concatenate([np.roll(loops.sequences, 4 * beat, axis=1) for beat in range(4)])
    music = Dataset(turned, "rhythm", loops.voice_names)
    training = train(music, Settings(model=kind, latent_dim=2, epochs=1500, seed=1))
    run = save_run(tmp_path / f"{kind}.run", training, music)
    model = tmp_path / f"{kind}.tflite"
    run.export(model)
    assert Decoder(model).info == DecoderInfo("rhythm", 16, 1, 3)
    assert recall(run.model, turned).f1 > 0.8
    positions = run.model.encode(loops.sequences)[:6]
    hits = 0
    pitches = (36, 39, 43, 46)
    for jacks, probabilities, threshold in played(
        start, model, positions, f"track.pitch_list = {pitches}"
    ):
        assert jacks == rhythm(probabilities, threshold, pitches)
        hits += sum(len(gates) for gates, _ in jacks)
    assert hits > 20
