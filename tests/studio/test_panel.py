"""The module without a browser: the hosted one, others over USB, and what is sent there."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from latentrack.decoder.litert import Decoder
from latentrack.module import library
from latentrack.module.link import Link
from latentrack.playing.jacks import drum_steps
from latentrack.studio.explore.layer import Area
from latentrack.studio.explore.paths import LatentPath
from latentrack.studio.panel.hosted import HostedModule
from latentrack.studio.panel.source import Source
from latentrack.studio.panel.store import ModuleStore
from latentrack.studio.studio import Studio
from latentrack.virtual.module import VirtualModule
from latentrack.virtual.picture import read_png
from tests.device.rig import DRUM_JACKS
from tests.studio.conftest import model_file_of, reached, values
from tests.studio.explored import save_with_feel
from tests.waiting import until


@pytest.fixture(autouse=True, scope="module")
def own_runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Virtual modules of other tests are not found here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTRACK_RUNTIME", str(tmp_path_factory.mktemp("runtime")))
        yield


def wait(store: ModuleStore, true: Callable[[], object], watching: bool = True) -> None:
    """Let things happen; watching keeps the panel up to date."""

    def seen() -> object:
        if watching:
            store.snapshot()
        return true()

    until(seen, lambda: store.state)


def done(store: ModuleStore) -> bool:
    return store.state.connected and not store.state.busy


def said(store: ModuleStore, act: Callable[[], object]) -> str:
    """What the store says when something has been done."""
    number = store.state.notice.number
    act()
    wait(store, lambda: store.state.notice.number > number and not store.state.busy)
    return store.state.notice.text


def done_with_moves(store: ModuleStore) -> None:
    """Return when the store's worker has done all that it was asked for before, moves of the puck
    included: it sees to them between two tasks."""
    for _ in range(2):
        said(store, lambda: store.play("no such model"))


def shows(store: ModuleStore, screen: NDArray[np.uint8]) -> bool:
    """Whether the panel has this picture, pixel by pixel; at first it has none."""
    picture = store.snapshot().picture
    return bool(picture) and np.array_equal(read_png(picture), screen)


def new_studio(folder: Path, demo_run: Path) -> Studio:
    run = folder / "runs" / "demo.run"
    if not run.exists():
        shutil.copytree(demo_run, run)
    # Converting is slow: once for all of these tests.
    model = model_file_of(demo_run)
    (folder / "models").mkdir(exist_ok=True)
    for name in ("demo", "demo-float16"):
        shutil.copy(model, folder / "models" / f"{name}.tflite")
    studio = Studio(folder)
    studio.explorer.open(run)
    # Where the knobs of a module stand that was never touched: each takes over at once.
    studio.explorer.set_knob_values((0, 0, 0, 0))
    studio.explorer.set_threshold(0.5)
    return studio


@pytest.fixture(scope="module")
def hosted(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio whose hosted module is on and plays the demo model, with no clock."""
    studio = new_studio(tmp_path_factory.mktemp("studio"), demo_run)
    store = studio.module
    store.clock("off")
    store.switch_on()
    wait(store, lambda: done(store))
    text = said(store, lambda: store.audition("auto", store=True))
    assert text == (
        "demo plays on track 1 from the next bar on, as it is on Explore. "
        "It is in the module's library."
    )
    yield studio
    studio.close()


def pulse(store: ModuleStore) -> frozenset[int]:
    """One clock edge; the lights that it lit."""
    edges = store.snapshot().edges
    store.pulse("clock")
    wait(store, lambda: store.snapshot().edges == edges + 1)
    return frozenset(i for i, lit in enumerate(store.snapshot().lights) if lit)


def served(store: ModuleStore) -> int:
    """Clock edges so far, when the hosted module has served all that was done at its panel."""
    position = 0.25 if store.snapshot().knobs["threshold"] == 0.75 else 0.75
    store.turn("threshold", position)
    wait(store, lambda: store.snapshot().knobs["threshold"] == position)
    return store.snapshot().edges


# -- the hosted module ----------------------------------------------------------------------------


def test_the_lights_follow_the_pattern_that_litert_decodes(hosted: Studio) -> None:
    store = hosted.module
    knobs = {"x": 0.2, "y": 0.75, "z": 0.5, "threshold": 0.3}
    for name, position in knobs.items():
        store.turn(name, position)
    wait(store, lambda: store.snapshot().knobs == knobs)
    decoder = Decoder(hosted.workspace.models / "demo.tflite")
    scale = decoder.info.latent_scale
    latents = [(2 * knobs[name] - 1) * scale for name in ("x", "y", "z")] + [0.5 * scale]
    store.turn_encoder("left", 16)  # W
    wait(store, lambda: np.allclose(values(store.state.port)["latents"], latents, atol=2e-3))
    store.pulse("reset")
    expected = drum_steps(decoder.decode([latents])[0], decoder.info.groups, knobs["threshold"])
    jacks = DRUM_JACKS[: len(decoder.info.groups)]  # the others carry accents
    lit = [pulse(store) & set(jacks) for _ in expected]
    assert lit == [{jacks[group] for group in step.triggers} for step in expected]
    assert len(set(lit)) > 2


def test_the_picture_is_the_screens(hosted: Studio) -> None:
    store = hosted.module
    module = store.module
    assert isinstance(module, HostedModule)
    screen = module.virtual.panel.screen
    store.release("left")
    wait(store, lambda: shows(store, screen()))
    wait(store, lambda: screen().any() and shows(store, screen()))
    before = store.snapshot()
    store.press("left")
    store.release("left")
    wait(store, lambda: store.snapshot().number > before.number)
    wait(store, lambda: shows(store, screen()))
    assert store.snapshot().picture != before.picture


def test_a_button_held_does_something_else(hosted: Studio) -> None:
    store = hosted.module
    with Link(store.state.port) as link:
        link.run("instrument.controls.open('play')")
        wait(store, lambda: store.snapshot().lamps == (False, False, False, False))
        for lit in (True, False):
            store.press(3)
            wait(store, lambda lit=lit: store.snapshot().lamps[2] == lit)  # type: ignore[misc]
            store.release(3)
            until(lambda: not link.evaluate("instrument.controls.buttons[3].is_down()"))


def test_a_voltage_at_a_cv_input_moves_what_plays(hosted: Studio) -> None:
    store = hosted.module
    store.patch("x", Source(volts=2.5))
    wait(store, lambda: store.snapshot().cv["x"] == 2.5)
    with Link(store.state.port) as link:
        decoded = link.evaluate("track.decoded[0], track.latents[0], track.model.scale")
    assert decoded[0] == pytest.approx(decoded[1] + 0.5 * decoded[2], abs=0.01)
    store.patch("x", Source("square", 0, 4, 50))
    seen = set()
    wait(store, lambda: (seen.add(store.snapshot().cv["x"]), len(seen) > 1)[1])
    assert seen == {4, -4} or seen == {2.5, 4} or seen == {2.5, -4}
    store.patch("x", Source())
    wait(store, lambda: store.snapshot().cv["x"] == 0)


def test_what_plays_in_the_studio_clocks_it(hosted: Studio) -> None:
    store = hosted.module
    pulse(store)
    store.clock("studio")
    edges = store.snapshot().edges
    hosted.transport.play()
    wait(store, lambda: store.snapshot().edges >= edges + 6)
    # Playing begins with a reset, so both are at the same step of the bar.
    transport = hosted.transport
    until(lambda: store.snapshot().step == transport.step, "they are never at the same step", 0)
    tempo = transport.tempo
    transport.set_tempo(400)  # a step is 37.5 ms
    transport.stop()
    until(lambda: transport.step == -1)
    edges = served(store)
    # What takes longer than many steps of a clock that would go on.
    assert {served(store) for _ in range(20)} == {edges}
    transport.set_tempo(tempo)
    store.clock("own", 300)
    wait(store, lambda: store.snapshot().edges >= edges + 6)
    store.clock("off")


def test_a_preset_of_the_pucks_place_arrives_on_the_flash(hosted: Studio) -> None:
    store, explorer = hosted.module, hosted.explorer
    explorer.set_knob_values((0.5, -0.25, 0.125))
    explorer.set_threshold(0.375)
    explorer.set_density(1, 0.75)
    explorer.set_steps(12)
    stored = hosted.workspace.folder / "module" / "presets" / "05.txt"
    text = said(store, lambda: store.send_preset(5))
    assert text.startswith(("Preset 5 is on the module", "The module keeps preset 5"))
    wait(store, stored.exists)
    lines = dict(line.split(" ", 1) for line in stored.read_text().splitlines())
    assert lines["1.model"] == "demo"
    wanted = {"x": 0.5, "y": -0.25, "z": 0.125, "threshold": 0.375, "density2": 0.75, "length": 12}
    for name, value in wanted.items():
        assert float(lines[f"1.{name}"]) == value
    explorer.set_density(1, 0.5)
    explorer.set_steps(16)


def test_a_path_that_is_sent_is_played_where_it_was_drawn(hosted: Studio) -> None:
    store = hosted.module
    # A spiral of more points than the module keeps.
    turns = [(i / 700, i / 40) for i in range(700)]
    drawn = LatentPath(
        tuple((r * math.cos(at), r * math.sin(at)) for r, at in turns), (2, 0), 5, "once"
    )
    text = said(store, lambda: store.send_path(drawn, "my spiral"))
    assert text.startswith("The path my spiral is on the module, and track 1 at its beginning.")
    file = hosted.workspace.folder / "module" / "paths" / "my spiral.txt"
    assert file.read_text().splitlines()[1:4] == ["axes z x", "bars 5", "way once"]
    with reached(store.state.port) as link:
        for share in (0, 0.3, 0.6, 1):
            link.run(f"track.path_at = {share}; track.refresh()")
            z, x = link.evaluate("track.decoded_value(2), track.decoded_value(0)")
            assert (z, x) == pytest.approx(drawn.at(share), abs=0.02)
        link.run("track.path = 'off'")
    deep = LatentPath(((0, 0), (1, 1)), (0, 5))
    store.send_path(deep, "deep")
    wait(store, lambda: "choose two of them" in store.state.notice.text)
    assert not file.with_name("deep.txt").exists()


def test_the_module_follows_the_puck(hosted: Studio) -> None:
    store, explorer = hosted.module, hosted.explorer
    store.follow(0)
    for number in range(40):
        explorer.set_knob_values((number / 40, 0, -number / 40))
    explorer.set_knob_values((-0.75, 0.25, 1))

    def position() -> list[object]:
        found = values(store.state.port)
        return [found[name] for name in ("x", "y", "z")]

    wait(store, lambda: position() == [-0.75, 0.25, 1])
    store.follow(None)
    explorer.set_knob_values((0, 0, 0))
    done_with_moves(store)
    assert position() == [-0.75, 0.25, 1]


def test_a_move_while_another_program_has_the_port_is_made_afterwards(hosted: Studio) -> None:
    store, port = hosted.module, hosted.module.state.port
    store.follow(0)
    wait(store, lambda: store.state.follows == 0)
    with reached(port):
        hosted.explorer.set_knob_values((0.5, -0.5, 0.25))
        done_with_moves(store)
    wait(store, lambda: values(port)["x"] == 0.5)
    store.follow(None)


def test_the_module_plays_what_the_page_plays(hosted: Studio, demo_run: Path) -> None:
    store, explorer, folder = hosted.module, hosted.explorer, hosted.workspace.folder
    run = save_with_feel(demo_run, 2, folder / "runs" / "felt.run")
    run.export(folder / "models" / "felt.tflite")
    explorer.open(run.folder)
    explorer.set_knob_values((0.5, -0.25, 0.125, -1))
    explorer.set_threshold(0.25)
    explorer.set_density(1, 0.75)
    explorer.set_steps(12)
    explorer.set_feel_knob_values((0.5, -0.75))
    explorer.set_feel(0.5)
    explorer.set_dynamics(2)
    hosted.transport.set_swing(0.6)
    text = said(store, store.audition)
    assert text == (
        "felt plays on track 1 from the next bar on, as it is on Explore. It is not stored."
    )
    wanted = {
        "x": 0.5, "y": -0.25, "z": 0.125, "w": -1, "threshold": 0.25, "density2": 0.75,
        "length": 12, "feel_x": 0.5, "feel_y": -0.75, "feel": 50, "dynamics": 200, "swing": 60,
    }  # fmt: skip
    there = values(store.state.port)
    assert {name: there[name] for name in wanted} == pytest.approx(wanted)
    # What was muted does not sound; what cannot be done there is said.
    explorer.mute(0, True)
    explorer.mute(2, True)
    explorer.draw([(0, 3, True), (1, 3, True)])
    text = said(store, store.send_position)
    assert text == (
        "Track 1 stands where the puck is. The module does not play the 2 cells drawn by hand and "
        "that low floor tom is muted."
    )
    assert values(store.state.port)["density1"] == 0
    # Steps that swing by themselves are not delayed again.
    store.clock("studio")
    wait(store, lambda: store.state.clock == "studio")
    said(store, store.send_position)
    assert values(store.state.port)["swing"] == 50
    store.clock("off")
    hosted.transport.set_swing(0.5)
    for voice in (0, 2):
        explorer.mute(voice, False)
    explorer.forget(Area(0, 15, tuple(range(12))))
    explorer.open(folder / "runs" / "demo.run")
    said(store, lambda: store.play("demo"))


def test_slots_become_presets_in_one_step(hosted: Studio, demo_run: Path) -> None:
    store, explorer, folder = hosted.module, hosted.explorer, hosted.workspace.folder
    if not (folder / "runs" / "felt.run").exists():
        save_with_feel(demo_run, 2, folder / "runs" / "felt.run").export(
            folder / "models" / "felt.tflite"
        )
    assert "slots are empty" in said(store, store.send_slots)
    explorer.open(folder / "runs" / "felt.run")
    explorer.set_knob_values((0.75, 0, 0, 0))
    explorer.set_feel_knob_values((-0.5, 0.5))
    explorer.draw([(2, 2, True)])
    hosted.slots.keep(6)
    explorer.open(folder / "runs" / "demo.run")
    explorer.forget(Area(0, 15, tuple(range(12))))
    explorer.set_knob_values((-0.25, 0.5, 0, 0))
    explorer.set_threshold(0.125)
    hosted.slots.keep(0)
    said(store, lambda: store.play("demo"))
    explorer.set_knob_values((0.125, 0.125, 0.125, 0.125))
    said(store, store.send_position)
    before = values(store.state.port)
    text = said(store, store.send_slots)
    assert text.startswith(
        "Slots 1 and 7 are on the module, as presets 1 and 7. What was drawn or muted in slot 7 is "
        "not."
    )
    wanted = {
        1: {"model": "demo", "x": -0.25, "y": 0.5, "threshold": 0.125},
        7: {"model": "felt", "x": 0.75, "feel_x": -0.5, "feel_y": 0.5},
    }
    for number, told in wanted.items():
        file = folder / "module" / "presets" / f"{number:02}.txt"
        wait(store, file.exists)
        lines = dict(line.split(" ", 1) for line in file.read_text().splitlines())
        for name, value in told.items():
            found = lines[f"1.{name}"]
            assert found == value if isinstance(value, str) else float(found) == value
    # The track plays what it did, and both models are in the library.
    wait(store, lambda: store.state.plays[0] == "demo")
    assert {model.name for model in store.state.models} >= {"demo", "felt"}
    assert values(store.state.port) == before
    felt = next(model for model in store.state.models if model.name == "felt")
    assert said(store, lambda: store.remove(felt)) == "felt is removed."
    for index in (0, 6):
        hosted.slots.empty(index)


def test_smaller_numbers_are_another_model_and_what_is_removed_is_gone(hosted: Studio) -> None:
    store = hosted.module
    text = said(store, lambda: store.audition("float16"))
    assert text == (
        "demo-float16 plays on track 1 from the next bar on, as it is on Explore. It is not stored."
    )
    assert store.state.plays[0] == "demo-float16"
    assert [model.name for model in store.state.models] == ["demo"]
    assert said(store, lambda: store.play("demo", 1)) == "demo plays from the next bar on."
    assert store.state.plays == ("demo-float16", "demo")
    (model,) = store.state.models
    assert said(store, lambda: store.remove(model)) == "demo is removed."
    assert store.state.models == ()
    assert not list((hosted.workspace.folder / "module" / "models").rglob("*.tflite"))
    text = said(store, lambda: store.play("demo"))
    assert text.startswith("The module refuses: ") and "demo" in text


def test_it_comes_back_as_it_was(demo_run: Path, tmp_path: Path) -> None:
    studio = new_studio(tmp_path / "studio", demo_run)
    studio.module.switch_on()
    wait(studio.module, lambda: done(studio.module))
    said(studio.module, lambda: studio.module.audition(store=True))
    first = studio.module.state
    studio.close()
    assert not os.path.exists(first.port)
    again = Studio(tmp_path / "studio")
    try:
        wait(again.module, lambda: done(again.module))
        assert again.module.state.plays == first.plays == ("demo", None)
        again.module.leave()
        wait(again.module, lambda: not again.module.state.kind)
    finally:
        again.close()
    third = Studio(tmp_path / "studio")
    try:
        assert third.module.state.kind == ""
    finally:
        third.close()


# -- a module over USB ----------------------------------------------------------------------------


@pytest.fixture
def store(demo_run: Path, tmp_path: Path) -> Iterator[ModuleStore]:
    studio = new_studio(tmp_path / "studio", demo_run)
    yield studio.module
    studio.close()


def test_a_connected_module_is_seen_and_played(
    store: ModuleStore, start: Callable[..., VirtualModule], drum_model: Path
) -> None:
    module = start(drum_model)
    wait(store, lambda: module.port in [found.port for found in store.state.here])
    store.connect(module.port)
    wait(store, lambda: done(store))
    assert store.state.plays == (drum_model.stem, None)
    wait(store, lambda: module.panel.screen().any() and store.snapshot().picture)
    wait(store, lambda: shows(store, module.panel.screen()))
    seen = []
    for _ in range(16):
        edges = store.snapshot().edges
        module.panel.clock(1)
        (step,) = module.panel.steps()
        wait(store, lambda edges=edges: store.snapshot().edges == edges + 1)  # type: ignore[misc]
        assert store.snapshot().step == step.number
        lit = frozenset(i for i, on in enumerate(store.snapshot().lights) if on)
        assert lit == step.gates
        seen.append(lit)
    assert len(set(seen)) > 2
    store.turn("x", 0.75)
    wait(store, lambda: store.snapshot().knobs["x"] == 0.75)
    assert store.snapshot().waiting == ("x",)
    store.press(4)
    store.release(4)
    wait(store, lambda: store.snapshot().lamps[3])
    # Held, it is for the other track, which is not frozen.
    store.press(4)
    wait(store, lambda: not store.snapshot().lamps[3])
    store.release(4)
    store.turn_encoder("left", 1)
    wait(store, lambda: shows(store, module.panel.screen()))
    text = said(store, lambda: store.pulse("clock"))
    assert text == "The clock of a connected module comes by cable only."


def test_models_are_listed_by_what_their_files_are_called(
    store: ModuleStore, start: Callable[..., VirtualModule], drum_model: Path, tmp_path: Path
) -> None:
    module = start(drum_model)
    file = shutil.copy(drum_model, tmp_path / "夜.tflite")
    with Link(module.port) as link:
        library.push(link, file, store=True)
    store.connect(module.port)
    wait(store, lambda: done(store))
    shown = {model.name: model.shown for model in store.state.models}
    assert shown == {drum_model.stem: drum_model.stem, "Ye": "夜 (Ye)"}
    night = next(model for model in store.state.models if model.name == "Ye")
    assert said(store, lambda: store.remove(night)) == "夜 (Ye) is removed."
    assert [model.name for model in store.state.models] == [drum_model.stem]


def test_other_programs_get_the_port_in_between(
    store: ModuleStore, start: Callable[..., VirtualModule], drum_model: Path
) -> None:
    """The studio has the port all the while, and goes on looking afterwards."""
    module = start(drum_model)
    store.connect(module.port)
    wait(store, lambda: done(store) and store.snapshot().picture)
    with Link(module.port) as link:
        link.run("track.x = 0.5")
        store.snapshot()
        assert link.evaluate("track.x") == pytest.approx(0.5)
    assert values(module.port)["x"] == pytest.approx(0.5, abs=1e-3)
    # Who looks again finds it.
    store.turn("x", 0.25)
    wait(store, lambda: store.snapshot().knobs["x"] == 0.25)
    wait(store, lambda: store.state.trouble == "")


def test_without_latentrack_it_can_be_installed(store: ModuleStore, tmp_path: Path) -> None:
    with VirtualModule(tmp_path / "bare") as module:
        store.connect(module.port)
        wait(store, lambda: store.state.bare)
        assert not store.state.connected
        text = said(store, store.install)
        assert text == "Latentrack is on the module."
        wait(store, lambda: done(store))
        wait(store, lambda: shows(store, module.panel.screen()))


def virtual(flash: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "latentrack.cli", "virtual", "--flash", str(flash)],
        stdout=subprocess.PIPE,
        text=True,
    )
    return process


def test_a_module_that_is_unplugged_is_taken_up_again(
    store: ModuleStore, installed_flash: Path, tmp_path: Path
) -> None:
    flash = tmp_path / "gone"
    shutil.copytree(installed_flash, flash)
    process = virtual(flash)
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    try:
        store.connect(port)
        wait(store, lambda: done(store) and store.snapshot().picture)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait(store, lambda: not store.state.connected)
        wait(store, lambda: "is gone" in store.state.trouble)
        assert store.state.trouble == (
            "Virtual module gone is gone. It is taken up again when it comes back."
        )
        number = store.state.notice.number
        store.turn("x", 0.5)
        store.send_position()
        wait(store, lambda: store.state.notice.number > number)
        assert store.state.notice.text == "No module is connected."
        process = virtual(flash)
        wait(store, lambda: done(store) and not store.state.trouble)
    finally:
        process.terminate()
        process.wait()


# -- what is patched in ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape, wanted",
    [
        ("constant", [1, 1, 1, 1, 1]),
        ("sine", [1, 3, 1, -1, 1]),
        ("triangle", [1, 3, 1, -1, 1]),
        ("square", [3, 3, -1, -1, 3]),
    ],
)
def test_the_voltage_of_a_source(shape: str, wanted: list[float]) -> None:
    source = Source(shape, 1, 2, 0.5)
    assert [source.at(quarter / 2) for quarter in range(5)] == pytest.approx(wanted)


def test_a_source_stays_within_what_an_input_takes() -> None:
    assert Source("square", 4, 5, 1).at(0) == 5
    rolled = {Source("random", 0, 3, 10).at(tenth / 10 + 0.05) for tenth in range(40)}
    assert len(rolled) == 40 and max(map(abs, rolled)) <= 3
    with pytest.raises(ValueError, match="sawtooth"):
        Source("sawtooth")
