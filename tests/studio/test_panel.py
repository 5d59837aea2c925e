"""The bench, without a browser: its own virtual module, others over USB, and what is sent there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from latentrack.decoder.litert import Decoder
from latentrack.module import library
from latentrack.module.link import Link
from latentrack.playing.jacks import drum_steps
from latentrack.studio.panel import sending
from latentrack.studio.panel.bench import Bench
from latentrack.studio.panel.source import Source
from latentrack.studio.studio import Studio
from latentrack.virtual.module import VirtualModule
from latentrack.virtual.picture import read_png
from tests.device.rig import DRUM_JACKS
from tests.studio.conftest import reached, values
from tests.waiting import PATIENCE_S, until


@pytest.fixture(autouse=True, scope="module")
def own_runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Virtual modules of other tests are not found here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTRACK_RUNTIME", str(tmp_path_factory.mktemp("runtime")))
        yield


def wait(bench: Bench, until: Callable[[], object], looking: bool = True) -> None:
    """Lets things happen; who looks, keeps the panel up to date."""
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < end, bench.state
        if looking:
            bench.look()
        time.sleep(0.02)


def done(bench: Bench) -> bool:
    return bench.state.connected and not bench.state.busy


def said(bench: Bench, act: Callable[[], object]) -> str:
    """What the bench says when something has been done."""
    number = bench.state.notice.number
    act()
    wait(bench, lambda: bench.state.notice.number > number and not bench.state.busy)
    return bench.state.notice.text


def shows(bench: Bench, screen: NDArray[np.uint8]) -> bool:
    """Whether the panel has this picture, pixel by pixel; at first it has none."""
    picture = bench.look().picture
    return bool(picture) and np.array_equal(read_png(picture), screen)


def new_studio(folder: Path, demo_run: Path) -> Studio:
    run = folder / "runs" / "demo.run"
    if not run.exists():
        shutil.copytree(demo_run, run)
    # Converting is slow: once for all of these tests.
    model = demo_run.with_name("models") / "demo.tflite"
    sending.export(demo_run, model.parent, "float32")
    (folder / "models").mkdir(exist_ok=True)
    for name in ("demo", "demo-float16"):
        shutil.copy(model, folder / "models" / f"{name}.tflite")
    studio = Studio(folder)
    studio.explorer.open(run)
    return studio


@pytest.fixture(scope="module")
def own(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio whose own module is on and plays the demo model, with no clock."""
    studio = new_studio(tmp_path_factory.mktemp("studio"), demo_run)
    bench = studio.bench
    bench.clock("off")
    bench.switch_on()
    wait(bench, lambda: done(bench))
    text = said(bench, lambda: bench.audition("float32", store=True))
    assert text == "demo plays on track 1 from the next bar on. It is in the module's library."
    yield studio
    studio.close()


def pulse(bench: Bench) -> frozenset[int]:
    """One clock edge; the lights that it lit."""
    edges = bench.look().edges
    bench.pulse("clock")
    wait(bench, lambda: bench.look().edges == edges + 1)
    return frozenset(i for i, lit in enumerate(bench.look().lights) if lit)


# -- the studio's own module ----------------------------------------------------------------------


def test_the_lights_follow_the_pattern_that_litert_decodes(own: Studio) -> None:
    bench = own.bench
    knobs = {"x": 0.2, "y": 0.75, "z": 0.5, "threshold": 0.3}
    for name, position in knobs.items():
        bench.turn(name, position)
    wait(bench, lambda: bench.look().knobs == knobs)
    decoder = Decoder(own.workspace.models / "demo.tflite")
    latents = [(2 * knobs[name] - 1) * decoder.info.latent_scale for name in ("x", "y", "z")]
    wait(bench, lambda: np.allclose(values(bench.state.port)["latents"], latents, atol=2e-3))
    bench.pulse("reset")
    expected = drum_steps(decoder.decode([latents])[0], decoder.info.groups, knobs["threshold"])
    jacks = DRUM_JACKS[: len(decoder.info.groups)]  # the others carry accents
    lit = [pulse(bench) & set(jacks) for _ in expected]
    assert lit == [{jacks[group] for group in step.triggers} for step in expected]
    assert len(set(lit)) > 2


def test_the_picture_is_the_screens(own: Studio) -> None:
    bench = own.bench
    screen = own.bench._own.module.panel.screen  # type: ignore[union-attr]
    bench.release("left")
    wait(bench, lambda: shows(bench, screen()))
    wait(bench, lambda: screen().any() and shows(bench, screen()))
    before = bench.look()
    bench.press("left")
    bench.release("left")
    wait(bench, lambda: bench.look().number > before.number)
    wait(bench, lambda: shows(bench, screen()))
    assert bench.look().picture != before.picture


def test_a_button_held_does_something_else(own: Studio) -> None:
    bench = own.bench
    assert bench.look().lamps == (False, False, False, False)
    for lit in (True, False):
        bench.press(3)
        wait(bench, lambda lit=lit: bench.look().lamps[2] == lit)  # type: ignore[misc]
        bench.release(3)
        time.sleep(0.3)


def test_a_voltage_at_a_cv_input_moves_what_plays(own: Studio) -> None:
    bench = own.bench
    bench.patch("x", Source(volts=2.5))
    wait(bench, lambda: bench.look().cv["x"] == 2.5)
    with Link(bench.state.port) as link:
        decoded = link.evaluate("track.decoded[0], track.latents[0], track.model.scale")
    assert decoded[0] == pytest.approx(decoded[1] + 0.5 * decoded[2], abs=0.01)
    bench.patch("x", Source("square", 0, 4, 50))
    seen = set()
    wait(bench, lambda: (seen.add(bench.look().cv["x"]), len(seen) > 1)[1])
    assert seen == {4, -4} or seen == {2.5, 4} or seen == {2.5, -4}
    bench.patch("x", Source())
    wait(bench, lambda: bench.look().cv["x"] == 0)


def test_what_plays_in_the_studio_clocks_it(own: Studio) -> None:
    bench = own.bench
    pulse(bench)
    bench.clock("studio")
    edges = bench.look().edges
    own.transport.play()
    wait(bench, lambda: bench.look().edges >= edges + 6)
    # Playing begins with a reset, so both are at the same step of the bar.
    until(lambda: bench.look().step == own.transport.step, "they are never at the same step", 0)
    own.transport.stop()

    def rests() -> bool:
        edges = bench.look().edges
        time.sleep(0.5)
        return bench.look().edges == edges

    until(rests, "the clock goes on")
    edges = bench.look().edges
    bench.clock("own", 300)
    wait(bench, lambda: bench.look().edges >= edges + 6)
    bench.clock("off")


def test_a_preset_of_the_pucks_place_arrives_on_the_flash(own: Studio) -> None:
    bench, explorer = own.bench, own.explorer
    explorer.place_at((0.5, -0.25, 0.125))
    explorer.set_threshold(0.375)
    explorer.set_density(1, 0.75)
    explorer.set_steps(12)
    stored = own.workspace.folder / "module" / "presets" / "05.txt"
    text = said(bench, lambda: bench.send_preset(5))
    assert text.startswith(("Preset 5 is on the module", "The module keeps preset 5"))
    wait(bench, stored.exists)
    lines = dict(line.split(" ", 1) for line in stored.read_text().splitlines())
    assert lines["1.model"] == "demo"
    wanted = {"x": 0.5, "y": -0.25, "z": 0.125, "threshold": 0.375, "density2": 0.75, "length": 12}
    for name, value in wanted.items():
        assert float(lines[f"1.{name}"]) == value
    explorer.set_density(1, 0.5)
    explorer.set_steps(16)


def test_the_module_follows_the_puck(own: Studio) -> None:
    bench, explorer = own.bench, own.explorer
    bench.follow(0)
    for number in range(40):
        explorer.place_at((number / 40, 0, -number / 40))
    explorer.place_at((-0.75, 0.25, 1))

    def place() -> list[object]:
        found = values(bench.state.port)
        return [found[name] for name in ("x", "y", "z")]

    wait(bench, lambda: place() == [-0.75, 0.25, 1])
    bench.follow(None)
    explorer.place_at((0, 0, 0))
    time.sleep(0.3)
    assert place() == [-0.75, 0.25, 1]


def test_a_move_while_another_program_has_the_port_is_made_afterwards(own: Studio) -> None:
    bench, port = own.bench, own.bench.state.port
    bench.follow(0)
    wait(bench, lambda: bench.state.follows == 0)
    with reached(port):
        own.explorer.place_at((0.5, -0.5, 0.25))
        time.sleep(0.3)
    wait(bench, lambda: values(port)["x"] == 0.5)
    bench.follow(None)


def test_smaller_numbers_are_another_model_and_what_is_removed_is_gone(own: Studio) -> None:
    bench = own.bench
    text = said(bench, lambda: bench.audition("float16"))
    assert text == "demo-float16 plays on track 1 from the next bar on. It is not stored."
    assert bench.state.plays[0] == "demo-float16"
    assert [model.name for model in bench.state.models] == ["demo"]
    assert said(bench, lambda: bench.play("demo", 1)) == "demo plays from the next bar on."
    assert bench.state.plays == ("demo-float16", "demo")
    (model,) = bench.state.models
    assert said(bench, lambda: bench.remove(model)) == "demo is removed."
    assert bench.state.models == ()
    assert not list((own.workspace.folder / "module" / "models").rglob("*.tflite"))
    text = said(bench, lambda: bench.play("demo"))
    assert text.startswith("The module refuses: ") and "demo" in text


def test_it_comes_back_as_it_was(demo_run: Path, tmp_path: Path) -> None:
    studio = new_studio(tmp_path / "studio", demo_run)
    studio.bench.switch_on()
    wait(studio.bench, lambda: done(studio.bench))
    said(studio.bench, lambda: studio.bench.audition(store=True))
    first = studio.bench.state
    studio.close()
    assert not os.path.exists(first.port)
    again = Studio(tmp_path / "studio")
    try:
        wait(again.bench, lambda: done(again.bench))
        assert again.bench.state.plays == first.plays == ("demo", None)
        again.bench.leave()
        wait(again.bench, lambda: not again.bench.state.kind)
    finally:
        again.close()
    third = Studio(tmp_path / "studio")
    try:
        assert third.bench.state.kind == ""
    finally:
        third.close()


# -- a module over USB ----------------------------------------------------------------------------


@pytest.fixture
def bench(demo_run: Path, tmp_path: Path) -> Iterator[Bench]:
    studio = new_studio(tmp_path / "studio", demo_run)
    yield studio.bench
    studio.close()


def test_a_connected_module_is_seen_and_played(
    bench: Bench, start: Callable[..., VirtualModule], drum_model: Path
) -> None:
    module = start(drum_model)
    wait(bench, lambda: module.port in [found.port for found in bench.state.here])
    bench.connect(module.port)
    wait(bench, lambda: done(bench))
    assert bench.state.plays == (drum_model.stem, None)
    wait(bench, lambda: module.panel.screen().any() and bench.look().picture)
    wait(bench, lambda: shows(bench, module.panel.screen()))
    seen = []
    for _ in range(16):
        edges = bench.look().edges
        module.panel.clock(1)
        (step,) = module.panel.steps()
        wait(bench, lambda edges=edges: bench.look().edges == edges + 1)  # type: ignore[misc]
        assert bench.look().step == step.number
        lit = frozenset(i for i, on in enumerate(bench.look().lights) if on)
        assert lit == step.gates
        seen.append(lit)
    assert len(set(seen)) > 2
    bench.turn("x", 0.75)
    wait(bench, lambda: bench.look().knobs["x"] == 0.75)
    assert bench.look().waiting == ("x",)
    bench.press(4)
    bench.release(4)
    wait(bench, lambda: bench.look().lamps[3])
    # Held, it is for the other track, which is not frozen.
    bench.press(4)
    wait(bench, lambda: not bench.look().lamps[3])
    bench.release(4)
    bench.turn_encoder("left", 1)
    wait(bench, lambda: shows(bench, module.panel.screen()))
    text = said(bench, lambda: bench.pulse("clock"))
    assert text == "The clock of a connected module comes by cable only."


def test_models_are_listed_by_what_their_files_are_called(
    bench: Bench, start: Callable[..., VirtualModule], drum_model: Path, tmp_path: Path
) -> None:
    module = start(drum_model)
    file = shutil.copy(drum_model, tmp_path / "夜.tflite")
    with Link(module.port) as link:
        library.push(link, file, store=True)
    bench.connect(module.port)
    wait(bench, lambda: done(bench))
    shown = {model.name: model.shown for model in bench.state.models}
    assert shown == {drum_model.stem: drum_model.stem, "Ye": "夜 (Ye)"}
    night = next(model for model in bench.state.models if model.name == "Ye")
    assert said(bench, lambda: bench.remove(night)) == "夜 (Ye) is removed."
    assert [model.name for model in bench.state.models] == [drum_model.stem]


def test_other_programs_get_the_port_in_between(
    bench: Bench, start: Callable[..., VirtualModule], drum_model: Path
) -> None:
    """The studio has the port all the while, and goes on looking afterwards."""
    module = start(drum_model)
    bench.connect(module.port)
    wait(bench, lambda: done(bench) and bench.look().picture)
    with Link(module.port) as link:
        link.run("track.x = 0.5")
        bench.look()
        assert link.evaluate("track.x") == pytest.approx(0.5)
    assert values(module.port)["x"] == pytest.approx(0.5, abs=1e-3)
    # Who looks again finds it.
    bench.turn("x", 0.25)
    wait(bench, lambda: bench.look().knobs["x"] == 0.25)
    wait(bench, lambda: bench.state.trouble == "")


def test_without_latentrack_it_can_be_installed(bench: Bench, tmp_path: Path) -> None:
    with VirtualModule(tmp_path / "bare") as module:
        bench.connect(module.port)
        wait(bench, lambda: bench.state.bare)
        assert not bench.state.connected
        text = said(bench, bench.install)
        assert text == "Latentrack is on the module."
        wait(bench, lambda: done(bench))
        wait(bench, lambda: shows(bench, module.panel.screen()))


def virtual(flash: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "latentrack.cli", "virtual", "--flash", str(flash)],
        stdout=subprocess.PIPE,
        text=True,
    )
    return process


def test_a_module_that_is_unplugged_is_taken_up_again(
    bench: Bench, installed_flash: Path, tmp_path: Path
) -> None:
    flash = tmp_path / "gone"
    shutil.copytree(installed_flash, flash)
    process = virtual(flash)
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    try:
        bench.connect(port)
        wait(bench, lambda: done(bench) and bench.look().picture)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait(bench, lambda: not bench.state.connected)
        wait(bench, lambda: "is gone" in bench.state.trouble)
        assert bench.state.trouble == (
            "Virtual module gone is gone. It is taken up again when it comes back."
        )
        number = bench.state.notice.number
        bench.turn("x", 0.5)
        bench.send_place()
        wait(bench, lambda: bench.state.notice.number > number)
        assert bench.state.notice.text == "No module is connected."
        process = virtual(flash)
        wait(bench, lambda: done(bench) and not bench.state.trouble)
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
