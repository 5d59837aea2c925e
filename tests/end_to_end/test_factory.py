"""Models that come with Latentrack go onto a module by their names."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from latentrack import assets
from latentrack.decoder.litert import Decoder
from latentrack.factory.recipes import FIRST
from latentrack.module.first_models import put_first
from latentrack.module.library import push, read_model
from latentrack.module.link import Link
from latentrack.module.space import needed
from latentrack.playing.cells import cells_above
from latentrack.virtual.module import VirtualModule
from tests.conftest import ROOT
from tests.end_to_end.test_full_flash import fill
from tests.end_to_end.test_usb import library_of
from tests.programs import latentrack
from tests.terminals import Terminal
from tests.waiting import until


@pytest.fixture(autouse=True)
def here(tmp_path: Path, factory_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "host"))
    return folder


def ok(*arguments: str) -> str:
    done = latentrack(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_push_plays_one_by_its_name(start, here: Path, factory_models: Path, drum_model: Path):
    module = start(drum_model)
    (here / "house").mkdir()  # a folder of music is no model
    said = ok("push", "house", "--store", "--port", module.port)
    assert said.startswith(f"house plays on track 1 of the module at {module.port}")
    stored = module.flash / "models" / "perc" / "house.tflite"
    assert stored.read_bytes() == (factory_models / "house.tflite").read_bytes()
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == "house"


def test_push_says_which_where_a_file_has_almost_that_name(start, here: Path, drum_model: Path):
    module = start(drum_model)
    shutil.copy(drum_model, here / "funk.tflite")
    said = ok("push", "funk", "--port", module.port)
    assert said.startswith("funk is the factory model; the file here is funk.tflite.\nfunk plays")


# -- install


def test_the_first_clock_after_install_plays(factory_models: Path, tmp_path: Path):
    with VirtualModule(tmp_path / "flash", manual_time=True) as module:
        said = ok("install", module.port).splitlines()
        assert said[-2:] == [
            "house, funk, breaks, bass, arpeggios and claves are in its library; "
            "`latentrack models` lists more.",
            "house plays at the first clock.",
        ]
        module.panel.settle()
        module.panel.clock(16)
        assert any(step.gates for step in module.panel.steps())
        assert {path.split("/")[1] for path in library_of(module)} == {
            f"{name}.tflite" for name in FIRST
        }
    with VirtualModule(tmp_path / "flash") as module, Link(module.port) as link:
        assert link.evaluate("track.model.name") == "house", "not after power-on"


def test_install_leaves_a_library_as_it_is(start, drum_model: Path):
    module = start(drum_model)
    before = library_of(module)
    assert ok("install", module.port).endswith("\n1 model in its library stays as it is.\n")
    assert library_of(module) == before


def test_install_without_models(start):
    module = start()
    said = ok("install", module.port, "--no-models")
    assert said.endswith(f"has a model: latentrack push MODEL.tflite --port {module.port}\n")
    assert library_of(module) == {}


def test_in_a_terminal_install_asks_for_the_models(factory_models: Path, tmp_path: Path):
    for answer, there in (("n", False), ("", True)):
        flash = tmp_path / f"flash{there}"
        with VirtualModule(flash) as module:
            arguments = ("install", module.port)
            with Terminal(*arguments, columns=120, lines=24) as terminal:
                terminal.read_until("arpeggios and claves there")
                terminal.type(f"{answer}\n")
                terminal.read_until("plays at the first clock" if there else "as it has a model")
                assert terminal.read(lambda: terminal.process.poll() is not None)
                assert terminal.process.returncode == 0
            assert bool(list(flash.glob("models/*/*.tflite"))) == there


def test_install_puts_the_models_that_are_named(start, factory_models: Path, drum_model: Path):
    """Also into a library that is not empty; what plays goes on."""
    module = start(drum_model)
    other = module.flash / "models" / "perc" / "funk.tflite"
    shutil.copy(drum_model, other)
    said = ok("install", module.port, "--models", "bass,funk, bass")
    assert said.endswith(
        "\nbass and funk are in its library; `latentrack models` lists more.\n"
        "funk took the place of another of that name.\n"
    )
    assert other.read_bytes() == (factory_models / "funk.tflite").read_bytes()
    assert (module.flash / "models" / "notes" / "bass.tflite").is_file()
    assert len(library_of(module)) == 3


def test_models_that_the_flash_has_no_room_for_are_left_out(start, factory_models: Path):
    module = start()
    house, bass, funk = models = [
        read_model(factory_models / f"{name}.tflite") for name in ("house", "bass", "funk")
    ]
    assert len(bass.data) > len(funk.data)
    fill(module, free=needed({model.path: len(model.data) for model in (house, funk)}, {}))
    with Link(module.port) as link:
        done = put_first(link, models)
    assert [model.name for model in done.stored] == ["house", "funk"]
    assert [model.name for model in done.left_out] == ["bass"]
    assert set(library_of(module)) == {"perc/house.tflite", "perc/funk.tflite"}


def test_where_no_models_are_built_install_says_so(start, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("LATENTRACK_FACTORY", str(tmp_path / "none"))
    module = start()
    said = ok("install", module.port).splitlines()
    assert "not built yet: run `make factory`" in said[-2]
    assert said[-1].startswith("It plays as soon as it has a model: latentrack push")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--models bass,fnk", "There is no factory model fnk; did you mean funk?"),
        ("--models drums", "The factory model drums is not built yet: run `make factory` in "),
        ("--models ,", "--models has no name"),
        ("--models bass --no-models", "--models has no effect with --no-models"),
    ],
)
def test_a_wrong_name_is_refused_before_anything_is_sent(arguments: str, says: str):
    done = latentrack("install", "/dev/ttyNOWHERE", *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.long
def test_every_factory_model_plays_on_a_module_as_litert_decodes(start):
    """All models of the library that this checkout has built, at a hundred positions each."""
    files = sorted(assets.FACTORY.glob("*.tflite"))
    if not files:
        pytest.skip("the factory models are not built here: make factory")
    module = start(manual_time=True)
    rng = np.random.default_rng(17)
    close = 0
    for file in files:
        decoder = Decoder(file)
        with Link(module.port) as link:
            push(link, file)
        with Link(module.port) as link:
            # A model that is pushed plays from the next bar on.
            module.panel.trigger("reset")
            module.panel.clock(1)
            until(lambda link=link, file=file: link.evaluate("track.model.name") == file.stem)
            threshold = 0.501  # between two of the 256 probabilities of an int8 model
            latents = rng.uniform(-1, 1, (100, decoder.latents)) * decoder.info.latent_scale
            for point in latents.astype(np.float32):
                link.run(
                    f"track.latents = {tuple(map(float, point))}\ntrack.threshold = {threshold}\n"
                    "track.refresh()"
                )
                # A reset just behind an edge would belong to that edge.
                module.panel.advance(20_000)
                module.panel.trigger("reset")
                module.panel.clock(1)
                module.panel.catch_up()
                scores = decoder.decode(point[None])[0]
                if np.abs(scores - threshold).min() <= 1e-6:
                    close += 1
                    continue
                # All that is above the threshold, also where more notes than jacks are.
                wanted = [tuple(np.flatnonzero(row)) for row in cells_above(scores, threshold, 0)]
                assert link.evaluate("track.cells") == wanted, (file.stem, point)
    assert len(files) >= 14 and close < 20 * len(files)
