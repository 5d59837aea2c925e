"""Morphing between two models on a track: each at its end, their blend between them."""

from __future__ import annotations

import numpy as np
import pytest

from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import DecoderInfo, attach_info
from latentrack.module.link import ModuleError
from tests.device.claims import covers
from tests.device.memory import Frames
from tests.device.rig import drums
from tests.firmware.tflite_models import FeelShape, Shape, export, export_feel

STEPS, VOICES = 16, 8
GROUPS = (1,) * VOICES
INFO = DecoderInfo("perdec", STEPS, VOICES, 3, GROUPS)
HERE = (0.5, -0.25, 0.75)


def write(folder, name, layers, seed, precision="float32", info=INFO):
    shape = Shape((*layers, info.steps * info.voices), ("relu",) * (len(layers) - 1))
    (folder / f"{name}.tflite").write_bytes(attach_info(export(shape, precision, seed), info))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two that fit each other, of three and of four latents, one in int8, and some that do not."""
    folder = tmp_path_factory.mktemp("models")
    write(folder, "dub", (3, 24), 1)
    write(folder, "funk", (4, 24), 2)
    write(folder, "small", (3, 24), 3, "int8")
    write(folder, "long", (3, 24), 4, info=DecoderInfo("perdec", 32, VOICES, 3, GROUPS))
    write(folder, "toms", (3, 24), 5, info=DecoderInfo("perdec", STEPS, VOICES, 3, (2,) * 4))
    write(folder, "notes", (3, 24), 6, info=DecoderInfo("seqdec", STEPS, VOICES, 3))
    return folder


def playing_dub(rig, models):
    made = rig()
    folder = made.module.flash / "models" / "perc"
    folder.mkdir(parents=True, exist_ok=True)
    for path in models.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    made.run("library.play('dub', remember=False)")
    return made


@pytest.fixture
def module(rig, models):
    return playing_dub(rig, models)


def probabilities(models, name, knobs):
    """What a model says at these knob values, by LiteRT."""
    decoder = Decoder(models / f"{name}.tflite")
    return decoder.decode([[value * 3 for value in knobs]])[0]


def logit(p):
    return np.log(p.astype(np.float64)) - np.log1p(-p.astype(np.float64))


def at(knobs):
    return "; ".join(f"track.{n} = {v}" for n, v in zip("xyzw", knobs, strict=False))


@covers("morph")
def test_each_end_is_its_model_and_the_middle_their_blend(rig, models):
    module = playing_dub(rig, models)
    module.run(f"library.morph_to('funk'); {at((*HERE, -0.5))}")
    dub, funk = probabilities(models, "dub", HERE), probabilities(models, "funk", (*HERE, -0.5))
    heard = []
    for amount in (0, 0.25, 0.5, 0.75, 1):
        blended = logit(dub) + amount * (logit(funk) - logit(dub))
        assert np.abs(blended).min() > 1e-3, "the test is unsure of a cell"
        wanted = drums(1 / (1 + np.exp(-blended)), GROUPS, 0.5)
        assert module.jacks(f"track.morph = {amount}") == wanted
        heard.append(wanted)
    assert heard[0] == drums(dub, GROUPS, 0.5) and heard[-1] == drums(funk, GROUPS, 0.5)
    assert all(one != other for one, other in zip(heard, heard[1:], strict=False))


@pytest.mark.parametrize(("name", "partner"), [("dub", "small"), ("small", "dub")])
def test_both_ends_hold_where_one_model_is_in_int8(module, models, name, partner):
    module.run(f"library.play({name!r}, remember=False); library.morph_to({partner!r})")
    for threshold in (0.3, 0.5, 0.8):
        for amount, which in ((0, name), (1, partner)):
            p = probabilities(models, which, HERE)
            sure = np.abs(p - threshold).min() > (1e-6 if which == "dub" else 1 / 512)
            got = module.jacks(f"{at(HERE)}; track.threshold = {threshold}; track.morph = {amount}")
            assert not sure or got == drums(p, GROUPS, threshold)
            alone = module.jacks(f"library.morph_to(None); library.play({which!r}, remember=False)")
            assert got == alone
            module.run(f"library.play({name!r}, remember=False); library.morph_to({partner!r})")


def test_step_mode_blends_too(module, models):
    module.run("library.morph_to('funk')")
    dub, funk = probabilities(models, "dub", HERE), probabilities(models, "funk", (*HERE, -0.5))
    blended = 1 / (1 + np.exp(-(logit(dub) + 0.5 * (logit(funk) - logit(dub)))))
    wanted = drums(blended, GROUPS, 0.5)
    assert wanted != drums(dub, GROUPS, 0.5)
    module.run("track.follow = 'step'")
    module.edges(STEPS)
    module.run(f"{at((*HERE, -0.5))}; track.morph = 0.5")
    module.edges(STEPS)
    assert [edge.jacks for edge in module.edges(STEPS)] == wanted


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("long", "long cannot be blended with dub: it has 32 steps, not 16"),
        ("toms", "as its groups of voices"),
        ("notes", "it has notes as its way to play, not drums"),
        ("nothing", "no model is called 'nothing'"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(module, name, why):
    free = module.get("instrument.room()")
    with pytest.raises(ModuleError, match=why):
        module.link.run(f"library.morph_to({name!r})")
    assert module.get("(track.partner, track.partner_name)") == (None, None)
    assert module.get("instrument.room()") == free


def test_a_partner_that_fits_stays_with_the_next_model(module):
    module.run("library.morph_to('funk'); library.play('small')")
    assert module.get("(track.model.name, track.partner.name)") == ("small", "funk")
    module.run("library.play('long')")
    assert module.get("(track.partner, track.partner_name)") == (None, None)
    assert "32" in module.get("instrument.message_text")


def test_the_memory_of_a_partner_is_free_again(module):
    module.edges(STEPS)
    module.frames()
    free = module.get("instrument.room()")
    for _ in range(3):
        module.run("library.morph_to('funk')")
        module.edges(2 * STEPS)
        assert module.get("instrument.room()") < free
        module.run("library.morph_to(None)")
        module.edges(2 * STEPS)
        module.frames()
    assert module.get("instrument.room()") == free


def test_a_partners_file_moves_while_it_plays(module, models):
    """The first track's model leaves a gap below the file of the second track's partner."""
    module.run(
        "tracks[1].jacks = 'all'; library.play('small', track=1, remember=False)\n"
        "library.morph_to('funk', track=1); tracks[1].morph = 1; tracks[0].stop()"
    )
    module.edges(2 * STEPS)
    module.frames()
    before = module.get("tracks[1].partner.block.start")
    module.get("instrument.room()")
    assert module.get("tracks[1].partner.block.start") < before
    knobs = (*HERE, 0.5)
    setting = "; ".join(f"tracks[1].{n} = {v}" for n, v in zip("xyzw", knobs, strict=True))
    assert module.jacks(setting) == drums(probabilities(models, "funk", knobs), GROUPS, 0.5)


def test_the_partner_is_there_again_after_power_on_and_under_its_new_name(module):
    module.run("library.play('dub'); library.morph_to('funk'); track.morph = 0.25")
    module.run("settings.save(); presets.store(1, now=True)")
    module.link.restart()
    module.frames()
    assert module.get("(track.partner.name, track.morph)") == ("funk", 0.25)
    module.run("library.rename('funk', 'soul')")
    assert module.get("track.partner.name") == "soul"
    module.link.restart()
    module.frames()
    assert module.get("track.partner.name") == "soul"
    module.run("library.morph_to(None); presets.recall(1)")
    assert module.get("(track.model.name, track.partner.name)") == ("dub", "soul")


def test_a_partner_that_is_gone_is_forgotten(module):
    module.run("library.play('dub'); library.morph_to('funk'); settings.save()")
    (module.module.flash / "models" / "perc" / "funk.tflite").unlink()
    module.link.restart()
    module.frames()
    assert module.get("(track.model.name, track.partner, track.partner_name)") == (
        "dub",
        None,
        None,
    )


def test_the_partners_fourth_latent_has_a_knob(module):
    assert not module.get("track.has_latent('w')")
    module.run("library.morph_to('funk')")
    assert module.get("track.has_latent('w')")


def test_a_still_frame_with_a_partner_and_a_lock_allocates_nothing(module):
    module.run("library.morph_to('funk'); track.morph = 0.5; track.lock(1)")
    module.edges(2 * STEPS)
    module.run("settings.save()")  # else the frames write it
    frames = Frames(module)
    frames.still()  # the screen's first picture of this model
    assert frames.still() == 0


@pytest.fixture(scope="module")
def felt_models(tmp_path_factory):
    """Two of the same hits and voices with a feel, and one without."""
    folder = tmp_path_factory.mktemp("felt")
    for seed, name in enumerate(("laid", "pushed"), start=7):
        file = export_feel(FeelShape(3, 2, (24,), (16,), STEPS * VOICES), "float32", seed)
        info = DecoderInfo("perdec", STEPS, VOICES, 3, GROUPS)
        (folder / f"{name}.tflite").write_bytes(attach_info(file, info))
    write(folder, "plain", (3, 24), 9)
    return folder


@pytest.mark.parametrize("partner", ["pushed", "plain"])
@pytest.mark.parametrize("amount", [0, 0.5, 1])
def test_the_feel_blends_where_both_have_one(rig, felt_models, partner, amount):
    module = rig(f"{felt_models}/laid", f"{felt_models}/{partner}")
    place = (1.5, -0.75, 2.25, 0.5, -1.0)
    feels = []
    for name in ("laid", "pushed" if partner == "pushed" else "laid"):
        velocity, timing = Decoder(felt_models / f"{name}.tflite").decode_feel([place])
        feels.append((velocity[0].astype(float), timing[0].astype(float)))
    velocity, timing = (a + amount * (b - a) for a, b in zip(*feels, strict=True))
    module.run(f"library.morph_to({partner!r}); track.latents = {place}; track.morph = {amount}")
    module.edges(2 * STEPS)
    cells = STEPS * VOICES
    module.link.run("import latentcore")
    got = module.get(
        f"(lambda b: (latentcore.read_feel(0, b), bytes(b)))(bytearray({2 * cells}))[1]"
    )
    got = np.frombuffer(got, np.uint8).reshape(2, STEPS, VOICES)
    heard = np.array(module.get("[[v in row for v in range(8)] for row in track.cells]"))
    assert 10 < heard.sum() < cells
    assert np.abs(got[0] - 127 * velocity)[heard].max() <= 0.51
    assert np.abs(got[1].view(np.int8) - 254 * timing)[heard].max() <= 0.51


@covers("preset_morph", moving=("threshold", "x", "length", "morph", "density1", "gate"))
def test_presets_morph_from_one_to_the_other(rig, models):
    module = playing_dub(rig, models)
    first = "track.x = -0.5; track.threshold = 0.25; track.length = 8; track.gate = 10"
    second = "track.x = 0.75; track.threshold = 0.75; track.length = 12; track.gate = 1000"
    module.run(f"{first}; presets.store(1); {second}; presets.store(2)")
    module.run("track.swing = 66; presets.morph(1, 2)")
    names = ("x", "threshold", "length", "gate", "swing")
    heard = []
    for amount, wanted in (
        (0, (-0.5, 0.25, 8, 10, 50)),
        (0.25, (-0.1875, 0.375, 8, 10 * 100**0.25, 50)),
        (0.5, (0.125, 0.5, 12, 100, 50)),
        (1, (0.75, 0.75, 12, 1000, 50)),
    ):
        module.run(f"patch.preset_morph = {amount}")
        module.frames()
        heard.append(module.jacks("", 24))
        got = module.get(f"[track.get(name) for name in {names}]")
        assert got == (list(wanted) if amount in (0, 1) else pytest.approx(list(wanted)))
    assert len({str(bar) for bar in heard}) == 4
    module.run("presets.recall(1); patch.preset_morph = 0.3")
    module.frames()
    assert module.get("track.x") == -0.5


def test_presets_with_models_that_fit_blend_them(rig, models):
    module = playing_dub(rig, models)
    module.run(f"{at((*HERE, -0.5))}; presets.store(1); library.play('funk'); presets.store(2)")
    module.run("library.play('long'); presets.store(3); presets.morph(1, 2)")
    assert module.get("(track.model.name, track.partner.name)") == ("dub", "funk")
    module.run("patch.preset_morph = 1")
    module.frames()
    wanted = drums(probabilities(models, "funk", (*HERE, -0.5)), GROUPS, 0.5)
    assert module.jacks() == wanted
    module.run("presets.morph(1, 3)")
    module.frames()
    assert module.get("track.model.name") == "dub"
    assert "long cannot be blended" in module.get("instrument.message_text")


def test_cv_morphs_presets_and_locks_change_in_the_middle(rig, models):
    module = playing_dub(rig, models)
    module.run("presets.store(1); track.x = 1; track.lock(2); presets.store(2)")
    module.run("presets.morph(1, 2); patch.cv_6_to = 'patch.preset_morph'")
    # The patch is the presets', too, which have no such cable.
    module.run("patch.cv_6_to = 'patch.preset_morph'")
    module.panel.cv("6", 4.0)
    module.panel.settle()
    module.frames()
    assert module.get("track.x") == pytest.approx(0.4, abs=0.02)
    assert module.get("track.locked") == ()
    module.panel.cv("6", 4.9)
    module.run("patch.preset_morph = 0.2")
    module.panel.settle()
    module.frames()
    assert module.get("track.x") == pytest.approx(0.69, abs=0.02)
    assert module.get("track.locked") == (2,)


def test_an_empty_preset_is_no_end(module):
    module.run("presets.store(1)")
    with pytest.raises(ModuleError, match="preset 2 is empty"):
        module.link.run("presets.morph(1, 2)")
